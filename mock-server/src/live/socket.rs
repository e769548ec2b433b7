//! The socket of a session: frames in, frames out, and the clocks that end it.

use std::sync::Arc;
use std::time::Duration;

use axum::RequestPartsExt as _;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use bytes::Bytes;
use contract::ApiError;
use contract::ws::{
    CLOSE_BAD_TOKEN, CLOSE_UNKNOWN_SESSION, ClientFrame, IDLE_SECONDS, PING_SECONDS, ServerFrame,
};
use futures_util::future::BoxFuture;
use http::{HeaderValue, header};
use tokio::time::{MissedTickBehavior, interval_at, sleep_until, timeout};

use super::bus::Silence;
use super::passes::{Pass, Purpose};
use super::room::{Goodbye, LEFT, Outcome, Outgoing, Room, Said, Seat, Submitted, TOO_SLOW, encode};
use super::slip::Slip;
use crate::api::refusal;
use crate::clock;
use crate::defects::Defect;
use crate::faults::{ChatFault, Faults};
use crate::mock::Mock;

/// Bytes a client's frame, and a message of several, may have. The longest chat has a thirtieth of it: what is
/// longer than a chat by mistake earns an error frame, what is longer than this a cut.
const MAX_FRAME_BYTES: usize = 64 * 1024;
/// How long writing one frame may take.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
/// How long the peer may take to confirm a close.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

const BAD_TOKEN: Goodbye = Goodbye { code: CLOSE_BAD_TOKEN, reason: "token is not good for this session" };
const UNKNOWN_SESSION: Goodbye = Goodbye { code: CLOSE_UNKNOWN_SESSION, reason: "unknown session" };
const SILENT: Goodbye = Goodbye { code: 4408, reason: "nothing heard for a minute" };
const BROKEN_FRAME: Goodbye = Goodbye { code: 1002, reason: "frame breaks the protocol" };
const NOT_UTF8: Goodbye = Goodbye { code: 1007, reason: "text is not UTF-8" };
const TOO_LONG: Goodbye = Goodbye { code: 1009, reason: "message is longer than 64 KiB" };
/// Whether the token is good cannot be found out.
const NO_BUS: Goodbye = Goodbye { code: 1013, reason: "the session's bus does not answer, try again" };
/// The process ends.
const GOING_AWAY: Goodbye = Goodbye { code: 1001, reason: "the server is going away" };

/// Answers the handshake. Refusals come as close codes, which a browser can read, not as HTTP statuses.
pub(crate) async fn upgrade(mock: Arc<Mock>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let session = parts.extract::<RawPathParams>().await.ok();
    let session = session.iter().flatten().find(|(name, _)| *name == "session_id");
    let session_id = session.map(|(_, value)| value.to_owned()).unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default();
    let token = serde_urlencoded::from_str::<Vec<(String, String)>>(query)
        .unwrap_or_default()
        .into_iter()
        .find_map(|(name, value)| (name == "token").then_some(value))
        .unwrap_or_default();
    let Ok(handshake) = parts.extract::<WebSocketUpgrade>().await else {
        let mut answer = refusal(&ApiError::new(426, "This is a WebSocket: an upgrade request is expected"));
        answer.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        return answer;
    };
    let admitted = admit(&mock, &session_id, &token).await;
    handshake.max_message_size(MAX_FRAME_BYTES).max_frame_size(MAX_FRAME_BYTES).on_upgrade(
        async move |socket| match admitted {
            Ok((room, pass)) => attend(socket, &mock, &room, &pass).await,
            Err(goodbye) => close(socket, goodbye).await,
        },
    )
}

async fn admit(mock: &Mock, session_id: &str, token: &str) -> Result<(Arc<Room>, Pass), Goodbye> {
    let room = mock.live.room(session_id).map_err(|_| UNKNOWN_SESSION)?;
    let pass = mock.live.pass(&room, token, Purpose::Socket).await.map_err(|Silence| NO_BUS)?;
    let pass = pass.ok_or(BAD_TOKEN)?;
    let is_ours = pass.session_id == session_id;
    let good = if !is_ours && mock.settings.defects.has(Defect::ForeignTokenAccepted) {
        super::let_in(&room, &pass).await
    } else {
        is_ours && room.has(&pass.user_id, &pass.participant_id)
    };
    if good { Ok((room, pass)) } else { Err(BAD_TOKEN) }
}

