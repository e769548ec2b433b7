//! What is delivered when, as a pure function of a seed, and when what failed is delivered again. Knows neither
//! clock nor network: every time is a time since the start, given by the caller.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use fixtures::Stream;

/// Pauses between attempts, before compression: at once, 5 min, 30 min, 2 h, 5 h, 10 h, then every 12 h. Modelled on
/// Stripe: growing pauses for up to three days; the steps are ours.
const BACKOFF_SECONDS: [u64; 6] = [0, 300, 1_800, 7_200, 18_000, 36_000];
/// The pause after those.
const LAST_BACKOFF_SECONDS: u64 = 43_200;
/// When it gives up, counted from the first attempt.
const GIVES_UP_AFTER_SECONDS: u64 = 3 * 86_400;
/// How long after its first delivery an event comes again.
const DUPLICATE_AFTER: Duration = Duration::from_secs(1);
/// By how many events one that is out of order is overtaken, at most.
const OVERTAKEN_BY: u32 = 10;

/// Which shares of the events are delivered in other ways than once and in order, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    /// Again, a second after the first delivery.
    pub duplicates: f64,
    /// Twice at the same moment.
    pub concurrent_duplicates: f64,
    /// Later than up to ten newer ones.
    pub unordered: f64,
    /// With a forgery beside it that must be refused. That is not Stripe's doing.
    pub forged: f64,
}

/// Why something is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is the event's turn.
    First,
    /// A copy.
    Duplicate,
    /// An event that nobody signed with the secret.
    Forgery,
}

/// One attempt to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivery {
    /// When, since the start.
    pub due: Duration,
    /// The event's number.
    pub event: u32,
    /// Why.
    pub reason: Reason,
    /// The how-manieth attempt this is, from 1.
    pub attempt: u32,
    /// When the first attempt was due, since the start.
    pub since: Duration,
}

impl Delivery {
    fn first(event: u32, due: Duration, reason: Reason) -> Self {
        Self { due, event, reason, attempt: 1, since: due }
    }
}

/// Every first attempt of `events` events at `rate` a second, in no particular order. Event `n` draws from a
/// stream of its own, so more events leave the first ones as they are.
pub fn first_attempts(seed: u64, events: u32, rate: f64, mix: &Mix) -> Vec<Delivery> {
    let mut all = Vec::with_capacity(events as usize);
    for event in 0..events {
        let mut draw = Stream::new(seed, "replay delivery", u64::from(event));
        let turn = Duration::from_secs_f64(f64::from(event) / rate);
        let overtaken_by = draw.between(2, OVERTAKEN_BY);
        // All are drawn, whatever the shares: another share of one leaves the others as they are.
        let [duplicate, concurrent, unordered, forged]: [f64; 4] = std::array::from_fn(|_| draw.unit());
        let late = if unordered < mix.unordered { f64::from(overtaken_by) / rate } else { 0.0 };
        let due = turn + Duration::from_secs_f64(late);
        all.push(Delivery::first(event, due, Reason::First));
        if duplicate < mix.duplicates {
            all.push(Delivery::first(event, due + DUPLICATE_AFTER, Reason::Duplicate));
        }
        if concurrent < mix.concurrent_duplicates {
            all.push(Delivery::first(event, due, Reason::Duplicate));
        }
        if forged < mix.forged {
            all.push(Delivery::first(event, due, Reason::Forgery));
        }
    }
    all
}

/// How failed deliveries are tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retries {
    /// What every pause is divided by: 3600 makes an hour a second.
    pub compress: f64,
    /// Attempts, the first among them.
    pub max_attempts: u32,
}

impl Retries {
    /// When the attempt after `delivery` is due if that failed at `now`; nothing when it is given up.
    pub fn after(&self, delivery: &Delivery, now: Duration) -> Option<Duration> {
        if delivery.attempt >= self.max_attempts || delivery.reason == Reason::Forgery {
            return None;
        }
        let step = delivery.attempt as usize - 1;
        let pause = BACKOFF_SECONDS.get(step).copied().unwrap_or(LAST_BACKOFF_SECONDS);
        let compressed = |seconds: u64| Duration::from_secs_f64(seconds as f64 / self.compress);
        let due = now + compressed(pause);
        (due <= delivery.since + compressed(GIVES_UP_AFTER_SECONDS)).then_some(due)
    }
}

/// What is still to be delivered, by when it is due.
#[derive(Debug)]
pub struct Queue {
    waiting: BinaryHeap<Reverse<Delivery>>,
    retries: Retries,
}

