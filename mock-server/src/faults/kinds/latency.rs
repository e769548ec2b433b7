//! Answers that take longer than the profile says.

use std::time::Duration;

use super::{Blow, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// `ms`, and up to `jitter_ms` more or less, evenly; counted from the request's arrival, and planned: the
/// latency books know of it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct Latency {
    ms: f64,
    jitter_ms: f64,
}

impl Fault for Latency {
    const NAME: &'static str = "latency";

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        let ms = keys.number("ms", 0.0..=Keys::HOUR_MS)?;
        let ms = keys.needed("ms", ms)?;
        Ok(Self { ms, jitter_ms: keys.number("jitter_ms", 0.0..=ms)?.unwrap_or(0.0) })
    }

    fn strike(&self, hit: Hit, blow: &mut Blow) {
        let millis = self.ms + self.jitter_ms * (2.0 * hit.size - 1.0);
        blow.longer += Duration::from_secs_f64(millis.max(0.0) / 1e3);
    }
}
