//! The production-readiness checklist, each line marked from the evidence of a run: a pure function of it.
//!
//! A line that a run cannot say anything of is marked so, with why: nothing is ticked because nobody looked.

mod goals;
mod levels;
mod operations;
mod target;
mod told;
mod trust;

use engine::exit::Exit;

pub use told::{answer, headline, json, markdown, text};

use crate::{judgement, run::Run};

/// The checklist, in its order.
pub fn walk(run: &Run) -> Vec<Line> {
    let judgement = judgement::judge(run);
    let mut lines = trust::lines(run, &judgement);
    lines.extend(goals::lines(run, &judgement));
    lines.extend(target::lines(run));
    lines.extend(operations::lines());
    lines.sort_by_key(|line| SECTIONS.iter().position(|section| *section == line.section));
    lines
}

/// The headings, in their order.
pub const SECTIONS: [&str; 14] = [
    TRUST,
    PERFORMANCE,
    ERRORS,
    INTEGRITY,
    LIVE,
    PAYMENTS,
    PAGES,
    "Security",
    "Capacity",
    "Database",
    "Cache",
    "Resources",
    "Observability",
    "Operations",
];
const TRUST: &str = "Trust in the measurement";
const PERFORMANCE: &str = "Performance";
const ERRORS: &str = "Errors";
const INTEGRITY: &str = "Data integrity";
const LIVE: &str = "Live session";
const PAYMENTS: &str = "Payments and webhooks";
const PAGES: &str = "Pages";

/// Sections without which nobody should launch: a line of theirs that could not be measured leaves that open.
const LAUNCH_CRITICAL: [&str; 7] = [TRUST, PERFORMANCE, ERRORS, INTEGRITY, LIVE, PAYMENTS, PAGES];

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its heading: `Performance`, `Capacity`, `Data integrity`, `Database`, `Cache`, `Observability`, …
    pub section: &'static str,
    /// What should be so.
    pub claim: String,
    /// Whether it is.
    pub mark: Mark,
    /// What says so, or why it cannot be said here.
    pub because: String,
}

/// Whether a line of the checklist is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Evidence says it is.
    Met,
    /// Evidence says it is not.
    NotMet,
    /// This run cannot say, and why is beside it.
    NotMeasurable,
}

impl Mark {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "NOT MET",
            Self::NotMeasurable => "not measurable here",
        }
    }

    fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::NotMet }
    }
}

impl Line {
    fn new(section: &'static str, claim: impl Into<String>, mark: Mark, because: impl Into<String>) -> Self {
        Self { section, claim: claim.into(), mark, because: because.into() }
    }

    fn unknown(section: &'static str, claim: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(section, claim, Mark::NotMeasurable, why)
    }

    /// Whether somebody who launches has to know.
    pub fn is_launch_critical(&self) -> bool {
        LAUNCH_CRITICAL.contains(&self.section)
    }
}

/// What a checklist says to the shell: 99 when a line is not met; 98 when none is, but one without which nobody should
/// launch could not be measured; 0 otherwise.
pub fn exit(lines: &[Line]) -> Exit {
    let any = |mark| move |line: &&Line| line.mark == mark;
    if lines.iter().any(|line| any(Mark::NotMet)(&line)) {
        Exit::Failed
    } else if lines.iter().filter(any(Mark::NotMeasurable)).any(Line::is_launch_critical) {
        Exit::Inconclusive
    } else {
        Exit::Ok
    }
}

#[cfg(test)]
mod tests;
