//! One session: who takes part, whose socket is open, what is said and in which order.
//!
//! Everything happens under the room's one lock and nothing in it waits: a message gets its number and goes
//! into every open socket's queue in one step, so all see the same order without gaps. A queue that is full
//! belongs to somebody who does not read; that socket is closed.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use chrono::{DateTime, Utc};
use contract::ApiError;
use contract::ws::{CHAT_MAX_CHARS, CHATS_PER_MINUTE, ServerFrame};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::journal::{Heard, Journal};
use super::slip::Slip;
use crate::sync::lock;

/// Frames a socket may have waiting.
const OUTBOX: usize = 512;
/// Over how long chats are counted: the thirty-first is refused until the first is a minute old.
const CHAT_WINDOW: Duration = Duration::from_mins(1);
/// How long a place is kept for somebody without a socket once others wait for it.
const KEPT_FOR: Duration = Duration::from_mins(2);

/// Why the server closes a socket: a close code and a word for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Goodbye {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
}

/// The ordinary end.
pub(crate) const LEFT: Goodbye = Goodbye { code: 1000, reason: "left" };
/// The same person came again.
const REPLACED: Goodbye = Goodbye { code: 4409, reason: "replaced by a newer connection" };
/// The peer did not read what it was sent.
pub(crate) const TOO_SLOW: Goodbye = Goodbye { code: 1013, reason: "too slow to read" };
/// The operator emptied the session.
const RESET: Goodbye = Goodbye { code: 1012, reason: "session was reset" };

/// A frame on its way to a socket.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) text: Utf8Bytes,
    /// Its number, when it is a chat message.
    pub(crate) seq: Option<u64>,
}

impl Outgoing {
    fn of(frame: &ServerFrame) -> Self {
        let seq = if let ServerFrame::Chat { seq, .. } = frame { Some(*seq) } else { None };
        Self { text: encode(frame), seq }
    }
}

/// The room's end of an open socket.
#[derive(Debug)]
struct Socket {
    connection: u64,
    outbox: mpsc::Sender<Outgoing>,
    goodbye: watch::Sender<Option<Goodbye>>,
}

/// The socket's end.
#[derive(Debug)]
pub(crate) struct Attached {
    pub(crate) connection: u64,
    pub(crate) welcome: ServerFrame,
    pub(crate) inbox: mpsc::Receiver<Outgoing>,
    pub(crate) goodbye: watch::Receiver<Option<Goodbye>>,
}

/// Somebody who joined.
#[derive(Debug)]
struct Participant {
    id: String,
    socket: Option<Socket>,
    /// Since when there has been no socket.
    away_since: Instant,
}

/// What joining did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    /// How many take part now.
    pub(crate) participants: u32,
    /// Participations that ended by it: an earlier one of the same person, or one that was away too long.
    pub(crate) ended: Vec<String>,
}

/// A chat message as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) content: String,
    pub(crate) sent_at: DateTime<Utc>,
    pub(crate) client_id: Option<String>,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Room {
    id: String,
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By user.
    participants: BTreeMap<String, Participant>,
    /// When each user's latest chats came; kept over reconnects.
    chats: HashMap<String, VecDeque<Instant>>,
    last_seq: u64,
    last_connection: u64,
    journal: Journal,
    /// With the defect `chat-order-broken`: what comes after the next, or alone if there is none for long.
    held_back: Option<ServerFrame>,
}

impl Room {
    /// An empty session that takes `capacity` people.
    pub(crate) fn new(id: &str, capacity: u32) -> Self {
        Self { id: id.to_owned(), capacity: capacity as usize, state: Mutex::default() }
    }

    /// The session's id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Takes somebody in as `participant_id`, in place of an earlier participation of theirs.
    pub(crate) fn join(&self, now: Instant, user: &str, participant_id: &str) -> Result<Joined, ApiError> {
        let mut state = lock(&self.state);
        state.chats.retain(|_, chats| chats.back().is_some_and(|last| is_recent(*last, now)));
        let mut ended = Vec::new();
        if let Some(earlier) = state.remove(user, now, REPLACED) {
            ended.push(earlier);
        } else if state.participants.len() >= self.capacity {
            ended = state.remove_absent(now);
            if state.participants.len() >= self.capacity {
                return Err(ApiError::conflict(format!(
                    "Session is full: {} people take part",
                    self.capacity
                )));
            }
        }
        state.participants.insert(
            user.to_owned(),
            Participant { id: participant_id.to_owned(), socket: None, away_since: now },
        );
        Ok(Joined { participants: state.participants.len() as u32, ended })
    }

