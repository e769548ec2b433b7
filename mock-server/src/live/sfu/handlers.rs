//! The endpoints of the SFU's API.

use std::sync::Arc;

use contract::sfu::{
    AppParams, CloseInput, CloseTracks, GetSession, NewSession, NewSessionOutput, NewTracks, Renegotiate,
    RenegotiateInput, RenegotiateOutput, SessionState, SfuSessionParams, TracksInput, TracksOutput,
    UpdateTracks,
};
use contract::{ApiError, Nothing};

use crate::api::Api;
use crate::caller::{self, Caller};
use crate::clock;
use crate::live::APP_ID;
use crate::live::passes::{Pass, Purpose};
use crate::mock::Mock;

pub(crate) fn routes(api: Api) -> Api {
    api.endpoint::<NewSession>(new_session)
        .endpoint::<NewTracks>(new_tracks)
        .endpoint::<Renegotiate>(renegotiate)
        .waiting::<CloseTracks, _>(close_tracks)
        .waiting::<UpdateTracks, _>(update_tracks)
        .endpoint::<GetSession>(get_session)
}

/// The owner a video token stands for; 403 for another application than its own.
fn owner(mock: &Mock, caller: &Caller, app_id: &str) -> Result<Pass, ApiError> {
    let token = caller.token.as_deref().ok_or_else(caller::not_authenticated)?;
    if let Some(app) = mock.settings.sfu_app.as_ref().filter(|app| app.id == app_id) {
        return app.pass(token);
    }
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
    Ok(NewSessionOutput { session_id: mock.live.sfu.open(owner, mock.settings.plane.get(), clock::now()) })
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
    mock.live.sfu.with(&at, &owner, |session, sources| {
        session.call(now)?;
        let session_description = session.renegotiate(now, &input.session_description, sources)?;
        Ok(RenegotiateOutput { session_description })
    })
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
    mock.live.sfu.with(&at, &owner, |session, sources| session.update_tracks(clock::now(), input, sources))
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
        Ok(session.state(now, sources))
    })
}