/// What comes after a frame.
enum Next {
    Nothing,
    Reply(ServerFrame),
    /// The session's order has to be waited for, meanwhile nothing more is read.
    Wait(BoxFuture<'static, Result<Outcome, Silence>>),
    End(Goodbye),
    Gone,
}

/// Serves an open socket to its end.
async fn attend(mut socket: WebSocket, mock: &Mock, room: &Room, pass: &Pass) {
    let user = pass.user_id.as_str();
    let mut seat = match room.open(user, &pass.participant_id).await {
        Ok(Some(seat)) => seat,
        Ok(None) => return close(socket, BAD_TOKEN).await,
        Err(Silence) => return close(socket, NO_BUS).await,
    };
    let goodbye = tokio::select! {
        goodbye = converse(&mut socket, mock, room, user, &mut seat) => goodbye,
        // The socket is dropped without a word, whatever its peer has left to say.
        () = mock.settings.faults.socket_cut() => return room.close(user, seat.connection),
        () = mock.settings.ending.cancelled() => Some(GOING_AWAY),
    };
    if goodbye == Some(LEFT) {
        room.leave_from(user, seat.connection);
    } else {
        room.close(user, seat.connection);
    }
    match goodbye {
        Some(goodbye) => close(socket, goodbye).await,
        // A peer that closed gets its close confirmed, which the library does with the next read.
        None => drop(timeout(CLOSE_PATIENCE, socket.recv()).await),
    }
}

/// Frames in and out until somebody ends it; how, unless the peer is gone already.
async fn converse(
    socket: &mut WebSocket,
    mock: &Mock,
    room: &Room,
    user: &str,
    seat: &mut Seat,
) -> Option<Goodbye> {
    let faults = &mock.settings.faults;
    let mut late = None;
    let mut waiting = None;
    let mut heard_at = clock::now();
    let mut ping =
        interval_at(heard_at + Duration::from_secs(PING_SECONDS), Duration::from_secs(PING_SECONDS));
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let may_read = waiting.is_none();
        let outcome = tokio::select! {
            _ = seat.goodbye.changed() => return *seat.goodbye.borrow(),
            answer = answered(&mut waiting) => match reply(answer) {
                Some(frame) => write(socket, seat, Message::Text(encode(&frame))).await,
                None => Ok(()),
            },
            received = socket.recv(), if may_read => {
                heard_at = clock::now();
                match hear(received, mock, room, user) {
                    Next::Nothing => Ok(()),
                    Next::Reply(frame) => write(socket, seat, Message::Text(encode(&frame))).await,
                    Next::Wait(answer) => {
                        waiting = Some(answer);
                        Ok(())
                    }
                    Next::End(goodbye) => return Some(goodbye),
                    Next::Gone => return None,
                }
            }
            Some(outgoing) = seat.inbox.recv() => {
                let frames = faulty(outgoing, &mut late, faults).into_iter().flatten();
                deliver(socket, seat, room, frames).await
            }
            _ = ping.tick() => {
                room.let_go();
                match deliver(socket, seat, room, late.take()).await {
                    Ok(()) => write(socket, seat, Message::Ping(Bytes::new())).await,
                    end => end,
                }
            }
            () = sleep_until(heard_at + Duration::from_secs(IDLE_SECONDS)) => return Some(SILENT),
        };
        if let Err(end) = outcome {
            return end;
        }
    }
}

/// What is delivered in place of a frame: nothing, itself, itself twice, or itself and the one that came late.
fn faulty(outgoing: Outgoing, late: &mut Option<Outgoing>, faults: &Faults) -> [Option<Outgoing>; 2] {
    if outgoing.seq.is_none() {
        return [Some(outgoing), None];
    }
    match faults.chat() {
        Some(ChatFault::Lost) => [None, None],
        Some(ChatFault::Duplicated) => [Some(outgoing.clone()), Some(outgoing)],
        Some(ChatFault::Late) if late.is_none() => {
            *late = Some(outgoing);
            [None, None]
        }
        _ => [Some(outgoing), late.take()],
    }
}

