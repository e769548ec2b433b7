//! HDR histograms of durations: bounds, encoding, and what is read from them.
//!
//! Three significant digits, from 1 µs to 1 h, in microseconds. Histograms of equal bounds add up
//! exactly, so seconds, workers and runs can be merged at will.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer, V2DeflateSerializer},
};

use crate::{record::Values, run::Cell, stats};

/// Largest value, microseconds: one hour.
pub(crate) const HIGHEST_US: u32 = 3_600_000_000;
/// Significant digits.
const DIGITS: u8 = 3;

/// An empty histogram of microseconds with the engine's bounds.
pub fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, HIGHEST_US.into(), DIGITS)
        .expect("constant bounds that hdrhistogram accepts")
}

/// Reads a histogram: V2 with deflate, base64. `None` when it is none.
pub fn decode(text: &str) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(text).ok()?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).ok()
}

/// Turns the values of a second into a cell. Keeps its buffers: one histogram of 184 KiB does for
/// all columns, since a second's values stay raw until it is closed.
pub struct Encoder {
    scratch: Histogram<u64>,
    serializer: V2DeflateSerializer,
    bytes: Vec<u8>,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder with its buffers.
    pub fn new() -> Self {
        Self { scratch: empty(), serializer: V2DeflateSerializer::new(), bytes: Vec::new() }
    }

    /// A cell of values in nanoseconds, with its exceedances counted from them, not from the
    /// histogram: `over` is how many are equal to or above each limit.
    pub fn cell(&mut self, second: i64, values_ns: &[u64], unanswered: u64, limits_ns: &[u64]) -> Cell {
        let mut values = Values::new(limits_ns.into());
        for &ns in values_ns {
            values.add(ns);
        }
        values.unanswered = unanswered;
        self.cell_of(second, &values)
    }

    /// A cell of values that were counted when they came.
    pub(crate) fn cell_of(&mut self, second: i64, values: &Values) -> Cell {
        self.scratch.reset();
        for &us in &values.us {
            self.scratch.record(us.into()).expect("values are kept within the bounds");
        }
        let none = values.us.is_empty();
        Cell {
            second,
            count: values.us.len() as u64,
            unanswered: values.unanswered,
            over: values.over().collect(),
            sum_ns: values.sum_ns,
            min_ns: if none { 0 } else { values.min_ns },
            max_ns: values.max_ns,
            clamped: values.clamped,
            hdr: if none { String::new() } else { self.encoded() },
        }
    }

    fn encoded(&mut self) -> String {
        self.bytes.clear();
        self.serializer
            .serialize(&self.scratch, &mut self.bytes)
            .expect("a histogram of these bounds fits in memory");
        STANDARD.encode(&self.bytes)
    }
}

/// All values of a column, together.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    histogram: Option<Histogram<u64>>,
    unanswered: u64,
    sum_ns: u128,
    min_ns: Option<u64>,
    max_ns: Option<u64>,
}

/// A percentile with its confidence interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantile {
    /// The value; `None` where so many were unanswered that it has none (or there are no values).
    pub value: Option<Duration>,
    /// Lower end of the 95 % interval; `None` where the sample is too small to have one.
    pub low: Option<Duration>,
    /// Upper end; `None` where the sample is too small, or too many were unanswered.
    pub high: Option<Duration>,
}

impl Distribution {
    /// The values of these cells. A cell whose histogram cannot be read (a damaged file) adds its
    /// values as unanswered: they must not vanish.
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Self {
        let mut all = Self::default();
        for cell in cells {
            all.unanswered += cell.unanswered;
            if cell.count == 0 {
                continue;
            }
            let total = all.histogram.get_or_insert_with(empty);
            if decode(&cell.hdr).is_none_or(|second| total.add(second).is_err()) {
                all.unanswered += cell.count;
                continue;
            }
            all.sum_ns += u128::from(cell.sum_ns);
            all.min_ns = Some(all.min_ns.map_or(cell.min_ns, |min| min.min(cell.min_ns)));
            all.max_ns = all.max_ns.max(Some(cell.max_ns));
        }
        all
    }

    /// How many values there are, unanswered ones left out.
    pub fn count(&self) -> u64 {
        self.histogram.as_ref().map_or(0, Histogram::len)
    }

    /// How many were unanswered: slower than every value.
    pub fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// The percentile (95.0) by nearest rank, unanswered ones ranking last, with its two-sided 95 %
    /// confidence interval from order statistics (see [`stats::quantile_ranks`]).
    pub fn percentile(&self, percent: f64) -> Quantile {
        let n = self.count() + self.unanswered;
        if n == 0 {
            return Quantile::default();
        }
        let q = (percent / 100.0).clamp(0.0, 1.0);
        let (low, high) = stats::quantile_ranks(n, q);
        Quantile {
            value: self.ranked(stats::nearest_rank(n, q)),
            low: low.and_then(|rank| self.ranked(rank)),
            high: high.and_then(|rank| self.ranked(rank)),
        }
    }

    /// The value of a rank, from 1; the extremes exactly, others to three digits.
    fn ranked(&self, rank: u64) -> Option<Duration> {
        let histogram = self.histogram.as_ref().filter(|histogram| rank <= histogram.len())?;
        let mut seen = 0;
        let reached = |step: &hdrhistogram::iterators::IterationValue<u64>| {
            seen += step.count_at_value();
            seen >= rank
        };
        let us = histogram.iter_recorded().find(reached)?.value_iterated_to();
        let exact = Duration::from_micros(histogram.median_equivalent(us));
        Some(exact.clamp(self.min()?, self.max()?))
    }

    /// The smallest value, exactly.
    pub fn min(&self) -> Option<Duration> {
        self.min_ns.map(Duration::from_nanos)
    }

    /// The largest value, exactly.
    pub fn max(&self) -> Option<Duration> {
        self.max_ns.map(Duration::from_nanos)
    }

    /// The mean of the values, exactly.
    pub fn mean(&self) -> Option<Duration> {
        let n = u128::from(self.count());
        (n > 0).then(|| Duration::from_nanos(u64::try_from(self.sum_ns / n).unwrap_or(u64::MAX)))
    }

    /// The values in microseconds; `None` when there are none.
    pub fn histogram(&self) -> Option<&Histogram<u64>> {
        self.histogram.as_ref()
    }
}
