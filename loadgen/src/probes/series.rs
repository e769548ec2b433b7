//! What was read, kept in bounds: one series per figure, thinned when it grows long; counters become rates.

use std::collections::BTreeMap;

use crate::run::{Resource, ResourceKind, Unit};

/// Points kept of one figure. At so many, each two become their mean, and from then on a point is the mean of twice as
/// many readings: what happened between two points is never lost. Two hours of one a second: longer than `full` with all that
/// is around it, so that how often something was full is counted in readings, not in means.
const MOST_POINTS: usize = 7_200;
/// Figures kept of one source.
const MOST_SERIES: usize = 200;

/// A figure's name with its labels: `mock_pool_held{pool="db"}`.
pub(super) fn titled<'l>(name: &str, labels: impl Iterator<Item = (&'l String, &'l String)>) -> String {
    let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={value:?}")).collect();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figure {
    /// What it says of the target.
    pub(super) kind: ResourceKind,
    /// Unit of its values.
    pub(super) unit: Unit,
}

/// The figures of one source, by name.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    series: BTreeMap<String, Series>,
    left_out: u64,
}

#[derive(Debug)]
struct Series {
    figure: Figure,
    capacity: Option<f64>,
    points: Vec<(u64, f64)>,
    /// The counter as it was last, and when.
    counter: Option<(u64, f64)>,
    /// How many readings a point is the mean of.
    stride: u64,
    /// The readings of the point to come.
    open: Open,
}

/// Readings that become one point.
#[derive(Debug, Default)]
struct Open {
    readings: u64,
    at: u64,
    value: f64,
}

impl Open {
    /// Their mean, at the mean of their times; `None` of none.
    fn mean(&self) -> Option<(u64, f64)> {
        let at = self.at.checked_div(self.readings)?;
        Some((at, self.value / self.readings as f64))
    }
}

impl Series {
    fn new(figure: Figure) -> Self {
        Self { figure, capacity: None, points: Vec::new(), counter: None, stride: 1, open: Open::default() }
    }

    fn keep(&mut self, at: u64, value: f64) {
        self.open.readings += 1;
        self.open.at += at;
        self.open.value += value;
        if self.open.readings == self.stride {
            self.close();
        }
        if self.points.len() == MOST_POINTS {
            let both = |pair: &[(u64, f64)]| {
                let ((early, a), (late, b)) = (pair[0], pair[1]);
                (early.midpoint(late), a.midpoint(b))
            };
            // There are always two: the bound is even.
            self.points = self.points.chunks_exact(2).map(both).collect();
            self.stride *= 2;
        }
    }

    /// What is open becomes a point, if there is anything.
    fn close(&mut self) {
        self.points.extend(std::mem::take(&mut self.open).mean());
    }
}

impl Shelf {
    /// A value as it is.
    pub(super) fn gauge(&mut self, at: u64, name: &str, figure: Figure, value: f64, capacity: Option<f64>) {
        if !value.is_finite() {
            return;
        }
        if let Some(series) = self.series(name, figure) {
            series.capacity = capacity.or(series.capacity);
            series.keep(at, value);
        }
    }

    /// A counter: its growth a second since the reading before. One that went down began anew, and says nothing of
    /// the time between.
    pub(super) fn counter(&mut self, at: u64, name: &str, figure: Figure, value: f64, capacity: Option<f64>) {
        if !value.is_finite() {
            return;
        }
        let Some(series) = self.series(name, figure) else { return };
        series.capacity = capacity.or(series.capacity);
        let before = series.counter.replace((at, value));
        if let Some((since, before)) = before.filter(|&(since, before)| since < at && before <= value) {
            let seconds = (at - since) as f64 / 1e3;
            series.keep(at, (value - before) / seconds);
        }
    }

    fn series(&mut self, name: &str, figure: Figure) -> Option<&mut Series> {
        if !self.series.contains_key(name) {
            if self.series.len() >= MOST_SERIES {
                self.left_out += 1;
                return None;
            }
            self.series.insert(name.to_owned(), Series::new(figure));
        }
        self.series.get_mut(name)
    }

    /// Whether nothing was put here.
    pub(super) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Everything, by name; figures that never had a value are left out. In words, what found no place.
    pub(super) fn into_resources(mut self) -> (Vec<Resource>, Option<String>) {
        self.series.values_mut().for_each(Series::close);
        let trouble = (self.left_out > 0)
            .then(|| format!("it has more than {MOST_SERIES} figures of interest: the others were left out"));
        let told = self.series.into_iter().filter(|(_, series)| !series.points.is_empty());
        let resources = told.map(|(name, series)| Resource {
            kind: series.figure.kind,
            name,
            unit: series.figure.unit,
            capacity: series.capacity,
            points: series.points,
        });
        (resources.collect(), trouble)
    }
}

/// The growth of two counters, and the share the first has in it: of reads that a cache answered. `None` where neither
/// grew.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Share {
    before: Option<(f64, f64)>,
}

impl Share {
    /// The share since the reading before.
    pub(super) fn of(&mut self, hits: f64, misses: f64) -> Option<f64> {
        let (hits_before, misses_before) = self.before.replace((hits, misses))?;
        let (hits, misses) = (hits - hits_before, misses - misses_before);
        (hits >= 0.0 && misses >= 0.0 && hits + misses > 0.0).then(|| hits / (hits + misses))
    }
}

#[cfg(test)]
mod tests;
