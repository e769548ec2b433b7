//! The chat: what a participant says when, and what they hear.

use std::{sync::Arc, time::Duration};

use contract::ws::{ClientFrame, ServerFrame};
use engine::{
    clock::{self, Instant},
    ends::{Ends, Leave},
    record::{Fault, Recorder},
};

use super::{Shared, intent::Timetable};
use crate::ws::{Incoming, Socket};

#[cfg(test)]
mod tests;

/// How long the answer to a ping may take. A connection that a middlebox has forgotten says nothing for many minutes:
/// without an answer the socket is as good as gone.
const PONG_WITHIN: Duration = Duration::from_secs(10);
/// How long the system may take to take a frame.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// One participant in the chat.
pub(super) struct Chat {
    pub(super) shared: Arc<Shared>,
    pub(super) n: u64,
    pub(super) user_id: String,
    pub(super) recorder: Recorder,
    pub(super) agenda: Agenda,
}

/// Where a participant is in what they were going to do.
pub(super) struct Agenda {
    leaves_at: Instant,
    chats: std::vec::IntoIter<Instant>,
    next_chat: Option<Instant>,
    said: usize,
    pings: std::vec::IntoIter<Instant>,
    next_ping: Option<Instant>,
    /// Until when the answer to the last ping is awaited.
    pong_by: Option<Instant>,
}

/// Why talking stopped.
pub(super) enum Parting {
    /// It is time to go.
    TimeToGo,
    /// The socket is gone, since when, and why.
    Dropped(Instant, String),
}

impl Parting {
    /// The socket is gone as of now.
    fn now(why: String) -> Self {
        Self::Dropped(clock::now(), why)
    }
}

impl Agenda {
    /// For participant `n`, who was due to join at `due`.
    pub(super) fn new(times: &Timetable, n: u64, due: Instant, leaves_at: Instant) -> Self {
        let at = |offsets: Vec<Duration>| offsets.into_iter().map(|offset| due + offset).collect::<Vec<_>>();
        let mut chats = at(times.chats(n)).into_iter();
        let mut pings = at(times.pings()).into_iter();
        let (next_chat, next_ping) = (chats.next(), pings.next());
        Self { leaves_at, chats, next_chat, said: 0, pings, next_ping, pong_by: None }
    }

    /// What was to be said before `now` is not said any more: whoever comes late, or comes back, does not make up for it.
    /// Nor is an answer awaited to what an earlier socket was asked.
    pub(super) fn skip_to(&mut self, now: Instant) {
        while self.next_chat.is_some_and(|at| at < now) {
            self.next_chat = self.chats.next();
        }
        while self.next_ping.is_some_and(|at| at < now) {
            self.next_ping = self.pings.next();
        }
        self.pong_by = None;
    }

    /// A ping was sent; the first that is not answered counts.
    fn pinged(&mut self, at: Instant) {
        self.pong_by.get_or_insert(at + PONG_WITHIN);
    }

    /// It was answered.
    fn ponged(&mut self) {
        self.pong_by = None;
    }

    /// Whether an answer is overdue.
    fn is_unanswered(&self, now: Instant) -> bool {
        self.pong_by.is_some_and(|by| by <= now)
    }

    /// When the next thing is to be done.
    fn next(&self) -> Instant {
        [self.next_chat, self.next_ping, self.pong_by]
            .into_iter()
            .flatten()
            .fold(self.leaves_at, Instant::min)
    }
}

impl Chat {
    /// Chats and pings when due, and listens all the while.
    pub(super) async fn talk(&mut self, socket: &mut Socket, ends: &Ends) -> Parting {
        loop {
            let next = self.agenda.next();
            let incoming = tokio::select! {
                biased;
                incoming = socket.next() => Some(incoming),
                due = ends.until(next) => match due {
                    Err(Leave) => return Parting::TimeToGo,
                    Ok(_) => None,
                },
            };
            match incoming {
                Some(Incoming::Frame(frame)) => self.hear(frame),
                Some(Incoming::Unreadable(fault)) => self.complain(&fault),
                Some(Incoming::Closed(code)) => return Parting::now(format!("closed with {code:?}")),
                Some(Incoming::Broken(fault)) => return Parting::now(fault.to_string()),
                None if next >= self.agenda.leaves_at => return Parting::TimeToGo,
                None if self.agenda.is_unanswered(next) => {
                    let why = format!("no answer to a ping within {PONG_WITHIN:?}");
                    return Parting::Dropped(next.checked_sub(PONG_WITHIN).unwrap_or(next), why);
                }
                None => {
                    if let Err(fault) = self.speak(socket, next).await {
                        return Parting::now(fault.to_string());
                    }
                }
            }
        }
    }

    async fn speak(&mut self, socket: &mut Socket, due: Instant) -> Result<(), Fault> {
        let agenda = &mut self.agenda;
        if agenda.next_ping == Some(due) {
            agenda.next_ping = agenda.pings.next();
            agenda.pinged(clock::now());
            return send(socket, &ClientFrame::Ping).await;
        }
        agenda.next_chat = agenda.chats.next();
        agenda.said += 1;
        let client_id = format!("{}-{}-{}", self.shared.nonce, self.n, agenda.said);
        let frame = ClientFrame::Chat {
            content: format!("Load test message {} of participant {}", agenda.said, self.n),
            user_id: self.user_id.clone(),
            sent_at: clock::wall().into(),
            client_id: Some(client_id.clone()),
        };
        self.shared.session(|session| session.said(self.n, client_id, clock::now()));
        self.recorder.add(self.shared.series.sent, 1);
        send(socket, &frame).await
    }

    fn hear(&mut self, frame: ServerFrame) {
        let (series, recorder) = (self.shared.series, &self.recorder);
        match frame {
            ServerFrame::Chat { message_id, seq, client_id: Some(client_id), .. } => {
                recorder.add(series.received, 1);
                let now = clock::now();
                let heard =
                    self.shared.session(|session| session.heard(self.n, &client_id, seq, &message_id, now));
                if let Some(latency) = heard.latency {
                    recorder.value(series.chat_latency, latency);
                }
                recorder.share(series.heard_once, !heard.duplicate);
                recorder.share(series.heard_in_order, !heard.out_of_order);
                let evidence = || format!("participant {}: {client_id} as {seq}", self.n);
                if heard.duplicate {
                    recorder.counter(series.duplicates, evidence);
                }
                if heard.out_of_order {
                    recorder.counter(series.disorder, evidence);
                }
            }
            ServerFrame::Pong => self.agenda.ponged(),
            ServerFrame::Error { error } => recorder.counter(series.errors, || error.clone()),
            _ => {}
        }
    }

    fn complain(&self, fault: &Fault) {
        self.recorder.counter(self.shared.series.errors, || fault.to_string());
    }
}

/// Sends a frame, unless the system does not take it in time: then the other side has stopped reading.
pub(super) async fn send(socket: &mut Socket, frame: &ClientFrame) -> Result<(), Fault> {
    let sent = tokio::time::timeout(SEND_WITHIN, socket.send(frame)).await;
    sent.unwrap_or_else(|_| Err(Fault::timeout(format!("a frame was not taken within {SEND_WITHIN:?}"))))
}
