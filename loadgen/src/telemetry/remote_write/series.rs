//! Families as series with samples: what a histogram is in there, what ends a series.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use engine::record::{BOUNDS_US, Spread};
use prost::Message;

use super::message::{Label, Sample, TimeSeries, WriteRequest};
use crate::telemetry::figures::{Family, Kind, Member, Value};

/// The value that says that a series is no more: a signalling NaN of its own.
const STALE: u64 = 0x7ff0_0000_0000_0002;
/// The job all of it is of.
const JOB: &str = "loadgen";

/// Turns families into bodies of requests, and remembers which series there were.
#[derive(Debug)]
pub struct Writing {
    run: String,
    known: BTreeSet<Vec<Label>>,
    newest: i64,
}

impl Writing {
    /// For a run of this name: its `instance`, so that no two runs are one series.
    pub fn new(run: &str) -> Self {
        Self { run: run.to_owned(), known: BTreeSet::new(), newest: i64::MIN }
    }

    /// The body that says how everything stands at `at`. A series that was there and is not any more is ended.
    pub fn body(&mut self, families: &[Family], at: SystemTime) -> Vec<u8> {
        let timestamp = self.stamp(at);
        let mut written: Vec<TimeSeries> =
            families.iter().flat_map(|family| self.of_family(family, timestamp)).collect();
        let now: BTreeSet<Vec<Label>> = written.iter().map(|series| series.labels.clone()).collect();
        written.extend(self.known.difference(&now).map(|labels| ended(labels, timestamp)));
        self.known = now;
        packed(written)
    }

    /// The body that ends every series.
    pub fn stale(&mut self, at: SystemTime) -> Vec<u8> {
        let timestamp = self.stamp(at);
        let known = std::mem::take(&mut self.known);
        packed(known.iter().map(|labels| ended(labels, timestamp)).collect())
    }

    /// Milliseconds since 1970; a moment has one value, so no two bodies have the same one, whatever the clock does.
    fn stamp(&mut self, at: SystemTime) -> i64 {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        self.newest = now.max(self.newest.saturating_add(1));
        self.newest
    }

    fn of_family(&self, family: &Family, timestamp: i64) -> Vec<TimeSeries> {
        let of = |member: &Member| match &member.value {
            Value::Number(value) => {
                let suffix = if family.kind == Kind::Counter { "_total" } else { "" };
                vec![self.series(family.name, suffix, member, None, *value, timestamp)]
            }
            Value::Spread(spread) => self.histogram(family.name, member, spread, timestamp),
        };
        family.members.iter().flat_map(of).collect()
    }

    fn histogram(&self, name: &str, member: &Member, spread: &Spread, timestamp: i64) -> Vec<TimeSeries> {
        // As the text formats write them, `1.0` and not `1`: read or written, a bucket is one series.
        let bounds = BOUNDS_US.map(|bound| format!("{:?}", f64::from(bound) / 1e6));
        let bounds = bounds.into_iter().chain(["+Inf".to_owned()]);
        let up_to = spread.up_to().into_iter().chain([spread.count()]);
        let plain = |suffix, value| self.series(name, suffix, member, None, value, timestamp);
        let buckets = bounds
            .zip(up_to)
            .map(|(bound, n)| self.series(name, "_bucket", member, Some(bound), n as f64, timestamp));
        buckets
            .chain([plain("_sum", spread.sum_ns as f64 / 1e9), plain("_count", spread.count() as f64)])
            .collect()
    }

    fn series(
        &self,
        name: &str,
        suffix: &str,
        member: &Member,
        bound: Option<String>,
        value: f64,
        timestamp: i64,
    ) -> TimeSeries {
        let label = |name: &str, value: &str| Label { name: name.to_owned(), value: value.to_owned() };
        let mut labels: Vec<Label> = member.labels.iter().map(|(name, value)| label(name, value)).collect();
        labels.push(label("__name__", &format!("{name}{suffix}")));
        labels.extend([label("instance", &self.run), label("job", JOB)]);
        labels.extend(bound.map(|bound| label("le", &bound)));
        labels.sort();
        TimeSeries { labels, samples: vec![Sample { value, timestamp }] }
    }
}

fn ended(labels: &[Label], timestamp: i64) -> TimeSeries {
    TimeSeries { labels: labels.to_vec(), samples: vec![Sample { value: f64::from_bits(STALE), timestamp }] }
}

/// As it is sent: protobuf in a block of snappy.
fn packed(timeseries: Vec<TimeSeries>) -> Vec<u8> {
    let message = WriteRequest { timeseries }.encode_to_vec();
    snap::raw::Encoder::new().compress_vec(&message).expect("less than four gigabytes fit into a block")
}
