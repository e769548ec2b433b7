//! What a mock says it did: its admin API, read with its token.

use std::{collections::BTreeMap, rc::Rc};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;

use crate::{
    faults::FaultPlan,
    http::{Client, Connector, Limits, Outgoing},
};

/// The books of a mock. Clones share a connection.
#[derive(Debug, Clone)]
pub struct Books {
    client: Rc<Mutex<Client>>,
    token: Rc<str>,
}

/// The audit of the mock's own state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Whether every invariant holds.
    pub ok: bool,
    /// The invariants, each with its verdict.
    pub checks: Vec<AuditCheck>,
}

/// One invariant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditCheck {
    /// Its name.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// How many things were looked at.
    #[serde(default)]
    pub checked: u64,
    /// The same in a sentence.
    #[serde(default)]
    pub detail: String,
    /// What breaks it.
    #[serde(default)]
    pub offenders: Vec<String>,
}

impl Audit {
    /// The audit of books that could not be read.
    pub fn unread(why: String) -> Self {
        let unread = AuditCheck {
            name: "books_can_be_read".to_owned(),
            ok: false,
            checked: 0,
            detail: "nothing could be looked at".to_owned(),
            offenders: vec![why],
        };
        Self { ok: false, checks: vec![unread] }
    }
}

/// Planned and held latency of a route, as the mock kept them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteTruth {
    /// The route's one name.
    pub route: String,
    /// Answers.
    pub count: u64,
    /// What was drawn.
    pub planned: Latencies,
    /// What was really held.
    pub held: Latencies,
}

/// A distribution of latencies, in microseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latencies {
    /// Median.
    pub p50: u64,
    /// 95th percentile.
    pub p95: u64,
    /// 99th percentile.
    pub p99: u64,
    /// The largest.
    pub max: u64,
    /// All of them: HDR histogram, V2 with deflate, base64.
    pub hdr: String,
}

/// One event in the mock's webhook book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEntry {
    /// The event.
    pub event_id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Deliveries with a good signature.
    pub deliveries: u64,
    /// How often it was applied.
    pub applied: u64,
}

/// What an SFU counted of the media that went through it, over all participants: since its start, or between two
/// moments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaBooks {
    /// RTP packets taken from participants, those that a fault lost on their way left out.
    pub packets_in: u64,
    /// RTP packets sent to subscribers, those that a fault lost and those sent again left out.
    pub packets_out: u64,
    /// Bytes of those taken.
    pub bytes_in: u64,
    /// Bytes of those sent.
    pub bytes_out: u64,
    /// Packets that a scheduled fault lost on their way from a participant.
    pub dropped_up: u64,
    /// Packets that a scheduled fault lost on their way to a subscriber.
    pub dropped_down: u64,
    /// RTP packets sent to subscribers once more.
    pub resent: u64,
    /// NACKs of subscribers (RFC 4585, 6.2.1).
    pub nacks: u64,
    /// PLIs and FIRs of subscribers (RFC 4585, 6.3.1; RFC 5104, 4.3.1).
    pub keyframe_requests: u64,
}

impl MediaBooks {
    /// What was counted since `before`.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            packets_in: self.packets_in.saturating_sub(before.packets_in),
            packets_out: self.packets_out.saturating_sub(before.packets_out),
            bytes_in: self.bytes_in.saturating_sub(before.bytes_in),
            bytes_out: self.bytes_out.saturating_sub(before.bytes_out),
            dropped_up: self.dropped_up.saturating_sub(before.dropped_up),
            dropped_down: self.dropped_down.saturating_sub(before.dropped_down),
            nacks: self.nacks.saturating_sub(before.nacks),
            resent: self.resent.saturating_sub(before.resent),
            keyframe_requests: self.keyframe_requests.saturating_sub(before.keyframe_requests),
        }
    }
}

/// Answers of the admin API may be long: a ledger of 30 000 events, say.
const BOOK_BYTES: usize = 256 * 1024 * 1024;
/// And take a while.
const BOOK_SECONDS: u64 = 30;

impl Books {
    /// The books behind `token` at the connector's target.
    pub fn new(connector: &Connector, token: &str) -> Self {
        let limits = Limits { timeout: std::time::Duration::from_secs(BOOK_SECONDS), body_bytes: BOOK_BYTES };
        let client = Client::new(connector.with_limits(limits));
        Self { client: Rc::new(Mutex::new(client)), token: token.into() }
    }

    /// Forgets the latencies so far: what follows is scored.
    pub async fn reset_truth(&self) -> anyhow::Result<()> {
        self.ask(Method::POST, "/__admin/truth/reset").await.map(drop)
    }

    /// Latencies by route since the last reset.
    pub async fn truth(&self) -> anyhow::Result<Vec<RouteTruth>> {
        self.read("/__admin/truth").await
    }

    /// Every invariant and its verdict.
    pub async fn audit(&self) -> anyhow::Result<Audit> {
        self.read("/__admin/audit").await
    }

    /// The plan of faults, and how often each has struck.
    pub async fn faults(&self) -> anyhow::Result<FaultPlan> {
        self.read("/__admin/faults").await
    }

    /// Opens the windows of the planned faults now.
    pub async fn start_faults(&self) -> anyhow::Result<()> {
        self.ask(Method::POST, "/__admin/faults/start").await.map(drop)
    }

    /// Lets no planned fault strike until they are started again.
    pub async fn stop_faults(&self) -> anyhow::Result<()> {
        self.ask(Method::POST, "/__admin/faults/stop").await.map(drop)
    }

    /// What the SFU has counted since its start.
    pub async fn media(&self) -> anyhow::Result<MediaBooks> {
        #[derive(Deserialize)]
        struct Answer {
            total: MediaBooks,
        }
        self.read("/__admin/media").await.map(|Answer { total }| total)
    }

    /// The webhook book, by event id.
    pub async fn webhooks(&self) -> anyhow::Result<BTreeMap<String, WebhookEntry>> {
        let body = self.ask(Method::GET, "/__admin/webhooks").await?;
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .enumerate()
            .map(|(i, line)| {
                let entry: WebhookEntry = serde_json::from_slice(line)
                    .with_context(|| format!("/__admin/webhooks, line {}", i + 1))?;
                Ok((entry.event_id.clone(), entry))
            })
            .collect()
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let body = self.ask(Method::GET, path).await?;
        serde_json::from_slice(&body)
            .with_context(|| format!("{path} answers in a shape that is not the mock's"))
    }

    /// Asks the admin API for anything.
    pub async fn ask(&self, method: Method, path: &str) -> anyhow::Result<Bytes> {
        let bearer = HeaderValue::try_from(format!("Bearer {}", self.token)).context("the admin token")?;
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
        let request = Outgoing { method, path: path.to_owned(), headers, body: Bytes::new() };
        let answer = self.client.lock().await.exchange(&request).await.answer;
        let received = answer.map_err(|fault| anyhow::anyhow!("{path}: {fault}"))?;
        match received.status.as_u16() {
            200..=299 => Ok(received.body),
            401 | 403 => bail!("{path}: the target refuses the admin token ({})", received.status),
            _ => bail!("{path}: {}", received.status),
        }
    }
}
