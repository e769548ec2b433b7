//! What Prometheus reads: counts kept by the edge ([`book`]), everything else asked for when somebody scrapes
//! ([`scrape`]). The text is written by `prometheus-client`, in the format the scraper asks for.

mod book;
mod process;
mod scrape;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

use crate::app::App;

pub(crate) use book::{ByClass, Metrics, UnderWay};
pub(crate) use process::Usage;

/// Upper bounds of every histogram of times, in seconds. The limits of the launch goals (0.3, 0.5, 0.8, 1, 1.2, 1.5, 2
/// and 2.5 s) are among them, so that an alert knows exactly whether a percentile is over its goal.
pub(crate) const SECONDS: [f64; 18] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 5.0, 10.0];

/// The media type of OpenMetrics 1.0. Source: OpenMetrics specification, "Content Type".
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A histogram as it is at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Distribution {
    /// Upper bound and how many lie between it and the bound before; the last is infinite.
    pub(crate) buckets: Vec<(f64, u64)>,
    /// Of everything in it.
    pub(crate) sum: f64,
}

/// `GET /metrics`: OpenMetrics for who accepts it (Prometheus since 2.5 does), else text format 0.0.4.
pub(crate) async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(scrape::Scrape(app)));
    let mut out = String::new();
    let (kind, written) = if accepts_open_metrics(&headers) {
        (OPEN_METRICS, text::encode(&mut out, &registry))
    } else {
        (prometheus_text::CONTENT_TYPE, prometheus_text::encode(&mut out, &registry))
    };
    written.expect("writing to a string cannot fail");
    let mut response = Response::new(out.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Whether version 1.0.0 of OpenMetrics is among what is accepted and not refused with `q=0`.
fn accepts_open_metrics(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"))
            && parts.all(|parameter| match parameter.split_once('=') {
                Some(("version", version)) => version.trim_matches('"') == "1.0.0",
                Some(("q", weight)) => weight.parse::<f64>().is_ok_and(|weight| weight > 0.0),
                _ => true,
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(value).expect("a header"));
        accepts_open_metrics(&headers)
    }

    #[test]
    fn open_metrics_is_for_who_accepts_it() {
        // What Prometheus 2.42 sends.
        assert!(accepts(
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
        ));
        assert!(accepts("application/openmetrics-text"));
        assert!(!accepts("application/openmetrics-text;version=0.0.1"));
        assert!(!accepts("application/openmetrics-text;q=0, text/plain"));
        assert!(!accepts("*/*"));
        assert!(!accepts_open_metrics(&HeaderMap::new()));
    }
}
