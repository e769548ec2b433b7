//! What of the baseline was not compared, and why: whoever reads that nothing got worse must know of what.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Comparison, Scenario, Series};
use crate::words::{count, number};

/// Those that are named in a sentence.
const NAMED: usize = 3;

/// Why a scenario was not compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The baseline has it, and this run does not.
    Missing(String),
    /// It was to be run against the baseline, and was not: why.
    NotRun(String),
    /// It is new: this baseline does not have it.
    New(String),
    /// The generator fell short in one of them.
    Invalid(String),
    /// It did not come to its planned end in one of them.
    Unfinished(String),
    /// The two runs are not alike.
    Unlike,
}

/// Why a series' latency was not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// The baseline has samples enough, the other run none at all.
    Gone,
    /// The other way round.
    New,
    /// Of one side percentiles are all that is known.
    PercentilesOnly,
    /// One side has too few samples.
    TooFew {
        /// How many it has.
        samples: u64,
        /// How many it takes.
        needed: u64,
    },
    /// There were too few rounds.
    TooFewRounds {
        /// How many there were.
        rounds: u64,
        /// How many it takes.
        needed: u64,
    },
    /// Both have samples in too few moments.
    TooShort {
        /// In so many seconds.
        seconds: u64,
        /// So many are needed.
        needed: u64,
    },
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Gone => f.write_str("B has none of it"),
            Self::New => f.write_str("the baseline has none of it"),
            Self::PercentilesOnly => {
                f.write_str("one side has percentiles only, of which no interval can be had")
            }
            Self::TooFew { samples, needed } => {
                write!(f, "too few samples: {} of {needed} needed", number(samples))
            }
            Self::TooFewRounds { rounds, needed } => {
                write!(f, "too few rounds: {rounds} of {needed} needed")
            }
            Self::TooShort { seconds, needed } => {
                write!(f, "too short to compare: samples in {seconds} s of the run, {needed} s needed")
            }
        }
    }
}

impl LeftOut {
    /// Whether something of the baseline went uncompared by it.
    fn is_gap(&self) -> bool {
        !matches!(self, Self::New(_))
    }
}

impl Comparison {
    /// True when all that the baseline has was there to be judged.
    pub(super) fn is_whole(&self) -> bool {
        let gap = |scenario: &Scenario| scenario.left_out.as_ref().is_some_and(LeftOut::is_gap);
        let missed = |why: Option<WhyNot>| matches!(why, Some(WhyNot::Gone | WhyNot::PercentilesOnly));
        !self.scenarios.iter().any(gap) && !self.all_series().any(|(_, series)| missed(series.why_not))
    }

    /// True when figures stand side by side that nothing can be said of.
    pub(super) fn shows_something(&self) -> bool {
        self.all_series().any(|(_, series)| series.why_not == Some(WhyNot::PercentilesOnly))
    }

    fn all_series(&self) -> impl Iterator<Item = (&Scenario, &Series)> {
        self.scenarios
            .iter()
            .flat_map(|scenario| scenario.series.iter().map(move |series| (scenario, series)))
    }

    /// What of the baseline was not compared, in sentences.
    pub(super) fn gaps(&self) -> Vec<String> {
        if !self.unlike.is_empty() && !self.rules.anyway {
            return Vec::new();
        }
        let is_gap = |scenario: &&Scenario| scenario.left_out.as_ref().is_some_and(LeftOut::is_gap);
        let left_out: Vec<String> = self.scenarios.iter().filter(is_gap).map(|of| of.name.clone()).collect();
        let gone: Vec<String> = self
            .all_series()
            .filter(|(_, series)| series.why_not == Some(WhyNot::Gone))
            .map(|(scenario, series)| format!("{} in {}", series.name, scenario.name))
            .collect();
        let so_many = |these: fn(WhyNot) -> bool| {
            self.all_series().filter(|(_, series)| series.why_not.is_some_and(these)).count() as u64
        };
        let shown = so_many(|why| why == WhyNot::PercentilesOnly);
        let little = so_many(|why| {
            matches!(why, WhyNot::TooFew { .. } | WhyNot::TooFewRounds { .. } | WhyNot::TooShort { .. })
        });
        let all = [
            (!left_out.is_empty()).then(|| {
                let (many, verb) = (left_out.len() as u64, if left_out.len() == 1 { "was" } else { "were" });
                let scenarios = count(many, "scenario", "scenarios");
                format!("{scenarios} of the baseline {verb} not compared: {}.", named(&left_out))
            }),
            (!gone.is_empty())
                .then(|| format!("B has nothing of what the baseline has of {}.", named(&gone))),
            (shown > 0).then(|| {
                let these = count(shown, "series", "series");
                format!("Percentiles of {these} are shown, not judged: no interval can be had of them.")
            }),
            (little > 0).then(|| {
                format!("p95 of {} was not compared: too little.", count(little, "series", "series"))
            }),
        ];
        all.into_iter().flatten().collect()
    }
}

/// The first few, and how many more.
fn named(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
}
