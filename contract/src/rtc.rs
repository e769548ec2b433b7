//! Joining a live training session; its chat is in [`crate::ws`], its media in [`crate::sfu`].

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Nothing, endpoint};

/// The load session.
pub const LOAD_SESSION: &str = "test_session_001";
/// A second session, whose token must be refused in the first.
pub const OTHER_SESSION: &str = "test_session_002";
/// Participants a session takes unless it says otherwise.
pub const DEFAULT_CAPACITY: u32 = 100;

endpoint! {
    /// Join a session.
    JoinSession = "POST /api/rtc/sessions/{session_id}/join", Open, Json JoinInput => 200 JoinOutput,
    params SessionParams, errors [404, 409, 422]
}
endpoint! {
    /// A token for the session's video.
    VideoToken = "POST /api/rtc/sessions/{session_id}/video-token", Session, Json VideoTokenInput => 200 VideoTokenOutput,
    params SessionParams, errors [401, 403, 404, 422]
}
endpoint! {
    /// How the bearer's video is doing.
    VideoHealth = "GET /api/rtc/sessions/{session_id}/video-health", Session, None Nothing => 200 VideoHealthOutput,
    params SessionParams, errors [401, 403, 404]
}
endpoint! {
    /// Leave a session.
    LeaveSession = "POST /api/rtc/sessions/{session_id}/leave", Open, Json LeaveInput => 200 LeaveOutput,
    params SessionParams, errors [404, 422]
}

/// Which session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionParams {
    /// The session's id.
    pub session_id: String,
}

/// Body of [`JoinSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JoinInput {
    /// Who joins; joining again with the same id replaces the earlier participant.
    #[schemars(length(min = 1, max = 200), regex(pattern = r"\S"))]
    pub user_id: String,
    /// The name others see.
    #[schemars(length(min = 1, max = 200), regex(pattern = r"\S"))]
    pub participant_name: String,
}

/// Answer of [`JoinSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JoinOutput {
    /// The session.
    pub session_id: String,
    /// This participation.
    pub participant_id: String,
    /// Bearer for the session's other calls.
    pub access_token: String,
    /// Token for the session's socket.
    pub ws_token: String,
    /// How many take part now, the newcomer included.
    pub participants: u32,
    /// Where ICE may ask.
    pub ice_servers: Vec<IceServer>,
}

/// A STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IceServer {
    /// Its URLs.
    pub urls: Vec<String>,
    /// User name, for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Password, for TURN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// Body of [`VideoToken`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VideoTokenInput {
    /// The access token that [`JoinSession`] answered with.
    pub access_token: String,
}

/// Answer of [`VideoToken`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VideoTokenOutput {
    /// Bearer for the SFU.
    pub video_token: String,
    /// The SFU application.
    pub app_id: String,
    /// Base of the SFU's API, such as `/v1/apps/{app_id}`, absolute or relative to the host.
    pub sfu_url: String,
    /// When the token ends.
    pub expires_at: DateTime<Utc>,
}

/// Answer of [`VideoHealth`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VideoHealthOutput {
    /// How it is doing.
    pub status: VideoStatus,
    /// Share of packets lost, 0..=1.
    pub packet_loss: f64,
    /// Interarrival jitter in milliseconds.
    pub jitter_ms: f64,
    /// Round trip in milliseconds.
    pub rtt_ms: f64,
    /// Tracks in use.
    pub tracks: u32,
}

/// How video is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VideoStatus {
    /// Connected, nothing measured yet.
    Connected,
    /// Measured and good.
    Healthy,
    /// Measured and bad.
    Degraded,
}

/// Body of [`LeaveSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeaveInput {
    /// Who leaves.
    pub user_id: String,
}

/// Answer of [`LeaveSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeaveOutput {
    /// Always true.
    pub left: bool,
}
