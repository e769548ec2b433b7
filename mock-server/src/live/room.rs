//! One session: who takes part, whose socket is open, what is said and in which order.
//!
//! Everything that happens is a [`Command`]. Commands are applied one after the other under the room's one lock, and
//! nothing in there waits: a message gets its number and goes into every open socket's queue in one step, so all see the
//! same order without gaps. Who says which command is next is either the room, by its lock, or the bus that it shares
//! with other servers; the state that follows is the same ([`Roster`]).

mod command;
mod desk;
mod roster;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::ws::CHAT_MAX_CHARS;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::bus::{Bus, Silence};
use super::journal::Heard;
use super::passes::Passes;
use super::sfu::Sfu;
use super::slip::Slip;
use crate::clock;
use crate::sync::lock;
use desk::Desk;
use roster::Rules;

pub(crate) use command::{Command, Connection, Effect, Outcome, Refusal, Said};
pub(crate) use desk::{Outgoing, Seat, encode};
pub(crate) use roster::Roster;

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
/// The other servers heard nothing of this one for so long that they went on without it.
const LOST: Goodbye = Goodbye { code: 1012, reason: "the session went on without this server" };

/// What ends with a participation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ends {
    pub(crate) passes: Arc<Passes>,
    pub(crate) sfu: Arc<Sfu>,
}

/// Who says which command is next.
#[derive(Debug)]
enum Order {
    /// The room itself, whose moments count from its making.
    Own { since: Instant },
    /// The bus, on which the session goes by this name.
    Bus { bus: Arc<Bus>, name: Arc<str> },
}

/// What became of a command.
pub(crate) enum Submitted {
    /// It was applied.
    Applied(Outcome),
    /// It is on its way, and this tells what came of it.
    Sent(BoxFuture<'static, Result<Outcome, Silence>>),
}

/// A session.
#[derive(Debug)]
pub(crate) struct Room {
    rules: Rules,
    ends: Ends,
    order: Order,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    roster: Roster,
    desk: Desk,
}

impl Room {
    /// An empty session that takes `capacity` people and orders by itself what happens.
    pub(crate) fn new(id: &str, capacity: u32, ends: Ends) -> Self {
        Self::ordered_by(Order::Own { since: clock::now() }, id, capacity, ends)
    }

    /// A session that other servers have as well, called `name` on the bus.
    pub(crate) fn shared(id: &str, capacity: u32, ends: Ends, bus: Arc<Bus>, name: Arc<str>) -> Self {
        Self::ordered_by(Order::Bus { bus, name }, id, capacity, ends)
    }

    fn ordered_by(order: Order, id: &str, capacity: u32, ends: Ends) -> Self {
        let server = match &order {
            Order::Own { .. } => 0,
            Order::Bus { bus, .. } => bus.server(),
        };
        let state = State { roster: Roster::default(), desk: Desk::new(server) };
        let rules = Rules { id: id.to_owned(), capacity: capacity as usize };
        Self { rules, ends, order, state: Mutex::new(state) }
    }

    /// The session's id.
    pub(crate) fn id(&self) -> &str {
        &self.rules.id
    }

    /// How many people it takes.
    pub(crate) fn capacity(&self) -> usize {
        self.rules.capacity
    }

    /// Has a command applied in its turn.
    pub(crate) fn submit(&self, command: Command) -> Submitted {
        match &self.order {
            Order::Own { since } => {
                let at = clock::now().saturating_duration_since(*since);
                Submitted::Applied(self.apply(at, command))
            }
            Order::Bus { bus, name } => Submitted::Sent(bus.submit(name, command)),
        }
    }

    /// The same, and waits for what comes of it.
    pub(crate) async fn order(&self, command: Command) -> Result<Outcome, Silence> {
        match self.submit(command) {
            Submitted::Applied(outcome) => Ok(outcome),
            Submitted::Sent(answer) => answer.await,
        }
    }

    /// Waits until everything that any server was told of this session is known here.
    pub(crate) async fn caught_up(&self) -> Result<(), Silence> {
        match &self.order {
            Order::Own { .. } => Ok(()),
            Order::Bus { .. } => self.order(Command::Nothing).await.map(drop),
        }
    }

    /// Applies a command whose turn it is. `at` is the moment it was given, by the clock of whoever orders.
    pub(crate) fn apply(&self, at: Duration, command: Command) -> Outcome {
        let mut state = lock(&self.state);
        let (outcome, effects) = state.roster.apply(&self.rules, at, command);
        let mut ended = Vec::new();
        for effect in effects {
            match effect {
                Effect::Issued { token, pass } => self.ends.passes.issue(token, pass),
                Effect::Withdrawn(token) => self.ends.passes.withdraw(&token),
                Effect::Ended(participant_id) => ended.push(participant_id),
                other => state.desk.perform(other, clock::now()),
            }
        }
        drop(state);
        self.ends.passes.revoke(&ended);
        self.ends.sfu.end_of(&ended);
        outcome
    }

