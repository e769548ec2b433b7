//! What every area of the mock can be asked, whatever it keeps.

use fixtures::Record;
use serde::{Deserialize, Serialize};

/// A part of what the mock knows. Every method has an answer for areas it does not concern.
pub(crate) trait Area: Send + Sync {
    /// Checks the area's invariants, recomputed from what is held and from the journal of what was done, never
    /// from the counters that handlers rely on. One entry per invariant, also when it holds.
    fn audit(&self) -> Vec<AuditCheck> {
        Vec::new()
    }

    /// Takes away what load left behind (rows of load addresses on load events, books, journals), so that a
    /// second run meets what the first one met. Seeded rows stay.
    fn reset_load(&self) {}

    /// Gives every row it holds, as the dataset brings them, for digests.
    fn rows(&self, _each: &mut dyn FnMut(Record)) {}
}

/// The verdict on one invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditCheck {
    /// The invariant's name, such as `seats_within_capacity`.
    pub(crate) name: String,
    /// Whether it holds.
    pub(crate) ok: bool,
    /// How many things were looked at.
    #[serde(default)]
    pub(crate) checked: u64,
    /// A sentence with figures: what was looked at and what was found.
    pub(crate) detail: String,
    /// Ids of what breaks it, at most [`AuditCheck::MAX_OFFENDING`].
    #[serde(rename = "offenders")]
    pub(crate) offending: Vec<String>,
}

impl AuditCheck {
    /// Offending ids that are listed; the detail says how many there are.
    pub(crate) const MAX_OFFENDING: usize = 100;

    /// The verdict on `name` over `looked_at` things (`noun` in the plural), of which these break it.
    pub(crate) fn new(name: &str, looked_at: usize, noun: &str, mut offending: Vec<String>) -> Self {
        let detail = format!("{} of {looked_at} {noun} break it", offending.len());
        let ok = offending.is_empty();
        offending.truncate(Self::MAX_OFFENDING);
        Self { name: name.to_owned(), ok, checked: looked_at as u64, detail, offending }
    }
}
