//! The part of Cloudflare Realtime's SFU API that a participant's browser uses: sessions, tracks, one
//! negotiation at a time. Source: Cloudflare Realtime SFU, "HTTPS API" (formerly Calls); see EVIDENCE.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Nothing, endpoint};

/// Tracks one call may name.
pub const MAX_TRACKS_PER_CALL: usize = 64;
/// Calls a session may make in a second.
pub const CALLS_PER_SECOND: u32 = 50;
/// Seconds an operation waits for the session to be connected.
pub const CONNECT_WAIT_SECONDS: u64 = 5;
/// Seconds after which a track without media is collected.
pub const COLLECT_SECONDS: u64 = 30;

endpoint! {
    /// Open a session with the SFU.
    NewSession = "POST /v1/apps/{app_id}/sessions/new", Video, None Nothing => 201 NewSessionOutput,
    params AppParams, errors [401, 403, 429]
}
endpoint! {
    /// Publish local tracks, or subscribe to remote ones.
    NewTracks = "POST /v1/apps/{app_id}/sessions/{session_id}/tracks/new", Video, Json TracksInput => 200 TracksOutput,
    params SfuSessionParams, errors [400, 401, 403, 406, 410, 422, 425, 429]
}
endpoint! {
    /// Answer the offer the SFU made; or, with an offer, restart ICE after the network changed (RFC 8839, 4.4.1.1).
    Renegotiate = "PUT /v1/apps/{app_id}/sessions/{session_id}/renegotiate", Video, Json RenegotiateInput => 200 RenegotiateOutput,
    params SfuSessionParams, errors [400, 401, 403, 406, 410, 422, 425, 429]
}
endpoint! {
    /// Close tracks by their mid.
    CloseTracks = "PUT /v1/apps/{app_id}/sessions/{session_id}/tracks/close", Video, Json CloseInput => 200 TracksOutput,
    params SfuSessionParams, errors [400, 401, 403, 406, 410, 422, 425, 429]
}
endpoint! {
    /// Point tracks at another source.
    UpdateTracks = "PUT /v1/apps/{app_id}/sessions/{session_id}/tracks/update", Video, Json TracksInput => 200 TracksOutput,
    params SfuSessionParams, errors [400, 401, 403, 406, 410, 422, 425, 429]
}
endpoint! {
    /// The session's tracks and their state.
    GetSession = "GET /v1/apps/{app_id}/sessions/{session_id}", Video, None Nothing => 200 SessionState,
    params SfuSessionParams, errors [401, 403, 410, 429]
}

/// Which application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppParams {
    /// The application's id.
    pub app_id: String,
}

/// Which session of which application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SfuSessionParams {
    /// The application's id.
    pub app_id: String,
    /// The SFU session's id.
    pub session_id: String,
}

/// Answer of [`NewSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewSessionOutput {
    /// The SFU session's id.
    pub session_id: String,
}

/// An SDP offer or answer (RFC 8866).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionDescription {
    /// Offer or answer.
    #[serde(rename = "type")]
    pub kind: SdpType,
    /// The description itself.
    pub sdp: String,
}

/// Offer or answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SdpType {
    Offer,
    Answer,
}

/// Where a track comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// Published by this session.
    Local,
    /// Published by another.
    Remote,
}

/// A track, as a request names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrackRef {
    /// Where it comes from.
    pub location: Location,
    /// Media section of the offer (local tracks).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<String>,
    /// The session that publishes it (remote tracks).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Its name.
    pub track_name: String,
}

/// Body of [`NewTracks`] and [`UpdateTracks`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TracksInput {
    /// The offer, when local tracks are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_description: Option<SessionDescription>,
    /// The tracks, at most 64.
    #[schemars(length(min = 1, max = MAX_TRACKS_PER_CALL))]
    pub tracks: Vec<TrackRef>,
}

/// Answer of [`NewTracks`], [`UpdateTracks`] and [`CloseTracks`]. A 200 may carry failed tracks: look at each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TracksOutput {
    /// Whether the client must answer the offer that comes with this.
    pub requires_immediate_renegotiation: bool,
    /// What became of each track.
    pub tracks: Vec<TrackOutcome>,
    /// The SFU's answer (publish) or offer (subscribe).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_description: Option<SessionDescription>,
}

/// What became of one track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrackOutcome {
    /// Its media section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<String>,
    /// Its name.
    pub track_name: String,
    /// The session that publishes it (remote tracks).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Why it failed, such as `not_found_track_error`; absent when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The same for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// Body of [`Renegotiate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenegotiateInput {
    /// The answer to the SFU's offer, or an offer with new ICE credentials.
    pub session_description: SessionDescription,
}

/// Answer of [`Renegotiate`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenegotiateOutput {
    /// The SFU's answer, when it was sent an offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_description: Option<SessionDescription>,
}

/// Body of [`CloseTracks`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloseInput {
    /// The tracks to close.
    #[schemars(length(min = 1, max = MAX_TRACKS_PER_CALL))]
    pub tracks: Vec<MidRef>,
    /// A new offer without them, unless `force`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_description: Option<SessionDescription>,
    /// Close at once, without negotiation.
    #[serde(default)]
    pub force: bool,
}

/// A track by its media section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MidRef {
    /// The media section.
    pub mid: String,
}

/// Answer of [`GetSession`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionState {
    /// The session's tracks.
    pub tracks: Vec<TrackState>,
}

/// A track of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrackState {
    /// Where it comes from.
    pub location: Location,
    /// Its media section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<String>,
    /// The session that publishes it (remote tracks).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Its name.
    pub track_name: String,
    /// Whether media flows.
    pub status: TrackStatus,
}

/// Whether a track's media flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrackStatus {
    /// It flows.
    Active,
    /// It stopped.
    Inactive,
    /// It has not begun.
    Waiting,
}
