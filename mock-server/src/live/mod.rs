//! Live training sessions: joining, the chat, and video by way of an SFU look-alike.

mod books;
pub(crate) mod bus;
mod journal;
#[cfg_attr(not(feature = "media"), path = "no_media.rs")]
mod media;
mod passes;
mod room;
mod sfu;
mod slip;
mod socket;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use contract::rtc::{
    IceServer, JoinInput, JoinOutput, JoinSession, LOAD_SESSION, LeaveInput, LeaveOutput, LeaveSession,
    SessionParams, VideoHealth, VideoHealthOutput, VideoToken, VideoTokenInput, VideoTokenOutput,
};
use contract::{ApiError, FieldError, Nothing, ws};
use fixtures::Record;
use tokio::time::Instant;

use crate::api::Api;
use crate::app::Settings;
use crate::area::{Area, AuditCheck};
use crate::caller::{self, Caller};
use crate::clock;
use crate::dataset::Dataset;
use crate::defects::{Defect, Defects};
use crate::mock::Mock;

use bus::Silence;
use passes::{Pass, Passes, Purpose, new_token, random_text};
use room::{Command, Ends, Refusal, Room};
use sfu::Sfu;
pub use sfu::SfuApp;

pub(crate) use books::Figures;
pub(crate) use media::{Plane, carry_media};

/// The SFU application all sessions belong to.
const APP_ID: &str = "a7c0ffee5fu0wwmaa0mock0realtime0";
/// How long a video token is said to last.
const VIDEO_TOKEN_HOURS: i64 = 2;
/// Characters an id or a name may have.
const MAX_NAME_CHARS: usize = 200;

/// All live sessions, and what is known of them.
#[derive(Debug)]
pub(crate) struct Live {
    rooms: BTreeMap<String, Arc<Room>>,
    sessions: Vec<fixtures::Session>,
    passes: Arc<Passes>,
    sfu: Arc<Sfu>,
}

impl Live {
    /// The sessions of this dataset, of which the load session takes at least `settings.session_capacity` participants.
    /// With a bus, other servers have those of the world of the same name as well.
    pub(crate) fn load(settings: &Settings, world: &str, dataset: &Dataset) -> Self {
        let ends = Ends::default();
        let room = |session: &fixtures::Session| {
            let ends = ends.clone();
            let least = if session.id == LOAD_SESSION { settings.session_capacity } else { 0 };
            let capacity = session.capacity.max(least);
            let Some(bus) = &settings.bus else { return Arc::new(Room::new(&session.id, capacity, ends)) };
            let name: Arc<str> = format!("{world}/{}", session.id).into();
            let shared =
                Arc::new(Room::shared(&session.id, capacity, ends, Arc::clone(bus), Arc::clone(&name)));
            bus.follow(name, &shared);
            shared
        };
        let rooms = dataset.sessions.iter().map(|session| (session.id.clone(), room(session)));
        Self {
            rooms: rooms.collect(),
            sessions: dataset.sessions.clone(),
            passes: Arc::clone(&ends.passes),
            sfu: Arc::clone(&ends.sfu),
        }
    }

    /// What was carried for each participant since the last reset, by participant.
    pub(crate) fn media_figures(&self) -> BTreeMap<String, Figures> {
        self.sfu.figures()
    }

    fn room(&self, session_id: &str) -> Result<Arc<Room>, ApiError> {
        let room = self.rooms.get(session_id).map(Arc::clone);
        room.ok_or_else(|| ApiError::not_found("Session not found"))
    }

    /// What a token stands for, if it is good for `purpose`. What another server issued a moment ago is waited for.
    async fn pass(&self, room: &Room, token: &str, purpose: Purpose) -> Result<Option<Pass>, Silence> {
        match self.passes.read(token, purpose) {
            None => {
                room.caught_up().await?;
                Ok(self.passes.read(token, purpose))
            }
            pass => Ok(pass),
        }
    }

    /// The bearer, as a participant of `session_id`: 401 for a token that is not good, 403 for one that is good
    /// in another session.
    async fn participant(&self, defects: &Defects, session_id: &str, token: &str) -> Result<Pass, ApiError> {
        let room = self.room(session_id)?;
        let pass = self.pass(&room, token, Purpose::Access).await?;
        let pass = pass.ok_or_else(|| ApiError::unauthorized("Invalid or expired session token"))?;
        if pass.session_id != session_id {
            if defects.has(Defect::ForeignTokenAccepted) && let_in(&room, &pass).await {
                return Ok(Pass { session_id: session_id.to_owned(), ..pass });
            }
            return Err(ApiError::forbidden("This token belongs to another session"));
        }
        if !room.has(&pass.user_id, &pass.participant_id) {
            return Err(ApiError::unauthorized(Refusal::Absent.to_string()));
        }
        Ok(pass)
    }
}

impl Area for Live {
    fn audit(&self) -> Vec<AuditCheck> {
        let now: Instant = clock::now();
        let heard: Vec<_> = self.rooms.values().map(|room| (room.id(), room.heard(now))).collect();
        let (messages, sockets) = heard.iter().fold((0, 0), |(messages, sockets), (_, heard)| {
            (messages + heard.messages as usize, sockets + heard.sockets)
        });
        let named = |pick: fn(&journal::Heard) -> &Vec<String>| {
            let of = |(room, heard): &(&str, journal::Heard)| {
                pick(heard).iter().map(|what| format!("{room}/{what}")).collect::<Vec<_>>()
            };
            heard.iter().flat_map(of).collect::<Vec<_>>()
        };
        vec![
            AuditCheck::new("chat_seq_gapless", messages, "messages", named(|heard| &heard.jumps)),
            AuditCheck::new(
                "chat_delivered_to_everyone_present",
                sockets,
                "sockets",
                named(|heard| &heard.missed),
            ),
            AuditCheck::new("chat_one_order", sockets, "sockets", named(|heard| &heard.disordered)),
            self.sfu.audit(),
        ]
    }

