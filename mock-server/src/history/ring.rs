//! Readings of counters, kept for a while, and told as rates. Pure: time comes with each reading.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;

use crate::latency::PoolState;
use crate::metrics::ByClass;

/// Readings kept: a quarter of an hour of seconds, and the one before.
const KEPT: usize = 901;

/// What one look at the mock found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    /// Time since the first look; never before the reading pushed last.
    pub(super) at: Duration,
    /// The wall clock, in ms since 1970.
    pub(super) unix_ms: i64,
    /// Answers since the start, without the admin's.
    pub(super) answered: ByClass,
    /// Requests under way.
    pub(super) in_flight: u64,
    /// Memory in RAM; not known everywhere.
    pub(super) rss_bytes: Option<u64>,
    /// How full the pools are.
    pub(super) pools: Vec<PoolState>,
}

/// The last readings, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Ring(VecDeque<Reading>);

/// A stretch of time as arrays of equal length, oldest first, one entry a second. A mock that was too busy to
/// look skips a second; `unix_ms` says when it did look. The first second after the start has no rate and is
/// not told.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct Series {
    /// When, in ms since 1970.
    unix_ms: Vec<i64>,
    /// Answers a second since the entry before, all together.
    requests_per_second: Vec<f64>,
    /// The same by class of status: `1xx` to `5xx`.
    by_class: BTreeMap<&'static str, Vec<f64>>,
    /// Requests under way at that moment.
    in_flight: Vec<u64>,
    /// Memory in RAM, in bytes; null where the system does not say.
    rss_bytes: Vec<Option<u64>>,
    /// By pool, how full it was at that moment; null while a profile without the pool was served.
    pools: BTreeMap<String, PoolSeries>,
}

/// One pool over time.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
struct PoolSeries {
    /// Servers there are.
    size: Vec<Option<u64>>,
    /// Servers held.
    held: Vec<Option<usize>>,
    /// Requests waiting for one.
    waiting: Vec<Option<usize>>,
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

impl Ring {
    pub(super) fn push(&mut self, reading: Reading) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(reading);
    }

    /// The readings of the last `seconds`, counted back from the newest.
    pub(super) fn last(&self, seconds: usize) -> Series {
        let mut series =
            Series { by_class: CLASSES.map(|class| (class, Vec::new())).into(), ..Series::default() };
        let Some(newest) = self.0.back() else { return series };
        let from = newest.at.saturating_sub(Duration::from_secs(seconds as u64));
        let told = self.0.iter().zip(self.0.iter().skip(1)).filter(|(_, now)| now.at > from);
        for (before, now) in told {
            series.push(before, now);
        }
        series
    }
}

impl Series {
    fn push(&mut self, before: &Reading, now: &Reading) {
        let seconds = now.at.saturating_sub(before.at).as_secs_f64();
        let rate = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
        let told = self.unix_ms.len();
        self.unix_ms.push(now.unix_ms);
        let mut all = 0;
        for ((rates, before), now) in self.by_class.values_mut().zip(before.answered).zip(now.answered) {
            let count = now.saturating_sub(before);
            rates.push(rate(count));
            all += count;
        }
        self.requests_per_second.push(rate(all));
        self.in_flight.push(now.in_flight);
        self.rss_bytes.push(now.rss_bytes);
        for PoolState { pool, size, held, waiting, .. } in &now.pools {
            let series = self.pools.entry(pool.clone()).or_default();
            series.pad(told);
            series.size.push(Some(*size));
            series.held.push(Some(*held));
            series.waiting.push(Some(*waiting));
        }
        self.pools.values_mut().for_each(|series| series.pad(told + 1));
    }
}

impl PoolSeries {
    /// Makes up for moments at which there was no such pool.
    fn pad(&mut self, length: usize) {
        if self.size.len() < length {
            self.size.resize(length, None);
            self.held.resize(length, None);
            self.waiting.resize(length, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(millis: u64, ok: u64, broken: u64, pools: &[&str]) -> Reading {
        let pool =
            |name: &&str| PoolState { pool: (*name).to_owned(), size: 10, held: 4, waiting: 2, refused: 0 };
        Reading {
            at: Duration::from_millis(millis),
            unix_ms: millis.cast_signed(),
            answered: [0, ok, 0, 0, broken],
            in_flight: 3,
            rss_bytes: None,
            pools: pools.iter().map(pool).collect(),
        }
    }

    fn ring(readings: impl IntoIterator<Item = Reading>) -> Ring {
        let mut ring = Ring::default();
        readings.into_iter().for_each(|reading| ring.push(reading));
        ring
    }

    #[test]
    fn counters_are_told_as_rates_over_the_time_that_passed() {
        // The second look came a second late.
        let series =
            ring([reading(0, 0, 0, &[]), reading(2_000, 10, 2, &[]), reading(3_000, 15, 2, &[])]).last(900);
        assert_eq!(series.unix_ms, [2_000, 3_000]);
        assert_eq!(series.requests_per_second, [6.0, 5.0]);
        assert_eq!(series.by_class["2xx"], [5.0, 5.0]);
        assert_eq!(series.by_class["5xx"], [1.0, 0.0]);
        assert_eq!(series.in_flight, [3, 3]);
    }

    #[test]
    fn a_pool_that_comes_and_goes_is_null_while_it_is_away() {
        let series = ring([
            reading(0, 0, 0, &[]),
            reading(1_000, 0, 0, &["db"]),
            reading(2_000, 0, 0, &["db", "cpu"]),
            reading(3_000, 0, 0, &["cpu"]),
        ])
        .last(900);
        assert_eq!(series.pools["db"].held, [Some(4), Some(4), None]);
        assert_eq!(series.pools["cpu"].waiting, [None, Some(2), Some(2)]);
        assert_eq!(series.pools["cpu"].size, [None, Some(10), Some(10)]);
    }

    #[test]
    fn a_quarter_of_an_hour_is_kept() {
        let ring = ring((0..2_000).map(|n| reading(n * 1_000, n, 0, &[])));
        assert_eq!(ring.last(usize::MAX).unix_ms.len(), 900);
        assert_eq!(ring.last(120).unix_ms.len(), 120);
        assert_eq!(ring.last(2).unix_ms, [1_998_000, 1_999_000]);
        assert_eq!(ring.last(0).unix_ms.len(), 0);
    }

    #[test]
    fn nothing_is_told_before_the_second_look() {
        assert_eq!(Ring::default().last(900).unix_ms.len(), 0);
        let series = ring([reading(0, 0, 0, &[])]).last(900);
        assert_eq!((series.unix_ms.len(), series.by_class.len()), (0, 5));
    }
}
