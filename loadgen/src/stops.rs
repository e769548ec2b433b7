//! What ends a scenario before its plan does: a condition one has named, or a goal that is lost.

use std::{fmt, str::FromStr, time::Duration};

use engine::{goal::Goal, record::Live, verdict};
use serde::{Deserialize, Serialize};

use crate::{
    sfu::Allowance,
    words::{duration, limit, percent},
};

/// How long a condition must hold unless it says so itself.
const STRETCH: Duration = Duration::from_secs(5);
/// Requests that must have been done in that stretch: one early error stops nothing.
const FEWEST_REQUESTS: u64 = 20;

/// What a stop condition looks at, each second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Failed requests among those done in the second.
    Errors,
    /// A percentile, over all endpoints, of what was done in the second, whenever it was due; no answer is slowest.
    Percentile(u8),
    /// p99 of the generator's own lateness in the second.
    Lateness,
}

/// A share or a time that must not be exceeded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// 0.01 for 1 %.
    Share(f64),
    /// A time.
    Time(Duration),
}

/// Ends the run when a figure stays over its limit: `errors>1%`, `p95>2000ms:10s`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    metric: Metric,
    limit: Limit,
    stretch: Duration,
}

/// What a text is that is no stop condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoStop {
    /// It is not built like one.
    #[error(
        "`{0}` is no stop condition: one is FIGURE>LIMIT, such as errors>1%, p95>2000ms or lateness>50ms; add \
         :10s for how long it must hold"
    )]
    Form(String),
    /// Only too much of something stops a run.
    #[error(
        "`{0}`: only `>` stops a run (errors, p50, p95, p99, lateness); how many requests there are is what the \
         plan says, and a plan begins at none"
    )]
    Below(String),
    /// There is no such figure.
    #[error("`{0}` is no figure that stops a run: it is one of errors, p50, p95, p99, lateness")]
    Metric(String),
    /// A share is wanted.
    #[error("`{0}` is no share of errors: name it in per cent, above 0 and below 100, such as errors>1%")]
    Share(String),
    /// A time is wanted.
    #[error("`{0}` is no time: name it in ms or s, such as 2000ms or 3s")]
    Time(String),
}

impl FromStr for Stop {
    type Err = NoStop;

    fn from_str(text: &str) -> Result<Self, NoStop> {
        let whole = || text.to_owned();
        if text.contains('<') {
            return Err(NoStop::Below(whole()));
        }
        let (metric, rest) = text.split_once('>').ok_or_else(|| NoStop::Form(whole()))?;
        let (bound, stretch) = match rest.split_once(':') {
            Some((bound, stretch)) => (bound, time(stretch)?),
            None => (rest, STRETCH),
        };
        let metric = match metric.trim() {
            "errors" => Metric::Errors,
            "p50" => Metric::Percentile(50),
            "p95" => Metric::Percentile(95),
            "p99" => Metric::Percentile(99),
            "lateness" => Metric::Lateness,
            other => return Err(NoStop::Metric(other.to_owned())),
        };
        let limit =
            if metric == Metric::Errors { Limit::Share(share(bound)?) } else { Limit::Time(time(bound)?) };
        Ok(Self { metric, limit, stretch })
    }
}

fn share(text: &str) -> Result<f64, NoStop> {
    let percent = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let within = percent.filter(|percent| *percent > 0.0 && *percent < 100.0);
    within.map(|percent| percent / 100.0).ok_or_else(|| NoStop::Share(text.trim().to_owned()))
}

/// A time above zero, up to an hour: `50ms`, `2.5s`.
fn time(text: &str) -> Result<Duration, NoStop> {
    let text = text.trim();
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').unwrap_or(""), 1.0),
    };
    let seconds = number.trim().parse::<f64>().ok().map(|number| number * unit);
    let within = seconds.filter(|seconds| *seconds > 0.0 && *seconds <= 3_600.0);
    within.map(Duration::from_secs_f64).ok_or_else(|| NoStop::Time(text.to_owned()))
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match self.limit {
            Limit::Share(share) => percent(share),
            Limit::Time(time) => limit(time),
        };
        write!(f, "{} > {bound} for {} s", self.metric, self.stretch.as_secs_f64())
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors => f.write_str("errors"),
            Self::Percentile(percent) => write!(f, "p{percent}"),
            Self::Lateness => f.write_str("the load generator's own lateness"),
        }
    }
}

/// A scenario that was ended before its plan was over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedEarly {
    /// In which second of the scenario that was seen.
    pub second: i64,
    /// What ended it.
    pub cause: Cause,
    /// In words.
    pub why: String,
}

/// What ends a scenario before its plan is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The target met a stop condition: the run ends, and that is a failure.
    Target,
    /// The generator met one: the run ends, and nothing can be said of the target.
    Generator,
    /// A goal is lost whatever the rest would bring: the scenario ends, and the goal is missed.
    GoalLost,
    /// The traffic that was allowed is used up: the scenario ends, and nothing can be said of the rest of its plan.
    Allowance,
}

