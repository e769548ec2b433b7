//! The percentile table as TOML: a table per route, `[routes."GET /api/events"]`, with the columns of the CSV as keys.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{Fault, Measured};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    routes: BTreeMap<Spanned<String>, RawRoute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRoute {
    count: Option<u64>,
    rate_per_s: Option<f64>,
    min: Option<f64>,
    p50: f64,
    p95: f64,
    p99: f64,
    p999: Option<f64>,
    max: Option<f64>,
}

/// Reads a table.
pub(super) fn read(text: &str, known: &[&str]) -> Result<Vec<Measured>, Fault> {
    let fault = |at: Range<usize>, message: String| {
        let before = text.get(..at.start).unwrap_or(text);
        Fault { line: before.matches('\n').count() + 1, message }
    };
    let raw: Raw = toml::from_str(text)
        .map_err(|error| fault(error.span().unwrap_or(0..0), error.message().to_owned()))?;
    let rows = raw.routes.into_iter().map(|(name, route)| {
        let RawRoute { count, rate_per_s, min, p50, p95, p99, p999, max } = route;
        let (place, route) = (name.span(), name.into_inner());
        let measured = Measured { route, count, rate_per_s, min, p50, p95, p99, p999, max, remark: None };
        measured.check(known).map_err(|message| fault(place, message))?;
        Ok(measured)
    });
    rows.collect()
}
