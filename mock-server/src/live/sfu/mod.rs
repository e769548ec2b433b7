//! The choreography of Cloudflare's Realtime SFU over HTTP: sessions, tracks, one negotiation at a time.
//!
//! Cloudflare's rules are kept here ([`session`], [`tracks`]), pure but for what they ask of [`Negotiation`]: who
//! writes and reads the descriptions, and whether media flows. With a media plane a session counts as connected
//! once its DTLS stands and a track as active while its packets come; without one, once descriptions have been
//! exchanged. An operation on a session that is not connected waits up to five seconds for it.

mod answer;
mod application;
mod handlers;
mod negotiation;
mod outcome;
mod sdp;
mod session;
mod tracks;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::ApiError;
use contract::rtc::{VideoHealthOutput, VideoStatus};
use contract::sfu::{CONNECT_WAIT_SECONDS, SfuSessionParams};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::books::{Book, Figures};
use super::media::Plane;
use super::passes::{Pass, Purpose, random_text};
use crate::area::AuditCheck;
use crate::clock;
use crate::sync::lock;
use negotiation::Negotiation;
use session::{Session, Sources};

pub(crate) use answer::Section;
pub use application::SfuApp;
pub(crate) use handlers::routes;
pub(crate) use negotiation::{Flow, Quality};
#[cfg(feature = "media")]
pub(crate) use sdp::Kind;
pub(crate) use sdp::Sdp;

/// Sessions one participant may have open; the oldest makes room for the next.
const MAX_OWN_SESSIONS: usize = 4;
/// Share of packets lost from which on video is not healthy.
const TOO_MUCH_LOSS: f64 = 0.05;
/// How often tracks without media are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Sessions an application may have open, likewise.
const MAX_APP_SESSIONS: usize = 10_000;

/// All SFU sessions.
#[derive(Debug, Default)]
pub(crate) struct Sfu {
    sessions: Mutex<Sessions>,
    /// What was carried for whom, also after they left.
    books: Mutex<BTreeMap<String, Arc<Book>>>,
    /// Told whenever a session gets connected or goes.
    changed: Arc<Notify>,
}

/// The sessions by their id, and when they were last swept.
#[derive(Debug, Default)]
struct Sessions {
    by_id: BTreeMap<String, Session>,
    swept_at: Option<Instant>,
}

impl Sessions {
    /// Collects tracks that have been without media for too long, in all sessions.
    fn sweep(&mut self, now: Instant) {
        if self.swept_at.is_none_or(|at| now.duration_since(at) >= SWEEP_EVERY) {
            self.swept_at = Some(now);
            self.by_id.values_mut().for_each(|session| session.collect(now));
        }
    }
}

impl Sfu {
    /// Ends the sessions of these participants.
    pub(crate) fn end_of(&self, participants: &[String]) {
        if participants.is_empty() {
            return;
        }
        lock(&self.sessions).by_id.retain(|_, session| !participants.contains(&session.owner.participant_id));
        self.changed.notify_waiters();
    }

    /// Ends all sessions and begins new books.
    pub(crate) fn clear(&self) {
        lock(&self.sessions).by_id.clear();
        lock(&self.books).clear();
        self.changed.notify_waiters();
    }

    /// What was carried for each participant.
    pub(crate) fn figures(&self) -> BTreeMap<String, Figures> {
        lock(&self.books).iter().map(|(participant, book)| (participant.clone(), book.figures())).collect()
    }

    /// Whether every packet went to every subscriber of its track, but for those that faults dropped.
    pub(crate) fn audit(&self) -> AuditCheck {
        let figures = self.figures();
        let broken = figures.iter().filter(|(_, figures)| !figures.balance());
        let broken = broken.map(|(participant, _)| participant.clone()).collect();
        AuditCheck::new("media_forwarded_to_every_subscriber", figures.len(), "participants", broken)
    }

    /// How the video of a participant is doing.
    pub(crate) fn health(&self, participant_id: &str, now: Instant) -> VideoHealthOutput {
        let sessions = lock(&self.sessions);
        let own = || sessions.by_id.values().filter(|session| session.owner.participant_id == participant_id);
        let qualities: Vec<_> = own().filter_map(|session| session.quality(now)).collect();
        let worst = |of: fn(&negotiation::Quality) -> f64| qualities.iter().map(of).fold(0.0, f64::max);
        let packet_loss = worst(|quality| quality.loss);
        let status = if qualities.iter().any(|quality| quality.stopped) || packet_loss >= TOO_MUCH_LOSS {
            VideoStatus::Degraded
        } else if qualities.iter().any(|quality| quality.flows) {
            VideoStatus::Healthy
        } else {
            VideoStatus::Connected
        };
        VideoHealthOutput {
            status,
            packet_loss,
            jitter_ms: worst(|quality| quality.jitter_ms),
            rtt_ms: worst(|quality| quality.rtt_ms),
            tracks: own().map(Session::tracks).sum::<usize>() as u32,
        }
    }

    fn open(&self, owner: Pass, plane: Option<&Arc<Plane>>, now: Instant) -> String {
        let id = random_text::<16>();
        let book = Arc::clone(lock(&self.books).entry(owner.participant_id.clone()).or_default());
        let negotiation = Negotiation::new(plane, &owner.user_id, book, &self.changed);
        let mut sessions = lock(&self.sessions);
        let own = sessions.by_id.iter().filter(|(_, session)| session.owner == owner);
        let own: Vec<(Instant, String)> = own.map(|(id, session)| (session.opened_at, id.clone())).collect();
        if let (true, Some((_, oldest))) = (own.len() >= most_sessions(&owner), own.iter().min()) {
            sessions.by_id.remove(oldest);
        }
        sessions.by_id.insert(id.clone(), Session::new(owner, negotiation, now));
        id
    }

    /// Does something with a session of the bearer's, with every other session to look tracks up in.
    fn with<T>(
        &self,
        at: &SfuSessionParams,
        owner: &Pass,
        act: impl FnOnce(&mut Session, &Sources<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut sessions = lock(&self.sessions);
        sessions.sweep(clock::now());
        let mut session = sessions.by_id.remove(&at.session_id).ok_or_else(gone)?;
        let outcome = if session.owner.participant_id == owner.participant_id {
            act(&mut session, &Sources { sessions: &sessions.by_id, live_session: &owner.session_id })
        } else {
            Err(ApiError::forbidden("This session belongs to another participant"))
        };
        let connected = session.is_connected();
        sessions.by_id.insert(at.session_id.clone(), session);
        drop(sessions);
        if connected {
            self.changed.notify_waiters();
        }
        outcome
    }

    /// Waits until the session is connected: 425 when it takes too long, 410 when it goes meanwhile.
    async fn connected(&self, at: &SfuSessionParams, owner: &Pass) -> Result<(), ApiError> {
        let deadline = clock::now() + Duration::from_secs(CONNECT_WAIT_SECONDS);
        loop {
            let changed = self.changed.notified();
            let connected = lock(&self.sessions).by_id.get(&at.session_id).ok_or_else(gone)?.is_connected();
            if connected {
                return Ok(());
            }
            if timeout_at(deadline, changed).await.is_err() {
                let sentence = format!("Session {} of {} is not connected yet", at.session_id, owner.user_id);
                return Err(ApiError::new(425, sentence));
            }
        }
    }
}

fn most_sessions(owner: &Pass) -> usize {
    if owner.purpose == Purpose::Application { MAX_APP_SESSIONS } else { MAX_OWN_SESSIONS }
}

fn gone() -> ApiError {
    ApiError::new(410, "Session not found, or it has ended")
}
