//! The chat: what a participant says when, and what they hear.

use std::{sync::Arc, time::Duration};

use contract::ws::{ClientFrame, ServerFrame};
use engine::{
    clock::{self, Instant},
    ends::{Ends, Leave},
    record::{Fault, Recorder},
};

use super::Shared;
use crate::ws::{Incoming, Socket};

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
}

/// Why talking stopped.
pub(super) enum Parting {
    /// It is time to go.
    TimeToGo,
    /// The socket is gone.
    Dropped(String),
}

impl Agenda {
    /// For participant `n`, who was due to join at `due`.
    pub(super) fn new(shared: &Shared, n: u64, due: Instant, leaves_at: Instant) -> Self {
        let at = |offsets: Vec<Duration>| offsets.into_iter().map(|offset| due + offset).collect::<Vec<_>>();
        let mut chats = at(shared.times.chats(n)).into_iter();
        let mut pings = at(shared.times.pings()).into_iter();
        let (next_chat, next_ping) = (chats.next(), pings.next());
        Self { leaves_at, chats, next_chat, said: 0, pings, next_ping }
    }

    /// What was to be said before `now` is not said any more: whoever comes back does not make up for it.
    pub(super) fn skip_to(&mut self, now: Instant) {
        while self.next_chat.is_some_and(|at| at < now) {
            self.next_chat = self.chats.next();
        }
        while self.next_ping.is_some_and(|at| at < now) {
            self.next_ping = self.pings.next();
        }
    }

    /// When the next thing is to be done.
    fn next(&self) -> Instant {
        [self.next_chat, self.next_ping].into_iter().flatten().fold(self.leaves_at, Instant::min)
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
                Some(Incoming::Closed(code)) => return Parting::Dropped(format!("closed with {code:?}")),
                Some(Incoming::Broken(fault)) => return Parting::Dropped(fault.to_string()),
                None if next >= self.agenda.leaves_at => return Parting::TimeToGo,
                None => {
                    if let Err(fault) = self.speak(socket, next).await {
                        return Parting::Dropped(fault.to_string());
                    }
                }
            }
        }
    }

    async fn speak(&mut self, socket: &mut Socket, due: Instant) -> Result<(), Fault> {
        let agenda = &mut self.agenda;
        if agenda.next_ping == Some(due) {
            agenda.next_ping = agenda.pings.next();
            return socket.send(&ClientFrame::Ping).await;
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
        socket.send(&frame).await
    }

    fn hear(&self, frame: ServerFrame) {
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
            ServerFrame::Error { error } => recorder.counter(series.errors, || error.clone()),
            _ => {}
        }
    }

    fn complain(&self, fault: &Fault) {
        self.recorder.counter(self.shared.series.errors, || fault.to_string());
    }
}
