//! A histogram as Prometheus exposes it.
//!
//! Lines `NAME_bucket{route="GET /api/events",le="0.25"} 812` are added up over all labels but the route (a label
//! `method` goes in front of a `route` that has none). Percentiles are interpolated linearly within their bucket, as
//! Prometheus's `histogram_quantile` does: they are no better than the buckets are narrow, and a remark says how wide
//! those are. Source: Prometheus documentation, "Exposition formats" and "Query functions".

use std::collections::BTreeMap;

use super::{Fault, Measured, Reading};

/// The usual name.
pub const DEFAULT_METRIC: &str = "http_request_duration_seconds";

/// Cumulative counts of a route by upper bound in seconds, ascending, and the line it was first seen in.
struct Histogram {
    line: usize,
    buckets: Vec<(f64, f64)>,
}

/// A percentile, and the bucket it was interpolated in, in ms.
#[derive(Clone, Copy)]
struct Interpolated {
    ms: f64,
    from_ms: f64,
    to_ms: f64,
}

/// Reads the histogram of every route.
pub(super) fn read(text: &str, reading: &Reading<'_>) -> Result<Vec<Measured>, Fault> {
    let prefix = format!("{}_bucket{{", reading.metric);
    let mut histograms: BTreeMap<String, Histogram> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix(&prefix) else { continue };
        let line = number + 1;
        let fault = |message: &str| Fault { line, message: message.to_owned() };
        let (labels, value) = labels(rest).ok_or_else(|| fault("its labels do not end"))?;
        let (route, le) = place(&labels).map_err(|message| fault(&message))?;
        let count = value.split_whitespace().next().and_then(|text| text.parse::<f64>().ok());
        let count = count.filter(|count| *count >= 0.0).ok_or_else(|| fault("its value is no count"))?;
        let histogram = histograms.entry(route).or_insert_with(|| Histogram { line, buckets: Vec::new() });
        histogram.add(le, count);
    }
    let measured = histograms.into_iter().filter(|(_, histogram)| histogram.count() > 0.0);
    measured.map(|(route, histogram)| histogram.measured(route, reading)).collect()
}

impl Histogram {
    fn add(&mut self, le: f64, count: f64) {
        let at = self.buckets.partition_point(|(bound, _)| *bound < le);
        match self.buckets.get_mut(at) {
            Some((bound, all)) if bound.total_cmp(&le).is_eq() => *all += count,
            _ => self.buckets.insert(at, (le, count)),
        }
    }

    fn count(&self) -> f64 {
        self.buckets.last().map_or(0.0, |(_, count)| *count)
    }

    fn measured(&self, route: String, reading: &Reading<'_>) -> Result<Measured, Fault> {
        let fault = |message: String| Fault { line: self.line, message };
        if !self.buckets.is_sorted_by(|a, b| a.1 <= b.1) {
            return Err(fault(format!("{route}: counts fall from one bucket to the next")));
        }
        if self.buckets.last().is_none_or(|(bound, _)| bound.is_finite()) {
            return Err(fault(format!("{route}: the bucket le=\"+Inf\" is missing")));
        }
        let at = |share: f64, name: &str| {
            self.quantile(share).ok_or_else(|| {
                let highest = self.buckets.iter().rev().nth(1).map_or(0.0, |(bound, _)| *bound);
                fault(format!(
                    "{route}: {name} lies above the highest bucket ({highest} s), nobody knows where: the target \
                     needs a higher one"
                ))
            })
        };
        let (p50, p95, p99) = (at(0.5, "p50")?, at(0.95, "p95")?, at(0.99, "p99")?);
        let count = self.count();
        let buckets = [("p50", p50), ("p95", p95), ("p99", p99)]
            .map(|(name, found)| format!("{name} somewhere in {:.0}..{:.0}", found.from_ms, found.to_ms));
        let measured = Measured {
            route,
            count: Some(count as u64),
            rate_per_s: reading.over_seconds.map(|seconds| count / seconds),
            min: None,
            p50: p50.ms,
            p95: p95.ms,
            p99: p99.ms,
            p999: None,
            max: None,
            remark: Some(format!("Interpolated, no better than the buckets, in ms: {}.", buckets.join(", "))),
        };
        measured.check(reading.known).map_err(fault)?;
        Ok(measured)
    }

    /// Nothing where it lies in the bucket without an upper bound.
    fn quantile(&self, share: f64) -> Option<Interpolated> {
        let rank = share * self.count();
        let at = self.buckets.iter().position(|(_, count)| *count >= rank)?;
        let (to, count) = self.buckets[at];
        let (from, before) = at.checked_sub(1).map_or((0.0, 0.0), |below| self.buckets[below]);
        let along = if count > before { (rank - before) / (count - before) } else { 1.0 };
        let ms = (from + along * (to - from)) * 1e3;
        to.is_finite().then_some(Interpolated { ms, from_ms: from * 1e3, to_ms: to * 1e3 })
    }
}

/// Which route and which upper bound a line is about.
fn place(labels: &BTreeMap<String, String>) -> Result<(String, f64), String> {
    let le = labels.get("le").ok_or("the label le is missing")?;
    let bound = le.parse().map_err(|_| format!("le={le:?} is no number"))?;
    let route = labels.get("route").ok_or("the label route is missing: nobody knows what was measured")?;
    let route = match labels.get("method") {
        Some(method) if !route.contains(' ') => format!("{method} {route}"),
        _ => route.clone(),
    };
    Ok((route, bound))
}

/// The labels up to the closing brace, and what comes after it. In values `\\`, `\"` and `\n` are escaped.
fn labels(text: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let (mut labels, mut rest) = (BTreeMap::new(), text);
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(value) = rest.strip_prefix('}') {
            return Some((labels, value));
        }
        let (name, quoted) = rest.split_once("=\"")?;
        let (mut value, mut chars) = (String::new(), quoted.char_indices());
        let end = loop {
            match chars.next()? {
                (end, '"') => break end,
                (_, '\\') => match chars.next()?.1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                (_, other) => value.push(other),
            }
        };
        labels.insert(name.trim().to_owned(), value);
        rest = &quoted[end + 1..];
    }
}
