//! When a page is done: pure, told what happens and when.

use std::time::Duration;

use engine::clock::Instant;

use crate::run::Ended;

use super::Done;

/// For how long nothing may happen before a page is done: its `load` has fired, nothing larger is painted, and at most
/// two requests are in flight.
pub const QUIET: Duration = Duration::from_secs(2);
/// How many requests may be in flight while nothing happens: a stream, a poll.
const STILL_IN_FLIGHT: usize = 2;
/// How long a page is waited for, from the navigation's beginning: a visit that is not done by then ends as
/// [`Ended::Capped`], and counts with this for its LCP at least.
pub const CAP: Duration = Duration::from_secs(15);

/// What decides whether a page is done.
#[derive(Debug)]
pub(super) struct Settled {
    done: Done,
    cap: Instant,
    loaded: bool,
    /// Whether what is largest is an image.
    image: bool,
    /// Whether more is in flight than may be.
    busy: bool,
    /// Since when nothing has happened.
    still: Instant,
}

impl Settled {
    /// A navigation that begins.
    pub(super) fn new(done: Done, began: Instant) -> Self {
        Self { done, cap: began + CAP, loaded: false, image: false, busy: false, still: began }
    }

    /// The page has gone to another by itself: that one is waited for.
    pub(super) fn another(&mut self, at: Instant) {
        (self.loaded, self.image, self.busy) = (false, false, false);
        self.stir(at);
    }

    /// `load` has fired, and a frame has been drawn since: where the machine is busy that takes its time, and what is not
    /// drawn yet cannot be told of.
    pub(super) fn loaded(&mut self, at: Instant) {
        if !self.loaded {
            self.loaded = true;
            // From here: of what was drawn it is told when it is on the screen.
            self.stir(at);
        }
    }

    /// Something larger has been painted.
    pub(super) fn candidate(&mut self, image: bool, at: Instant) {
        self.image = image;
        self.stir(at);
    }

    /// All that was drawn is on the screen now, so that it is told of next.
    pub(super) fn shown(&mut self, at: Instant) {
        self.stir(at);
    }

    /// So many requests are in flight. A page that is about to go to another is not done.
    pub(super) fn in_flight(&mut self, requests: usize, leaving: bool, at: Instant) {
        let busy = leaving || requests > STILL_IN_FLIGHT;
        if self.busy != busy {
            self.busy = busy;
            self.stir(at);
        }
    }

    fn stir(&mut self, at: Instant) {
        self.still = self.still.max(at);
    }

    /// How it ended, if nothing happens up to `now`.
    pub(super) fn ended(&self, now: Instant) -> Option<Ended> {
        if self.done_at().is_some_and(|done| done <= now.min(self.cap)) {
            Some(Ended::Settled)
        } else {
            (now >= self.cap).then_some(Ended::Capped)
        }
    }

    /// When it is to be looked at again, if nothing happens until then.
    pub(super) fn look(&self) -> Instant {
        self.done_at().map_or(self.cap, |done| done.min(self.cap))
    }

    /// Until when it is waited for at most.
    pub(super) fn cap(&self) -> Instant {
        self.cap
    }

