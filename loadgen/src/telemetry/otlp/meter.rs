//! What is counted for metrics over OTLP: requests by route and how they ended, and how long they took.
//!
//! Each worker counts in a book of its own. Whoever reads takes out what is in it; a worker that comes at that very moment
//! puts its count aside until next time, so that it waits for nobody.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use engine::{
    clock::{Anchor, Instant},
    record::FaultKind,
};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, metric::Data,
    number_data_point::Value,
};

use super::encode;

/// From one reading to the next.
const EVERY: Duration = Duration::from_secs(5);
/// Upper bounds of the histogram's buckets, in seconds: those that the semantic conventions advise, and some above.
const BOUNDS_S: [f64; 16] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0];
/// The most rows: ways in which requests of a route end. Those after them are one for each route.
const MOST_ROWS: usize = 2_000;

/// Counts since the start of a scenario, of all workers of a process.
#[derive(Debug)]
pub(crate) struct Meter {
    scenario: &'static str,
    /// Those of workers that are at it.
    books: Mutex<Vec<Arc<Mutex<Rows>>>>,
    /// What was taken out of books.
    total: Mutex<Rows>,
    began: Instant,
    read: Mutex<Instant>,
}

/// A worker's own book. Not shared: it has a pocket for what nobody may be kept waiting for.
#[derive(Debug)]
pub(crate) struct Book {
    rows: Arc<Mutex<Rows>>,
    aside: RefCell<Rows>,
}

#[derive(Debug, Clone, Default)]
struct Rows(BTreeMap<Key, Row>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    route: &'static str,
    status: Option<u16>,
    fault: Option<FaultKind>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    count: u64,
    sum_s: f64,
    buckets: [u64; BOUNDS_S.len() + 1],
}

impl Row {
    /// Of a single request.
    fn of(took: Duration) -> Self {
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS_S.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS_S.len());
        let mut row = Self { count: 1, sum_s: seconds, ..Self::default() };
        row.buckets[bucket] = 1;
        row
    }

    fn add(&mut self, more: &Self) {
        self.count += more.count;
        self.sum_s += more.sum_s;
        for (bucket, more) in self.buckets.iter_mut().zip(more.buckets) {
            *bucket += more;
        }
    }
}

impl Rows {
    /// Adds to one of them, within their bound.
    fn add(&mut self, key: Key, more: &Row) {
        let full = self.0.len() >= MOST_ROWS && !self.0.contains_key(&key);
        let further = |route| {
            let fault = Some(FaultKind::Other("further kinds".into()));
            Key { route, status: None, fault }
        };
        let key = if full { further(key.route) } else { key };
        self.0.entry(key).or_default().add(more);
    }

    /// Adds all that is in `other`, which is empty afterwards.
    fn take_all(&mut self, other: &mut Self) {
        for (key, row) in mem::take(&mut other.0) {
            self.add(key, &row);
        }
    }
}

impl Book {
    /// Counts a request.
    pub(crate) fn count(
        &self,
        route: &'static str,
        status: Option<u16>,
        fault: Option<&FaultKind>,
        took: Duration,
    ) {
        let (key, row) = (Key { route, status, fault: fault.cloned() }, Row::of(took));
        let mut aside = self.aside.borrow_mut();
        match self.rows.try_lock() {
            Ok(mut rows) => {
                rows.take_all(&mut aside);
                rows.add(key, &row);
            }
            Err(_) => aside.add(key, &row),
        }
    }
}

impl Drop for Book {
    /// Its worker has ended, and may wait.
    fn drop(&mut self) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).take_all(self.aside.get_mut());
    }
}

impl Meter {
    /// One that counts from now on.
    pub(crate) fn new(scenario: &'static str, now: Instant) -> Self {
        Self { scenario, books: Mutex::default(), total: Mutex::default(), began: now, read: Mutex::new(now) }
    }

