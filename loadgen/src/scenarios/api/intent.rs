//! What arrival `n` of each flow does: pure functions of seed and number.

use std::fmt;

use fixtures::Stream;

/// Of so many sign-ins in a row, one uses its refresh token a second time: 2 %, and a short run has some too.
const REPLAYS_ONE_IN: u32 = 50;
/// What people look for among events.
const WORDS: [&str; 12] = [
    "karate",
    "judo",
    "taekwondo",
    "aikido",
    "kendo",
    "kata",
    "sparring",
    "tournament",
    "seminar",
    "workshop",
    "training",
    "beginner",
];

/// Signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SignIn {
    /// The load user.
    pub(super) user: u32,
    /// Uses the refresh token again, which must be refused.
    pub(super) replays: bool,
}

impl SignIn {
    pub(super) fn new(seed: u64, n: u64, load_users: u32) -> Self {
        let mut stream = Stream::new(seed, "api-load/auth", n);
        let (row, place) = (n / u64::from(REPLAYS_ONE_IN), n % u64::from(REPLAYS_ONE_IN));
        let replays = Stream::new(seed, "api-load/replays", row).below(REPLAYS_ONE_IN);
        Self { user: stream.below(load_users), replays: place == u64::from(replays) }
    }
}

/// Looking at events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Browse {
    /// Which of the listed ones is looked at, as a share of the list.
    place: f64,
    /// What is searched for.
    pub(super) words: &'static str,
}

impl Browse {
    pub(super) fn new(seed: u64, n: u64) -> Self {
        let mut stream = Stream::new(seed, "api-load/events", n);
        Self { place: stream.unit(), words: stream.pick(&WORDS) }
    }

    /// The one of these that is looked at.
    pub(super) fn choose<'a, T>(&self, listed: &'a [T]) -> Option<&'a T> {
        listed.get((self.place * listed.len() as f64) as usize)
    }
}

/// Looking at one's subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subscribe {
    /// Which of the subscribers looks.
    pub(super) subscriber: usize,
}

impl Subscribe {
    pub(super) fn new(seed: u64, n: u64, subscribers: usize) -> Self {
        let mut stream = Stream::new(seed, "api-load/mine", n);
        Self { subscriber: stream.below(u32::try_from(subscribers).unwrap_or(u32::MAX)) as usize }
    }
}

impl fmt::Display for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = if self.replays { ", again with the used token" } else { "" };
        write!(f, "user {}{again}", self.user)
    }
}

impl fmt::Display for Browse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "place {:.6} search {}", self.place, self.words)
    }
}
