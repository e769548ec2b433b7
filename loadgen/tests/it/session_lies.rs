//! rtc-load against rooms that lie: each lie turns the goal red that is about it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{
        Path, Query, Request,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use contract::{
    rtc::{LOAD_SESSION, OTHER_SESSION},
    sfu::TracksInput,
};
use engine::run::ScenarioRun;
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::sleep};

use crate::stage::{Play, all_faults, play, red_but_for_time, samples, share};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    /// One person does not hear one of the messages in ten.
    Loses,
    /// Everybody hears the third message twice.
    Repeats,
    /// One person hears every second message before the one that was said earlier.
    Swaps,
    /// What is second for one is third for another.
    NumbersDiffer,
    TakesForeignTokens,
    /// The socket is closed, but not for the token.
    ClosesForAnotherReason,
    /// Video is not given to another session's token, but not for the token.
    VideoFails,
    /// What joining the other session is answered with is no answer of the contract.
    JoinIsUnreadable,
    /// Nobody stays longer than half a second the first time.
    Drops,
    Degraded,
    /// Nobody is let in before all that they were to say was to be said.
    LetsInLate,
    /// The SFU has no time for anybody until long after the session.
    SfuIsBusy,
}

/// Somebody at the socket.
struct Seat {
    n: usize,
    frames: mpsc::UnboundedSender<String>,
    /// A frame that is told later than it should be.
    kept: Option<String>,
}

#[derive(Default)]
struct Room {
    seats: Vec<Seat>,
    seq: u64,
    came: usize,
}

impl Room {
    fn say(&mut self, lie: Lie, said: &Value) {
        self.seq += 1;
        let seq = self.seq;
        for seat in &mut self.seats {
            let other = lie == Lie::NumbersDiffer && seat.n == 1;
            let shown = if other { seq + 1_000 * (seq % 2) } else { seq };
            let frame = json!({"type": "chat", "message_id": format!("m{seq}"), "seq": shown,
                "content": said["content"], "user_id": said["user_id"], "sent_at": said["sent_at"],
                "client_id": said["client_id"]})
            .to_string();
            let tell = |frame: &str| drop(seat.frames.send(frame.to_owned()));
            if lie == Lie::Loses && seat.n == 1 {
                continue;
            }
            if lie == Lie::Swaps && seat.n == 1 {
                match seat.kept.take() {
                    None => seat.kept = Some(frame),
                    Some(kept) => [frame, kept].iter().for_each(|frame| tell(frame)),
                }
                continue;
            }
            tell(&frame);
            if lie == Lie::Repeats && seq == 3 {
                tell(&frame);
            }
        }
    }
}

