//! The state of a session as every one of its servers has it: who takes part, whose socket is open and where, what was
//! said. It changes by commands alone, and says what follows from each; there is no clock, no socket and no lock here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use contract::ws::{CHATS_PER_MINUTE, ServerFrame};
use serde::{Deserialize, Serialize};

use super::command::{Command, Connection, Effect, Outcome, Refusal, Said};
use super::{Goodbye, LEFT, LOST, REPLACED, RESET};
use crate::live::passes::{Pass, Purpose};
use crate::live::slip::Slip;

/// Over how long chats are counted: the thirty-first is refused until the first is a minute old.
const CHAT_WINDOW: Duration = Duration::from_mins(1);
/// How long a place is kept for somebody without a socket once others wait for it.
const KEPT_FOR: Duration = Duration::from_mins(2);

/// What does not change about a session.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Its id.
    pub(crate) id: String,
    /// How many people it takes.
    pub(crate) capacity: usize,
}

/// Who takes part and what was said. Moments are those of whoever orders the commands, since a beginning of its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Roster {
    /// By user.
    participants: BTreeMap<String, Participant>,
    /// When each user's latest chats came; kept over reconnects.
    chats: BTreeMap<String, VecDeque<Duration>>,
    last_seq: u64,
    /// With the defect `chat-order-broken`: what comes after the next, or alone if there is none for long.
    held_back: Option<ServerFrame>,
}

/// Somebody who joined.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Participant {
    id: String,
    access_token: String,
    ws_token: String,
    video_token: Option<String>,
    socket: Option<Connection>,
    /// Since when there has been no socket.
    away_since: Duration,
}

/// A command being applied.
struct Change<'a> {
    rules: &'a Rules,
    at: Duration,
    effects: Vec<Effect>,
}

impl Roster {
    /// Applies a command given at `at`: what came of it, and what follows.
    pub(crate) fn apply(&mut self, rules: &Rules, at: Duration, command: Command) -> (Outcome, Vec<Effect>) {
        let mut change = Change { rules, at, effects: Vec::new() };
        let outcome = self.change(&mut change, command);
        (outcome, change.effects)
    }

    fn change(&mut self, change: &mut Change<'_>, command: Command) -> Outcome {
        match command {
            Command::Nothing => {}
            Command::Join { user, participant_id, access_token, ws_token } => {
                self.make_room(change, &user)?;
                let participant = Participant {
                    id: participant_id,
                    access_token,
                    ws_token,
                    video_token: None,
                    socket: None,
                    away_since: change.at,
                };
                change.effects.extend(participant.tokens(change.rules, &user));
                self.participants.insert(user, participant);
            }
            Command::AllowVideo { user, participant_id, token } => {
                let participant = self.of(&user, &participant_id)?;
                let earlier = participant.video_token.replace(token);
                change.effects.extend(earlier.map(Effect::Withdrawn));
                change.effects.extend(participant.tokens(change.rules, &user).last());
            }
            Command::Leave { user } => self.remove(change, &user, LEFT),
            Command::LeaveFrom { user, connection } => {
                if self.socket_of(&user) == Some(connection) {
                    self.remove(change, &user, LEFT);
                }
            }
            Command::Open { user, participant_id, connection } => {
                return self.open(change, &user, &participant_id, connection);
            }
            Command::Close { user, connection } => {
                if self.socket_of(&user) == Some(connection) {
                    self.close(change, &user, LEFT);
                }
            }
            Command::Say { user, said, slip } => self.say(change, &user, said, slip)?,
            Command::LetGo => self.let_go(change),
            Command::Lose { server } => {
                let lost = self.participants.iter().filter(|(_, who)| who.is_at(server));
                let lost: Vec<String> = lost.map(|(user, _)| user.clone()).collect();
                for user in &lost {
                    self.close(change, user, LOST);
                }
            }
            Command::Reset => {
                let users: Vec<String> = self.participants.keys().cloned().collect();
                for user in &users {
                    self.remove(change, user, RESET);
                }
                *self = Self::default();
                change.effects.push(Effect::Forgotten);
            }
        }
        Ok(self.participants.len() as u32)
    }

    /// Ends an earlier participation of this person, else one that was away for too long if every place is taken.
    fn make_room(&mut self, change: &mut Change<'_>, user: &str) -> Result<(), Refusal> {
        self.chats.retain(|_, chats| chats.back().is_some_and(|last| is_recent(*last, change.at)));
        if self.participants.contains_key(user) {
            self.remove(change, user, REPLACED);
        } else if self.participants.len() >= change.rules.capacity {
            let at = change.at;
            let absent = self.participants.extract_if(.., |_, participant| {
                participant.socket.is_none() && at.saturating_sub(participant.away_since) >= KEPT_FOR
            });
            change.effects.extend(absent.map(|(_, participant)| Effect::Ended(participant.id)));
        }
        if self.participants.len() >= change.rules.capacity { Err(Refusal::Full) } else { Ok(()) }
    }

    fn open(
        &mut self,
        change: &mut Change<'_>,
        user: &str,
        participant_id: &str,
        connection: Connection,
    ) -> Outcome {
        self.of(user, participant_id)?;
        self.close(change, user, REPLACED);
        self.of(user, participant_id)?.socket = Some(connection);
        let participants = self.present();
        let welcome = ServerFrame::Welcome {
            session_id: change.rules.id.clone(),
            participant_id: participant_id.to_owned(),
            participants,
        };
        let joined =
            ServerFrame::ParticipantJoined { participant_id: participant_id.to_owned(), participants };
        change.effects.push(Effect::Opened {
            connection,
            participant_id: participant_id.to_owned(),
            welcome,
            last_seq: self.last_seq,
        });
        change.effects.push(Effect::Tell { frame: joined, except: Some(connection) });
        Ok(participants)
    }