    /// From when it is done, if nothing happens until then.
    fn done_at(&self) -> Option<Instant> {
        match self.done {
            Done::Quiet => (self.loaded && !self.busy).then(|| self.still + QUIET),
            Done::Loaded => (self.loaded && self.image).then_some(self.still),
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::clock;
    use proptest::prelude::*;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn quiet_for_two_seconds() {
        let began = clock::now();
        let mut page = Settled::new(Done::Quiet, began);
        page.in_flight(3, false, began + ms(10));
        page.in_flight(2, false, began + ms(20));
        assert_eq!(page.ended(began + ms(5_000)), None, "it has not loaded");
        page.loaded(began + ms(300));
        page.candidate(true, began + ms(400));
        assert_eq!(page.look(), began + ms(2_400));
        assert_eq!(page.ended(began + ms(2_399)), None);
        assert_eq!(page.ended(began + ms(2_400)), Some(Ended::Settled));
    }

    #[test]
    fn what_happens_begins_the_silence_anew() {
        let began = clock::now();
        let mut page = Settled::new(Done::Quiet, began);
        page.loaded(began + ms(100));
        page.candidate(false, began + ms(2_000));
        page.in_flight(3, false, began + ms(3_900));
        assert_eq!(page.ended(began + ms(14_999)), None, "three are in flight");
        page.in_flight(2, false, began + ms(6_000));
        // One more or less of those that may be is nothing new.
        page.in_flight(0, false, began + ms(7_500));
        assert_eq!(page.ended(began + ms(8_000)), Some(Ended::Settled));
    }

    #[test]
    fn what_was_quiet_before_it_loaded_does_not_count() {
        let began = clock::now();
        let mut page = Settled::new(Done::Quiet, began);
        page.loaded(began + ms(3_000));
        assert_eq!(page.ended(began + ms(3_001)), None, "the image that came is not painted yet");
    }

    #[test]
    fn a_page_that_goes_elsewhere_is_waited_for_there() {
        let began = clock::now();
        let mut page = Settled::new(Done::Quiet, began);
        page.loaded(began + ms(100));
        page.another(began + ms(1_000));
        assert_eq!(page.look(), began + CAP);
        page.loaded(began + ms(1_100));
        assert_eq!(page.ended(began + ms(3_100)), Some(Ended::Settled));
    }

    #[test]
    fn a_page_about_to_go_elsewhere_is_not_done_unless_it_stays() {
        let began = clock::now();
        let mut page = Settled::new(Done::Quiet, began);
        page.loaded(began + ms(100));
        page.in_flight(1, true, began + ms(200));
        assert_eq!(page.ended(began + ms(9_000)), None);
        page.in_flight(0, false, began + ms(9_000));
        assert_eq!(page.ended(began + ms(11_000)), Some(Ended::Settled));
    }

    #[test]
    fn a_page_that_never_rests_is_capped() {
        let began = clock::now();
        let mut page = Settled::new(Done::Quiet, began);
        page.loaded(began + ms(100));
        page.in_flight(3, false, began + ms(100));
        assert_eq!(page.ended(began + CAP), Some(Ended::Capped));
        // Done when it is looked at late, but not within the cap.
        page.in_flight(2, false, began + ms(14_000));
        assert_eq!(page.ended(began + ms(20_000)), Some(Ended::Capped));
    }

    #[test]
    fn a_canary_is_done_with_its_image() {
        let began = clock::now();
        let mut page = Settled::new(Done::Loaded, began);
        page.candidate(false, began + ms(50));
        page.loaded(began + ms(1_050));
        assert_eq!(page.ended(began + ms(9_000)), None, "that was its text");
        page.candidate(true, began + ms(1_080));
        assert_eq!(page.ended(began + ms(1_080)), Some(Ended::Settled));
    }

    proptest! {
        #[test]
        fn it_ends_by_the_cap_and_settles_only_loaded(
            steps in proptest::collection::vec((0..2_000_u64, 0..5_u8, 0..6_usize), 0..40),
        ) {
            let began = clock::now();
            let mut page = Settled::new(Done::Quiet, began);
            let (mut at, mut loaded) = (began, false);
            for (pause, what, requests) in steps {
                at += ms(pause);
                match what {
                    0 => { page.loaded(at); loaded = true; }
                    1 => page.candidate(requests % 2 == 0, at),
                    2 => { page.another(at); loaded = false; }
                    _ => page.in_flight(requests, false, at),
                }
                prop_assert!(page.look() <= began + CAP);
                prop_assert!(page.ended(page.look()).is_some());
                prop_assert!(loaded || page.ended(at) != Some(Ended::Settled));
            }
        }
    }
}