    fn reset_load(&self) {
        self.rooms.values().for_each(|room| room.reset());
        self.sfu.clear();
    }

    fn rows(&self, each: &mut dyn FnMut(Record)) {
        self.sessions.iter().cloned().map(Record::Session).for_each(each);
    }
}

pub(crate) fn routes(api: Api) -> Api {
    let api = api
        .waiting::<JoinSession, _>(join)
        .waiting::<VideoToken, _>(video_token)
        .waiting::<VideoHealth, _>(video_health)
        .waiting::<LeaveSession, _>(leave)
        .route(ws::ROUTE, socket::upgrade);
    sfu::routes(api)
}

async fn join(
    mock: Arc<Mock>,
    _: Caller,
    at: SessionParams,
    input: JoinInput,
) -> Result<JoinOutput, ApiError> {
    let room = mock.live.room(&at.session_id)?;
    let faults = [fault("user_id", &input.user_id), fault("participant_name", &input.participant_name)];
    let faults: Vec<FieldError> = faults.into_iter().flatten().collect();
    if !faults.is_empty() {
        return Err(ApiError::unprocessable(faults));
    }
    let participant_id = format!("part_{}", random_text::<12>());
    let (access_token, ws_token) = (new_token("rtc"), new_token("ws"));
    let command = Command::Join {
        user: input.user_id,
        participant_id: participant_id.clone(),
        access_token: access_token.clone(),
        ws_token: ws_token.clone(),
    };
    let participants = room.order(command).await?.map_err(|refusal| refused(refusal, &room))?;
    Ok(JoinOutput {
        access_token,
        ws_token,
        participants,
        // On this machine: load never reaches Cloudflare by accident.
        ice_servers: vec![IceServer {
            urls: vec!["stun:127.0.0.1:3478".to_owned()],
            username: None,
            credential: None,
        }],
        session_id: at.session_id,
        participant_id,
    })
}

/// With the defect `foreign-token-accepted`: whoever has a token of another session takes part in this one as well.
async fn let_in(room: &Room, pass: &Pass) -> bool {
    if room.has(&pass.user_id, &pass.participant_id) {
        return true;
    }
    let command = Command::Join {
        user: pass.user_id.clone(),
        participant_id: pass.participant_id.clone(),
        access_token: new_token("rtc"),
        ws_token: new_token("ws"),
    };
    matches!(room.order(command).await, Ok(Ok(_)))
}

/// Why a command came to nothing, for the one who asked.
fn refused(refusal: Refusal, room: &Room) -> ApiError {
    match refusal {
        Refusal::Full => ApiError::conflict(format!("{refusal}: {} people take part", room.capacity())),
        Refusal::Absent => ApiError::unauthorized(refusal.to_string()),
        Refusal::TooManyChats => ApiError::new(429, refusal.to_string()),
    }
}

/// What is wrong with a name, if anything.
fn fault(field: &str, value: &str) -> Option<FieldError> {
    let (kind, msg) = if value.trim().is_empty() {
        ("string_too_short", "String should have at least 1 character".to_owned())
    } else if value.chars().count() > MAX_NAME_CHARS {
        ("string_too_long", format!("String should have at most {MAX_NAME_CHARS} characters"))
    } else {
        return None;
    };
    Some(FieldError::new(kind, &["body", field], msg, value.into()))
}

async fn video_token(
    mock: Arc<Mock>,
    caller: Caller,
    at: SessionParams,
    input: VideoTokenInput,
) -> Result<VideoTokenOutput, ApiError> {
    let live = &mock.live;
    let bearer = caller.token.as_deref().ok_or_else(caller::not_authenticated)?;
    let defects = &mock.settings.defects;
    let pass = live.participant(defects, &at.session_id, bearer).await?;
    if input.access_token != bearer
        && live.participant(defects, &at.session_id, &input.access_token).await? != pass
    {
        return Err(ApiError::forbidden("The two tokens belong to different participants"));
    }
    let room = live.room(&at.session_id)?;
    let video_token = new_token("video");
    let command = Command::AllowVideo {
        user: pass.user_id,
        participant_id: pass.participant_id,
        token: video_token.clone(),
    };
    room.order(command).await?.map_err(|refusal| refused(refusal, &room))?;
    Ok(VideoTokenOutput {
        video_token,
        app_id: APP_ID.to_owned(),
        sfu_url: format!("/v1/apps/{APP_ID}"),
        expires_at: clock::wall() + TimeDelta::hours(VIDEO_TOKEN_HOURS),
    })
}

/// How the participant's video is doing, as far as anything was measured: on a session without media nothing is,
/// so it is `connected` and never `healthy`.
async fn video_health(
    mock: Arc<Mock>,
    caller: Caller,
    at: SessionParams,
    _: Nothing,
) -> Result<VideoHealthOutput, ApiError> {
    let bearer = caller.token.as_deref().ok_or_else(caller::not_authenticated)?;
    let pass = mock.live.participant(&mock.settings.defects, &at.session_id, bearer).await?;
    Ok(mock.live.sfu.health(&pass.participant_id, clock::now()))
}

async fn leave(
    mock: Arc<Mock>,
    _: Caller,
    at: SessionParams,
    input: LeaveInput,
) -> Result<LeaveOutput, ApiError> {
    let room = mock.live.room(&at.session_id)?;
    room.order(Command::Leave { user: input.user_id }).await?.map_err(|refusal| refused(refusal, &room))?;
    Ok(LeaveOutput { left: true })
}
