//! What becomes of a participant's packets.

use std::time::Duration;

use super::Faults;
use crate::clock;

/// What packets go through on their way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weather {
    /// Which share of them is lost, from 0 to 1. At 1 the path is dead: nothing passes, checks of the path included.
    pub(crate) loss: f64,
    /// By how much the others are late.
    pub(crate) delay: Duration,
    /// By how much more or less than that, evenly drawn.
    pub(crate) jitter: Duration,
}

/// Which way packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the participant to the SFU.
    Up,
    /// From the SFU to the participant.
    Down,
}

impl Weather {
    /// Nothing gets through.
    pub(super) const DEAD: Self = Self { loss: 1.0, delay: Duration::ZERO, jitter: Duration::ZERO };

    /// One after the other: a packet must survive both, independently, and is late by both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            loss: 1.0 - (1.0 - self.loss) * (1.0 - other.loss),
            delay: self.delay + other.delay,
            jitter: self.jitter + other.jitter,
        }
    }
}

impl Faults {
    /// What becomes of a packet of this participant's now; `None` when it passes as it is. Asked for every packet:
    /// without a plan it is a look at a flag.
    #[cfg_attr(not(feature = "media"), expect(dead_code, reason = "only the media plane asks"))]
    pub(crate) fn media(&self, user: &str, direction: Direction) -> Option<Weather> {
        self.running()?.weather(user, direction, clock::now())
    }
}
