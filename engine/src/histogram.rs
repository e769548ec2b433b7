//! HDR histograms of durations: bounds, encoding, and what is read from them.

use std::time::Duration;

use crate::run::Cell;

/// All values of a column, together.
#[derive(Clone, Debug, Default)]
pub struct Distribution {}

/// A percentile with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The value; `None` where so many were unanswered that it has none (or there are no values).
    pub value: Option<Duration>,
    /// Lower end of the 95 % interval; `None` where the sample is too small to have one.
    pub low: Option<Duration>,
    /// Upper end; `None` where the sample is too small, or too many were unanswered.
    pub high: Option<Duration>,
}

impl Distribution {
    /// The values of these cells.
    pub fn of(cells: &[Cell]) -> Self {
        let _ = cells;
        todo!()
    }

    /// How many values there are, unanswered ones left out.
    pub fn count(&self) -> u64 {
        todo!()
    }

    /// How many were unanswered: slower than every value.
    pub fn unanswered(&self) -> u64 {
        todo!()
    }

    /// The percentile (95.0) by nearest rank, unanswered ones ranking last, with its two-sided 95 %
    /// confidence interval from order statistics.
    pub fn percentile(&self, percent: f64) -> Quantile {
        let _ = percent;
        todo!()
    }

    /// The smallest value, exactly.
    pub fn min(&self) -> Option<Duration> {
        todo!()
    }

    /// The largest value, exactly.
    pub fn max(&self) -> Option<Duration> {
        todo!()
    }

    /// The mean of the values, exactly.
    pub fn mean(&self) -> Option<Duration> {
        todo!()
    }

    /// The values in microseconds; `None` when there are none.
    pub fn histogram(&self) -> Option<&hdrhistogram::Histogram<u64>> {
        todo!()
    }
}