/// Writes frames, and notes those that are chat.
async fn deliver(
    socket: &mut WebSocket,
    seat: &mut Seat,
    room: &Room,
    frames: impl IntoIterator<Item = Outgoing>,
) -> Result<(), Option<Goodbye>> {
    for outgoing in frames {
        write(socket, seat, Message::Text(outgoing.text)).await?;
        if let Some(seq) = outgoing.seq {
            room.delivered(seat.connection, seq);
        }
    }
    Ok(())
}

/// Writes a frame, for as long as the peer has patience coming; how it ends when it cannot.
async fn write(socket: &mut WebSocket, seat: &mut Seat, message: Message) -> Result<(), Option<Goodbye>> {
    tokio::select! {
        biased;
        written = timeout(WRITE_PATIENCE, socket.send(message)) => match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(None),
            Err(_) => Err(Some(TOO_SLOW)),
        },
        _ = seat.goodbye.changed() => Err(*seat.goodbye.borrow()),
    }
}

/// What a frame from the client means.
fn hear(received: Option<Result<Message, axum::Error>>, mock: &Mock, room: &Room, user: &str) -> Next {
    let text = match received {
        None | Some(Ok(Message::Close(_))) => return Next::Gone,
        Some(Err(error)) => return Next::End(blame(error)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Next::Nothing,
        Some(Ok(Message::Binary(_))) => return reply_error("Frames are JSON text, not binary".to_owned()),
        Some(Ok(Message::Text(text))) => text,
    };
    match serde_json::from_str(&text) {
        Ok(ClientFrame::Ping) => Next::Reply(ServerFrame::Pong),
        Ok(ClientFrame::Leave) => Next::End(LEFT),
        Ok(ClientFrame::Chat { user_id, .. }) if user_id != user => {
            reply_error("user_id is not the one who joined".to_owned())
        }
        Ok(ClientFrame::Chat { content, sent_at, client_id, .. }) => {
            match room.say(slip(mock), user, Said { content, sent_at, client_id }) {
                Ok(Submitted::Applied(outcome)) => reply(Ok(outcome)).map_or(Next::Nothing, Next::Reply),
                Ok(Submitted::Sent(answer)) => Next::Wait(answer),
                Err(sentence) => reply_error(sentence),
            }
        }
        Err(error) => reply_error(format!("Not a frame this socket knows: {error}")),
    }
}

/// How a socket ends whose peer broke the protocol (RFC 6455, section 7.4.1).
fn blame(error: axum::Error) -> Goodbye {
    match error.into_inner().downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Utf8(_)) => NOT_UTF8,
        Some(tungstenite::Error::Capacity(_)) => TOO_LONG,
        _ => BROKEN_FRAME,
    }
}

/// What planted defects do to what is said.
fn slip(mock: &Mock) -> Slip {
    let defects = &mock.settings.defects;
    Slip {
        loses: defects.has(Defect::ChatLost),
        swaps: defects.has(Defect::ChatOrderBroken),
        doubles: defects.has(Defect::ChatDuplicated),
    }
}

/// Completes when what is waited for has come.
async fn answered(
    waiting: &mut Option<BoxFuture<'static, Result<Outcome, Silence>>>,
) -> Result<Outcome, Silence> {
    let Some(answer) = waiting else { return std::future::pending().await };
    let answer = answer.await;
    *waiting = None;
    answer
}

/// What a sender is told of what became of a chat; nothing when it was said, which shows by itself.
fn reply(answer: Result<Outcome, Silence>) -> Option<ServerFrame> {
    let error = match answer {
        Ok(outcome) => outcome.err()?.to_string(),
        Err(silence) => silence.to_string(),
    };
    Some(ServerFrame::Error { error })
}

fn reply_error(error: String) -> Next {
    Next::Reply(ServerFrame::Error { error })
}

/// Says goodbye and waits a moment for the peer's, so that it gets to read ours.
async fn close(mut socket: WebSocket, Goodbye { code, reason }: Goodbye) {
    let farewell = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    let _ = timeout(CLOSE_PATIENCE, async {
        if socket.send(farewell).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    })
    .await;
}
