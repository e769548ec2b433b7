//! What both sides ask for again, as counts that only grow. Pure.

use std::collections::HashMap;

use str0m::media::Mid;

/// Which way a track goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Way {
    In,
    Out,
}

/// NACKs and PLIs about a track so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Feedback {
    pub(super) nacks: u64,
    pub(super) plis: u64,
}

/// What was told of each track last.
#[derive(Debug, Default)]
pub(super) struct Told(HashMap<(Mid, Way), Feedback>);

impl Told {
    /// What is new since this was asked last.
    pub(super) fn news(&mut self, track: (Mid, Way), seen: Feedback) -> Feedback {
        let before = self.0.insert(track, seen).unwrap_or_default();
        Feedback {
            nacks: seen.nacks.saturating_sub(before.nacks),
            plis: seen.plis.saturating_sub(before.plis),
        }
    }
}