    /// Ends somebody's participation; which one it was.
    pub(crate) fn leave(&self, now: Instant, user: &str) -> Option<String> {
        lock(&self.state).remove(user, now, LEFT)
    }

    /// The same, if the socket that says so is still theirs.
    pub(crate) fn leave_from(&self, now: Instant, user: &str, connection: u64) -> Option<String> {
        let mut state = lock(&self.state);
        let socket = state.participants.get(user)?.socket.as_ref()?;
        if socket.connection != connection {
            return None;
        }
        state.remove(user, now, LEFT)
    }

    /// Whether `user` takes part as `participant_id`.
    pub(crate) fn has(&self, user: &str, participant_id: &str) -> bool {
        lock(&self.state).participants.get(user).is_some_and(|participant| participant.id == participant_id)
    }

    /// Opens a participant's socket, in place of one that was open.
    pub(crate) fn attach(&self, now: Instant, user: &str) -> Option<Attached> {
        let mut state = lock(&self.state);
        state.detach(user, None, now, REPLACED);
        let connection = state.last_connection + 1;
        state.last_connection = connection;
        let (outbox, inbox) = mpsc::channel(OUTBOX);
        let (say_goodbye, goodbye) = watch::channel(None);
        let participant = state.participants.get_mut(user)?;
        participant.socket = Some(Socket { connection, outbox, goodbye: say_goodbye });
        let participant_id = participant.id.clone();
        let last_seq = state.last_seq;
        state.journal.opened(connection, &participant_id, last_seq);
        let participants = state.present();
        let joined = ServerFrame::ParticipantJoined { participant_id: participant_id.clone(), participants };
        state.broadcast(&joined, Some(connection), now);
        let welcome = ServerFrame::Welcome { session_id: self.id.clone(), participant_id, participants };
        Some(Attached { connection, welcome, inbox, goodbye })
    }

    /// Closes a socket that ended by itself; the participant keeps the place, to come back.
    pub(crate) fn detach(&self, now: Instant, user: &str, connection: u64) {
        lock(&self.state).detach(user, Some(connection), now, LEFT);
    }

    /// Says something to everyone whose socket is open, the sender included. The error is for the sender.
    #[cfg(test)]
    pub(crate) fn chat(&self, now: Instant, user: &str, said: Said) -> Result<(), String> {
        self.chat_with(Slip::default(), now, user, said)
    }

    /// The same, with what planted defects do to it.
    pub(crate) fn chat_with(&self, slip: Slip, now: Instant, user: &str, said: Said) -> Result<(), String> {
        let characters = said.content.chars().count();
        if said.content.trim().is_empty() {
            return Err("Message cannot be empty".to_owned());
        }
        if characters > CHAT_MAX_CHARS {
            return Err(format!("Message too long: {characters} characters, the limit is {CHAT_MAX_CHARS}"));
        }
        let mut state = lock(&self.state);
        if !state.may_chat(user, now) {
            return Err(format!("Rate limit exceeded: {CHATS_PER_MINUTE} messages per minute"));
        }
        state.last_seq += 1;
        let seq = state.last_seq;
        state.journal.said(seq, now);
        let frame = ServerFrame::Chat {
            message_id: format!("{}-{seq}", self.id),
            seq,
            content: said.content,
            user_id: user.to_owned(),
            sent_at: said.sent_at,
            client_id: said.client_id,
        };
        if slip.swaps(seq) {
            state.held_back = Some(frame);
            return Ok(());
        }
        let forgotten = if slip.loses(seq) { state.somebody_but(user, seq) } else { None };
        state.broadcast(&frame, forgotten, now);
        if slip.doubles(seq) {
            state.repeat(&frame, state.somebody_but(user, seq));
        }
        state.let_go(now);
        Ok(())
    }

    /// Says what a defect held back, if nothing came for it to change places with.
    pub(crate) fn let_go(&self, now: Instant) {
        lock(&self.state).let_go(now);
    }

    /// Notes that a message reached a socket.
    pub(crate) fn delivered(&self, connection: u64, seq: u64) {
        lock(&self.state).journal.delivered(connection, seq);
    }

    /// What everyone heard, for the audit.
    pub(crate) fn heard(&self, now: Instant) -> Heard {
        let state = lock(&self.state);
        let idle = state.participants.values().filter_map(|participant| {
            let socket = participant.socket.as_ref()?;
            (socket.outbox.capacity() == OUTBOX).then_some(socket.connection)
        });
        state.journal.heard(&idle.collect::<Vec<_>>(), state.last_seq, now)
    }

