//! The live session: joined, its video negotiated, its socket opened, and left.

use contract::{
    Endpoint as _,
    rtc::{
        JoinInput, JoinSession, LOAD_SESSION, LeaveInput, LeaveSession, SessionParams, VideoHealth,
        VideoToken, VideoTokenInput,
    },
    sfu::{
        AppParams, CloseInput, CloseTracks, Location, MidRef, NewSession, NewTracks, Renegotiate,
        RenegotiateInput, SdpType, SessionDescription, SfuSessionParams, TrackRef, TracksInput, UpdateTracks,
    },
    ws::{self, ServerFrame},
};
use fixtures::Stream;

use crate::{
    preflight::{
        findings::Trouble,
        kit::{Kit, Thing},
        reply::{Reply, unanswered},
        shape::Difference,
    },
    scenarios::rtc::sdp,
    ws::{Incoming, Socket},
};

/// What the one track is called.
const TRACK: &str = "audio-preflight";
/// Media section of the one track.
const MID: &str = "0";
/// A session nobody has opened.
const NO_SESSION: &str = "preflight-none";

fn session() -> SessionParams {
    SessionParams { session_id: LOAD_SESSION.to_owned() }
}

fn user_id(kit: &Kit) -> String {
    format!("loadtest+{}preflight", kit.nonce)
}

pub(in crate::preflight) async fn join(kit: &Kit) -> Result<(), Trouble> {
    let input = JoinInput { user_id: user_id(kit), participant_name: "Preflight".to_owned() };
    let reply = kit.to::<JoinSession>(&session()).input(&input).send().await?;
    kit.keep(Thing::SessionToken, reply.text("/access_token"));
    kit.keep(Thing::SocketToken, reply.text("/ws_token"));
    reply.fits()
}

pub(in crate::preflight) async fn video_token(kit: &Kit) -> Result<(), Trouble> {
    let access_token = kit.need(Thing::SessionToken)?;
    let question = kit.to::<VideoToken>(&session()).bearer(&access_token);
    let reply = question.input(&VideoTokenInput { access_token }).send().await?;
    kit.keep(Thing::VideoToken, reply.text("/video_token"));
    kit.keep(Thing::App, reply.text("/app_id"));
    reply.fits()?;
    leads_there(kit, &reply.text("/sfu_url").unwrap_or_default())
}

/// The SFU must be where its calls go: at the target, unless another was asked for.
fn leads_there(kit: &Kit, sfu_url: &str) -> Result<(), Trouble> {
    let target = kit.connector().target();
    let at = target.elsewhere(NewSession::ROUTE).map_or(target, |part| part.as_ref()).to_string();
    if target.other_sfu().is_some() || !sfu_url.contains("://") || sfu_url.starts_with(&format!("{at}/")) {
        return Ok(());
    }
    let expected = format!("an SFU at {at}; with --sfu ORIGIN its calls go elsewhere");
    Err(Trouble::Differs { differences: vec![Difference::new("sfu_url", expected, sfu_url)] })
}

pub(in crate::preflight) async fn video_health(kit: &Kit) -> Result<(), Trouble> {
    let token = kit.need(Thing::SessionToken)?;
    kit.to::<VideoHealth>(&session()).bearer(&token).send().await?.fits()
}

/// One session with the SFU to publish, one to subscribe.
pub(in crate::preflight) async fn new_sessions(kit: &Kit) -> Result<(), Trouble> {
    let (token, app) = (kit.need(Thing::VideoToken)?, AppParams { app_id: kit.need(Thing::App)? });
    let open = || kit.to::<NewSession>(&app).bearer(&token).send();
    let (publisher, subscriber) = tokio::try_join!(open(), open())?;
    kit.keep(Thing::Publisher, publisher.text("/sessionId"));
    kit.keep(Thing::Subscriber, subscriber.text("/sessionId"));
    publisher.fits()?;
    subscriber.fits()
}

/// Publishes a track in one session and subscribes to it in the other.
pub(in crate::preflight) async fn new_tracks(kit: &Kit) -> Result<(), Trouble> {
    let publisher = kit.need(Thing::Publisher)?;
    let sdp = sdp::offer(draw(kit, "preflight-offer"), MID, TRACK);
    let local = TracksInput {
        session_description: Some(SessionDescription { kind: SdpType::Offer, sdp }),
        tracks: vec![TrackRef {
            location: Location::Local,
            mid: Some(MID.to_owned()),
            session_id: None,
            track_name: TRACK.to_owned(),
        }],
    };
    tracks(kit, &publisher, &local).await?.fits()?;
    let remote = TracksInput {
        session_description: None,
        tracks: vec![TrackRef {
            location: Location::Remote,
            mid: None,
            session_id: Some(publisher),
            track_name: TRACK.to_owned(),
        }],
    };
    let reply = tracks(kit, &kit.need(Thing::Subscriber)?, &remote).await?;
    kit.keep(Thing::Offer, reply.text("/sessionDescription/sdp"));
    reply.fits()
}

