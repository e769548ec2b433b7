//! What is measured of a live session.

use contract::{
    Endpoint,
    rtc::{JoinSession, LeaveSession, VideoHealth, VideoToken},
    sfu::{CloseTracks, NewSession, NewTracks, Renegotiate, UpdateTracks},
};
use engine::record::{CounterId, Registry, ShareId, TimingId};

use crate::media::series::MediaSeries;

/// What is measured of a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series {
    pub(super) media: MediaSeries,
    pub(super) way_in: WayIn,
    pub(super) join: TimingId,
    pub(super) token: TimingId,
    pub(super) all: TimingId,
    pub(super) connecting: TimingId,
    pub(super) session_length: TimingId,
    pub(super) chat_latency: TimingId,
    pub(super) away: TimingId,
    pub(super) connected: ShareId,
    pub(super) sessions_kept: ShareId,
    pub(super) time_present: ShareId,
    pub(super) delivered: ShareId,
    pub(super) video_health: ShareId,
    pub(super) tracks: ShareId,
    pub(super) foreign_token_refused: ShareId,
    pub(super) heard_once: ShareId,
    pub(super) heard_in_order: ShareId,
    pub(super) sent: CounterId,
    pub(super) received: CounterId,
    pub(super) missed: CounterId,
    pub(super) drops: CounterId,
    pub(super) duplicates: CounterId,
    pub(super) disorder: CounterId,
    pub(super) errors: CounterId,
}

impl Series {
    pub(super) fn declare(registry: &mut Registry) -> Self {
        let join = registry.endpoint(JoinSession::ROUTE);
        let token = registry.endpoint(VideoToken::ROUTE);
        for route in [
            VideoHealth::ROUTE,
            LeaveSession::ROUTE,
            NewSession::ROUTE,
            NewTracks::ROUTE,
            Renegotiate::ROUTE,
            UpdateTracks::ROUTE,
            CloseTracks::ROUTE,
        ] {
            registry.endpoint(route);
        }
        Self {
            media: MediaSeries::declare(registry),
            way_in: WayIn::declare(registry),
            join,
            token,
            all: registry.group("all"),
            connecting: registry.value("ws_connecting"),
            session_length: registry.value("ws_session_duration"),
            chat_latency: registry.value("chat_message_latency"),
            away: registry.value("time_to_come_back"),
            connected: registry.share("ws_connection_success"),
            sessions_kept: registry.share("sessions_kept"),
            time_present: registry.share("participant_time_present"),
            delivered: registry.share("message_delivery_success"),
            video_health: registry.share("video_health_check_success"),
            tracks: registry.share("sfu_tracks_granted"),
            foreign_token_refused: registry.share("foreign_token_refused"),
            heard_once: registry.share("messages_heard_once"),
            heard_in_order: registry.share("messages_heard_in_order"),
            sent: registry.counter("ws_msgs_sent"),
            received: registry.counter("ws_msgs_received"),
            missed: registry.counter("messages_missed"),
            drops: registry.counter("ws_connection_drops"),
            duplicates: registry.counter("messages_heard_twice"),
            disorder: registry.counter("messages_out_of_order"),
            errors: registry.counter("error_frames"),
        }
    }
}

/// The steps of each participant's first way in. The requests' own series hold those of coming back and of every later
/// subscription as well.
#[derive(Debug, Clone, Copy)]
pub(super) struct WayIn {
    /// Joining, since due.
    pub(super) join: TimingId,
    /// The video token.
    pub(super) token: TimingId,
    /// A session with the SFU.
    pub(super) session: TimingId,
    /// Publishing in it, waits that the SFU asked for included.
    pub(super) tracks: TimingId,
}

impl WayIn {
    fn declare(registry: &mut Registry) -> Self {
        Self {
            join: registry.value("join_http"),
            token: registry.value("join_video_token"),
            session: registry.value("join_sfu_session"),
            tracks: registry.value("join_sfu_tracks"),
        }
    }
}
