//! How much of a resource is used: what makes it worth suspecting, and how that is said.

use super::{
    align::{Blocks, low_and_high},
    held,
};
use crate::{
    run::{Resource, ResourceKind, Unit},
    words::{number, percent},
};

/// From this share of its capacity on, a resource is nearly used up: waiting grows steeply beyond it.
pub(super) const NEARLY_FULL: f64 = 0.8;
/// From this share on, it is used up.
const FULL: f64 = 0.98;
/// Where no capacity is known, its busiest quarter has to be so many times its idlest.
const CLEARLY_ABOVE: f64 = 1.5;
/// A cache that misses so much in its worst quarter of the time is worth suspecting.
const MISSES: f64 = 0.2;

/// A resource beside a scenario's blocks.
#[derive(Debug)]
pub(super) struct Level<'a> {
    pub(super) source: &'a str,
    pub(super) resource: &'a Resource,
    /// What is used of it, a value a block: of a cache, the share it does not answer.
    pub(super) used: Vec<f64>,
    seconds: u64,
}

impl<'a> Level<'a> {
    /// `None` where it was read too seldom, or where it is no resource but a measure of the work done.
    pub(super) fn of(source: &'a str, resource: &'a Resource, blocks: Blocks) -> Option<Self> {
        if resource.kind == ResourceKind::Throughput {
            return None;
        }
        let mut used = blocks.readings(&resource.points)?;
        if resource.kind == ResourceKind::CacheHit {
            for hit in &mut used {
                *hit = 1.0 - *hit;
            }
        }
        Some(Self { source, resource, used, seconds: blocks.seconds })
    }

    fn capacity(&self) -> Option<f64> {
        held::capacity(self.resource)
    }

    /// Whether there is a most of it that nobody said: busier than at its idlest, it may yet be almost idle.
    pub(super) fn lacks_capacity(&self) -> bool {
        let limited = matches!(
            self.resource.kind,
            ResourceKind::Cpu
                | ResourceKind::Memory
                | ResourceKind::Pool
                | ResourceKind::Connections
                | ResourceKind::OpenFiles
        );
        limited && self.capacity().is_none()
    }

    /// Whether so much of it is used that latency may suffer.
    pub(super) fn is_high(&self) -> bool {
        let (low, high) = low_and_high(&self.used);
        match self.capacity() {
            Some(capacity) => high >= NEARLY_FULL * capacity,
            None if self.resource.kind == ResourceKind::CacheHit => high >= MISSES,
            None => high > 0.0 && high >= CLEARLY_ABOVE * low,
        }
    }

    /// How much it is to be suspected before anything is compared: those near a known capacity most.
    pub(super) fn pressure(&self) -> (bool, f64) {
        let (low, high) = low_and_high(&self.used);
        match self.capacity() {
            Some(capacity) => (true, high / capacity),
            None => (false, high / low),
        }
    }

    /// Whether it never was anything but full: then nothing can move with it.
    pub(super) fn is_full_throughout(&self) -> bool {
        self.capacity().is_some_and(|capacity| self.used.iter().all(|used| *used >= FULL * capacity))
    }

    /// `full (10 of 10) from 42 s on`, `92.0 % of 8 cores at most, …`.
    pub(super) fn words(&self) -> String {
        let most = self.used.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let value = |value| self.value(value);
        let Some(capacity) = self.capacity() else {
            let (low, high) = low_and_high(&self.used);
            let what = if self.resource.kind == ResourceKind::CacheHit { "missed " } else { "" };
            let unknown = if self.lacks_capacity() { "; its capacity is not known" } else { "" };
            return format!(
                "{what}{} in its busiest quarter of the time, {} in its idlest{unknown}",
                value(high),
                value(low)
            );
        };
        let level = if most >= FULL * capacity {
            format!("full ({} of {})", value(most), value(capacity))
        } else {
            format!("at {} of {}", value(most), value(capacity))
        };
        let high: Vec<usize> =
            (0..self.used.len()).filter(|&block| self.used[block] >= NEARLY_FULL * capacity).collect();
        let Some(first) = high.first() else { return level };
        let from = number(*first as u64 * self.seconds);
        if high.len() == self.used.len() - first {
            format!("{level}, {} or more from {from} s on", percent(NEARLY_FULL))
        } else {
            let of = (number(high.len() as u64), number(self.used.len() as u64));
            format!(
                "{level}, {} or more in {} of {} blocks, first at {from} s",
                percent(NEARLY_FULL),
                of.0,
                of.1
            )
        }
    }

    /// A value as its unit has it.
    fn value(&self, value: f64) -> String {
        amount(value, self.resource.unit)
    }
}

/// A value as its unit has it: `10`, `3.2`, `81.0 %`, `512.0 MiB`.
pub(super) fn amount(value: f64, unit: Unit) -> String {
    let plain = if value.abs() >= 100.0 || value.fract().abs() < 0.05 {
        number(value.round().max(0.0) as u64)
    } else {
        format!("{value:.1}")
    };
    match unit {
        Unit::Share => percent(value),
        Unit::Count => plain,
        Unit::PerSecond => format!("{plain}/s"),
        Unit::Bytes => bytes(value),
        Unit::Seconds => format!("{value:.3} s"),
        Unit::Cores => format!("{value:.2} cores"),
    }
}

/// `512.0 MiB`.
pub(super) fn bytes(value: f64) -> String {
    match value {
        value if value >= f64::from(1 << 30) => format!("{:.1} GiB", value / f64::from(1 << 30)),
        value if value >= f64::from(1 << 20) => format!("{:.1} MiB", value / f64::from(1 << 20)),
        value => format!("{:.1} KiB", value / 1024.0),
    }
}