impl Queue {
    /// These, and what becomes of them.
    pub fn new(first: Vec<Delivery>, retries: Retries) -> Self {
        Self { waiting: first.into_iter().map(Reverse).collect(), retries }
    }

    /// When the next is due.
    pub fn next_due(&self) -> Option<Duration> {
        self.waiting.peek().map(|Reverse(delivery)| delivery.due)
    }

    /// The next, if it is due.
    pub fn take(&mut self, now: Duration) -> Option<Delivery> {
        self.next_due().filter(|due| *due <= now)?;
        self.waiting.pop().map(|Reverse(delivery)| delivery)
    }

    /// Notes that a delivery failed at `now`; false when it is not tried again.
    pub fn failed(&mut self, delivery: Delivery, now: Duration) -> bool {
        let Some(due) = self.retries.after(&delivery, now) else { return false };
        self.waiting.push(Reverse(Delivery { due, attempt: delivery.attempt + 1, ..delivery }));
        true
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Mix = Mix { duplicates: 0.0, concurrent_duplicates: 0.0, unordered: 0.0, forged: 0.0 };
    const STRIPE: Retries = Retries { compress: 1.0, max_attempts: 16 };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_always_fails_is_tried_eleven_times_in_three_days() {
        let mut queue = Queue::new(first_attempts(1, 1, 1.0, &PLAIN), STRIPE);
        let mut minutes = Vec::new();
        while let Some(due) = queue.next_due() {
            let delivery = queue.take(due).expect("it is due");
            minutes.push(due.as_secs() / 60);
            queue.failed(delivery, due);
        }
        assert_eq!(minutes, [0, 0, 5, 35, 155, 455, 1_055, 1_775, 2_495, 3_215, 3_935]);
    }

    #[test]
    fn compression_divides_every_pause() {
        let delivery = Delivery { attempt: 3, ..Delivery::first(0, Duration::ZERO, Reason::First) };
        let fast = Retries { compress: 3_600.0, ..STRIPE };
        assert_eq!(STRIPE.after(&delivery, seconds(10)), Some(seconds(1_810)));
        assert_eq!(fast.after(&delivery, seconds(10)), Some(seconds(10) + Duration::from_millis(500)));
        assert_eq!(Retries { max_attempts: 3, ..STRIPE }.after(&delivery, seconds(10)), None);
        let forgery = Delivery { reason: Reason::Forgery, ..delivery };
        assert_eq!(STRIPE.after(&forgery, seconds(10)), None, "a refusal is what it is for");
    }

    #[test]
    fn nothing_is_taken_before_it_is_due() {
        let mut queue = Queue::new(first_attempts(1, 2, 1.0, &PLAIN), STRIPE);
        assert_eq!(queue.take(Duration::ZERO).map(|delivery| delivery.event), Some(0));
        assert_eq!(queue.take(Duration::from_millis(999)), None);
        assert_eq!(queue.take(seconds(1)).map(|delivery| delivery.event), Some(1));
        assert!(queue.is_empty());
    }

    #[test]
    fn copies_come_at_once_or_a_second_later() {
        let all = Mix { duplicates: 1.0, concurrent_duplicates: 1.0, unordered: 0.0, forged: 1.0 };
        let mut due: Vec<_> =
            first_attempts(7, 1, 1.0, &all).iter().map(|d| (d.due.as_secs(), d.reason)).collect();
        due.sort_unstable();
        assert_eq!(
            due,
            [(0, Reason::First), (0, Reason::Duplicate), (0, Reason::Forgery), (1, Reason::Duplicate)]
        );
    }

    #[test]
    fn what_is_out_of_order_is_overtaken() {
        let mix = Mix { unordered: 0.2, ..PLAIN };
        let mut all = first_attempts(7, 200, 10.0, &mix);
        all.sort_unstable();
        let falls = all.windows(2).filter(|pair| pair[0].event > pair[1].event).count();
        assert!((10..80).contains(&falls), "{falls}");
    }

    proptest! {
        #[test]
        fn every_event_has_its_turn_and_more_events_change_none(seed: u64, events in 1_u32..300, share in 0.0..=1.0) {
            let mix = Mix { duplicates: share, concurrent_duplicates: share, unordered: share, forged: share };
            let some = first_attempts(seed, events, 20.0, &mix);
            let turns = some.iter().filter(|delivery| delivery.reason == Reason::First).map(|delivery| delivery.event);
            prop_assert_eq!(turns.collect::<Vec<_>>(), (0..events).collect::<Vec<_>>());
            let more = first_attempts(seed, events + 10, 20.0, &mix);
            prop_assert_eq!(&more[..some.len()], &some[..]);
        }
    }
}