    /// Sends everybody home and forgets what was said.
    pub(crate) fn reset(&self, now: Instant) {
        let mut state = lock(&self.state);
        let users: Vec<String> = state.participants.keys().cloned().collect();
        for user in users {
            state.remove(&user, now, RESET);
        }
        let last_connection = state.last_connection;
        *state = State { last_connection, ..State::default() };
    }
}

impl State {
    /// How many sockets are open.
    fn present(&self) -> u32 {
        self.participants.values().filter(|participant| participant.socket.is_some()).count() as u32
    }

    fn let_go(&mut self, now: Instant) {
        if let Some(earlier) = self.held_back.take() {
            self.broadcast(&earlier, None, now);
        }
    }

    /// The socket of one of the others, another one for each `n`.
    fn somebody_but(&self, user: &str, n: u64) -> Option<u64> {
        let others = self.participants.iter().filter(|(other, _)| *other != user);
        let sockets: Vec<u64> =
            others.filter_map(|(_, other)| other.socket.as_ref()).map(|socket| socket.connection).collect();
        let place = n.checked_rem(sockets.len() as u64)?;
        sockets.get(place as usize).copied()
    }

    /// Queues a chat message for this socket once more, if there is room.
    fn repeat(&self, frame: &ServerFrame, to: Option<u64>) {
        let sockets = self.participants.values().filter_map(|participant| participant.socket.as_ref());
        for socket in sockets.filter(|socket| Some(socket.connection) == to) {
            drop(socket.outbox.try_send(Outgoing::of(frame)));
        }
    }

    /// Queues a frame for everyone but `except`. Whoever's queue is full is closed, and the others are told.
    fn broadcast(&mut self, frame: &ServerFrame, except: Option<u64>, now: Instant) {
        let outgoing = Outgoing::of(frame);
        let slow: Vec<String> = self
            .participants
            .iter()
            .filter(|(_, participant)| {
                participant.socket.as_ref().is_some_and(|socket| {
                    Some(socket.connection) != except && socket.outbox.try_send(outgoing.clone()).is_err()
                })
            })
            .map(|(user, _)| user.clone())
            .collect();
        for user in slow {
            self.detach(&user, None, now, TOO_SLOW);
        }
    }

    /// Takes a participant's socket away (only `connection`, if one is named) and tells the others.
    fn detach(&mut self, user: &str, connection: Option<u64>, now: Instant, goodbye: Goodbye) {
        let Some(participant) = self.participants.get_mut(user) else { return };
        let named = |socket: &mut Socket| connection.is_none_or(|named| named == socket.connection);
        let Some(socket) = participant.socket.take_if(named) else { return };
        participant.away_since = now;
        let participant_id = participant.id.clone();
        socket.goodbye.send_replace(Some(goodbye));
        self.journal.closed(socket.connection);
        let left = ServerFrame::ParticipantLeft { participant_id, participants: self.present() };
        self.broadcast(&left, None, now);
    }

    fn remove(&mut self, user: &str, now: Instant, goodbye: Goodbye) -> Option<String> {
        self.detach(user, None, now, goodbye);
        self.participants.remove(user).map(|participant| participant.id)
    }

    fn remove_absent(&mut self, now: Instant) -> Vec<String> {
        let absent = self.participants.extract_if(.., |_, participant| {
            participant.socket.is_none() && now.saturating_duration_since(participant.away_since) >= KEPT_FOR
        });
        absent.map(|(_, participant)| participant.id).collect()
    }

    /// Counts a chat of this person, unless it is one too many.
    fn may_chat(&mut self, user: &str, now: Instant) -> bool {
        let chats = self.chats.entry(user.to_owned()).or_default();
        while chats.front().is_some_and(|first| !is_recent(*first, now)) {
            chats.pop_front();
        }
        let allowed = chats.len() < CHATS_PER_MINUTE;
        if allowed {
            chats.push_back(now);
        }
        allowed
    }
}

/// Whether a chat still counts against its sender.
fn is_recent(chat: Instant, now: Instant) -> bool {
    now.saturating_duration_since(chat) < CHAT_WINDOW
}

/// A frame's text.
pub(crate) fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).expect("frames serialise: string keys, no failing fields").into()
}

#[cfg(test)]
mod tests;
