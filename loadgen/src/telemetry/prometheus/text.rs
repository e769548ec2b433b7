//! Families in the formats that Prometheus reads.

use std::fmt;

use engine::record::{BOUNDS_US, Spread};
use http::{HeaderMap, header};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text, text as open_metrics},
    metrics::MetricType,
    registry::Registry,
};

use crate::telemetry::figures::{Family, Kind, Value};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus's own, version 0.0.4.
    Text,
}

impl Format {
    /// OpenMetrics for who accepts it (Prometheus since 2.5 does), else the text format.
    pub fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let open = accepted.flat_map(|value| value.split(',')).any(|range| {
            let mut parts = range.split(';').map(str::trim);
            parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"))
                && parts.all(|parameter| match parameter.split_once('=') {
                    Some(("version", version)) => version.trim_matches('"') == "1.0.0",
                    Some(("q", weight)) => weight.parse::<f64>().is_ok_and(|weight| weight > 0.0),
                    _ => true,
                })
        });
        if open { Self::OpenMetrics } else { Self::Text }
    }

    /// Its media type. Source: OpenMetrics specification, "Content Type"; Prometheus, "Exposition formats".
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => prometheus_text::CONTENT_TYPE,
        }
    }
}

/// `families`, written.
pub fn text(families: &[Family], format: Format) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Written(families.to_vec())));
    let mut out = String::new();
    let written = match format {
        Format::OpenMetrics => open_metrics::encode(&mut out, &registry),
        Format::Text => prometheus_text::encode(&mut out, &registry),
    };
    written.expect("writing to a string cannot fail");
    out
}

#[derive(Debug)]
struct Written(Vec<Family>);

impl Collector for Written {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Family { name, kind, help, members } in &self.0 {
            let metric_type = match kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            let mut family = encoder.encode_descriptor(name, help, None, metric_type)?;
            for member in members {
                let labels: Vec<(&str, &str)> =
                    member.labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
                match labels.as_slice() {
                    [] => value(&mut family, *kind, &member.value)?,
                    labels => value(&mut family.encode_family(&labels)?, *kind, &member.value)?,
                }
            }
        }
        Ok(())
    }
}

fn value(to: &mut MetricEncoder<'_>, kind: Kind, value: &Value) -> fmt::Result {
    match value {
        Value::Number(number) if kind == Kind::Counter => {
            to.encode_counter::<NoLabelSet, _, f64>(number, None)
        }
        Value::Number(number) => to.encode_gauge(number),
        Value::Spread(spread) => histogram(to, spread),
    }
}

/// The library adds bounds up itself: it is given what lies between them.
fn histogram(to: &mut MetricEncoder<'_>, spread: &Spread) -> fmt::Result {
    let mut below = 0;
    let bounds = BOUNDS_US.map(|bound| f64::from(bound) / 1e6).into_iter().chain([f64::INFINITY]);
    let up_to = spread.up_to().into_iter().chain([spread.count()]);
    let buckets: Vec<(f64, u64)> = bounds
        .zip(up_to)
        .map(|(bound, up_to)| {
            let own = up_to - below;
            below = up_to;
            (bound, own)
        })
        .collect();
    to.encode_histogram::<NoLabelSet>(spread.sum_ns as f64 / 1e9, spread.count(), &buckets, None)
}