async fn tracks(kit: &Kit, session_id: &str, input: &TracksInput) -> Result<Reply<NewTracks>, Trouble> {
    let token = kit.need(Thing::VideoToken)?;
    kit.to::<NewTracks>(&sfu(kit, session_id)?).bearer(&token).input(input).send().await
}

/// Answers the offer that subscribing brought.
pub(in crate::preflight) async fn renegotiate(kit: &Kit) -> Result<(), Trouble> {
    let (token, offer) = (kit.need(Thing::VideoToken)?, kit.need(Thing::Offer)?);
    let sdp = sdp::answer(draw(kit, "preflight-answer"), &offer);
    let input = RenegotiateInput { session_description: SessionDescription { kind: SdpType::Answer, sdp } };
    let at = sfu(kit, &kit.need(Thing::Subscriber)?)?;
    kit.to::<Renegotiate>(&at).bearer(&token).input(&input).send().await?.fits()
}

/// Points a track of a session that there is not at another source. Packets would have to flow for it to succeed: that
/// the SFU knows the call, and says what is wrong, is what can be asked beforehand.
pub(in crate::preflight) async fn update_tracks(kit: &Kit) -> Result<(), Trouble> {
    let tracks = vec![TrackRef {
        location: Location::Remote,
        mid: Some(MID.to_owned()),
        session_id: Some(NO_SESSION.to_owned()),
        track_name: TRACK.to_owned(),
    }];
    let input = TracksInput { session_description: None, tracks };
    let (token, at) = (kit.need(Thing::VideoToken)?, sfu(kit, NO_SESSION)?);
    kit.to::<UpdateTracks>(&at).bearer(&token).input(&input).send().await?.fits_or(&[410])
}

/// Closes a track of a session that there is not, for the same reason.
pub(in crate::preflight) async fn close_tracks(kit: &Kit) -> Result<(), Trouble> {
    let tracks = vec![MidRef { mid: MID.to_owned() }];
    let input = CloseInput { tracks, session_description: None, force: true };
    let (token, at) = (kit.need(Thing::VideoToken)?, sfu(kit, NO_SESSION)?);
    kit.to::<CloseTracks>(&at).bearer(&token).input(&input).send().await?.fits_or(&[410])
}

fn sfu(kit: &Kit, session_id: &str) -> Result<SfuSessionParams, Trouble> {
    Ok(SfuSessionParams { app_id: kit.need(Thing::App)?, session_id: session_id.to_owned() })
}

fn draw(kit: &Kit, what: &'static str) -> Stream {
    Stream::new(u64::from(kit.member.index), what, 0)
}

/// Opens the socket, waits to be welcomed, and closes it.
pub(in crate::preflight) async fn socket(kit: &Kit) -> Result<(), Trouble> {
    let path = ws::path(LOAD_SESSION, &kit.need(Thing::SocketToken)?);
    let opened = Socket::open(kit.connector(), &path, None).await;
    let mut socket = opened.map_err(|fault| not_open(&fault))?;
    let first = socket.next().await;
    socket.close().await;
    match first {
        Incoming::Frame(ServerFrame::Welcome { .. }) => Ok(()),
        Incoming::Frame(other) => Err(no_welcome(&format!("{other:?}"))),
        Incoming::Unreadable(fault) => Err(no_welcome(&fault.detail)),
        Incoming::Closed(Some(code)) => {
            Err(Trouble::Refused { status: code, detail: "the socket was closed with this code".to_owned() })
        }
        Incoming::Closed(None) => Err(no_welcome("the end of the socket")),
        Incoming::Broken(fault) => Err(unanswered(&fault)),
    }
}

fn no_welcome(got: &str) -> Trouble {
    let expected = "a `welcome` frame of the contract";
    Trouble::Differs { differences: vec![Difference::new("the first frame", expected, got)] }
}

/// Why a socket did not open.
fn not_open(fault: &engine::record::Fault) -> Trouble {
    let detail = fault.detail.clone();
    match fault.kind {
        engine::record::FaultKind::Status(status @ (404 | 405 | 501)) => Trouble::Missing { status, detail },
        engine::record::FaultKind::Status(status) => Trouble::Refused { status, detail },
        _ => unanswered(fault),
    }
}

/// Leaves, whatever became of the rest.
pub(in crate::preflight) async fn leave(kit: &Kit) -> Result<(), Trouble> {
    let input = LeaveInput { user_id: user_id(kit) };
    kit.to::<LeaveSession>(&session()).input(&input).send().await?.fits()
}