impl Cause {
    /// True when not only this scenario ends, but the run.
    pub fn ends_the_run(self) -> bool {
        matches!(self, Self::Target | Self::Generator)
    }

    /// True when what was measured is not what was planned, for no fault of the target's.
    pub fn invalidates(self) -> bool {
        matches!(self, Self::Generator | Self::Allowance)
    }
}

/// Looks at a scenario while it runs.
#[derive(Debug)]
pub struct Watch {
    stops: Vec<Holding>,
    /// In the order of [`Live::goals`]; empty where goals end nothing.
    goals: Vec<Goal>,
    /// Traffic that may come from the SFU.
    allowance: Option<Allowance>,
    /// The newest look at the second that is not over yet.
    newest: Option<Live>,
    /// Requests and failures before that second.
    before: (u64, u64),
}

/// A condition, and since when it holds.
#[derive(Debug)]
struct Holding {
    stop: Stop,
    since: Option<Since>,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    second: i64,
    requests: u64,
}

impl Watch {
    /// Ends a scenario by these conditions and, where `goals` are given, by a goal that is lost.
    pub fn new(stops: &[Stop], goals: &[Goal]) -> Self {
        let stops = stops.iter().map(|&stop| Holding { stop, since: None }).collect();
        Self { stops, goals: goals.to_vec(), allowance: None, newest: None, before: (0, 0) }
    }

    /// The same, and the scenario ends when more traffic has come from the SFU than this.
    #[must_use]
    pub fn allowing(self, allowance: Option<Allowance>) -> Self {
        Self { allowance, ..self }
    }

    /// How it stands now; says why the scenario must end, if it must. Looking more than once a second changes
    /// nothing: a second is judged when the next has begun. Only traffic counts at once.
    pub fn look(&mut self, live: &Live) -> Option<EndedEarly> {
        if let Some(why) = self.allowance.and_then(|allowance| allowance.exceeded(live)) {
            return Some(EndedEarly { second: live.second, cause: Cause::Allowance, why });
        }
        let over = self.newest.replace(live.clone()).filter(|newest| newest.second < live.second)?;
        let second = Second {
            number: over.second,
            requests: over.requests.saturating_sub(self.before.0),
            failed: over.failed.saturating_sub(self.before.1),
            live: &over,
        };
        self.before = (over.requests, over.failed);
        let met = self.stops.iter_mut().find_map(|holding| holding.look(&second));
        met.or_else(|| lost(&self.goals, &over))
    }
}

/// One second that is over.
struct Second<'a> {
    number: i64,
    requests: u64,
    failed: u64,
    live: &'a Live,
}

impl Second<'_> {
    /// What the figure was; nothing where the second says nothing of it.
    fn figure(&self, metric: Metric) -> Option<Limit> {
        let done = &self.live.done;
        match metric {
            Metric::Errors => {
                (self.requests > 0).then(|| Limit::Share(self.failed as f64 / self.requests as f64))
            }
            Metric::Percentile(50) => done.p50.map(Limit::Time),
            Metric::Percentile(95) => done.p95.map(Limit::Time),
            Metric::Percentile(_) => done.p99.map(Limit::Time),
            Metric::Lateness => self.live.lateness_p99.map(Limit::Time),
        }
    }
}

impl Limit {
    fn is_over(self, bound: Self) -> bool {
        match (self, bound) {
            (Self::Share(seen), Self::Share(bound)) => seen > bound,
            (Self::Time(seen), Self::Time(bound)) => seen > bound,
            _ => false,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Share(share) => f.write_str(&percent(share)),
            Self::Time(time) => f.write_str(&duration(time)),
        }
    }
}

impl Holding {
    /// A second without a figure neither ends a stretch nor begins one.
    fn look(&mut self, second: &Second<'_>) -> Option<EndedEarly> {
        let seen = second.figure(self.stop.metric)?;
        if !seen.is_over(self.stop.limit) {
            self.since = None;
            return None;
        }
        let since = self.since.get_or_insert(Since { second: second.number, requests: 0 });
        since.requests += second.requests;
        let held_s = (second.number - since.second + 1) as f64;
        let long_enough = held_s >= self.stop.stretch.as_secs_f64() && since.requests >= FEWEST_REQUESTS;
        long_enough.then(|| EndedEarly {
            second: second.number,
            cause: if self.stop.metric == Metric::Lateness { Cause::Generator } else { Cause::Target },
            why: format!("{}; last seen: {seen}", self.stop),
        })
    }
}

/// The first goal that is lost whatever the rest would bring.
fn lost(goals: &[Goal], live: &Live) -> Option<EndedEarly> {
    let (goal, seen) = goals.iter().zip(&live.goals).find(|(goal, seen)| verdict::doomed(goal, **seen))?;
    Some(EndedEarly {
        second: live.second,
        cause: Cause::GoalLost,
        why: format!("{} is lost whatever comes: {} of {} were bad", goal.name, seen.bad, seen.n),
    })
}
