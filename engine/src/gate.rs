//! Whether the generator itself did what it should: only then may it judge the target.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{run::ScenarioRun, workers::WorkerLost};

/// Why a scenario is INVALID, with its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Fewer than 99 % of the planned starts were made.
    Shortfall {
        /// Which flow.
        flow: String,
        /// Starts made.
        achieved: u64,
        /// Starts that were due.
        planned: u64,
    },
    /// The generator's own p99 lateness is over a tenth of the tightest response-time limit.
    Late {
        /// Its p99.
        p99: Duration,
        /// The most allowed.
        allowed: Duration,
    },
    /// Arrivals were given up because too many were in flight.
    Dropped {
        /// Which flow.
        flow: String,
        /// How many.
        dropped: u64,
    },
    /// The generator used over 90 % of the processor time it may have, for five seconds or longer.
    Cpu {
        /// The most cores it used, averaged over the stretch.
        cores: f64,
        /// What it may have.
        allowed: f64,
        /// How long.
        seconds: f64,
    },
    /// A worker was lost.
    Worker(WorkerLost),
    /// A virtual user panicked.
    UserPanicked {
        /// Which flow.
        flow: String,
        /// How many.
        count: u64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

/// Everything that makes a run invalid; empty when it is valid.
pub fn check(run: &ScenarioRun) -> Vec<Reason> {
    let _ = run;
    todo!()
}
