//! What the mock knows about its own latency: per route what was planned and what was held, so that somebody
//! who measured it from outside can be scored against the truth.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Serialize};

use super::model::{Plan, RouteId};
use crate::metrics::Distribution;
use crate::sync::lock;

/// A histogram per route.
pub(crate) type Distributions = Vec<(&'static str, Distribution)>;

/// Longest time a histogram tells apart, in microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;
/// Significant digits of the histograms.
const DIGITS: u8 = 3;

/// The books of all routes.
#[derive(Debug)]
pub struct Truth {
    routes: Vec<RouteBooks>,
}

#[derive(Debug)]
struct RouteBooks {
    route: &'static str,
    in_flight: AtomicU64,
    books: Mutex<Books>,
}

/// The books of one route.
#[derive(Debug)]
struct Books {
    planned: Histogram<u64>,
    held: Histogram<u64>,
    refused: u64,
    abandoned: u64,
}

/// What is known about one route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteTruth {
    /// The route's one name.
    pub route: String,
    /// Answers handed to the server.
    pub count: u64,
    /// Requests that pools turned away (503), among them.
    pub refused: u64,
    /// Requests whose client gave up before the answer, or whose answer was lost on purpose.
    pub abandoned: u64,
    /// Requests under way now.
    pub in_flight: u64,
    /// From arrival to answer as it was planned in the end, of every request that is over.
    pub planned: Times,
    /// From arrival at the layer to handing the answer to the server, of every request that was answered.
    pub held: Times,
}

/// A distribution of times, in microseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// Median.
    pub p50: u64,
    /// 95th percentile.
    pub p95: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p999: u64,
    /// Slowest.
    pub max: u64,
    /// The whole histogram: HdrHistogram V2, deflated, in base64; 1 µs to 1 h, three digits, unit µs. Absent when
    /// only percentiles were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hdr: Option<String>,
}

/// How much of a distribution is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Percentiles, for who asks often.
    Percentiles,
    /// And the whole histogram, packed.
    Histograms,
}

impl Truth {
    /// Empty books for these routes; [`RouteId`]s count along the list.
    pub fn new(routes: impl IntoIterator<Item = &'static str>) -> Self {
        let routes = routes.into_iter().map(|route| RouteBooks {
            route,
            in_flight: AtomicU64::new(0),
            books: Mutex::new(Books::new()),
        });
        Self { routes: routes.collect() }
    }

    /// Counts a request as under way.
    pub fn arrived(&self, route: RouteId) {
        self.routes[route.0].in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes down how a request that had arrived ended: what was planned for it, and that its answer was handed
    /// over `held` after it had come, or that it never was.
    pub fn ended(&self, route: RouteId, plan: &Plan, held: Option<Duration>) {
        let of = &self.routes[route.0];
        let mut books = lock(&of.books);
        books.planned.saturating_record(micros(plan.total()));
        books.refused += u64::from(plan.refused.is_some());
        match held {
            Some(held) => books.held.saturating_record(micros(held)),
            None => books.abandoned += 1,
        }
        // Before the lock is let go: whoever reads the books finds every request in one place.
        of.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// What is known, of each route that somebody asked for.
    pub fn snapshot(&self, detail: Detail) -> Vec<RouteTruth> {
        let routes = self.routes.iter().map(|books| books.truth(detail));
        routes.filter(|truth| truth.count + truth.abandoned + truth.in_flight > 0).collect()
    }

    /// What was planned and what was held, of each route that has any, counted between these bounds in seconds.
    pub(crate) fn distributions(&self, bounds: &[f64]) -> (Distributions, Distributions) {
        let (mut planned, mut held) = (Vec::new(), Vec::new());
        for of in &self.routes {
            let books = lock(&of.books);
            for (histogram, out) in [(&books.planned, &mut planned), (&books.held, &mut held)] {
                if !histogram.is_empty() {
                    out.push((of.route, counted(histogram, bounds)));
                }
            }
        }
        (planned, held)
    }

    /// Begins anew; requests under way stay counted as such.
    pub fn reset(&self) {
        for of in &self.routes {
            let mut books = lock(&of.books);
            books.planned.reset();
            books.held.reset();
            books.refused = 0;
            books.abandoned = 0;
        }
    }
}

impl RouteBooks {
    fn truth(&self, detail: Detail) -> RouteTruth {
        let books = lock(&self.books);
        RouteTruth {
            route: self.route.to_owned(),
            count: books.held.len(),
            refused: books.refused,
            abandoned: books.abandoned,
            in_flight: self.in_flight.load(Ordering::Relaxed),
            planned: Times::of(&books.planned, detail),
            held: Times::of(&books.held, detail),
        }
    }
}

impl Books {
    fn new() -> Self {
        Self { planned: histogram(), held: histogram(), refused: 0, abandoned: 0 }
    }
}

impl Times {
    fn of(histogram: &Histogram<u64>, detail: Detail) -> Self {
        Self {
            p50: histogram.value_at_quantile(0.50),
            p95: histogram.value_at_quantile(0.95),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            max: histogram.max(),
            hdr: (detail == Detail::Histograms).then(|| packed(histogram)),
        }
    }
}

fn packed(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("a histogram within its bounds serialises into memory");
    BASE64.encode(bytes)
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, DIGITS).expect("constant bounds are valid")
}

/// The counts of a histogram in µs between bounds in seconds. A value the histogram cannot tell from a bound
/// counts as below it; the sum is as exact as the histogram's three digits.
fn counted(histogram: &Histogram<u64>, bounds: &[f64]) -> Distribution {
    let mut buckets: Vec<(f64, u64)> =
        bounds.iter().chain([&f64::INFINITY]).map(|bound| (*bound, 0)).collect();
    let mut sum = 0.0;
    for value in histogram.iter_recorded() {
        let seconds = value.value_iterated_to() as f64 / 1e6;
        let lowest = histogram.lowest_equivalent(value.value_iterated_to()) as f64 / 1e6;
        let at = buckets.partition_point(|(bound, _)| *bound < lowest);
        buckets[at].1 += value.count_since_last_iteration();
        sum += f64::midpoint(seconds, lowest) * value.count_since_last_iteration() as f64;
    }
    Distribution { buckets, sum }
}

/// Whole microseconds, at least one; beyond an hour the histogram keeps its last bucket.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(LONGEST_US).max(1)
}
