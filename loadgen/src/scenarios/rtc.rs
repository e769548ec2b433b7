//! rtc-load: one live training session.
//!
//! Fifty people join over a minute, stay ten, and leave over a minute. Each joins over HTTP, gets a video token,
//! negotiates with the SFU, opens the socket, chats five times a minute, pings, looks at their video's health,
//! and leaves. Whoever loses the socket comes back, and the time away is counted. Every message is expected once,
//! and in the same order, at everybody else who is there.
//!
//! The SFU's choreography is exercised in full; packets are not sent, and a note in the report says so.

mod intent;
mod participant;
pub(crate) mod sdp;
mod session;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use contract::{
    Endpoint as _,
    rtc::{JoinSession, LOAD_SESSION, LeaveSession, OTHER_SESSION, SessionParams, VideoHealth, VideoToken},
    sfu::{NewSession, NewTracks, Renegotiate},
    ws,
};
use engine::{
    curve::Curve,
    goal::{self, Goal},
    load::{Flow, Load},
    record::{CounterId, Recorder, Registry, ShareId, TimingId},
};

use self::{
    intent::Timetable,
    participant::{Participant, rehearse, try_foreign_token},
    session::Session,
};
use crate::{
    context::Context,
    live::LiveSession,
    scenario::{Act, Local, Needs, Plan, Scenario, Scope, Script, Settling, User},
};

const NAME: &str = "rtc-load";

/// The scenario's card.
pub(super) struct RtcLoad;

impl Scenario for RtcLoad {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "One live training session"
    }

    fn description(&self) -> &'static str {
        "50 people in one session for ten minutes: joining, video tokens, SFU negotiation (no packets yet), and chat \
         that everyone hears once and in the same order."
    }

    fn fixed(&self) -> Option<&'static str> {
        Some(
            "it is one session of 50 people, and a session has a capacity; each hears every other, so that with twice \
             as many it is four times as much",
        )
    }

    fn plan(&self, scope: &Scope) -> Plan {
        let times = Timetable::new(&scope.sizing);
        let people = scope.live.participants;
        let coming = Curve::flat(people as f64 / times.coming(), times.coming());
        let flow = Flow::new("participants", Load::Arrivals(coming))
            .grace(times.staying() + Duration::from_secs(30));
        let mut registry = Registry::new();
        let series = Series::declare(&mut registry);
        let needs = Needs {
            requests: people * requests_each(&times),
            connections: 3 * people,
            load_users: people as u32,
            routes: &[ws::ROUTE],
            ..Needs::default()
        };
        Plan {
            flows: vec![flow],
            registry,
            goals: goals(series, people, &times, needs.requests),
            needs,
            script: Arc::new(Live(Arc::new(Shared {
                seed: scope.seed,
                nonce: scope.nonce.clone(),
                live: scope.live,
                times,
                series,
                session: Mutex::default(),
            }))),
        }
    }
}

/// Join, token, SFU session, publishing, subscribing and its answer, health checks, leaving.
fn requests_each(times: &Timetable) -> u64 {
    6 + times.intent(0).health_checks as u64 + 1
}

#[derive(Debug, Clone, Copy)]
struct Series {
    #[expect(dead_code, reason = "no packets flow yet")]
    media: MediaSeries,
    join: TimingId,
    token: TimingId,
    all: TimingId,
    connecting: TimingId,
    session_length: TimingId,
    chat_latency: TimingId,
    away: TimingId,
    connected: ShareId,
    sessions_kept: ShareId,
    time_present: ShareId,
    delivered: ShareId,
    video_health: ShareId,
    tracks: ShareId,
    foreign_token_refused: ShareId,
    heard_once: ShareId,
    heard_in_order: ShareId,
    sent: CounterId,
    received: CounterId,
    missed: CounterId,
    drops: CounterId,
    duplicates: CounterId,
    disorder: CounterId,
    errors: CounterId,
}

