//! The sockets of a session that this server holds: what is told to all goes into each one's queue, in the order in which
//! it happened. A queue that is full belongs to somebody who does not read; that socket is closed.

use std::collections::BTreeMap;

use axum::extract::ws::Utf8Bytes;
use contract::ws::ServerFrame;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::command::{Connection, Effect};
use super::{Goodbye, TOO_SLOW};
use crate::live::journal::{Heard, Journal};

/// Frames a socket may have waiting.
const OUTBOX: usize = 512;

/// A frame on its way to a socket.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) text: Utf8Bytes,
    /// Its number, when it is a chat message.
    pub(crate) seq: Option<u64>,
}

/// The socket's end of its queue.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) connection: Connection,
    /// The welcome comes first.
    pub(crate) inbox: mpsc::Receiver<Outgoing>,
    pub(crate) goodbye: watch::Receiver<Option<Goodbye>>,
}

/// The desk's end.
#[derive(Debug)]
struct Socket {
    outbox: mpsc::Sender<Outgoing>,
    goodbye: watch::Sender<Option<Goodbye>>,
    /// Whether it belongs to the session already: until then it is told nothing.
    is_open: bool,
}

/// The sockets of a session that this server holds.
#[derive(Debug)]
pub(super) struct Desk {
    server: u64,
    /// By number.
    sockets: BTreeMap<u64, Socket>,
    last_number: u64,
    journal: Journal,
}

impl Desk {
    /// No socket yet, at this server.
    pub(super) fn new(server: u64) -> Self {
        Self { server, sockets: BTreeMap::new(), last_number: 0, journal: Journal::default() }
    }

    /// A queue for a socket that is going to open.
    pub(super) fn seat(&mut self) -> Seat {
        self.last_number += 1;
        let (outbox, inbox) = mpsc::channel(OUTBOX);
        let (say_goodbye, goodbye) = watch::channel(None);
        let socket = Socket { outbox, goodbye: say_goodbye, is_open: false };
        self.sockets.insert(self.last_number, socket);
        Seat { connection: Connection { server: self.server, number: self.last_number }, inbox, goodbye }
    }

    /// Does what an effect asks of this server's sockets.
    pub(super) fn perform(&mut self, effect: Effect, now: Instant) {
        match effect {
            Effect::Tell { frame, except } => self.tell(&frame, except),
            Effect::Repeat { frame, to } => {
                if let Some(socket) = self.own(to).and_then(|number| self.sockets.get(&number)) {
                    drop(socket.outbox.try_send(outgoing(&frame)));
                }
            }
            Effect::Opened { connection, participant_id, welcome, last_seq } => {
                let Some(socket) = self.own(connection).and_then(|number| self.sockets.get_mut(&number))
                else {
                    return;
                };
                socket.is_open = true;
                // Its queue is empty: there is room for one.
                drop(socket.outbox.try_send(outgoing(&welcome)));
                self.journal.opened(connection.number, &participant_id, last_seq);
            }
            Effect::Closed { connection, goodbye } => self.close(connection, goodbye),
            Effect::Numbered(seq) => self.journal.said(seq, now),
            Effect::Forgotten => self.journal = Journal::default(),
            Effect::Issued { .. } | Effect::Withdrawn(_) | Effect::Ended(_) => {}
        }
    }

    /// Closes a socket, if it is this server's and still here.
    pub(super) fn close(&mut self, connection: Connection, goodbye: Goodbye) {
        if let Some(number) = self.own(connection)
            && let Some(socket) = self.sockets.remove(&number)
        {
            socket.goodbye.send_replace(Some(goodbye));
            self.journal.closed(number);
        }
    }

    /// Closes all sockets. What comes next is message `last_seq + 1`, whatever was numbered here before.
    pub(super) fn close_all(&mut self, goodbye: Goodbye, last_seq: u64) {
        let (server, numbers) = (self.server, self.sockets.keys().copied().collect::<Vec<_>>());
        for number in numbers {
            self.close(Connection { server, number }, goodbye);
        }
        self.journal.goes_on_after(last_seq);
    }

    /// Whether a socket is this server's but not here any more.
    pub(super) fn has_lost(&self, connection: Connection) -> bool {
        self.own(connection).is_some_and(|number| !self.sockets.contains_key(&number))
    }

    /// Notes that a message reached a socket.
    pub(super) fn delivered(&mut self, connection: Connection, seq: u64) {
        self.journal.delivered(connection.number, seq);
    }

    /// What everyone here heard, for the audit.
    pub(super) fn heard(&self, last_seq: u64, now: Instant) -> Heard {
        let idle = self.sockets.iter().filter(|(_, socket)| socket.outbox.capacity() == OUTBOX);
        self.journal.heard(&idle.map(|(number, _)| *number).collect::<Vec<_>>(), last_seq, now)
    }

    /// Its number here, if it is this server's.
    fn own(&self, connection: Connection) -> Option<u64> {
        (connection.server == self.server).then_some(connection.number)
    }

    fn tell(&mut self, frame: &ServerFrame, except: Option<Connection>) {
        let outgoing = outgoing(frame);
        let except = except.and_then(|connection| self.own(connection));
        let told = self.sockets.iter().filter(|(number, socket)| socket.is_open && Some(**number) != except);
        let slow = told.filter(|(_, socket)| socket.outbox.try_send(outgoing.clone()).is_err());
        let slow: Vec<u64> = slow.map(|(number, _)| *number).collect();
        for number in slow {
            self.close(Connection { server: self.server, number }, TOO_SLOW);
        }
    }
}

fn outgoing(frame: &ServerFrame) -> Outgoing {
    let seq = if let ServerFrame::Chat { seq, .. } = frame { Some(*seq) } else { None };
    Outgoing { text: encode(frame), seq }
}

/// A frame's text.
pub(crate) fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).expect("frames serialise: string keys, no failing fields").into()
}