/// A room whose tokens are the session's name and a number; joining again ends the token before.
fn server(lie: Lie) -> Router {
    let room: Arc<Mutex<Room>> = Arc::default();
    let numbers = Arc::new(AtomicU64::new(0));
    let current: Arc<Mutex<std::collections::BTreeMap<String, String>>> = Arc::default();
    let newest = current.clone();
    let join = move |Path(session): Path<String>, Json(input): Json<Value>| async move {
        let token = format!("{session}/{}", numbers.fetch_add(1, Ordering::Relaxed));
        if lie == Lie::LetsInLate && session == LOAD_SESSION {
            sleep(LATE).await;
        }
        let who = input["user_id"].as_str().expect("who").to_owned();
        newest.lock().expect("nobody panicked").insert(who, token.clone());
        if lie == Lie::JoinIsUnreadable && session == OTHER_SESSION {
            return Json(json!({"access_token": token}));
        }
        Json(json!({"session_id": session, "participant_id": "p", "access_token": token, "ws_token": token,
                    "participants": 1, "ice_servers": []}))
    };
    let token = move |Path(session): Path<String>, headers: HeaderMap| async move {
        if !bearer(&headers).starts_with(&session) && lie == Lie::VideoFails {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        if !bearer(&headers).starts_with(&session) && lie != Lie::TakesForeignTokens {
            return (StatusCode::FORBIDDEN, Json(json!({"detail": "another session's"}))).into_response();
        }
        Json(json!({"video_token": "v", "app_id": "a", "sfu_url": "/v1/apps/a",
                    "expires_at": "2027-01-01T00:00:00Z"}))
        .into_response()
    };
    let health = move |headers: HeaderMap| async move {
        let known = current.lock().expect("nobody panicked").values().any(|token| *token == bearer(&headers));
        if !known {
            return (StatusCode::UNAUTHORIZED, Json(json!({"detail": "ended"}))).into_response();
        }
        let status = if lie == Lie::Degraded { "degraded" } else { "healthy" };
        Json(json!({"status": status, "packet_loss": 0.0, "jitter_ms": 1.0, "rtt_ms": 1.0, "tracks": 1}))
            .into_response()
    };
    let socket = move |Path(session): Path<String>,
                       Query(query): Query<Vec<(String, String)>>,
                       up: WebSocketUpgrade| async move {
        let good = query[0].1.starts_with(&session) || lie == Lie::TakesForeignTokens;
        up.on_upgrade(move |socket| attend(lie, room, good, session, socket)) as Response
    };
    Router::new()
        .route("/api/rtc/sessions/{id}/join", post(join))
        .route("/api/rtc/sessions/{id}/video-token", post(token))
        .route("/api/rtc/sessions/{id}/video-health", get(health))
        .route("/api/rtc/sessions/{id}/leave", post(async || Json(json!({"left": true}))))
        .route(
            "/v1/apps/a/sessions/new",
            post(async || (StatusCode::CREATED, Json(json!({"sessionId": "s"})))),
        )
        .route(
            "/v1/apps/a/sessions/s/tracks/new",
            if lie == Lie::SfuIsBusy { post(busy) } else { post(tracks) },
        )
        .route("/v1/apps/a/sessions/s/renegotiate", put(async || Json(json!({}))))
        .route("/ws/sessions/{id}", get(socket))
}

fn bearer(headers: &HeaderMap) -> String {
    headers["authorization"].to_str().expect("ASCII").trim_start_matches("Bearer ").to_owned()
}

async fn busy() -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "30")], Json(json!({"detail": "busy"}))).into_response()
}

async fn tracks(Json(input): Json<TracksInput>) -> Json<Value> {
    let tracks: Vec<_> = input.tracks.iter().map(|track| json!({"trackName": track.track_name})).collect();
    let kind = if input.session_description.is_some() { "answer" } else { "offer" };
    Json(json!({"requiresImmediateRenegotiation": kind == "offer", "tracks": tracks,
                "sessionDescription": {"type": kind, "sdp": "v=0\r\na=mid:0\r\n"}}))
}

async fn attend(lie: Lie, room: Arc<Mutex<Room>>, good: bool, session: String, mut socket: WebSocket) {
    if !good {
        let code = if lie == Lie::ClosesForAnotherReason { 1011 } else { 4401 };
        let frame = CloseFrame { code, reason: "".into() };
        return drop(socket.send(Message::Close(Some(frame))).await);
    }
    let (frames, mut told) = mpsc::unbounded_channel();
    let n = {
        let mut room = room.lock().expect("nobody panicked");
        let n = room.came;
        room.came += usize::from(session == LOAD_SESSION);
        room.seats.push(Seat { n, frames, kept: None });
        n
    };
    let welcome = json!({"type": "welcome", "session_id": session, "participant_id": "p", "participants": 1});
    let mut alive = socket.send(Message::text(welcome.to_string())).await.is_ok();
    while alive {
        tokio::select! {
            frame = told.recv() => match frame {
                Some(frame) => alive = socket.send(Message::text(frame)).await.is_ok(),
                None => break,
            },
            said = socket.recv() => match said {
                Some(Ok(Message::Text(text))) => {
                    let said: Value = serde_json::from_str(&text).expect("JSON");
                    if said["type"] == "chat" {
                        room.lock().expect("nobody panicked").say(lie, &said);
                        // The first who speak are cut off after their first word.
                        alive = lie != Lie::Drops || n >= PEOPLE as usize;
                    }
                }
                Some(Ok(_)) => {}
                _ => break,
            },
        }
    }
    room.lock().expect("nobody panicked").seats.retain(|seat| seat.n != n);
}

const PEOPLE: u64 = 5;
/// Later than anybody says anything, and sooner than they leave, in a session of five seconds.
const LATE: Duration = Duration::from_millis(3_800);

/// Five people for a few seconds: smoke at a fraction of its time.
async fn go(lie: Lie) -> ScenarioRun {
    let turns = (0..PEOPLE).map(|n| (n, 0)).collect();
    play("rtc-load", server(lie), Play::Whole { turns, scale: 0.3 }).await
}