impl Series {
    fn declare(registry: &mut Registry) -> Self {
        let join = registry.endpoint(JoinSession::ROUTE);
        let token = registry.endpoint(VideoToken::ROUTE);
        for route in
            [VideoHealth::ROUTE, LeaveSession::ROUTE, NewSession::ROUTE, NewTracks::ROUTE, Renegotiate::ROUTE]
        {
            registry.endpoint(route);
        }
        Self {
            media: MediaSeries::declare(registry),
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

/// What is measured of media; nothing is recorded in it where no packets are sent.
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "no packets flow yet")]
struct MediaSeries {
    /// From the answer to the published offer to the ICE pair that carries packets.
    ice: TimingId,
    /// From there to the end of the DTLS handshake.
    dtls: TimingId,
    /// From the subscription's answer to the first packet of anybody else's track.
    first_packet: TimingId,
    /// From being due to join to the socket's welcome and, where anybody else is there, the first packet.
    ready: TimingId,
    /// From the moment a packet was due at its sender to its arrival, on one clock.
    latency: TimingId,
    /// How late packets were sent: the generator's own delay.
    lateness: TimingId,
    /// Interarrival jitter (RFC 3550, 6.4.1), of each track once a second.
    jitter: TimingId,
    /// Round trips to the SFU, from RTCP reports (RFC 3550, 6.4.1).
    rtt: TimingId,
    /// Silences within a track longer than 200 ms.
    gap: TimingId,
    /// Away from losing the media path to carrying packets again.
    away: TimingId,
    /// Packets received of those sent by the SFU, by sequence number (RFC 3550, A.3).
    received: ShareId,
    /// Tracks that carried packets, of those subscribed to.
    active: ShareId,
    sent: CounterId,
    bytes_sent: CounterId,
    bytes_received: CounterId,
    gaps: CounterId,
    nacks_sent: CounterId,
    nacks_received: CounterId,
    plis_sent: CounterId,
    plis_received: CounterId,
    ice_restarts: CounterId,
    new_sessions: CounterId,
}

impl MediaSeries {
    fn declare(registry: &mut Registry) -> Self {
        Self {
            ice: registry.value("media_ice"),
            dtls: registry.value("media_dtls"),
            first_packet: registry.value("media_first_packet"),
            ready: registry.value("participant_ready"),
            latency: registry.value("media_latency"),
            lateness: registry.value("media_send_lateness"),
            jitter: registry.value("media_jitter"),
            rtt: registry.value("media_rtt"),
            gap: registry.value("media_gap"),
            away: registry.value("media_time_to_come_back"),
            received: registry.share("media_packets_received"),
            active: registry.share("media_tracks_active"),
            sent: registry.counter("media_packets_sent"),
            bytes_sent: registry.counter("media_bytes_sent"),
            bytes_received: registry.counter("media_bytes_received"),
            gaps: registry.counter("media_gaps"),
            nacks_sent: registry.counter("media_nacks_sent"),
            nacks_received: registry.counter("media_nacks_received"),
            plis_sent: registry.counter("media_plis_sent"),
            plis_received: registry.counter("media_plis_received"),
            ice_restarts: registry.counter("media_ice_restarts"),
            new_sessions: registry.counter("media_new_sessions"),
        }
    }
}

fn goals(series: Series, people: u64, times: &Timetable, requests: u64) -> Vec<Goal> {
    let ms = Duration::from_millis;
    let present = people * times.staying().as_millis() as u64;
    // The first round may come before everyone is there.
    let rounds = (times.intent(0).chats.len() as u64).saturating_sub(1).max(1);
    let deliveries = people * (people - 1) * rounds;
    let checks = people * times.intent(0).health_checks as u64;
    vec![
        Goal::census("sockets connected", goal::share(series.connected).above(0.99), people),
        Goal::census(
            "drop rate (participant time lost)",
            goal::share(series.time_present).bad_below(0.01),
            present,
        ),
        Goal::sampled("messages delivered", goal::share(series.delivered).above(0.99), deliveries),
        Goal::sampled("chat latency p95", goal::p95(series.chat_latency).below(ms(500)), deliveries),
        Goal::sampled("chat latency p99", goal::p99(series.chat_latency).below(ms(1000)), deliveries),
        Goal::census("join p95", goal::p95(series.join).below(ms(2000)), people),
        Goal::census("join p99", goal::p99(series.join).below(ms(3000)), people),
        Goal::census("video token p95", goal::p95(series.token).below(ms(1000)), people),
        Goal::sampled("video healthy", goal::share(series.video_health).above(0.95), checks),
        Goal::exact("no message heard twice", goal::always(series.heard_once)).of_at_least(1),
        Goal::exact("everyone hears the same order", goal::always(series.heard_in_order)).of_at_least(1),
        Goal::exact("another session's token is refused", goal::always(series.foreign_token_refused))
            .of_at_least(2),
        Goal::sampled("HTTP errors", goal::errors(series.all).below(0.01), requests),
    ]
}

/// The scenario as it is played.
struct Live(Arc<Shared>);

/// What all participants of one run share.
struct Shared {
    seed: u64,
    nonce: Arc<str>,
    live: LiveSession,
    times: Timetable,
    series: Series,
    session: Mutex<Session>,
}

impl Shared {
    fn session<T>(&self, note: impl FnOnce(&mut Session) -> T) -> T {
        note(&mut self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn load_session() -> SessionParams {
    SessionParams { session_id: LOAD_SESSION.to_owned() }
}

fn other_session() -> SessionParams {
    SessionParams { session_id: OTHER_SESSION.to_owned() }
}

impl Script for Live {
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new((0..self.0.live.participants).map(|n| self.0.times.intent(n).to_string()))
    }

    fn user(&self, _flow: usize, number: u64, context: Context) -> Box<dyn User> {
        Box::new(Participant::new(self.0.clone(), number, context))
    }

    fn act(&self, _flow: usize) -> Act {
        Act { plural: "participants", requests: requests_each(&self.0.times) as f64 }
    }

    fn stay(&self, _flow: usize) -> Duration {
        self.0.times.staying()
    }

    /// Joins and leaves the other session, so that nobody of the real one hears of it.
    fn warm_up<'a>(&'a self, context: &'a mut Context, round: u64) -> Local<'a, ()> {
        Box::pin(rehearse(&self.0, context, round))
    }

    fn settle<'a>(&'a self, settling: Settling<'a>) -> Local<'a, ()> {
        Box::pin(async move {
            let Settling { context, recorder, .. } = settling;
            self.0.session(|session| session.account(self.0.series, recorder));
            self.probe(context, recorder).await;
        })
    }
}

impl Live {
    /// Somebody with a good token of another session tries the socket and the video of this one.
    async fn probe(&self, context: &mut Context, recorder: &Recorder) {
        match try_foreign_token(&self.0, context).await {
            Ok(refused) => {
                for refused in refused {
                    recorder.share(self.0.series.foreign_token_refused, refused);
                }
            }
            Err(why) => tracing::warn!("the probe with another session's token proved nothing: {why}"),
        }
    }
}
