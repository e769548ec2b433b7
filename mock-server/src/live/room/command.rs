//! What may happen to a session, and what follows from it: the two sides of [`Roster::apply`](super::roster::Roster).

use chrono::{DateTime, Utc};
use contract::ws::{CHATS_PER_MINUTE, ServerFrame};
use serde::{Deserialize, Serialize};

use super::Goodbye;
use crate::live::passes::Pass;
use crate::live::slip::Slip;

/// A socket, by the server that holds it and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Connection {
    pub(crate) server: u64,
    pub(crate) number: u64,
}

/// A chat message as it was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) content: String,
    pub(crate) sent_at: DateTime<Utc>,
    pub(crate) client_id: Option<String>,
}

/// Something that is to happen to a session. Whoever orders the commands, the room itself or the bus, all who apply
/// them in that order come to the same state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Nothing: it is over once everything before it was applied.
    Nothing,
    /// Somebody comes, in place of an earlier participation of theirs.
    Join { user: String, participant_id: String, access_token: String, ws_token: String },
    /// A participant gets a token for video, in place of an earlier one.
    AllowVideo { user: String, participant_id: String, token: String },
    /// Somebody's participation ends.
    Leave { user: String },
    /// The same, if the socket that says so is still theirs.
    LeaveFrom { user: String, connection: Connection },
    /// A participant's socket opens, in place of one that was open.
    Open { user: String, participant_id: String, connection: Connection },
    /// A socket ended by itself; the participant keeps the place, to come back.
    Close { user: String, connection: Connection },
    /// Somebody says something to everyone. What planted defects do to it is the same at every server.
    Say { user: String, said: Said, slip: Slip },
    /// What a defect held back is said, if nothing came for it to change places with.
    LetGo,
    /// A server is gone, and its sockets with it.
    Lose { server: u64 },
    /// Everybody is sent home, and what was said is forgotten.
    Reset,
}

/// Why a command came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Every place is taken.
    #[error("Session is full")]
    Full,
    /// Whoever it is about does not take part, or not any more.
    #[error("This participation has ended")]
    Absent,
    /// The thirty-first chat within a minute.
    #[error("Rate limit exceeded: {CHATS_PER_MINUTE} messages per minute")]
    TooManyChats,
}

/// How many take part after a command, or why it came to nothing.
pub(crate) type Outcome = Result<u32, Refusal>;

/// What follows from a command outside of the roster.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Every open socket is told something, but for one.
    Tell { frame: ServerFrame, except: Option<Connection> },
    /// One open socket is told something once more.
    Repeat { frame: ServerFrame, to: Connection },
    /// A socket belongs to the session from here on, after message `last_seq`; its first frame is the welcome.
    Opened { connection: Connection, participant_id: String, welcome: ServerFrame, last_seq: u64 },
    /// A socket is closed.
    Closed { connection: Connection, goodbye: Goodbye },
    /// A message got this number.
    Numbered(u64),
    /// A token is good from here on.
    Issued { token: String, pass: Pass },
    /// A token is good no longer.
    Withdrawn(String),
    /// A participation is over, and its tokens with it.
    Ended(String),
    /// What was said is forgotten.
    Forgotten,
}
