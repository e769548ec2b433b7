//! The choreography of Cloudflare's Realtime SFU over HTTP: sessions, tracks, one negotiation at a time.
//!
//! There is no media plane here: a session counts as connected, and its tracks as active, once their
//! descriptions have been exchanged. All of Cloudflare's rules that do not need media are kept, those about
//! waiting for a connection included: an operation on a session that has exchanged nothing yet waits up to five
//! seconds for somebody to do so.

mod answer;
mod sdp;
mod session;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::sfu::{
    AppParams, CONNECT_WAIT_SECONDS, CloseInput, CloseTracks, GetSession, NewSession, NewSessionOutput,
    NewTracks, Renegotiate, RenegotiateInput, RenegotiateOutput, SessionState, SfuSessionParams, TracksInput,
    TracksOutput, UpdateTracks,
};
use contract::{ApiError, Nothing};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::APP_ID;
use super::passes::{Pass, Purpose, random_text};
use crate::api::Api;
use crate::caller::{self, Caller};
use crate::clock;
use crate::mock::Mock;
use crate::sync::lock;
use session::{Session, Sources};

/// Sessions one participant may have open; the oldest makes room for the next.
const MAX_OWN_SESSIONS: usize = 4;

/// All SFU sessions.
#[derive(Debug, Default)]
pub(crate) struct Sfu {
    sessions: Mutex<BTreeMap<String, Session>>,
    /// Told whenever a session gets connected or goes.
    changed: Notify,
}

pub(crate) fn routes(api: Api) -> Api {
    api.endpoint::<NewSession>(new_session)
        .endpoint::<NewTracks>(new_tracks)
        .endpoint::<Renegotiate>(renegotiate)
        .waiting::<CloseTracks, _>(close_tracks)
        .waiting::<UpdateTracks, _>(update_tracks)
        .endpoint::<GetSession>(get_session)
}

impl Sfu {
    /// Ends the sessions of these participants.
    pub(crate) fn end_of(&self, participants: &[String]) {
        if participants.is_empty() {
            return;
        }
        lock(&self.sessions).retain(|_, session| !participants.contains(&session.owner.participant_id));
        self.changed.notify_waiters();
    }

    /// Ends all sessions.
    pub(crate) fn clear(&self) {
        lock(&self.sessions).clear();
        self.changed.notify_waiters();
    }

    /// How many tracks a participant sends or receives.
    pub(crate) fn tracks_of(&self, participant_id: &str) -> usize {
        let sessions = lock(&self.sessions);
        sessions
            .values()
            .filter(|session| session.owner.participant_id == participant_id)
            .map(Session::tracks)
            .sum()
    }

    fn open(&self, owner: Pass, now: Instant) -> String {
        let id = random_text::<16>();
        let mut sessions = lock(&self.sessions);
        let own = sessions.iter().filter(|(_, session)| session.owner == owner);
        let own: Vec<(Instant, String)> = own.map(|(id, session)| (session.opened_at, id.clone())).collect();
        if let (true, Some((_, oldest))) = (own.len() >= MAX_OWN_SESSIONS, own.iter().min()) {
            sessions.remove(oldest);
        }
        sessions.insert(id.clone(), Session::new(owner, now));
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
        let mut session = sessions.remove(&at.session_id).ok_or_else(gone)?;
        let outcome = if session.owner.participant_id == owner.participant_id {
            act(&mut session, &Sources { sessions: &sessions, live_session: &owner.session_id })
        } else {
            Err(ApiError::forbidden("This session belongs to another participant"))
        };
        let connected = session.is_connected();
        sessions.insert(at.session_id.clone(), session);
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
            let connected = lock(&self.sessions).get(&at.session_id).ok_or_else(gone)?.is_connected();
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

fn gone() -> ApiError {
    ApiError::new(410, "Session not found, or it has ended")
}

/// The owner a video token stands for; 403 for another application than its own.
fn owner(mock: &Mock, caller: &Caller, app_id: &str) -> Result<Pass, ApiError> {
    let token = caller.token.as_deref().ok_or_else(caller::not_authenticated)?;
    let pass = mock.live.passes.read(token, Purpose::Video);
    let pass = pass.ok_or_else(|| ApiError::unauthorized("Invalid or expired video token"))?;
    if app_id == APP_ID {
        Ok(pass)
    } else {
        Err(ApiError::forbidden("This token belongs to another application"))
    }
}

fn new_session(
    mock: &Mock,
    caller: &Caller,
    at: AppParams,
    _: Nothing,
) -> Result<NewSessionOutput, ApiError> {
    let owner = owner(mock, caller, &at.app_id)?;
    Ok(NewSessionOutput { session_id: mock.live.sfu.open(owner, clock::now()) })
}

fn new_tracks(
    mock: &Mock,
    caller: &Caller,
    at: SfuSessionParams,
    input: TracksInput,
) -> Result<TracksOutput, ApiError> {
    let owner = owner(mock, caller, &at.app_id)?;
    let now = clock::now();
    mock.live.sfu.with(&at, &owner, |session, sources| {
        session.call(now)?;
        session.new_tracks(now, input, sources)
    })
}

fn renegotiate(
    mock: &Mock,
    caller: &Caller,
    at: SfuSessionParams,
    input: RenegotiateInput,
) -> Result<RenegotiateOutput, ApiError> {
    let owner = owner(mock, caller, &at.app_id)?;
    let now = clock::now();
    mock.live.sfu.with(&at, &owner, |session, _| {
        session.call(now)?;
        session.renegotiate(&input.session_description)
    })?;
    Ok(RenegotiateOutput::default())
}

async fn close_tracks(
    mock: Arc<Mock>,
    caller: Caller,
    at: SfuSessionParams,
    input: CloseInput,
) -> Result<TracksOutput, ApiError> {
    let owner = owner(&mock, &caller, &at.app_id)?;
    mock.live.sfu.with(&at, &owner, |session, _| session.call(clock::now()))?;
    mock.live.sfu.connected(&at, &owner).await?;
    mock.live.sfu.with(&at, &owner, |session, _| session.close_tracks(input))
}

async fn update_tracks(
    mock: Arc<Mock>,
    caller: Caller,
    at: SfuSessionParams,
    input: TracksInput,
) -> Result<TracksOutput, ApiError> {
    let owner = owner(&mock, &caller, &at.app_id)?;
    mock.live.sfu.with(&at, &owner, |session, _| session.call(clock::now()))?;
    mock.live.sfu.connected(&at, &owner).await?;
    mock.live.sfu.with(&at, &owner, |session, sources| session.update_tracks(input, sources))
}

fn get_session(
    mock: &Mock,
    caller: &Caller,
    at: SfuSessionParams,
    _: Nothing,
) -> Result<SessionState, ApiError> {
    let owner = owner(mock, caller, &at.app_id)?;
    let now = clock::now();
    mock.live.sfu.with(&at, &owner, |session, sources| {
        session.call(now)?;
        Ok(session.state(sources))
    })
}
