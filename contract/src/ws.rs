//! The socket of a live session: chat with gapless sequence numbers, the same order for everyone.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The socket's one name.
pub const ROUTE: &str = "GET /ws/sessions/{session_id}";
/// Close code for a token that is not good here.
pub const CLOSE_BAD_TOKEN: u16 = 4401;
/// Close code for a session that does not exist.
pub const CLOSE_UNKNOWN_SESSION: u16 = 4404;
/// Chats a person may send in a minute; the next earns an error frame.
pub const CHATS_PER_MINUTE: usize = 30;
/// Characters a chat may have.
pub const CHAT_MAX_CHARS: usize = 500;
/// Seconds between the server's protocol-level pings.
pub const PING_SECONDS: u64 = 20;
/// Seconds of silence, neither frame nor pong, after which a peer is dropped.
pub const IDLE_SECONDS: u64 = 60;

/// Path and query of the socket.
pub fn path(session_id: &str, ws_token: &str) -> String {
    let query = serde_urlencoded::to_string([("token", ws_token)]).expect("a pair of strings encodes");
    format!("/ws/sessions/{session_id}?{query}")
}

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Say something to everyone.
    Chat {
        /// What is said, 1 to 500 characters.
        content: String,
        /// Who says it.
        user_id: String,
        /// When it was sent, by the sender's clock.
        sent_at: DateTime<Utc>,
        /// The sender's own id for it, echoed to everyone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// Ask for a pong.
    Ping,
    /// Go.
    Leave,
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame.
    Welcome {
        /// The session.
        session_id: String,
        /// This participation.
        participant_id: String,
        /// How many take part.
        participants: u32,
    },
    /// Somebody said something; the sender gets it too.
    Chat {
        /// The message's id.
        message_id: String,
        /// Its place in the session's order, from 1, without gaps.
        seq: u64,
        /// What was said.
        content: String,
        /// Who said it.
        user_id: String,
        /// When it was sent, by the sender's clock.
        sent_at: DateTime<Utc>,
        /// The sender's own id for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// Somebody came.
    ParticipantJoined {
        /// Who.
        participant_id: String,
        /// How many take part now.
        participants: u32,
    },
    /// Somebody went.
    ParticipantLeft {
        /// Who.
        participant_id: String,
        /// How many take part now.
        participants: u32,
    },
    /// The answer to a ping.
    Pong,
    /// Something sent was refused; the socket stays open.
    Error {
        /// Why.
        error: String,
    },
}
