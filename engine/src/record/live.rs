//! How a scenario stands while it runs: what every view of it shows, and what may stop it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    goal::Claim,
    record::{
        Column, Registry, Role, SeriesTotals, Totals,
        books::{Books, ColumnBook, TimingBook},
    },
    stats,
};

/// Figures of a second are taken this long after it: only answers are in them, and the quick ones come first.
const SETTLED_S: i64 = 2;

/// How a scenario stands, of what its workers have handed over (about once a second).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// Seconds since the scenario's start, of the newest data; negative before any.
    pub second: i64,
    /// Requests done (samples of endpoints).
    pub requests: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Turns started.
    pub started: u64,
    /// Users at it.
    pub users: u64,
    /// The newest second whose answers had two more to come in, over all endpoints.
    pub newest: Newest,
    /// What was done with in the newest second, whenever it was due: a target too slow for `newest` shows here.
    /// What had no answer counts as slower than everything.
    #[serde(default)]
    pub done: Newest,
    /// p99 of the generator's own delay of starts in the newest whole second.
    pub lateness_p99: Option<Duration>,
    /// Cores the generator kept busy when it last looked.
    pub cores: Option<f64>,
    /// Endpoints and groups, in the order they were declared.
    pub series: Vec<LiveSeries>,
    /// How each goal stands, in the order of the plan.
    pub goals: Vec<Standing>,
    /// Counters, in the order they were declared.
    #[serde(default)]
    pub counters: Vec<LiveCounter>,
    /// Counts that only grow.
    #[serde(default)]
    pub totals: Totals,
}

/// A counter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCounter {
    /// Its name.
    pub name: String,
    /// What it has come to so far.
    pub total: u64,
}

/// What was due in one second and is done by now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// How many.
    pub rate: u64,
    /// Percentiles since due.
    pub p50: Option<Duration>,
    /// Percentiles since due.
    pub p95: Option<Duration>,
    /// Percentiles since due.
    pub p99: Option<Duration>,
}

/// An endpoint or a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSeries {
    /// Its name.
    pub name: String,
    /// Whether its samples are requests of their own: see [`Role::Endpoint`].
    pub endpoint: bool,
    /// Samples so far.
    pub n: u64,
    /// Of these, failed.
    pub failed: u64,
    /// The newest second whose answers had two more to come in.
    pub newest: Newest,
}

/// Observations that bear on a goal so far, and how many of them were bad. Counts, no verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// How many.
    pub n: u64,
    /// Of these: over the limit or without an answer; failed; bad; or counted.
    pub bad: u64,
}

impl Newest {
    /// Of values in microseconds.
    fn of(mut values: Vec<u32>) -> Self {
        let mut quantile = |q| {
            let rank = stats::nearest_rank(values.len() as u64, q);
            let place = (rank as usize).checked_sub(1).filter(|place| *place < values.len())?;
            Some(Duration::from_micros((*values.select_nth_unstable(place).1).into()))
        };
        let (p50, p95, p99) = (quantile(0.5), quantile(0.95), quantile(0.99));
        Self { rate: values.len() as u64, p50, p95, p99 }
    }
}

impl Books {
    /// `second` is the newest that was handed over.
    pub(super) fn live(&self, second: i64, claims: &[Claim], cores: Option<f64>) -> Live {
        let due = second.saturating_sub(SETTLED_S);
        let since_due = |book: &TimingBook| book.open_second(Column::SinceDue, due).to_vec();
        let shown = || self.named().filter(|(_, role, _)| *role != Role::Value);
        let endpoints = || self.named().filter(|(_, role, _)| *role == Role::Endpoint).map(|(.., book)| book);
        let (ok, failed) =
            endpoints().map(TimingBook::counts).fold((0, 0), |sum, n| (sum.0 + n.0, sum.1 + n.1));
        let series = shown().map(|(name, role, book)| {
            let (ok, failed) = book.counts();
            let (endpoint, newest) = (role == Role::Endpoint, Newest::of(since_due(book)));
            LiveSeries { name: name.to_owned(), endpoint, n: ok + failed, failed, newest }
        });
        Live {
            second,
            requests: ok + failed,
            failed,
            started: self.started,
            users: self.users_now(),
            newest: Newest::of(endpoints().flat_map(since_due).collect()),
            done: Newest::of(self.done.1.clone()),
            lateness_p99: Newest::of(self.starts.open_second(second).to_vec()).p99,
            cores,
            series: series.collect(),
            goals: claims.iter().map(|claim| self.standing(claim)).collect(),
            counters: self.counters_so_far().collect(),
            totals: self.totals(),
        }
    }

    /// Counts that only grow. Of what is planned the books know nothing.
    fn totals(&self) -> Totals {
        let series = self.named().map(|(name, role, book)| SeriesTotals {
            name: name.to_owned(),
            role,
            failed: book.counts().1,
            since_due: book.column(Column::SinceDue).map(ColumnBook::spread).unwrap_or_default(),
            since_sent: book.column(Column::SinceSent).map(ColumnBook::spread).unwrap_or_default(),
            faults: book.faults_so_far(),
        });
        Totals {
            series: series.collect(),
            lateness: self.starts.spread(),
            planned: None,
            dropped: self.dropped,
        }
    }

    /// What bears on a claim so far.
    fn standing(&self, claim: &Claim) -> Standing {
        let of = |(good, bad): (u64, u64)| Standing { n: good + bad, bad };
        match claim {
            Claim::Percentile { series, column, limit, .. } => {
                let limit_ns = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
                let column = self.timings[series.index()].column(*column);
                column.map_or_else(Standing::default, |column| column.standing(limit_ns))
            }
            Claim::Errors { series, .. } => of(self.timings[series.index()].counts()),
            Claim::RequestErrors { .. } => {
                let endpoints = self.named().filter(|(_, role, _)| *role == Role::Endpoint);
                of(endpoints
                    .map(|(.., book)| book.counts())
                    .fold((0, 0), |sum, n| (sum.0 + n.0, sum.1 + n.1)))
            }
            Claim::Share { share, .. } | Claim::Always(share) => of(self.share(*share)),
            Claim::Never(counter) => of((0, self.counter(*counter))),
        }
    }

    fn named(&self) -> impl Iterator<Item = (&str, Role, &TimingBook)> {
        let Registry { timings, .. } = &self.registry;
        timings.iter().zip(&self.timings).map(|((name, role), book)| (name.as_str(), *role, book))
    }
}
