//! What is typed about telling other systems.

use std::{env, net::SocketAddr};

use clap::Args;

use super::{Refusal, otlp::Collector};
use crate::telemetry::{
    Secret, Wish,
    prometheus::Place,
    remote_write::{Credentials, Destination, NoDestination},
    sentry,
};

/// Who writes metrics, when the receiver asks: a token, or a user and a password.
const TOKEN: &str = "LOADGEN_REMOTE_WRITE_TOKEN";
const USER: &str = "LOADGEN_REMOTE_WRITE_USER";
const PASSWORD: &str = "LOADGEN_REMOTE_WRITE_PASSWORD";
/// The project that Sentry is told of errors in.
const DSN: &str = "SENTRY_DSN";

#[derive(Debug, Args)]
pub(super) struct Telemetry {
    #[command(flatten)]
    otlp: Collector,

    /// Serve metrics for Prometheus at this loopback address, under /metrics; port 0 takes one that is free
    #[arg(long, value_name = "127.0.0.1:PORT")]
    metrics: Option<SocketAddr>,

    /// Let --metrics be an address that others can reach, for a Prometheus on another machine or in another container
    #[arg(long, requires = "metrics")]
    metrics_public: bool,

    /// Send metrics to this address every 5 s and at the end (Prometheus's remote write). A token is read from
    /// `LOADGEN_REMOTE_WRITE_TOKEN`, or a user and password from `LOADGEN_REMOTE_WRITE_USER` and `_PASSWORD`
    #[arg(long, value_name = "URL", env = "LOADGEN_REMOTE_WRITE_URL", hide_env_values = true)]
    remote_write: Option<String>,

    /// Tell the Sentry project that `SENTRY_DSN` names of every kind of failure, and of every scenario
    #[arg(long)]
    sentry: bool,

    /// Events a run tells Sentry at most
    #[arg(long, value_name = "N", default_value_t = sentry::EVENTS, requires = "sentry", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    sentry_events: u32,
}

impl Telemetry {
    pub(super) fn wish(self) -> Result<Wish, Refusal> {
        let place = |address| Place::new(address, self.metrics_public).map_err(Refusal::usage);
        let destination = |address: String| {
            destination(&address, variable).map_err(|e| Refusal::usage(format!("--remote-write: {e}")))
        };
        let sentry = self.sentry.then(|| sentry::Wish::new(variable(DSN).as_deref(), self.sentry_events));
        let (traces, otlp) = self.otlp.wish()?;
        Ok(Wish {
            traces,
            otlp,
            metrics: self.metrics.map(place).transpose()?,
            remote_write: self.remote_write.filter(|url| !url.is_empty()).map(destination).transpose()?,
            sentry: sentry.transpose().map_err(Refusal::usage)?,
        })
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where metrics are sent, as whom the environment says.
fn destination(
    address: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Destination, NoDestination> {
    let credentials = match (variable(TOKEN), variable(USER)) {
        (Some(token), _) => Credentials::Bearer(Secret::new(token)),
        (None, Some(user)) => Credentials::Basic(user, Secret::new(variable(PASSWORD).unwrap_or_default())),
        (None, None) => Credentials::None,
    };
    Destination::new(address, credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(address: &str, given: &[(&str, &str)]) -> Result<Destination, NoDestination> {
        destination(address, |name| {
            given.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn a_receiver_is_told_who_writes_and_nobody_else_is() {
        let secret = [(USER, "somebody"), (PASSWORD, "opensesame")];
        let shown = format!("{:?}", to("https://metrics.example/write", &secret));
        assert!(shown.contains("somebody") && !shown.contains("opensesame"), "{shown}");
        let shown = format!("{:?}", to("http://127.0.0.1:9090/write", &[(TOKEN, "opensesame")]));
        assert!(shown.contains("Bearer") && !shown.contains("opensesame"), "{shown}");
    }

    #[test]
    fn what_would_give_a_secret_away_is_refused() {
        assert_eq!(to("http://u:p@127.0.0.1/write", &[]), Err(NoDestination::Userinfo));
        assert_eq!(to("http://metrics.example/write", &[(TOKEN, "t")]), Err(NoDestination::Readable));
        assert!(to("http://metrics.example/write", &[]).is_ok());
        for wrong in ["prometheus:9090", "/api/v1/write", "ftp://127.0.0.1/", ""] {
            assert_eq!(to(wrong, &[]), Err(NoDestination::Address), "{wrong}");
        }
    }
}
