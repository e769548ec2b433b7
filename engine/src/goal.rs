//! What a scenario promises: typed where it is written.
//!
//! ```
//! use std::time::Duration;
//! use engine::{goal::{self, Goal}, record::{Column, Phase, Registry}};
//! let mut registry = Registry::new();
//! let (search, ws, dup) = (registry.group("search"), registry.share("WebSocket connected"), registry.counter("duplicates"));
//! let goals = [
//!     Goal::sampled("search p95", goal::p95(search).below(Duration::from_millis(1200)), 7_000),
//!     Goal::sampled("connect p95", goal::p95(search).of(Column::Phase(Phase::Connecting)).below(Duration::from_millis(100)), 100),
//!     Goal::sampled("TLS p95", goal::p95(search).of(Column::Phase(Phase::Tls)).below(Duration::from_millis(200)), 100)
//!         .not_applicable("the target is not reached over TLS"),
//!     Goal::sampled("errors", goal::errors(search).below(0.001), 7_000),
//!     Goal::census("connected", goal::share(ws).above(0.99), 50),
//!     Goal::exact("no duplicates", goal::never(dup)),
//! ];
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::{Column, CounterId, ShareId, TimingId};

/// One promise, and how it is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// What the report calls it.
    pub name: String,
    /// What is claimed.
    pub claim: Claim,
    /// How it is judged.
    pub kind: Kind,
    /// How many observations the plan makes at least. A sampled goal that plans too few is not
    /// judged; of a census, those missing count against it.
    pub planned: u64,
    /// How many observations the plan can make at most, where that is known: a closed loop may make any
    /// number. With it a goal can be known to be lost before the end: [`crate::verdict::doomed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// Whether it can be judged at all.
    pub standing: Standing,
}

/// How a goal is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One counterexample fails, none passes.
    Exact,
    /// These are all there are: the observed share or percentile decides.
    Census,
    /// A sample of what could have been: a confidence bound decides.
    Sampled,
}

/// Whether a goal can be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It can.
    Applies,
    /// It makes no sense here, and why (TLS goals without TLS).
    NotApplicable(String),
    /// It would make sense but was not measured, and why.
    NotMeasured(String),
    /// It was measured, and what measured it fell short: the figures say nothing of the target, and why.
    Invalid(String),
}

/// What is claimed. Limits are exclusive: a value that equals its limit is over it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// A percentile of a series lies below a limit: fewer than `1 − percent/100` of its samples
    /// take the limit or longer.
    Percentile {
        /// Which series.
        series: TimingId,
        /// Which of its columns.
        column: Column,
        /// 95.0 for p95.
        percent: f64,
        /// What it lies below.
        limit: Duration,
    },
    /// The share of failed samples of a series is below a limit.
    Errors {
        /// Which series.
        series: TimingId,
        /// 0.001 for 0.1 %.
        below: f64,
    },
    /// The share of failed requests among all requests (the samples of all endpoints) is below a
    /// limit.
    RequestErrors {
        /// 0.001 for 0.1 %.
        below: f64,
    },
    /// The share of bad ones is below a limit (of good ones above `1 − below`).
    Share {
        /// Which share.
        share: ShareId,
        /// 0.01 for "> 99 % good".
        below: f64,
    },
    /// Not one of a share was bad.
    Always(ShareId),
    /// Nothing was counted.
    Never(CounterId),
}

/// A percentile in the making: see [`p95`].
#[derive(Clone, Copy, Debug)]
pub struct Percentile {
    series: TimingId,
    column: Column,
    percent: f64,
}

/// p95 of a series, since due.
pub fn p95(series: TimingId) -> Percentile {
    percentile(series, 95.0)
}

/// p99 of a series, since due.
pub fn p99(series: TimingId) -> Percentile {
    percentile(series, 99.0)
}

/// Any percentile of a series, since due.
pub fn percentile(series: TimingId, percent: f64) -> Percentile {
    Percentile { series, column: Column::SinceDue, percent }
}

impl Percentile {
    /// Of another column.
    #[must_use]
    pub fn of(mut self, column: Column) -> Self {
        self.column = column;
        self
    }

    /// Lies below this.
    pub fn below(self, limit: Duration) -> Claim {
        Claim::Percentile { series: self.series, column: self.column, percent: self.percent, limit }
    }
}

/// A share in the making: see [`errors`] and [`share`].
#[derive(Clone, Copy, Debug)]
pub struct Proportion<Id>(Id);

/// Failed samples among all samples of a series: `errors(all).below(0.001)`, or, the same the other
/// way round, `errors(all).success_above(0.999)`.
pub fn errors(series: TimingId) -> Proportion<TimingId> {
    Proportion(series)
}

/// Failed requests among all requests, whatever the endpoint.
pub fn request_errors_below(limit: f64) -> Claim {
    Claim::RequestErrors { below: limit }
}

