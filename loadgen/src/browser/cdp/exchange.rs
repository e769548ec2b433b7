//! Who waits for which answer, and what each session has told: messages in, nothing sent or awaited.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use engine::clock;
use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use super::{Event, Trouble};

/// The call whose answer opens a session.
pub(super) const ATTACH: &str = "Target.attachToTarget";
/// Events of one session that wait to be looked at. A visit looks at once: only a page that floods comes here.
pub(super) const EVENTS_KEPT: usize = 10_000;
/// The same, in bytes of the messages they came in.
const BYTES_KEPT: usize = 64 * 1024 * 1024;

/// What was asked.
#[derive(Debug)]
pub(super) struct Call {
    /// Whom; the browser itself, if nobody.
    pub(super) session: Option<String>,
    pub(super) method: &'static str,
    /// The target it names, if it does.
    pub(super) target: Value,
}

type Answer = oneshot::Sender<Result<Value, Trouble>>;

/// The open ends of a connection.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    asked: u64,
    waiting: HashMap<u64, (Call, Answer)>,
    sessions: HashMap<String, Line>,
    gone: Option<Trouble>,
}

/// What one session has told and nobody looked at.
#[derive(Debug)]
struct Line {
    target: Value,
    events: VecDeque<(Event, usize)>,
    bytes: usize,
    ended: Option<Trouble>,
    told: Arc<Notify>,
}

impl Exchange {
    /// Opens a call; its number. What is gone or ended is not asked.
    pub(super) fn open(&mut self, call: Call, answer: Answer) -> Result<u64, Trouble> {
        if let Some(trouble) = &self.gone {
            return Err(trouble.clone());
        }
        let line = call.session.as_ref().and_then(|session| self.sessions.get(session));
        if let Some(trouble) = line.and_then(|line| line.ended.as_ref()) {
            return Err(trouble.clone());
        }
        self.asked += 1;
        self.waiting.insert(self.asked, (call, answer));
        Ok(self.asked)
    }

    /// The answer to this call is not waited for any more.
    pub(super) fn forget(&mut self, id: u64) {
        self.waiting.remove(&id);
    }

    /// What is told when a session has an event; `None` where there is no such session.
    pub(super) fn told(&self, session: &str) -> Option<Arc<Notify>> {
        self.sessions.get(session).map(|line| line.told.clone())
    }

    /// The next event of a session, or why there is none any more; `None` where it has to be waited for.
    pub(super) fn next(&mut self, session: &str) -> Option<Result<Event, Trouble>> {
        let Some(line) = self.sessions.get_mut(session) else {
            return Some(Err(self.gone.clone().unwrap_or(Trouble::TabCrashed("it was left".to_owned()))));
        };
        if let Some((event, bytes)) = line.events.pop_front() {
            line.bytes -= bytes;
            return Some(Ok(event));
        }
        line.ended.clone().map(Err)
    }

    /// Nobody looks at a session's events any more.
    pub(super) fn leave(&mut self, session: &str) {
        self.sessions.remove(session);
    }

    /// Why the connection has closed, if it has.
    pub(super) fn gone(&self) -> Option<Trouble> {
        self.gone.clone()
    }

    /// The connection has closed: everybody who waits is told.
    pub(super) fn close(&mut self, why: String) {
        let trouble = self.gone.get_or_insert(Trouble::Gone(why)).clone();
        for (_, (_, answer)) in self.waiting.drain() {
            let _ = answer.send(Err(trouble.clone()));
        }
        for line in self.sessions.values_mut() {
            line.end(trouble.clone());
        }
    }

    /// Takes a message. One that is nothing of the protocol, or that nobody waits for, changes nothing.
    pub(super) fn take(&mut self, text: &str, at: clock::Instant) {
        let Ok(mut message) = serde_json::from_str::<Value>(text) else { return };
        if let Some(id) = message["id"].as_u64() {
            self.answer(id, &mut message);
        } else if let Some(method) = message["method"].as_str() {
            let method = method.to_owned();
            let params = message["params"].take();
            self.end_those(&method, &params, message["sessionId"].as_str());
            if let Some(line) = message["sessionId"].as_str().and_then(|id| self.sessions.get_mut(id)) {
                line.tell(Event { method, params, at }, text.len());
            }
        }
    }

    fn answer(&mut self, id: u64, message: &mut Value) {
        let Some((call, answer)) = self.waiting.remove(&id) else { return };
        if let Some(error) = message.get("error") {
            let message = error["message"].as_str().map_or_else(|| error.to_string(), str::to_owned);
            let _ = answer.send(Err(Trouble::Refused { method: call.method.to_owned(), message }));
            return;
        }
        let result = message["result"].take();
        // Here and not where the answer is awaited: what the session tells may be the very next message.
        if call.method == ATTACH
            && let Some(session) = result["sessionId"].as_str()
        {
            self.sessions.insert(session.to_owned(), Line::new(call.target));
        }
        let _ = answer.send(Ok(result));
    }

    /// Ends the sessions that an event says are over.
    fn end_those(&mut self, method: &str, params: &Value, session: Option<&str>) {
        match method {
            "Inspector.targetCrashed" => {
                let trouble = Trouble::TabCrashed("its process ended".to_owned());
                self.end(|id, _| Some(id) == session, &trouble);
            }
            "Target.targetCrashed" => {
                let status = params["status"].as_str().unwrap_or("its process ended");
                let trouble = Trouble::TabCrashed(status.to_owned());
                self.end(|_, line| line.target == params["targetId"], &trouble);
            }
            "Target.detachedFromTarget" => {
                let trouble = Trouble::TabCrashed("the browser closed it".to_owned());
                self.end(|id, _| params["sessionId"] == id, &trouble);
            }
            _ => {}
        }
    }

    fn end(&mut self, over: impl Fn(&str, &Line) -> bool, trouble: &Trouble) {
        for (id, line) in &mut self.sessions {
            if !over(id, line) {
                continue;
            }
            line.end(trouble.clone());
            let of_it = |_: &u64, (call, _): &mut (Call, Answer)| call.session.as_ref() == Some(id);
            for (_, (_, answer)) in self.waiting.extract_if(of_it) {
                let _ = answer.send(Err(trouble.clone()));
            }
        }
    }
}

impl Line {
    fn new(target: Value) -> Self {
        Self { target, events: VecDeque::new(), bytes: 0, ended: None, told: Arc::default() }
    }

    fn tell(&mut self, event: Event, bytes: usize) {
        if self.ended.is_some() {
            return;
        }
        if self.events.len() >= EVENTS_KEPT || self.bytes + bytes > BYTES_KEPT {
            self.end(Trouble::Flooded(self.events.len()));
            return;
        }
        self.bytes += bytes;
        self.events.push_back((event, bytes));
        self.told.notify_one();
    }

    /// The first reason stays.
    fn end(&mut self, trouble: Trouble) {
        self.ended.get_or_insert(trouble);
        self.told.notify_one();
    }
}
