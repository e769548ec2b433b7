//! What real browsers look at: visit `n` is a pure function of seed and number.

use std::{fmt, time::Duration};

use fixtures::Stream;

use super::{PAGE_LIMIT, SIGNED_IN_PERCENT, visit::Page};
use crate::{
    browser::{Company, Device, QUIET, canary},
    scenarios::search::Log,
};

/// The key of their random streams.
const KIND: &str = "page-browsers";
/// Of a hundred visits, those on a phone.
const ON_PHONES_PERCENT: u32 = 60;
/// Each third visit of a visitor's returns to what an earlier one left.
const RETURNS_EVERY: u64 = 3;
/// The canary's place among [`canary::EVERY`] visits: early, so that a short run has one.
const CANARYS_PLACE: u64 = 3;
/// From the end of a visit to the visitor's next.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// No visit begins later than this before the end: it would only make the scenario longer.
const LAST_START: f64 = 1.5;

/// What a browser is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Errand {
    /// This process's own page, which shows how the browser itself fares.
    Canary,
    /// A page of the target's.
    Look(Look),
}

/// A look at a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) page: Page,
    pub(super) device: Device,
    /// The load user whose visit it is, if anybody's.
    pub(super) member: Option<u32>,
    /// Whether it returns to what the visitor's last look left, with the same device, signed in as then.
    pub(super) returning: bool,
}

/// The visits of a company of browsers.
#[derive(Debug)]
pub(super) struct Looks {
    seed: u64,
    /// How many visit at once.
    visitors: u64,
    /// How many accounts they sign in with.
    load_users: u32,
    /// Until when visits begin, seconds from the start.
    pub(super) seconds: f64,
}

impl Looks {
    /// Those beside a crowd that is there for `length` seconds.
    pub(super) fn new(company: &Company, seed: u64, load_users: u32, length: f64) -> Self {
        // A scenario hardly longer than a visit has some all the same.
        let seconds = (length - LAST_START).max(length / 2.0);
        Self { seed, visitors: company.visitors, load_users, seconds }
    }

    /// What visit `n` is.
    pub(super) fn errand(&self, n: u64, log: &Log) -> Errand {
        if is_canary(n) {
            return Errand::Canary;
        }
        let left_by = self.returns_to(n);
        // Whose visit it is was drawn with the one it returns to.
        let mut first = Stream::new(self.seed, KIND, left_by.unwrap_or(n));
        let device = if first.below(100) < ON_PHONES_PERCENT { Device::Phone } else { Device::Desktop };
        let member = (first.below(100) < SIGNED_IN_PERCENT).then(|| first.below(self.load_users));
        let mut stream = if left_by.is_some() { Stream::new(self.seed, KIND, n) } else { first };
        let page = Page::draw(&mut stream, log).shown(member.is_some());
        Errand::Look(Look { page, device, member, returning: left_by.is_some() })
    }

    /// The look that visit `n` returns to: the visitor's last one, with the canary, which leaves nothing, passed over.
    fn returns_to(&self, n: u64) -> Option<u64> {
        let returns = n / self.visitors % RETURNS_EVERY == RETURNS_EVERY - 1;
        let earlier = (1..RETURNS_EVERY).map(|back| n - back * self.visitors);
        returns.then(|| earlier.into_iter().find(|&n| !is_canary(n))).flatten()
    }

    /// The visits that are made at least: those of a plan in which each page takes as long as its goal allows.
    pub(super) fn planned(&self) -> impl Iterator<Item = u64> {
        let each = (PAGE_LIMIT + QUIET + PAUSE).as_secs_f64();
        0..self.visitors * (self.seconds / each).ceil() as u64
    }

    /// How many of those look at a page of the target's.
    pub(super) fn planned_looks(&self) -> u64 {
        self.planned().filter(|&n| !is_canary(n)).count() as u64
    }
}

/// Whether visit `n` is the canary's.
fn is_canary(n: u64) -> bool {
    n % canary::EVERY == CANARYS_PLACE
}

impl fmt::Display for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Look(look) = self else { return f.write_str("canary") };
        let device = match look.device {
            Device::Phone => "phone",
            Device::Desktop => "desktop",
        };
        f.write_str(device)?;
        match look.member {
            Some(n) => write!(f, " user {n}")?,
            None => f.write_str(" anonymous")?,
        }
        if look.returning {
            f.write_str(" again")?;
        }
        write!(f, " {}", look.page)
    }
}

#[cfg(test)]
mod tests {
    use fixtures::{Size, World};

    use super::*;
    use crate::browser::{Source, Throttle};

    fn looks(visitors: u64, seed: u64) -> (Looks, Log) {
        let source = Source::Running("http://127.0.0.1:1".to_owned());
        let company = Company {
            visitors,
            source,
            throttle: Throttle::None,
            required: false,
            own_roots: false,
            hosts: Vec::new(),
        };
        (Looks::new(&company, seed, 90, 900.0), Log::new(&World::new(42, Size::default())))
    }

    fn look(looks: &Looks, log: &Log, n: u64) -> Option<Look> {
        match looks.errand(n, log) {
            Errand::Canary => None,
            Errand::Look(look) => Some(look),
        }
    }

    #[test]
    fn one_seed_sends_them_to_the_same_pages() {
        let all = |seed| {
            let (looks, log) = looks(2, seed);
            looks.planned().map(|n| looks.errand(n, &log)).collect::<Vec<_>>()
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }

    #[test]
    fn looks_are_of_the_mix() {
        let (looks, log) = looks(1, 42);
        let seen: Vec<Look> = (0..6_000).filter_map(|n| look(&looks, &log, n)).collect();
        let share = |fits: &dyn Fn(&Look) -> bool| {
            seen.iter().filter(|look| fits(look)).count() as f64 / seen.len() as f64
        };
        for (what, share, expected) in [
            ("phones", share(&|look| look.device == Device::Phone), 0.6),
            ("members", share(&|look| look.member.is_some()), 0.3),
            ("home", share(&|look| look.page == Page::Home), 0.37),
            ("searches", share(&|look| matches!(look.page, Page::Search(_))), 0.15),
            ("dashboards", share(&|look| look.page == Page::Dashboard), 0.03),
            ("returning", share(&|look| look.returning), 1.0 / 3.0),
        ] {
            assert!((share - expected).abs() < 0.03, "{what}: {share}");
        }
        assert!(seen.iter().all(|look| look.page != Page::Dashboard || look.member.is_some()));
    }

    #[test]
    fn who_returns_is_who_was_there_last() {
        for visitors in 1..=16 {
            let (looks, log) = looks(visitors, 7);
            let returning = (0..1_000).filter_map(|n| Some((n, look(&looks, &log, n)?)));
            for (n, again) in returning.filter(|(_, look)| look.returning) {
                let mut earlier = (1..=2).filter_map(|back| look(&looks, &log, n - back * visitors));
                let last = earlier.next().expect("one of the two before it is no canary's");
                assert!(!last.returning, "visit {n} of {visitors} visitors");
                assert_eq!((again.device, again.member), (last.device, last.member), "visit {n}");
            }
        }
    }

    #[test]
    fn a_short_run_has_a_canary_and_one_in_twenty_is_one() {
        let (looks, log) = looks(2, 42);
        let canaries: Vec<u64> = (0..100).filter(|&n| looks.errand(n, &log) == Errand::Canary).collect();
        assert_eq!(canaries, [3, 23, 43, 63, 83]);
    }
}
