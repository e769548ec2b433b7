//! The Chrome `DevTools` Protocol over one WebSocket: calls, flat sessions, events.
//! Source: <https://chromedevtools.github.io/devtools-protocol/tot/>

mod exchange;
mod wire;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use engine::clock;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot};

use self::{
    exchange::{Call, Exchange},
    wire::Wire,
};
use super::Trouble;

/// How long a browser may take to answer. It answers within milliseconds; one that takes this long is stuck.
pub(super) const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// A connection to a browser. Clones share it; it closes with the last of them.
#[derive(Debug, Clone)]
pub(super) struct Cdp {
    shared: Arc<Shared>,
    to_send: mpsc::UnboundedSender<String>,
    limit: Duration,
    _wire: Arc<Wire>,
}

/// What calls, sessions and the task that reads have in common.
#[derive(Debug, Default)]
struct Shared {
    exchange: Mutex<Exchange>,
    /// Told when the connection closes.
    closed: Notify,
}

/// A page that is attached to: its calls, and its events in the order they came.
#[derive(Debug)]
pub(super) struct Session {
    cdp: Cdp,
    id: String,
    told: Arc<Notify>,
}

/// Something a page tells of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// What happened: `Page.loadEventFired`.
    pub(super) method: String,
    pub(super) params: Value,
    /// When this process heard of it.
    pub(super) at: clock::Instant,
}

impl Cdp {
    /// Connects to where a browser says it listens: `ws://127.0.0.1:…/devtools/browser/…`. The limit is this call's,
    /// and every answer's.
    pub(super) async fn connect(url: &str, limit: Duration) -> Result<Self, Trouble> {
        let socket = wire::connect(url, limit).await?;
        Ok(Self::over(socket, limit))
    }

    fn over<S: wire::Transport>(socket: wire::Socket<S>, limit: Duration) -> Self {
        let shared = Arc::new(Shared::default());
        let (to_send, sent) = mpsc::unbounded_channel();
        let wire = Arc::new(Wire::start(socket, shared.clone(), sent));
        Self { shared, to_send, limit, _wire: wire }
    }

    /// Asks the browser itself.
    pub(super) async fn call(&self, method: &'static str, params: Value) -> Result<Value, Trouble> {
        self.ask(None, method, params).await
    }

    /// Attaches to a page.
    pub(super) async fn attach(&self, target: &str) -> Result<Session, Trouble> {
        let method = exchange::ATTACH;
        let answer = self.call(method, json!({ "targetId": target, "flatten": true })).await?;
        let id = answer["sessionId"].as_str().unwrap_or_default().to_owned();
        let Some(told) = self.shared.exchange().told(&id) else {
            let message = "it named no session".to_owned();
            return Err(Trouble::Refused { method: method.to_owned(), message });
        };
        let session = Session { cdp: self.clone(), id, told };
        // Only then it tells of its crash.
        session.call("Inspector.enable", json!({})).await?;
        Ok(session)
    }

    /// Whether the connection has closed: nothing will be answered any more.
    pub(super) fn is_gone(&self) -> bool {
        self.shared.exchange().gone().is_some()
    }

    /// Waits until the connection has closed.
    pub(super) async fn gone(&self) -> Trouble {
        loop {
            let closed = self.shared.closed.notified();
            if let Some(trouble) = self.shared.exchange().gone() {
                return trouble;
            }
            closed.await;
        }
    }

    async fn ask(
        &self,
        session: Option<&str>,
        method: &'static str,
        params: Value,
    ) -> Result<Value, Trouble> {
        let (answer, answered) = oneshot::channel();
        let call = Call { session: session.map(str::to_owned), method, target: params["targetId"].clone() };
        let id = self.shared.exchange().open(call, answer)?;
        let _forget = Forget { shared: &self.shared, id };
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        // Where nobody sends any more the connection is gone, and the exchange says so.
        let _ = self.to_send.send(message.to_string());
        match tokio::time::timeout(self.limit, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Trouble::Gone("its connection was given up".to_owned())),
            Err(_) => Err(Trouble::Hung { method: method.to_owned(), after: self.limit }),
        }
    }
}

impl Session {
    /// Asks the page.
    pub(super) async fn call(&self, method: &'static str, params: Value) -> Result<Value, Trouble> {
        self.cdp.ask(Some(&self.id), method, params).await
    }

    /// The next thing it tells of. An error when it will tell of nothing more: the browser is gone, the tab crashed.
    /// Safe to drop half-way: nothing is lost.
    pub(super) async fn next(&mut self) -> Result<Event, Trouble> {
        loop {
            let told = self.told.notified();
            if let Some(event) = self.cdp.shared.exchange().next(&self.id) {
                return event;
            }
            told.await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.cdp.shared.exchange().leave(&self.id);
    }
}

impl Shared {
    fn exchange(&self) -> MutexGuard<'_, Exchange> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a call that is over, answered or not.
struct Forget<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.shared.exchange().forget(self.id);
    }
}

#[cfg(test)]
mod tests;