/// All at once, since most of it is waiting.
async fn go_all<const N: usize>(lies: [Lie; N]) -> [ScenarioRun; N] {
    let runs = futures_util::future::join_all(lies.map(go)).await;
    runs.try_into().expect("a run for each")
}

#[tokio::test]
async fn each_lie_turns_its_goal_red_and_no_other() {
    const ORDER: &str = "everyone hears the same order";
    let expected = [
        (Lie::Loses, "messages delivered"),
        (Lie::Repeats, "no message heard twice"),
        (Lie::Swaps, ORDER),
        (Lie::NumbersDiffer, ORDER),
        (Lie::TakesForeignTokens, "another session's token is refused"),
    ];
    for ((lie, goal), run) in expected.iter().zip(go_all(expected.map(|(lie, _)| lie)).await) {
        assert_eq!(red_but_for_time(&run), [*goal], "{lie:?}");
    }
}

#[tokio::test]
async fn what_is_true_what_proves_nothing_and_what_is_counted() {
    let lies = [Lie::None, Lie::ClosesForAnotherReason, Lie::Drops, Lie::Degraded];
    let [honest, breaks, drops, degraded] = go_all(lies).await;
    assert_eq!(all_faults(&honest), []);
    assert_eq!(red_but_for_time(&honest), [""; 0]);
    assert_eq!(share(&honest, "message_delivery_success"), (2 * PEOPLE * (PEOPLE - 1), 0));
    assert_eq!(share(&honest, "foreign_token_refused"), (2, 0));
    assert_eq!(share(&honest, "sessions_kept"), (PEOPLE, 0));

    assert_eq!(share(&breaks, "foreign_token_refused"), (0, 0), "a socket that breaks is no refusal");

    assert_eq!(share(&drops, "sessions_kept"), (0, PEOPLE));
    assert!(share(&drops, "participant_time_present").1 > 0, "the gap counts");
    assert_eq!(samples(&drops, "join_http"), PEOPLE, "coming back is not the way in");
    assert_eq!(all_faults(&drops), [], "video is asked about with the token of the newest join");

    assert_eq!(share(&degraded, "video_health_check_success").0, 0);
}

fn counter(run: &ScenarioRun, name: &str) -> u64 {
    run.counters.iter().find(|counter| counter.name == name).expect("the plan declares it").total
}

#[tokio::test]
async fn whoever_comes_late_was_away_and_makes_up_for_nothing() {
    let run = go(Lie::LetsInLate).await;
    assert_eq!(counter(&run, "ws_msgs_sent"), 0, "what was to be said before is not said any more");
    let (_, away) = share(&run, "participant_time_present");
    assert!(away >= PEOPLE * 800, "{away} ms beyond the three seconds that joining may take");
    let red = red_but_for_time(&run);
    assert!(red.iter().any(|goal| goal == "drop rate (participant time lost)"), "{red:?}");
    assert_eq!(share(&run, "sessions_kept"), (PEOPLE, 0), "coming late is no drop");
}

#[tokio::test]
async fn a_person_is_in_the_chat_while_their_camera_still_connects() {
    let run = go(Lie::SfuIsBusy).await;
    assert_eq!(share(&run, "ws_connection_success"), (PEOPLE, 0));
    assert_eq!(share(&run, "sessions_kept"), (PEOPLE, 0));
    assert_eq!(samples(&run, "participant_ready"), 0, "without a session with the SFU nobody is ready");
}

#[tokio::test]
async fn whoever_tries_another_session_s_token_leaves_that_session_whatever_comes_of_it() {
    let lies = [
        Lie::None,
        Lie::TakesForeignTokens,
        Lie::ClosesForAnotherReason,
        Lie::VideoFails,
        Lie::JoinIsUnreadable,
    ];
    for lie in lies {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = seen.clone();
        let watch = move |request: Request, next: Next| {
            log.lock().expect("nobody panicked").push(request.uri().path().to_owned());
            next.run(request)
        };
        let server = server(lie).layer(from_fn(watch));
        play("rtc-load", server, Play::Whole { turns: Vec::new(), scale: 0.3 }).await;
        let seen = seen.lock().expect("nobody panicked");
        let asked = |what: &str| {
            let path = format!("/api/rtc/sessions/{OTHER_SESSION}/{what}");
            seen.iter().filter(|seen| **seen == path).count()
        };
        assert_eq!((asked("join"), asked("leave")), (1, 1), "{lie:?}: {seen:?}");
    }
}
