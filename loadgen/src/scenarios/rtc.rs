//! rtc-load: one live training session.
//!
//! Fifty people join over a minute, stay ten, and leave over a minute. Each joins over HTTP, gets a video token,
//! negotiates with the SFU, opens the socket, chats five times a minute, pings, looks at their video's health,
//! and leaves. Whoever loses the socket comes back, and the time away is counted. Every message is expected once,
//! and in the same order, at everybody else who is there.
//!
//! With media on, each carries it as a browser does: a microphone's packets to the SFU, and those of the last few who
//! spoke back from it. Without, descriptions are exchanged and no packets follow, which plan and report say.

mod chat;
#[cfg_attr(
    not(feature = "media"),
    expect(
        unused_variables,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        reason = "paper needs less of what both are asked"
    )
)]
mod connection;
mod door;
mod goals;
mod intent;
mod outcomes;
mod participant;
mod roster;
pub(crate) mod sdp;
mod series;
mod session;
mod signalling;
mod subscriptions;
mod video;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use contract::{
    Endpoint,
    rtc::{LOAD_SESSION, OTHER_SESSION, SessionParams},
    ws,
};
use engine::{
    curve::Curve,
    load::{Flow, Load},
    record::{Fault, Recorder, Registry},
};

use self::{
    connection::Connection,
    door::{rehearse, try_foreign_token},
    intent::Timetable,
    participant::Participant,
    roster::Roster,
    series::Series,
    session::Session,
};
use crate::{
    books::{Books, MediaBooks},
    call::{Answer, Call},
    context::Context,
    live::{LiveSession, Media, PARTICIPANTS},
    media::dues::Dues,
    run::LiveAccount,
    scenario::{Act, Local, Needs, Plan, Scenario, Scope, Script, Settling, User},
    sfu::Traffic,
};

const NAME: &str = "rtc-load";
/// Pauses before attempts to come back; the last one repeats.
const BACKOFF: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

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
        "50 people in one session for ten minutes: joining, video tokens, SFU negotiation, media, and chat \
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
            connections: SOCKETS_EACH * people,
            load_users: people as u32,
            routes: &[ws::ROUTE],
            media: Traffic::of(&scope.live, times.coming(), times.staying().as_secs_f64()),
            ..Needs::default()
        };
        Plan {
            flows: vec![flow],
            beside: Vec::new(),
            registry,
            goals: goals::of(series, scope.live, &times, needs.requests),
            needs,
            script: Arc::new(Live(Arc::new(Shared {
                seed: scope.seed,
                nonce: scope.nonce.clone(),
                live: scope.live,
                times,
                series,
                roster: Roster::default(),
                dues: Arc::default(),
                session: Mutex::default(),
            }))),
        }
    }
}

/// HTTP, HTTP for the video call, HTTP for its health, the chat's, and media's.
const SOCKETS_EACH: u64 = 5;

/// Join, token, SFU session, publishing, subscribing and its answer, health checks, leaving.
fn requests_each(times: &Timetable) -> u64 {
    6 + times.intent(0).health_checks as u64 + 1
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
    roster: Roster,
    #[cfg_attr(not(feature = "media"), expect(dead_code, reason = "only packets are due"))]
    dues: Arc<Dues>,
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

/// Records a call under all requests as well.
fn counted<'a, E: Endpoint>(shared: &'a Shared, call: Call<'a, E>) -> Call<'a, E> {
    call.under(std::slice::from_ref(&shared.series.all))
}

fn done<T>(answer: Result<Answer<T>, Fault>) -> Result<T, Fault> {
    answer?.done().ok_or_else(|| Fault::body("refused", "a refusal nobody allowed"))
}

impl Script for Live {
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_> {
        let Shared { live, times, .. } = &*self.0;
        Box::new((0..live.participants).map(move |n| format!("{} {live}", times.intent(n))))
    }

    fn user(&self, _flow: usize, number: u64, context: Context) -> Box<dyn User> {
        Box::new(Participant::new(self.0.clone(), number, context))
    }

    fn notes(&self) -> Vec<String> {
        let LiveSession { participants, media, .. } = self.0.live;
        let other = format!(
            "{participants} participants, not the {PARTICIPANTS} of the scenario: this is another load."
        );
        let other = (participants != PARTICIPANTS).then_some(other);
        let silent = match media {
            Media::None if Media::IS_BUILT_IN => Some("No packets are sent: media is off (--media none)."),
            Media::None => Some("No packets are sent: this build has no media (cargo feature `media`)."),
            Media::Audio | Media::AudioAndVideo => None,
        };
        other.into_iter().chain(silent.map(str::to_owned)).collect()
    }

    fn act(&self, _flow: usize) -> Act {
        Act { plural: "participants", requests: requests_each(&self.0.times) as f64 }
    }

    fn stay(&self, _flow: usize) -> Duration {
        self.0.times.staying()
    }

    fn prepare<'a>(&'a self, _context: &'a mut Context) -> Local<'a, anyhow::Result<()>> {
        Box::pin(async {
            Connection::prepare(self.0.live);
            Ok(())
        })
    }

    /// Joins and leaves the other session, so that nobody of the real one hears of it.
    fn warm_up<'a>(&'a self, context: &'a mut Context, round: u64) -> Local<'a, ()> {
        Box::pin(rehearse(&self.0, context, round))
    }

    fn read_before<'a>(&'a self, books: &'a Books) -> Local<'a, ()> {
        Box::pin(async move {
            if let Some(sfu) = counted_by_sfu(Some(books)).await {
                self.0.session(|session| session.begins(sfu));
            }
        })
    }

    fn settle<'a>(&'a self, settling: Settling<'a>) -> Local<'a, ()> {
        Box::pin(async move {
            let Settling { context, recorder, books } = settling;
            let sfu = counted_by_sfu(books).await;
            self.0.session(|session| session.settle(sfu, self.0.series, recorder));
            self.probe(context, recorder).await;
        })
    }

    fn account(&self) -> Option<LiveAccount> {
        self.0.session(|session| session.settled())
    }
}

/// What the SFU has counted since its start. A target may keep no such books; then nothing is compared with them.
async fn counted_by_sfu(books: Option<&Books>) -> Option<MediaBooks> {
    let read = books?.media().await;
    read.inspect_err(|why| tracing::info!("the SFU's own books are not compared: {why:#}")).ok()
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
