//! Envelopes on their way: one after another, on a thread of its own.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use engine::clock;
use reqwest::{Client, Url, header::CONTENT_TYPE};
use sentry_types::Dsn;
use tokio::sync::mpsc as queue;

use super::{Category, Envelope, Limits};
use crate::telemetry::{
    OutletError,
    client::{AGENT, client, reason},
};

/// Longest that one answer is waited for.
const WITHIN: Duration = Duration::from_secs(5);

/// What became of what was to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Envelopes that wait or are under way.
    waiting: u64,
    /// Told.
    told: u64,
    /// Not told, since a run tells no more.
    beyond: u64,
    /// Not told, since Sentry asked for a pause.
    limited: u64,
    /// Not told, since it did not work.
    failed: u64,
    /// Why not, of the newest.
    why: Option<String>,
}

/// Sends envelopes.
#[derive(Debug)]
pub(super) struct Sender {
    queue: queue::UnboundedSender<Envelope>,
    /// Events that may still be told: what bounds the queue. Transactions are as many as scenarios.
    left: Mutex<u32>,
    account: Arc<Mutex<Account>>,
    done: mpsc::Receiver<()>,
}

impl Sender {
    /// Sends to whom `dsn` names, so many events at most.
    pub(super) fn start(dsn: &Dsn, events: u32) -> Result<Self, OutletError> {
        let url: Url =
            dsn.envelope_api_url().as_str().parse().map_err(|_| OutletError::Client("no DSN".into()))?;
        let to = To { client: client(&url, WITHIN)?, auth: dsn.to_auth(Some(AGENT)).to_string(), url };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (queue, waiting) = queue::unbounded_channel();
        let (tell, done) = mpsc::channel();
        let account = Arc::new(Mutex::new(Account::default()));
        let theirs = account.clone();
        let work = move || {
            runtime.block_on(send_all(&to, waiting, &theirs));
            // Whoever would hear of it did not wait.
            let _ = tell.send(());
        };
        thread::Builder::new().name("sentry".into()).spawn(work)?;
        Ok(Self { queue, left: Mutex::new(events), account, done })
    }

    /// Has one sent. Never waits.
    pub(super) fn send(&self, envelope: Envelope) {
        if envelope.category == Category::Error {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(fewer) = left.checked_sub(1) else {
                locked(&self.account).beyond += 1;
                return;
            };
            *left = fewer;
        }
        locked(&self.account).waiting += 1;
        // The thread is gone only when it has panicked; what waits is counted as not told in the end.
        let _ = self.queue.send(envelope);
    }

    /// Waits until all is sent, `within` at most.
    pub(super) fn end(self, within: Duration) -> Account {
        drop(self.queue);
        // Whether it came to its end the account says.
        let _ = self.done.recv_timeout(within);
        locked(&self.account).clone()
    }
}

impl Account {
    /// What a report should say of it; nothing when all was told.
    pub(super) fn note(&self) -> Option<String> {
        let Self { waiting, told, beyond, limited, failed, why } = self;
        let not = waiting + beyond + limited + failed;
        if not == 0 {
            return None;
        }
        let why_failed = why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
        let reasons = [
            (*beyond, "a run tells no more events".to_owned()),
            (*limited, "Sentry asked for a pause".to_owned()),
            (*failed, format!("it was not taken{why_failed}")),
            (*waiting, "there was no answer in time".to_owned()),
        ];
        let reasons = reasons.into_iter().filter(|(n, _)| *n > 0).map(|(n, reason)| format!("{n}: {reason}"));
        let reasons: Vec<String> = reasons.collect();
        Some(format!("Sentry was not told {not} of {} things ({}).", told + not, reasons.join("; ")))
    }
}

/// Whom envelopes are for.
struct To {
    client: Client,
    url: Url,
    auth: String,
}

async fn send_all(to: &To, mut waiting: queue::UnboundedReceiver<Envelope>, account: &Mutex<Account>) {
    let mut limits = Limits::default();
    while let Some(envelope) = waiting.recv().await {
        let outcome = if limits.allow(envelope.category, clock::now()) {
            Some(send(to, &envelope, &mut limits).await)
        } else {
            None
        };
        let mut account = locked(account);
        account.waiting -= 1;
        match outcome {
            Some(Ok(())) => account.told += 1,
            Some(Err(why)) => {
                account.failed += 1;
                account.why = Some(why);
            }
            None => account.limited += 1,
        }
    }
}

/// Sends one; what the answer says of limits is heard, whatever else it is.
async fn send(to: &To, envelope: &Envelope, limits: &mut Limits) -> Result<(), String> {
    let request = to
        .client
        .post(to.url.clone())
        .header(CONTENT_TYPE, "application/x-sentry-envelope")
        .header("x-sentry-auth", &to.auth)
        .body(envelope.bytes());
    let answer = request.send().await.map_err(|e| reason(&e))?;
    limits.hear(answer.status(), answer.headers(), clock::now());
    if answer.status().is_success() { Ok(()) } else { Err(format!("status {}", answer.status())) }
}

fn locked(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}
