//! What came of a replay.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::plan::{Delivery, Reason};
use super::send::Outcome;

/// Longest time that is told apart, in µs: ten minutes.
const LONGEST_US: u64 = 600_000_000;

/// Why writing to a string cannot fail.
const TAKES_TEXT: &str = "a string takes text";

/// Counts of a replay. A delivery is one event on its way to the target, whatever number of attempts it takes; an
/// event that is delivered in two copies is two deliveries.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Distinct events that were sent at least once.
    pub events: u64,
    /// Requests made, retries and forgeries among them.
    pub attempts: u64,
    /// Deliveries that succeeded at once.
    pub first_attempt: u64,
    /// Deliveries that succeeded after retries.
    pub retried: u64,
    /// Deliveries that never succeeded.
    pub given_up: u64,
    /// Deliveries that were cut off by the end of the replay.
    pub unfinished: u64,
    /// Forgeries that were refused, with a 4xx.
    pub forgeries_refused: u64,
    /// Forgeries that were accepted: never right.
    pub forgeries_accepted: u64,
    /// Forgeries to which nothing was said that tells: another status, or no answer.
    pub forgeries_undecided: u64,
    /// Attempts by what came of them: a status, `timed out` or `broken`.
    pub by_outcome: BTreeMap<String, u64>,
    /// Whether any attempt got an answer.
    pub answered: bool,
    /// From sending to the end of the answer, of attempts that got one, in ms.
    pub latency_ms: LatencyMillis,
    #[serde(skip)]
    times: Histogram<u64>,
}

/// Percentiles, in ms.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct LatencyMillis {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

impl Summary {
    pub(super) fn new() -> Self {
        Self {
            events: 0,
            attempts: 0,
            first_attempt: 0,
            retried: 0,
            given_up: 0,
            unfinished: 0,
            forgeries_refused: 0,
            forgeries_accepted: 0,
            forgeries_undecided: 0,
            by_outcome: BTreeMap::new(),
            answered: false,
            latency_ms: LatencyMillis::default(),
            times: Histogram::new_with_bounds(1, LONGEST_US, 3).expect("constant bounds are valid"),
        }
    }

    /// Notes an attempt; `is_tried_again` if it failed and is not given up.
    pub(super) fn attempted(
        &mut self,
        delivery: &Delivery,
        outcome: Outcome,
        took: Duration,
        is_tried_again: bool,
    ) {
        self.attempts += 1;
        let name = match outcome {
            Outcome::Status(status) => status.to_string(),
            Outcome::TimedOut => "timed out".to_owned(),
            Outcome::Broken => "broken".to_owned(),
        };
        *self.by_outcome.entry(name).or_default() += 1;
        if matches!(outcome, Outcome::Status(_)) {
            self.answered = true;
            self.times.saturating_record((took.as_micros() as u64).max(1));
        }
        let counted = match (delivery.reason, outcome.is_success()) {
            (Reason::Forgery, true) => &mut self.forgeries_accepted,
            (Reason::Forgery, false) if outcome.is_refusal() => &mut self.forgeries_refused,
            (Reason::Forgery, false) => &mut self.forgeries_undecided,
            (_, true) if delivery.attempt == 1 => &mut self.first_attempt,
            (_, true) => &mut self.retried,
            (_, false) if is_tried_again => return,
            (_, false) => &mut self.given_up,
        };
        *counted += 1;
    }

    pub(super) fn finish(mut self, unfinished: usize) -> Self {
        self.unfinished = unfinished as u64;
        let ms = |quantile| self.times.value_at_quantile(quantile) as f64 / 1e3;
        self.latency_ms = LatencyMillis { p50: ms(0.50), p95: ms(0.95), p99: ms(0.99) };
        self
    }

    /// Whether everything was delivered and every forgery was refused.
    pub fn is_whole(&self) -> bool {
        self.given_up + self.unfinished + self.forgeries_accepted + self.forgeries_undecided == 0
    }

    /// As lines for people.
    pub fn text(&self) -> String {
        let outcomes: Vec<String> =
            self.by_outcome.iter().map(|(outcome, count)| format!("{outcome}: {count}")).collect();
        let LatencyMillis { p50, p95, p99 } = self.latency_ms;
        let mut text = format!(
            "{} events, {} attempts ({})\n{} deliveries succeeded at once, {} after retries, {} were given up\n\
             latency p50 {p50:.1} ms, p95 {p95:.1} ms, p99 {p99:.1} ms\n",
            self.events,
            self.attempts,
            outcomes.join(", "),
            self.first_attempt,
            self.retried,
            self.given_up,
        );
        if self.unfinished > 0 {
            writeln!(text, "{} deliveries were cut off", self.unfinished).expect(TAKES_TEXT);
        }
        let (refused, accepted) = (self.forgeries_refused, self.forgeries_accepted);
        let undecided = self.forgeries_undecided;
        if refused + accepted + undecided > 0 {
            writeln!(text, "{refused} forgeries were refused, {accepted} ACCEPTED").expect(TAKES_TEXT);
        }
        if undecided > 0 {
            writeln!(text, "{undecided} forgeries were neither: an error, or no answer").expect(TAKES_TEXT);
        }
        text
    }
}
