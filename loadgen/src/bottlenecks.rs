//! What gave way first, and what to do about it: pure functions of a run and of what was read of the target's side.

mod align;
mod catalogue;
pub(crate) mod held;
mod level;
mod moved;
mod told;

use crate::run::{Evidence, Run};

/// What the evidence of a run says of the target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bottlenecks {
    /// What was looked at and what came of it, in a sentence. There is always one.
    pub summary: String,
    /// Resources that moved with latency, the most telling first; those whose capacity is not known come last.
    pub found: Vec<Bottleneck>,
    /// What to do about what was observed, the most telling first.
    pub recommendations: Vec<Recommendation>,
}

/// A resource that moved with latency.
#[derive(Debug, Clone, PartialEq)]
pub struct Bottleneck {
    /// The scenario in which it did.
    pub scenario: String,
    /// The series whose latency moved with it: a route.
    pub series: String,
    /// Where it was read.
    pub source: String,
    /// The resource, as its source has it.
    pub resource: String,
    /// Spearman's rank correlation with the p95 of the series, -1 to 1.
    pub correlation: f64,
    /// By how many seconds the resource moved before latency; negative when after.
    pub lead_s: f64,
    /// All that in a sentence, with levels and capacity.
    pub sentence: String,
}

/// A change worth trying, and what was observed that says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// What it is about, a heading of the optimization guide: `Database indexes`.
    pub topic: &'static str,
    /// What to do: `Index public.event_rsvps (event_id, status)`.
    pub title: String,
    /// What was observed, a sentence each, every figure of this run. Never empty.
    pub evidence: Vec<String>,
    /// The change itself, where it can be written down: SQL, a setting.
    pub change: Option<String>,
    /// How to prove that it helped.
    pub proof: String,
}

/// What the evidence of a run says.
pub fn find(run: &Run) -> Bottlenecks {
    let nothing = Evidence::default();
    let evidence = run.evidence.as_ref().unwrap_or(&nothing);
    let looked = moved::look(run, evidence);
    let found = moved::moved(&looked);
    let full = moved::full_throughout(run, evidence);
    Bottlenecks {
        summary: told::summary(run, &looked, &found, &full),
        recommendations: catalogue::recommend(run, &found),
        found,
    }
}

/// The topics of recommendations: the headings of the optimization guide.
pub fn topics() -> Vec<&'static str> {
    catalogue::topics()
}

#[cfg(test)]
pub(crate) mod tests;
