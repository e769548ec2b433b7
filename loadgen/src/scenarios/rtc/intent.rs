//! Participant `n` of the live session: when they come, speak and go. A pure function of the sizing and of `n`.

use std::{fmt, time::Duration};

use crate::preset::{Preset, Sizing};

/// Seconds over which they come; for which all are there; over which they go, in the order they came.
const COMING: f64 = 60.0;
const TOGETHER: f64 = 600.0;
/// Seconds from one's coming to the same one's going.
const STAYING: f64 = COMING + TOGETHER;
/// From the first one's coming to the last one's going.
pub(super) const SECONDS: f64 = COMING + TOGETHER + COMING;
/// Seconds between one person's chat messages, pings and looks at their video's health, as written.
const CHAT_EVERY: f64 = 12.0;
const PING_EVERY: f64 = 60.0;
const HEALTH_EVERY: f64 = 120.0;
/// Seconds below which these are not scaled. A chat every 2 s is the API's limit of 30 a minute; a little more
/// keeps clear of it.
const CHAT_AT_LEAST: f64 = 2.1;
const PING_AT_LEAST: f64 = 4.0;
const HEALTH_AT_LEAST: f64 = 2.5;
/// Seconds before going within which nothing is said, so that everyone still hears it.
const LAST_WORDS: f64 = 1.5;

/// How the session goes, for everyone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Timetable {
    coming: f64,
    staying: f64,
    chat_every: f64,
    ping_every: f64,
    health_every: f64,
    /// Once early and once late instead of every so often.
    twice_only: bool,
}

impl Timetable {
    pub(super) fn new(sizing: &Sizing) -> Self {
        let stretch = sizing.stretch(SECONDS);
        Self {
            coming: COMING * stretch,
            staying: STAYING * stretch,
            chat_every: (CHAT_EVERY * stretch).max(CHAT_AT_LEAST),
            ping_every: (PING_EVERY * stretch).max(PING_AT_LEAST),
            health_every: (HEALTH_EVERY * stretch).max(HEALTH_AT_LEAST),
            twice_only: sizing.preset() == Preset::Smoke,
        }
    }

    /// Seconds over which people come.
    pub(super) fn coming(&self) -> f64 {
        self.coming
    }

    /// How long each stays.
    pub(super) fn staying(&self) -> Duration {
        Duration::from_secs_f64(self.staying)
    }

    /// How long all are there.
    pub(super) fn together(&self) -> Duration {
        Duration::from_secs_f64((self.staying - self.coming).max(0.0))
    }

    /// When participant `n` says something, counted from when they were due.
    pub(super) fn chats(&self, n: u64) -> Vec<Duration> {
        // Multiples of the golden ratio spread any number of phases evenly.
        let phase = (n as f64 * 0.618_033_988_749_895).fract();
        let last = self.staying - LAST_WORDS;
        let at: Vec<f64> = if self.twice_only {
            let spread = self.staying / 6.0;
            vec![self.staying / 6.0 + phase * spread, last - (1.0 - phase) * spread]
        } else {
            let first = self.coming.min(self.chat_every) + phase * self.chat_every;
            std::iter::successors(Some(first), |at| Some(at + self.chat_every))
                .take_while(|at| *at < last)
                .collect()
        };
        at.into_iter().filter(|at| *at > 0.0).map(Duration::from_secs_f64).collect()
    }

    /// When they send a ping.
    pub(super) fn pings(&self) -> Vec<Duration> {
        self.regularly(self.ping_every)
    }

    /// When they look at their video's health.
    pub(super) fn health_checks(&self) -> Vec<Duration> {
        self.regularly(self.health_every)
    }

    fn regularly(&self, every: f64) -> Vec<Duration> {
        let times = (1_u32..).map(|k| f64::from(k) * every);
        times.take_while(|at| *at < self.staying - LAST_WORDS).map(Duration::from_secs_f64).collect()
    }

    /// The plan of participant `n`.
    pub(super) fn intent(&self, n: u64) -> Intent {
        Intent {
            n,
            chats: self.chats(n),
            pings: self.pings().len(),
            health_checks: self.health_checks().len(),
        }
    }
}

/// What participant `n` is going to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Intent {
    n: u64,
    pub(super) chats: Vec<Duration>,
    pings: usize,
    pub(super) health_checks: usize,
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n, chats, pings, health_checks } = self;
        let chats: Vec<_> = chats.iter().map(Duration::as_millis).collect();
        write!(f, "participant {n} chats {chats:?} pings {pings} health checks {health_checks}")
    }
}