    /// A book for one worker.
    pub(crate) fn book(&self) -> Book {
        let rows: Arc<Mutex<Rows>> = Arc::default();
        self.books.lock().unwrap_or_else(PoisonError::into_inner).push(rows.clone());
        Book { rows, aside: RefCell::default() }
    }

    /// All that was counted so far. Books whose workers have ended are closed.
    fn total(&self) -> Rows {
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        self.books.lock().unwrap_or_else(PoisonError::into_inner).retain(|book| {
            // Asked before it is read: what its worker adds last is not missed.
            let open = Arc::strong_count(book) > 1;
            let mut rows = mem::take(&mut *book.lock().unwrap_or_else(PoisonError::into_inner));
            total.take_all(&mut rows);
            open
        });
        total.clone()
    }

    /// Whether it is time for a reading.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let due = now >= *read + EVERY;
        if due {
            *read = now;
        }
        due
    }

    /// All that was counted, as of `now`. Each point says of which scenario it is: receivers that know a series by its
    /// attributes alone, as Prometheus does, would take two scenarios for one.
    pub(crate) fn metrics(&self, anchor: &Anchor, now: Instant, users: u64) -> Vec<Metric> {
        let span = (anchor.unix_ns(self.began), anchor.unix_ns(now));
        let Rows(rows) = self.total();
        let said = |mut attributes: Attributes| {
            attributes.push(encode::text("wwmaa.scenario", self.scenario));
            attributes
        };
        let of_route = |failed: bool| {
            let mut all: BTreeMap<&'static str, u64> = BTreeMap::new();
            for (key, row) in &rows {
                *all.entry(key.route).or_default() +=
                    if failed && key.fault.is_none() { 0 } else { row.count };
            }
            let point = |(route, n)| counted(said(encode::of_route(route, None, None)), n, span);
            all.into_iter().map(point).collect()
        };
        let durations = rows.iter().map(|(key, row)| {
            timed(said(encode::of_route(key.route, key.status, key.fault.as_ref())), row, span)
        });
        vec![
            metric("wwmaa.requests", "{request}", "Requests that are over", sum(of_route(false))),
            metric("wwmaa.requests.failed", "{request}", "Of these, failed", sum(of_route(true))),
            metric(
                "http.client.request.duration",
                "s",
                "From when a request was due to when it was over",
                Data::Histogram(Histogram {
                    data_points: durations.collect(),
                    aggregation_temporality: AggregationTemporality::Cumulative.into(),
                }),
            ),
            metric(
                "wwmaa.users",
                "{user}",
                "Virtual users at it",
                Data::Gauge(Gauge { data_points: vec![counted(said(Vec::new()), users, span)] }),
            ),
        ]
    }
}

fn metric(name: &str, unit: &str, description: &str, data: Data) -> Metric {
    Metric {
        name: name.to_owned(),
        unit: unit.to_owned(),
        description: description.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn sum(data_points: Vec<NumberDataPoint>) -> Data {
    Data::Sum(Sum {
        data_points,
        aggregation_temporality: AggregationTemporality::Cumulative.into(),
        is_monotonic: true,
    })
}

type Attributes = Vec<opentelemetry_proto::tonic::common::v1::KeyValue>;

fn counted(attributes: Attributes, n: u64, (start, now): (u64, u64)) -> NumberDataPoint {
    NumberDataPoint {
        attributes,
        start_time_unix_nano: start,
        time_unix_nano: now,
        value: Some(Value::AsInt(i64::try_from(n).unwrap_or(i64::MAX))),
        ..NumberDataPoint::default()
    }
}

fn timed(attributes: Attributes, row: &Row, (start, now): (u64, u64)) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes,
        start_time_unix_nano: start,
        time_unix_nano: now,
        count: row.count,
        sum: Some(row.sum_s),
        bucket_counts: row.buckets.to_vec(),
        explicit_bounds: BOUNDS_S.to_vec(),
        ..HistogramDataPoint::default()
    }
}

#[cfg(test)]
mod tests;
