//! One message at a time, posted to the collector.

use std::{error::Error as _, time::Duration};

use engine::clock;
use opentelemetry_proto::tonic::collector::{
    metrics::v1::ExportMetricsServiceResponse, trace::v1::ExportTraceServiceResponse,
};
use prost::Message;
use reqwest::{
    Client, Url,
    header::{CONTENT_TYPE, HeaderMap},
};

use super::{About, Told, Wish, encode, exporter::Item};
use crate::{
    telemetry::{
        OutletError,
        client::{Unfit, client, fit},
    },
    words::innermost,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a message is sent that the collector could not take just then.
const ATTEMPTS: u32 = 3;
/// From the first time to the second; twice that to the third.
const REST: Duration = Duration::from_millis(250);
/// The longest rest a collector may ask for.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// Statuses after which the protocol has one try again (OTLP/HTTP, "Failures").
const BUSY: [u16; 4] = [429, 502, 503, 504];

/// Why nothing can be posted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PosterError {
    #[error("the endpoint is no URL with http or https, such as http://127.0.0.1:4318")]
    Endpoint,
    #[error(
        "an endpoint with a user or password in it is seen by others: set OTEL_EXPORTER_OTLP_HEADERS instead \
         (authorization=Basic%20…)"
    )]
    Userinfo,
    #[error(
        "the headers in OTEL_EXPORTER_OTLP_HEADERS may be secrets, and are not sent to another machine over http: \
         use https"
    )]
    Readable,
    #[error(transparent)]
    Client(#[from] OutletError),
}

/// Posts to one collector.
pub(super) struct Poster {
    client: Client,
    headers: HeaderMap,
    traces: Url,
    metrics: Url,
    service: String,
    about: About,
    shown: String,
}

/// What became of a message.
enum Outcome {
    /// Taken, but for so many of its entries.
    Taken {
        but: u64,
        why: String,
    },
    Lost(String),
}

impl From<Unfit> for PosterError {
    fn from(why: Unfit) -> Self {
        match why {
            Unfit::Address => Self::Endpoint,
            Unfit::Userinfo => Self::Userinfo,
            Unfit::Readable => Self::Readable,
        }
    }
}

impl Wish {
    fn url(&self, signal: &str) -> Result<Url, PosterError> {
        let mut url = fit(&self.endpoint, !self.headers.is_empty())?;
        let base = url.path().trim_end_matches('/').trim_end_matches("/v1/traces").to_owned();
        url.set_path(&format!("{base}/v1/{signal}"));
        Ok(url)
    }

    /// Whether it can be used at all.
    pub(crate) fn is_sound(&self) -> Result<(), String> {
        self.url("traces").map(drop).map_err(|e| e.to_string())
    }

    /// Where it leads, without what could be a secret: name, password, path and query are left out.
    pub(super) fn shown(&self) -> String {
        let origin = self.url("traces").map(|url| url.origin().ascii_serialization());
        origin.unwrap_or_else(|e| e.to_string())
    }
}

impl Poster {
    pub(super) fn new(wish: &Wish, about: About) -> Result<Self, PosterError> {
        let (traces, metrics) = (wish.url("traces")?, wish.url("metrics")?);
        let client = client(&traces, PATIENCE)?;
        let (headers, service, shown) = (wish.headers.all(), wish.service.clone(), wish.shown());
        Ok(Self { client, headers, traces, metrics, service, about, shown })
    }

    pub(super) fn shown(&self) -> String {
        self.shown.clone()
    }

    /// Tells all of it, and takes down what became of it.
    pub(super) async fn tell(&self, items: &[Item], told: &mut Told) {
        let (spans, request) = encode::traces(&self.service, &self.about, items);
        if spans > 0 {
            let rejected = |body: &[u8]| {
                let partial = ExportTraceServiceResponse::decode(body).ok()?.partial_success?;
                Some((partial.rejected_spans, partial.error_message))
            };
            match self.post(&self.traces, request.encode_to_vec(), rejected).await {
                Outcome::Taken { but, why } => {
                    told.spans += spans.saturating_sub(but);
                    if but > 0 {
                        told.lost += but.min(spans);
                        told.trouble = Some(why);
                    }
                }
                Outcome::Lost(why) => {
                    told.lost += spans;
                    told.trouble = Some(why);
                }
            }
        }
        let (readings, request) = encode::metrics(&self.service, &self.about, items);
        if readings > 0 {
            let rejected = |body: &[u8]| {
                let partial = ExportMetricsServiceResponse::decode(body).ok()?.partial_success?;
                Some((partial.rejected_data_points, partial.error_message))
            };
            match self.post(&self.metrics, request.encode_to_vec(), rejected).await {
                Outcome::Taken { but: 0, .. } => told.readings += readings,
                Outcome::Taken { why, .. } | Outcome::Lost(why) => {
                    told.readings_lost += readings;
                    told.trouble = Some(why);
                }
            }
        }
    }

    async fn post(
        &self,
        to: &Url,
        body: Vec<u8>,
        rejected: impl Fn(&[u8]) -> Option<(i64, String)>,
    ) -> Outcome {
        let mut rest = REST;
        for attempt in 1..=ATTEMPTS {
            let request = self.client.post(to.clone()).headers(self.headers.clone());
            let request = request.header(CONTENT_TYPE, "application/x-protobuf");
            let (why, wait) = match request.body(body.clone()).send().await {
                Ok(answer) if answer.status().is_success() => {
                    // One that is cut off was taken all the same.
                    let bytes = answer.bytes().await.unwrap_or_default();
                    let (but, said) = rejected(&bytes).unwrap_or_default();
                    let but = u64::try_from(but).unwrap_or_default();
                    return Outcome::Taken { but, why: format!("it rejected {but}: {}", short(&said)) };
                }
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let why = format!("it answered {status}");
                    if !BUSY.contains(&status) {
                        return Outcome::Lost(why);
                    }
                    (
                        why,
                        answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.parse().ok()),
                    )
                }
                Err(error) => (reason(&error), None),
            };
            if attempt == ATTEMPTS {
                return Outcome::Lost(why);
            }
            let wait = wait.map_or(rest, Duration::from_secs).min(LONGEST_REST);
            clock::sleep_until(clock::now() + wait).await;
            rest *= 2;
        }
        Outcome::Lost("it was not asked".to_owned())
    }
}

/// Why there was no answer, without the URL: it may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", PATIENCE.as_secs());
    }
    let what = if error.is_connect() { "cannot be reached" } else { "no answer" };
    error.source().map_or_else(|| what.to_owned(), |cause| format!("{what}: {}", innermost(cause)))
}

/// What a collector says, as far as a sentence can hold it.
fn short(said: &str) -> String {
    said.chars().filter(|c| !c.is_control()).take(200).collect()
}