    fn say(&mut self, change: &mut Change<'_>, user: &str, said: Said, slip: Slip) -> Result<(), Refusal> {
        if !self.may_chat(user, change.at) {
            return Err(Refusal::TooManyChats);
        }
        self.last_seq += 1;
        let seq = self.last_seq;
        change.effects.push(Effect::Numbered(seq));
        let frame = ServerFrame::Chat {
            message_id: format!("{}-{seq}", change.rules.id),
            seq,
            content: said.content,
            user_id: user.to_owned(),
            sent_at: said.sent_at,
            client_id: said.client_id,
        };
        if slip.swaps(seq) {
            self.held_back = Some(frame);
            return Ok(());
        }
        let except = if slip.loses(seq) { self.somebody_but(user, seq) } else { None };
        let again = if slip.doubles(seq) { self.somebody_but(user, seq) } else { None };
        let again = again.map(|to| Effect::Repeat { frame: frame.clone(), to });
        change.effects.push(Effect::Tell { frame, except });
        change.effects.extend(again);
        self.let_go(change);
        Ok(())
    }

    fn let_go(&mut self, change: &mut Change<'_>) {
        let earlier = self.held_back.take();
        change.effects.extend(earlier.map(|frame| Effect::Tell { frame, except: None }));
    }

    /// Takes a participant's socket away, if there is one, and tells the others.
    fn close(&mut self, change: &mut Change<'_>, user: &str, goodbye: Goodbye) {
        let Some(participant) = self.participants.get_mut(user) else { return };
        let Some(connection) = participant.socket.take() else { return };
        participant.away_since = change.at;
        let participant_id = participant.id.clone();
        let left = ServerFrame::ParticipantLeft { participant_id, participants: self.present() };
        change.effects.push(Effect::Closed { connection, goodbye });
        change.effects.push(Effect::Tell { frame: left, except: None });
    }

    fn remove(&mut self, change: &mut Change<'_>, user: &str, goodbye: Goodbye) {
        self.close(change, user, goodbye);
        let ended = self.participants.remove(user);
        change.effects.extend(ended.map(|participant| Effect::Ended(participant.id)));
    }

    fn of(&mut self, user: &str, participant_id: &str) -> Result<&mut Participant, Refusal> {
        let participant = self.participants.get_mut(user);
        participant.filter(|participant| participant.id == participant_id).ok_or(Refusal::Absent)
    }

    /// Whether `user` takes part as `participant_id`.
    pub(crate) fn has(&self, user: &str, participant_id: &str) -> bool {
        self.participants.get(user).is_some_and(|participant| participant.id == participant_id)
    }

    /// How many sockets are open.
    fn present(&self) -> u32 {
        self.participants.values().filter(|participant| participant.socket.is_some()).count() as u32
    }

    fn socket_of(&self, user: &str) -> Option<Connection> {
        self.participants.get(user)?.socket
    }

    /// The open sockets, and whose they are.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = (&str, Connection)> {
        self.participants.iter().filter_map(|(user, participant)| Some((user.as_str(), participant.socket?)))
    }

    /// The servers that hold open sockets.
    pub(crate) fn servers(&self) -> BTreeSet<u64> {
        self.sockets().map(|(_, connection)| connection.server).collect()
    }

    /// The number of the last message, or zero.
    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Whether a message waits for another to change places with.
    pub(crate) fn holds_back(&self) -> bool {
        self.held_back.is_some()
    }

    /// Every token that is good, as the effects that issued them.
    pub(crate) fn tokens(&self, rules: &Rules) -> Vec<Effect> {
        self.participants.iter().flat_map(|(user, participant)| participant.tokens(rules, user)).collect()
    }

    /// Every participation there is.
    pub(crate) fn participations(&self) -> Vec<String> {
        self.participants.values().map(|participant| participant.id.clone()).collect()
    }

    /// The socket of one of the others, another one for each `n`.
    fn somebody_but(&self, user: &str, n: u64) -> Option<Connection> {
        let others = self.sockets().filter(|(other, _)| *other != user);
        let sockets: Vec<Connection> = others.map(|(_, connection)| connection).collect();
        let place = n.checked_rem(sockets.len() as u64)?;
        sockets.get(place as usize).copied()
    }

    /// Counts a chat of this person, unless it is one too many.
    fn may_chat(&mut self, user: &str, at: Duration) -> bool {
        let chats = self.chats.entry(user.to_owned()).or_default();
        while chats.front().is_some_and(|first| !is_recent(*first, at)) {
            chats.pop_front();
        }
        let allowed = chats.len() < CHATS_PER_MINUTE;
        if allowed {
            chats.push_back(at);
        }
        allowed
    }
}

impl Participant {
    fn is_at(&self, server: u64) -> bool {
        self.socket.is_some_and(|connection| connection.server == server)
    }

    /// The tokens of this participation, that for video last.
    fn tokens<'a>(&'a self, rules: &'a Rules, user: &'a str) -> impl Iterator<Item = Effect> + 'a {
        let tokens = [
            (Purpose::Access, Some(&self.access_token)),
            (Purpose::Socket, Some(&self.ws_token)),
            (Purpose::Video, self.video_token.as_ref()),
        ];
        tokens.into_iter().filter_map(move |(purpose, token)| {
            let pass = Pass {
                purpose,
                session_id: rules.id.clone(),
                user_id: user.to_owned(),
                participant_id: self.id.clone(),
            };
            Some(Effect::Issued { token: token?.clone(), pass })
        })
    }
}

/// Whether a chat still counts against its sender.
fn is_recent(chat: Duration, at: Duration) -> bool {
    at.saturating_sub(chat) < CHAT_WINDOW
}

#[cfg(test)]
mod tests;
