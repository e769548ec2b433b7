//! What is typed about traces, and about an OpenTelemetry collector.

use clap::Args;

use super::Refusal;
use crate::telemetry::{
    otlp::{Headers, SERVICE, Wish},
    traces,
};

#[derive(Debug, Args)]
pub(super) struct Collector {
    /// Tell an OpenTelemetry collector of requests, over OTLP/HTTP in protobuf: `/v1/traces` is added. It is told of a
    /// sample, of every failed request (the first 1 000 of a kind and worker), and of the slowest of each route.
    /// Headers for it are read from `OTEL_EXPORTER_OTLP_HEADERS`, this service's name from `OTEL_SERVICE_NAME`
    #[arg(
        long,
        value_name = "URL",
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        hide_env_values = true,
        help_heading = "Telemetry"
    )]
    otlp: Option<String>,

    /// Tell it every five seconds how many requests there were, how long they took and how many users are at it, too
    #[arg(long, help_heading = "Telemetry")]
    otlp_metrics: bool,

    /// The share of requests to trace whatever becomes of them, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = share, help_heading = "Telemetry")]
    trace_sample: f64,

    /// Of each route, keep the traces of so many of the slowest requests
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(..=100), help_heading = "Telemetry")]
    trace_slowest: u16,

    /// Send no `traceparent` with requests: then there are no traces, here or at the target
    #[arg(long, help_heading = "Telemetry")]
    no_traceparent: bool,
}

impl Collector {
    /// What they ask for.
    pub(super) fn wish(self) -> Result<(traces::Wish, Option<Wish>), Refusal> {
        let traces = traces::Wish {
            traceparent: !self.no_traceparent,
            sample: self.trace_sample,
            slowest: self.trace_slowest.into(),
        };
        // An empty variable is as good as none (OpenTelemetry, "Environment Variable Specification").
        let Some(endpoint) = self.otlp.filter(|endpoint| !endpoint.trim().is_empty()) else {
            if self.otlp_metrics {
                return Err(Refusal::usage(
                    "--otlp-metrics: no collector is named; say which with --otlp URL",
                ));
            }
            return Ok((traces, None));
        };
        let headers = Headers::of_environment().map_err(Refusal::usage)?;
        let service = std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.trim().is_empty());
        let service = service.unwrap_or_else(|| SERVICE.to_owned());
        let wish = Wish { endpoint, headers, service, metrics: self.otlp_metrics };
        wish.is_sound().map_err(|why| Refusal::usage(format!("--otlp: {why}")))?;
        Ok((traces, Some(wish)))
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("it is not between 0 and 1".to_owned()) }
}
