//! The socket's door: coming in with a token, and trying to with somebody else's.

use std::time::Duration;

use contract::{
    rtc::{
        JoinInput, JoinOutput, JoinSession, LeaveInput, LeaveSession, VideoHealth, VideoToken,
        VideoTokenInput,
    },
    ws::{self, ServerFrame},
};
use engine::{
    driver::Due,
    record::{Fault, FaultKind},
};

use super::{NAME, Shared, done, load_session, other_session};
use crate::{
    context::Context,
    telemetry::traces::Over,
    ws::{Incoming, Socket},
};

/// How long the first frame of a socket may take.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);

/// Opens the socket and waits for the welcome.
pub(super) async fn enter(context: &Context, joined: &JoinOutput) -> Result<Socket, Unopened> {
    knock(context, &load_session().session_id, &joined.ws_token).await
}

/// Why a socket brought no welcome.
pub(super) enum Unopened {
    /// The token was not good enough, and that was said.
    Refused,
    /// Anything else.
    Broken(String),
}

async fn knock(context: &Context, session_id: &str, ws_token: &str) -> Result<Socket, Unopened> {
    let path = ws::path(session_id, ws_token);
    let (due, trace) = (Due::now(), context.trace(ws::ROUTE));
    let opened = Socket::open(context.connector(), &path, trace).await;
    context.traced(ws::ROUTE, &Over::upgrade(due, trace, opened.as_ref()));
    let mut socket = opened.map_err(|fault| match fault.kind {
        FaultKind::Status(401 | 403) => Unopened::Refused,
        _ => Unopened::Broken(fault.to_string()),
    })?;
    match tokio::time::timeout(WELCOME_WITHIN, socket.next()).await {
        Ok(Incoming::Frame(ServerFrame::Welcome { .. })) => Ok(socket),
        Ok(Incoming::Closed(Some(ws::CLOSE_BAD_TOKEN))) => Err(Unopened::Refused),
        Ok(other) => Err(Unopened::Broken(format!("instead of a welcome: {other:?}"))),
        Err(_) => Err(Unopened::Broken("no welcome".to_owned())),
    }
}

/// Whether a good token of another session is refused at this one's socket, and at its video.
/// That something else went wrong is no refusal: then it proves nothing.
pub(super) async fn try_foreign_token(shared: &Shared, context: &mut Context) -> Result<[bool; 2], Fault> {
    let input = JoinInput {
        user_id: format!("loadtest+{}probe", shared.nonce),
        participant_name: "Probe".to_owned(),
    };
    let joined = done(context.call::<JoinSession>(&other_session()).input(&input).send().await);
    let tried = match joined {
        Ok(joined) => try_with(context, &joined).await,
        Err(fault) => Err(fault),
    };
    // Whatever became of it: a join without an answer may have succeeded all the same.
    let input = LeaveInput { user_id: input.user_id };
    drop(context.call::<LeaveSession>(&other_session()).input(&input).send().await);
    tried
}

async fn try_with(context: &mut Context, joined: &JoinOutput) -> Result<[bool; 2], Fault> {
    let socket = knock(context, &load_session().session_id, &joined.ws_token).await;
    let socket_refused = match socket {
        Ok(socket) => {
            socket.close().await;
            false
        }
        Err(Unopened::Refused) => true,
        Err(Unopened::Broken(why)) => return Err(Fault::reset(why)),
    };
    let token = VideoTokenInput { access_token: joined.access_token.clone() };
    let call = context.call::<VideoToken>(&load_session()).bearer(&joined.access_token).input(&token);
    let video_refused = call.or(&[401, 403]).send().await?.refusal().is_some();
    Ok([socket_refused, video_refused])
}

/// Joins and leaves the other session. What goes wrong here shows in the warm-up's own labelled series.
pub(super) async fn rehearse(shared: &Shared, context: &mut Context, round: u64) {
    let other = other_session();
    let user_id = format!("loadtest+{}w{round}", shared.nonce);
    let input = JoinInput { user_id: user_id.clone(), participant_name: NAME.to_owned() };
    let joined = done(context.call::<JoinSession>(&other).input(&input).send().await);
    if let Ok(joined) = joined {
        let token = VideoTokenInput { access_token: joined.access_token.clone() };
        let call = context.call::<VideoToken>(&other).bearer(&joined.access_token).input(&token);
        drop(call.send().await);
        drop(context.call::<VideoHealth>(&other).bearer(&joined.access_token).send().await);
    }
    drop(context.call::<LeaveSession>(&other).input(&LeaveInput { user_id }).send().await);
}