    /// Whether `user` takes part as `participant_id`.
    pub(crate) fn has(&self, user: &str, participant_id: &str) -> bool {
        lock(&self.state).roster.has(user, participant_id)
    }

    /// Opens a participant's socket, in place of one that was open; none is opened for who does not take part.
    pub(crate) async fn open(&self, user: &str, participant_id: &str) -> Result<Option<Seat>, Silence> {
        let seat = lock(&self.state).desk.seat();
        let (user, participant_id, connection) =
            (user.to_owned(), participant_id.to_owned(), seat.connection);
        let opened = self.order(Command::Open { user, participant_id, connection }).await;
        if !matches!(opened, Ok(Ok(_))) {
            lock(&self.state).desk.close(connection, LEFT);
        }
        Ok(opened?.ok().map(|_| seat))
    }

    /// Closes a socket that ended by itself; the participant keeps the place, to come back.
    pub(crate) fn close(&self, user: &str, connection: Connection) {
        lock(&self.state).desk.close(connection, LEFT);
        drop(self.submit(Command::Close { user: user.to_owned(), connection }));
    }

    /// Ends the participation a socket belongs to, if it still does.
    pub(crate) fn leave_from(&self, user: &str, connection: Connection) {
        lock(&self.state).desk.close(connection, LEFT);
        drop(self.submit(Command::LeaveFrom { user: user.to_owned(), connection }));
    }

    /// Says something to everyone whose socket is open, the sender included; the error is for the sender.
    pub(crate) fn say(&self, slip: Slip, user: &str, said: Said) -> Result<Submitted, String> {
        let characters = said.content.chars().count();
        if said.content.trim().is_empty() {
            return Err("Message cannot be empty".to_owned());
        }
        if characters > CHAT_MAX_CHARS {
            return Err(format!("Message too long: {characters} characters, the limit is {CHAT_MAX_CHARS}"));
        }
        Ok(self.submit(Command::Say { user: user.to_owned(), said, slip }))
    }

    /// Says what a defect held back, if nothing came for it to change places with.
    pub(crate) fn let_go(&self) {
        let holds_back = lock(&self.state).roster.holds_back();
        if holds_back {
            drop(self.submit(Command::LetGo));
        }
    }

    /// Notes that a message reached a socket.
    pub(crate) fn delivered(&self, connection: Connection, seq: u64) {
        lock(&self.state).desk.delivered(connection, seq);
    }

    /// What everyone at this server heard, for the audit.
    pub(crate) fn heard(&self, now: Instant) -> Heard {
        let state = lock(&self.state);
        state.desk.heard(state.roster.last_seq(), now)
    }

    /// Sends everybody home and forgets what was said.
    pub(crate) fn reset(&self) {
        let mut state = lock(&self.state);
        let last_seq = state.roster.last_seq();
        state.desk.close_all(RESET, last_seq);
        drop(state);
        drop(self.submit(Command::Reset));
    }

    /// Does something with the roster as it is.
    pub(crate) fn with_roster<T>(&self, look: impl FnOnce(&Roster) -> T) -> T {
        look(&lock(&self.state).roster)
    }

    /// Goes on from another roster: what happened in between is not known here, so no socket may stay open.
    pub(crate) fn replace(&self, roster: Roster) {
        let mut state = lock(&self.state);
        let before = std::mem::replace(&mut state.roster, roster).participations();
        let last_seq = state.roster.last_seq();
        state.desk.close_all(LOST, last_seq);
        let (after, tokens) = (state.roster.participations(), state.roster.tokens(&self.rules));
        drop(state);
        self.ends.passes.revoke(&before);
        self.ends.sfu.end_of(&before.into_iter().filter(|id| !after.contains(id)).collect::<Vec<_>>());
        for effect in tokens {
            if let Effect::Issued { token, pass } = effect {
                self.ends.passes.issue(token, pass);
            }
        }
    }

    /// Sockets that the roster has at this server, and that are not here any more.
    pub(crate) fn lost_sockets(&self) -> Vec<Command> {
        let state = lock(&self.state);
        let lost = state.roster.sockets().filter(|(_, connection)| state.desk.has_lost(*connection));
        lost.map(|(user, connection)| Command::Close { user: user.to_owned(), connection }).collect()
    }
}
