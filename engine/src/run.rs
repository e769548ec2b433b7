//! A finished run as data. Every verdict and every figure of a report can be made from it again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    driver::Tally,
    goal::Goal,
    histogram::Distribution,
    load::Flow,
    record::{Column, CounterId, FaultKind, Role, ShareId, TimingId},
    workers::WorkerLost,
};

/// One scenario, run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioRun {
    /// Its name.
    pub name: String,
    /// Time of day at its start, milliseconds since 1970.
    pub started_unix_ms: u64,
    /// From its start to the end of the last worker.
    pub duration: Duration,
    /// Seconds from its start in which every flow was at its full height.
    pub steady: Option<(f64, f64)>,
    /// True when it did not come to its planned end.
    pub interrupted: bool,
    /// What was offered and what became of it.
    pub flows: Vec<FlowRun>,
    /// Timing series; a [`TimingId`] is a place in here.
    pub timings: Vec<TimingRun>,
    /// The same series during warm-up (those that saw anything): labelled, not counted.
    pub warm_up: Vec<TimingRun>,
    /// Shares; a [`ShareId`] is a place in here.
    pub shares: Vec<ShareRun>,
    /// Counters; a [`CounterId`] is a place in here.
    pub counters: Vec<CounterRun>,
    /// How the generator itself fared.
    pub health: Health,
    /// What was promised.
    pub goals: Vec<Goal>,
}

/// One flow: the plan, and what became of it over all workers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowRun {
    /// As it was planned.
    pub flow: Flow,
    /// What became of it.
    pub tally: Tally,
}

impl FlowRun {
    /// Adds up the workers' tallies.
    pub fn new(flow: &Flow, tallies: impl IntoIterator<Item = Tally>) -> Self {
        let mut tally = Tally::default();
        tallies.into_iter().for_each(|part| tally += part);
        // A lost worker's share of the plan is still planned.
        tally.planned = flow.load.planned_starts();
        Self { flow: flow.clone(), tally }
    }
}

/// One timing series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimingRun {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub role: Role,
    /// What was measured; columns without a value are left out.
    pub columns: Vec<ColumnRun>,
    /// Samples per second, ascending.
    pub outcomes: Vec<Outcomes>,
    /// Failures by kind.
    pub faults: Vec<FaultRun>,
}

/// How the samples due in one second ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// Seconds from the start.
    pub second: i64,
    /// Went well.
    pub ok: u64,
    /// Failed.
    pub failed: u64,
}

/// One column of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnRun {
    /// Which.
    pub column: Column,
    /// The limits whose exceedances were counted, in nanoseconds.
    pub limits_ns: Vec<u64>,
    /// Its seconds, ascending; a second may have more than one cell (answers that came very late),
    /// empty ones have none.
    pub cells: Vec<Cell>,
}

/// What was measured in one second (of the moment the request was due).
///
/// A request without an answer (time-out, reset) has no latency. It is not in the histogram, but
/// slower than everything in it, and over every limit. An answer that is wrong has its latency like
/// any other: that it was wrong is another goal's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Seconds from the start.
    pub second: i64,
    /// Values, those without an answer left out.
    pub count: u64,
    /// Requests without an answer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unanswered: u64,
    /// For each limit of the column: how many took it or longer, unanswered ones included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<u64>,
    /// Sum of the values, nanoseconds.
    pub sum_ns: u64,
    /// Smallest value, nanoseconds.
    pub min_ns: u64,
    /// Largest value, nanoseconds.
    pub max_ns: u64,
    /// Values beyond the histogram's bounds, which were put at its upper bound. Not expected: an hour.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clamped: u64,
    /// The values in microseconds: HDR histogram, V2 with deflate, base64. Empty when there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hdr: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Failures of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRun {
    /// The kind.
    pub kind: FaultKind,
    /// How many.
    pub count: u64,
    /// How many in which second.
    pub seconds: Vec<(i64, u64)>,
    /// The first few, in words.
    pub evidence: Vec<String>,
}

/// One share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareRun {
    /// Its name.
    pub name: String,
    /// Its seconds.
    pub seconds: Vec<ShareSecond>,
}

/// A share in one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareSecond {
    /// Seconds from the start.
    pub second: i64,
    /// Good ones.
    pub good: u64,
    /// Bad ones.
    pub bad: u64,
}

/// One counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterRun {
    /// Its name.
    pub name: String,
    /// How many.
    pub total: u64,
    /// The first few, in words.
    pub evidence: Vec<String>,
}

/// How the generator itself fared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// How late each start was, by the generator's own fault.
    pub starts: ColumnRun,
    /// Users at it, per second (the most seen in it, summed over workers).
    pub users: Vec<(i64, u64)>,
    /// Processor time the process used.
    pub cpu: Vec<CpuSecond>,
    /// Cores the machine allows the process.
    pub cores: f64,
    /// Threads that drove the load.
    pub workers: u64,
    /// Those that were lost.
    pub lost: Vec<WorkerLost>,
}

/// Processor time used in about one second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuSecond {
    /// Seconds from the start, at its end.
    pub second: i64,
    /// How long it was, seconds.
    pub length_s: f64,
    /// Cores kept busy.
    pub cores: f64,
}

impl ScenarioRun {
    /// A timing series.
    pub fn timing(&self, id: TimingId) -> Option<&TimingRun> {
        self.timings.get(id.index())
    }

    /// A timing series by its name.
    pub fn timing_named(&self, name: &str) -> Option<&TimingRun> {
        self.timings.iter().find(|timing| timing.name == name)
    }

    /// A share.
    pub fn share(&self, id: ShareId) -> Option<&ShareRun> {
        self.shares.get(id.index())
    }

    /// A counter.
    pub fn counter(&self, id: CounterId) -> Option<&CounterRun> {
        self.counters.get(id.index())
    }

    /// Requests and failed requests: the samples of all endpoints.
    pub fn requests(&self) -> (u64, u64) {
        let endpoints = self.timings.iter().filter(|timing| timing.role == Role::Endpoint);
        endpoints
            .map(TimingRun::counts)
            .fold((0, 0), |(n, bad), (ok, failed)| (n + ok + failed, bad + failed))
    }
}

impl TimingRun {
    /// Samples that went well, and that failed.
    pub fn counts(&self) -> (u64, u64) {
        self.outcomes.iter().fold((0, 0), |(ok, failed), second| (ok + second.ok, failed + second.failed))
    }

    /// One of its columns, if it saw anything.
    pub fn column(&self, column: Column) -> Option<&ColumnRun> {
        self.columns.iter().find(|run| run.column == column)
    }

    /// All values of a column.
    pub fn distribution(&self, column: Column) -> Distribution {
        self.column(column).map_or_else(Distribution::default, ColumnRun::distribution)
    }
}

impl ColumnRun {
    /// All its values.
    pub fn distribution(&self) -> Distribution {
        Distribution::of(&self.cells)
    }
}

impl ShareRun {
    /// Good ones and bad ones.
    pub fn counts(&self) -> (u64, u64) {
        self.seconds.iter().fold((0, 0), |(good, bad), second| (good + second.good, bad + second.bad))
    }
}
