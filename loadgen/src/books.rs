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

/// The books of a mock, or of several that share their live sessions. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Books {
    /// One to each server.
    clients: Rc<[Mutex<Client>]>,
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
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        self.with(before, u64::saturating_sub)
    }

    /// What this and another SFU counted together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    fn with(&self, other: &Self, make: fn(u64, u64) -> u64) -> Self {
        Self {
            packets_in: make(self.packets_in, other.packets_in),
            packets_out: make(self.packets_out, other.packets_out),
            bytes_in: make(self.bytes_in, other.bytes_in),
            bytes_out: make(self.bytes_out, other.bytes_out),
            dropped_up: make(self.dropped_up, other.dropped_up),
            dropped_down: make(self.dropped_down, other.dropped_down),
            resent: make(self.resent, other.resent),
            nacks: make(self.nacks, other.nacks),
            keyframe_requests: make(self.keyframe_requests, other.keyframe_requests),
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
        let connector = connector.with_limits(limits);
        let clients = connector.each().map(|server| Mutex::new(Client::new(server))).collect();
        Self { clients, token: token.into() }
    }

    /// Whether the token opens the books of every server.
    pub async fn can_be_read(&self) -> anyhow::Result<()> {
        self.ask(Method::GET, "/__admin/pools").await.map(drop)
    }

    /// Forgets the latencies so far: what follows is scored.
    pub async fn reset_truth(&self) -> anyhow::Result<()> {
        self.ask(Method::POST, "/__admin/truth/reset").await.map(drop)
    }

    /// Latencies by route since the last reset. Of several servers each has those of its own part only, which nothing that
    /// was measured compares with.
    pub async fn truth(&self) -> anyhow::Result<Vec<RouteTruth>> {
        match &*self.read::<Vec<RouteTruth>>("/__admin/truth").await? {
            [truth] => Ok(truth.clone()),
            several => bail!("{} servers hold a part each", several.len()),
        }
    }

    /// Every invariant and its verdict, at every server. One of several whose books cannot be read fails the audit.
    pub async fn audit(&self) -> anyhow::Result<Audit> {
        let mut checks = Vec::new();
        let mut failure = None;
        for client in self.clients.iter() {
            let name = client.lock().await.connector().target().to_string();
            let audit = match self.ask_one(client, Method::GET, "/__admin/audit").await {
                Ok(body) => understood::<Audit>("/__admin/audit", &body)?,
                Err(why) => Audit::unread(format!("{:#}", failure.insert(why))),
            };
            let of = if self.clients.len() > 1 { format!("{name}: ") } else { String::new() };
            let named = |check: AuditCheck| AuditCheck { detail: format!("{of}{}", check.detail), ..check };
            checks.extend(audit.checks.into_iter().map(named));
        }
        match failure {
            Some(why) if self.clients.len() == 1 => Err(why),
            _ => Ok(Audit { ok: checks.iter().all(|check| check.ok), checks }),
        }
    }

    /// The plan of faults, and how often each has struck: that of the first server that has one.
    pub async fn faults(&self) -> anyhow::Result<FaultPlan> {
        let mut plans = self.read::<FaultPlan>("/__admin/faults").await?;
        let planned = plans.iter().position(|plan| plan.toml.is_some()).unwrap_or_default();
        Ok(plans.swap_remove(planned))
    }

    /// Opens the windows of the planned faults now.
    pub async fn start_faults(&self) -> anyhow::Result<()> {
        self.ask(Method::POST, "/__admin/faults/start").await.map(drop)
    }

    /// Lets no planned fault strike until they are started again.
    pub async fn stop_faults(&self) -> anyhow::Result<()> {
        self.ask(Method::POST, "/__admin/faults/stop").await.map(drop)
    }

    /// What the SFU has counted since its start; of several servers, what theirs have together.
    pub async fn media(&self) -> anyhow::Result<MediaBooks> {
        #[derive(Deserialize)]
        struct Answer {
            total: MediaBooks,
        }
        let answers = self.read::<Answer>("/__admin/media").await?;
        Ok(answers.iter().fold(MediaBooks::default(), |sum, Answer { total }| sum.and(total)))
    }

    /// The webhook book, by event id.
    pub async fn webhooks(&self) -> anyhow::Result<BTreeMap<String, WebhookEntry>> {
        let mut book: BTreeMap<String, WebhookEntry> = BTreeMap::new();
        for body in self.ask(Method::GET, "/__admin/webhooks").await? {
            let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            for (i, line) in lines.enumerate() {
                let entry: WebhookEntry = serde_json::from_slice(line)
                    .with_context(|| format!("/__admin/webhooks, line {}", i + 1))?;
                match book.get_mut(&entry.event_id) {
                    Some(known) => {
                        known.deliveries += entry.deliveries;
                        known.applied += entry.applied;
                    }
                    None => drop(book.insert(entry.event_id.clone(), entry)),
                }
            }
        }
        Ok(book)
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Vec<T>> {
        let bodies = self.ask(Method::GET, path).await?;
        bodies.iter().map(|body| understood(path, body)).collect()
    }

    /// Asks every server's admin API for the same.
    async fn ask(&self, method: Method, path: &str) -> anyhow::Result<Vec<Bytes>> {
        let mut bodies = Vec::new();
        for client in self.clients.iter() {
            bodies.push(self.ask_one(client, method.clone(), path).await?);
        }
        Ok(bodies)
    }

    async fn ask_one(&self, client: &Mutex<Client>, method: Method, path: &str) -> anyhow::Result<Bytes> {
        let bearer = HeaderValue::try_from(format!("Bearer {}", self.token)).context("the admin token")?;
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
        let request = Outgoing {
            method,
            path: path.to_owned(),
            signed: None,
            headers,
            body: Bytes::new(),
            trace: None,
        };
        let answer = client.lock().await.exchange(&request).await.answer;
        let received = answer.map_err(|fault| anyhow::anyhow!("{path}: {fault}"))?;
        match received.status.as_u16() {
            200..=299 => Ok(received.body),
            401 | 403 => bail!("{path}: the target refuses the admin token ({})", received.status),
            _ => bail!("{path}: {}", received.status),
        }
    }
}

fn understood<T: DeserializeOwned>(path: &str, body: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(body).with_context(|| format!("{path} answers in a shape that is not the mock's"))
}
