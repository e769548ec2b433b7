//! What `verify` finds.

use serde::Serialize;

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// Too little is there to tell.
    NotJudged,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The store, such as `postgres`.
    pub store: &'static str,
    /// What was looked at, such as `seats sold within capacity`.
    pub name: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was found, in a few words.
    pub found: String,
}

impl Check {
    /// A check with this outcome.
    pub fn new(store: &'static str, name: impl Into<String>, holds: bool, found: impl Into<String>) -> Self {
        let verdict = if holds { Verdict::Holds } else { Verdict::Fails };
        Self { store, name: name.into(), verdict, found: found.into() }
    }

    /// Something that cannot be judged, and why.
    pub fn not_judged(store: &'static str, name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { store, name: name.into(), verdict: Verdict::NotJudged, found: why.into() }
    }
}