/// A declared share: `share(id).above(0.99)` for the good ones, `.bad_below(0.01)` for the bad.
pub fn share(share: ShareId) -> Proportion<ShareId> {
    Proportion(share)
}

impl Proportion<TimingId> {
    /// The failed share is below this.
    pub fn below(self, limit: f64) -> Claim {
        Claim::Errors { series: self.0, below: limit }
    }

    /// The successful share is above this.
    pub fn success_above(self, limit: f64) -> Claim {
        Claim::Errors { series: self.0, below: complement(limit) }
    }
}

impl Proportion<ShareId> {
    /// The good share is above this.
    pub fn above(self, limit: f64) -> Claim {
        Claim::Share { share: self.0, below: complement(limit) }
    }

    /// The bad share is below this.
    pub fn bad_below(self, limit: f64) -> Claim {
        Claim::Share { share: self.0, below: limit }
    }
}

/// Every one of a share was good.
pub fn always(share: ShareId) -> Claim {
    Claim::Always(share)
}

/// Nothing of this was ever counted.
pub fn never(counter: CounterId) -> Claim {
    Claim::Never(counter)
}

/// `1 − x` to twelve places, so that 0.999 gives 0.001 and not 0.0010000000000000009.
fn complement(x: f64) -> f64 {
    ((1.0 - x) * 1e12).round() / 1e12
}

impl Claim {
    /// The share of bad ones that must not be reached: 0.05 for p95. Zero for exact claims.
    pub fn allowed(&self) -> f64 {
        match self {
            Self::Percentile { percent, .. } => complement(percent / 100.0),
            Self::Errors { below, .. } | Self::RequestErrors { below } | Self::Share { below, .. } => *below,
            Self::Always(_) | Self::Never(_) => 0.0,
        }
    }

    /// True for what a user of the target feels as time.
    pub fn response_time_limit(&self) -> Option<Duration> {
        match self {
            Self::Percentile { column, limit, .. } if column.is_response_time() => Some(*limit),
            _ => None,
        }
    }
}

impl Goal {
    /// A goal on a sample; `planned` is how many observations the plan makes.
    pub fn sampled(name: impl Into<String>, claim: Claim, planned: u64) -> Self {
        Self::new(name.into(), claim, Kind::Sampled, planned)
    }

    /// A goal on all there are; `planned` is how many that is at least.
    pub fn census(name: impl Into<String>, claim: Claim, planned: u64) -> Self {
        Self::new(name.into(), claim, Kind::Census, planned)
    }

    /// A goal one counterexample refutes: [`never()`] or [`always`] (any claim will do: its share of
    /// bad ones must then be zero).
    pub fn exact(name: impl Into<String>, claim: Claim) -> Self {
        Self::new(name.into(), claim, Kind::Exact, 0)
    }

    fn new(name: String, claim: Claim, kind: Kind, planned: u64) -> Self {
        Self { name, claim, kind, planned, most: None, standing: Standing::Applies }
    }

    /// Of an exact goal: how many observations there must be at least for "none was bad" to mean
    /// anything. With fewer it is inconclusive, not passed.
    #[must_use]
    pub fn of_at_least(mut self, planned: u64) -> Self {
        self.planned = planned;
        self
    }

    /// The plan can make so many observations and no more, however the target answers.
    #[must_use]
    pub fn of_at_most(mut self, most: u64) -> Self {
        self.most = Some(most);
        self
    }

    /// As [`Self::of_at_least`]; a plan that makes none of them has nothing to show: then it is not
    /// applicable, never passed.
    #[must_use]
    pub fn of_those_planned(self, planned: u64, reason_for_none: &str) -> Self {
        match planned {
            0 => self.not_applicable(reason_for_none),
            planned => self.of_at_least(planned),
        }
    }

    /// Makes no sense here.
    #[must_use]
    pub fn not_applicable(mut self, reason: impl Into<String>) -> Self {
        self.standing = Standing::NotApplicable(reason.into());
        self
    }

    /// Was not measured.
    #[must_use]
    pub fn not_measured(mut self, reason: impl Into<String>) -> Self {
        self.standing = Standing::NotMeasured(reason.into());
        self
    }

    /// What measured it fell short.
    #[must_use]
    pub fn invalid(mut self, reason: impl Into<String>) -> Self {
        self.standing = Standing::Invalid(reason.into());
        self
    }

    /// The smallest number of observations with which it can pass; 1 for a census, 0 for an exact goal.
    pub fn needed(&self) -> u64 {
        match self.kind {
            Kind::Exact => 0,
            Kind::Census => 1,
            Kind::Sampled => crate::stats::smallest_sample(self.claim.allowed()),
        }
    }

    /// False when the plan is too small for it: it will be NOT JUDGED.
    pub fn judged(&self) -> bool {
        self.planned >= self.needed()
    }
}
