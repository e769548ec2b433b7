//! One participant, from joining to leaving.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use contract::{
    Endpoint,
    rtc::{
        JoinInput, JoinOutput, JoinSession, LeaveInput, LeaveOutput, LeaveSession, VideoHealth, VideoStatus,
        VideoToken, VideoTokenInput, VideoTokenOutput,
    },
    sfu::{
        AppParams, Location, NewSession, NewTracks, Renegotiate, RenegotiateInput, SdpType,
        SessionDescription, SfuSessionParams, TrackRef, TracksInput, TracksOutput,
    },
    ws::{self, ClientFrame, ServerFrame},
};
use engine::{
    clock::{self, Instant},
    driver::{Due, Turn, VirtualUser},
    ends::{Ends, Leave},
    record::{Fault, FaultKind},
};
use fixtures::Stream;

use super::{NAME, Shared, load_session, other_session, sdp};
use crate::{
    call::{Answer, Call, ensure},
    context::Context,
    ws::{Incoming, Socket},
};

/// Others' tracks a participant subscribes to.
const SPEAKERS: usize = 4;
/// Pauses before attempts to come back; the last one repeats.
const BACKOFF: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// How long the first frame of a socket may take.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);

/// One participant.
pub(super) struct Participant {
    shared: Arc<Shared>,
    n: u64,
    user_id: String,
    name: String,
    context: Context,
    /// The token of the newest join: joining again ends the one before.
    access: Rc<RefCell<String>>,
}

/// Where a participant is in what they were going to do.
struct Agenda {
    leaves_at: Instant,
    chats: std::vec::IntoIter<Instant>,
    next_chat: Option<Instant>,
    said: usize,
    pings: std::vec::IntoIter<Instant>,
    next_ping: Option<Instant>,
}

/// Why talking stopped.
enum Parting {
    /// It is time to go.
    TimeToGo,
    /// The socket is gone.
    Dropped(String),
}

impl Participant {
    pub(super) fn new(shared: Arc<Shared>, n: u64, context: Context) -> Self {
        let member = context.world().load_user(n as u32);
        let name = format!("{} {}", member.first_name, member.last_name);
        Self { shared, n, user_id: member.id, name, context, access: Rc::default() }
    }
}

impl VirtualUser for Participant {
    async fn turn(&mut self, turn: Turn) {
        let leaves_at = turn.due.at + self.shared.times.staying();
        let Ok(joined) = self.join(turn.due).await else {
            self.connected(false);
            return self.account(leaves_at, Duration::MAX, 1);
        };
        // What goes wrong with video is in the books; a person stays and chats all the same.
        let _ = self.negotiate(&joined).await;
        let Some(socket) = self.open(&joined).await else {
            return self.account(leaves_at, Duration::MAX, 1);
        };
        let opened = clock::now();
        let (shared, access, mut watcher) =
            (self.shared.clone(), self.access.clone(), self.context.another());
        let (away, drops) = tokio::join!(
            self.stay(socket, turn.due.at, leaves_at, &turn.ends),
            watch_video(&shared, &mut watcher, &access, turn.due.at, &turn.ends),
        )
        .0;
        self.context.recorder().value(self.shared.series.session_length, clock::now() - opened);
        self.account(leaves_at, away, drops);
        let input = LeaveInput { user_id: self.user_id.clone() };
        let call = counted(&self.shared, self.context.call::<LeaveSession>(&load_session()));
        let left = call.input(&input).checked(|answer| {
            let left = matches!(answer, Answer::Done(LeaveOutput { left: true }));
            ensure(left, "left when asked to", || format!("{answer:?}"))
        });
        // An error is in the books, and nothing follows.
        drop(left.await);
    }
}

impl Participant {
    async fn join(&mut self, due: Due) -> Result<JoinOutput, Fault> {
        let input = JoinInput { user_id: self.user_id.clone(), participant_name: self.name.clone() };
        let call = counted(&self.shared, self.context.call::<JoinSession>(&load_session()).due(due));
        let joined = done(call.input(&input).send().await)?;
        self.access.borrow_mut().clone_from(&joined.access_token);
        Ok(joined)
    }

    /// Gets a video token, opens a session with the SFU, publishes a track and subscribes to those of the last
    /// few who spoke.
    async fn negotiate(&mut self, joined: &JoinOutput) -> Result<(), Fault> {
        let token = self.video_token(joined).await?;
        let app = AppParams { app_id: token.app_id.clone() };
        let call = counted(&self.shared, self.context.call::<NewSession>(&app)).bearer(&token.video_token);
        let session_id = done(call.send().await)?.session_id;
        let sfu = SfuSessionParams { app_id: token.app_id, session_id };
        let track = format!("audio-{}", self.n);
        let publish = TracksInput {
            session_description: Some(SessionDescription {
                kind: SdpType::Offer,
                sdp: sdp::offer(self.draw("rtc-offer"), "0", &track),
            }),
            tracks: vec![TrackRef {
                location: Location::Local,
                mid: Some("0".to_owned()),
                session_id: None,
                track_name: track.clone(),
            }],
        };
        self.tracks(&sfu, &token.video_token, &publish, SdpType::Answer).await?;
        let speakers =
            self.shared.session(|session| session.publish(sfu.session_id.clone(), track, SPEAKERS));
        if speakers.is_empty() {
            return Ok(());
        }
        let remote = |(session_id, track_name)| TrackRef {
            location: Location::Remote,
            mid: None,
            session_id: Some(session_id),
            track_name,
        };
        let subscribe =
            TracksInput { session_description: None, tracks: speakers.into_iter().map(remote).collect() };
        let offered = self.tracks(&sfu, &token.video_token, &subscribe, SdpType::Offer).await?;
        let offer = offered.session_description.map_or_else(String::new, |offer| offer.sdp);
        let answer =
            SessionDescription { kind: SdpType::Answer, sdp: sdp::answer(self.draw("rtc-answer"), &offer) };
        let input = RenegotiateInput { session_description: answer };
        let call = counted(&self.shared, self.context.call::<Renegotiate>(&sfu)).bearer(&token.video_token);
        call.input(&input).send().await.map(drop)
    }

    async fn video_token(&mut self, joined: &JoinOutput) -> Result<VideoTokenOutput, Fault> {
        let input = VideoTokenInput { access_token: joined.access_token.clone() };
        let call = counted(&self.shared, self.context.call::<VideoToken>(&load_session()));
        done(call.bearer(&joined.access_token).input(&input).send().await)
    }

    /// A call about tracks, which comes back with an answer or an offer. A 200 may carry failed tracks: each is
    /// counted.
    async fn tracks(
        &mut self,
        sfu: &SfuSessionParams,
        token: &str,
        input: &TracksInput,
        expected: SdpType,
    ) -> Result<TracksOutput, Fault> {
        let call = counted(&self.shared, self.context.call::<NewTracks>(sfu)).bearer(token).input(input);
        let output = done(
            call.checked(|answer| {
                let Answer::Done(output) = answer else { return Ok(()) };
                let described = output.session_description.as_ref().map(|description| description.kind);
                ensure(described == Some(expected), "SDP of the right kind", || format!("{described:?}"))?;
                ensure(output.tracks.len() == input.tracks.len(), "an outcome per track", || {
                    format!("{} of {}", output.tracks.len(), input.tracks.len())
                })
            })
            .await,
        )?;
        for track in &output.tracks {
            self.context.recorder().share(self.shared.series.tracks, track.error_code.is_none());
        }
        Ok(output)
    }

    fn draw(&self, what: &'static str) -> Stream {
        Stream::new(self.shared.seed, what, self.n)
    }

    fn connected(&self, good: bool) {
        self.context.recorder().share(self.shared.series.connected, good);
    }

    /// Opens the socket for the first time.
    async fn open(&mut self, joined: &JoinOutput) -> Option<Socket> {
        let socket = enter(&self.context, joined).await;
        self.connected(socket.is_ok());
        let socket = socket.ok()?;
        let phases = socket.phases;
        let took = phases.connecting.unwrap_or_default() + phases.waiting.unwrap_or_default();
        self.context.recorder().value(self.shared.series.connecting, took + phases.tls.unwrap_or_default());
        Some(socket)
    }

    /// Talks and listens until it is time to go, coming back as often as the socket is lost. Returns the time
    /// away and how often that was.
    async fn stay(
        &mut self,
        socket: Socket,
        due: Instant,
        leaves_at: Instant,
        ends: &Ends,
    ) -> (Duration, u64) {
        let mut agenda = Agenda::new(&self.shared, self.n, due, leaves_at);
        let (mut away, mut drops) = (Duration::ZERO, 0);
        let mut socket = Some(socket);
        while let Some(mut open) = socket.take() {
            self.shared.session(|session| session.arrived(self.n, clock::now()));
            let parting = self.talk(&mut open, &mut agenda, ends).await;
            let lost_at = clock::now();
            self.shared.session(|session| session.gone(self.n, lost_at));
            match parting {
                Parting::TimeToGo => {
                    let _ = open.send(&ClientFrame::Leave).await;
                    open.close().await;
                }
                Parting::Dropped(why) => {
                    drops += 1;
                    let n = self.n;
                    let series = self.shared.series;
                    self.context.recorder().counter(series.drops, || format!("participant {n}: {why}"));
                    socket = self.come_back(leaves_at, ends).await;
                    let gap = clock::now().min(leaves_at).saturating_duration_since(lost_at);
                    away += gap;
                    agenda.skip_to(clock::now());
                    if socket.is_some() {
                        self.context.recorder().value(series.away, gap);
                    }
                }
            }
        }
        (away, drops)
    }

    /// Joins again, with growing pauses, until it works or it is time to go.
    async fn come_back(&mut self, leaves_at: Instant, ends: &Ends) -> Option<Socket> {
        for pause in BACKOFF.into_iter().chain(std::iter::repeat(BACKOFF[BACKOFF.len() - 1])) {
            let due = ends.think(pause).await.ok()?;
            if clock::now() >= leaves_at {
                return None;
            }
            let Ok(joined) = self.join(due).await else { continue };
            if let Ok(socket) = enter(&self.context, &joined).await {
                return Some(socket);
            }
        }
        None
    }

    /// Chats and pings when due, and listens all the while.
    async fn talk(&mut self, socket: &mut Socket, agenda: &mut Agenda, ends: &Ends) -> Parting {
        loop {
            let next = agenda.next();
            let incoming = tokio::select! {
                biased;
                incoming = socket.next() => Some(incoming),
                due = ends.until(next) => match due {
                    Err(Leave) => return Parting::TimeToGo,
                    Ok(_) => None,
                },
            };
            match incoming {
                Some(Incoming::Frame(frame)) => self.hear(frame),
                Some(Incoming::Unreadable(fault)) => self.complain(&fault),
                Some(Incoming::Closed(code)) => return Parting::Dropped(format!("closed with {code:?}")),
                Some(Incoming::Broken(fault)) => return Parting::Dropped(fault.to_string()),
                None if next >= agenda.leaves_at => return Parting::TimeToGo,
                None => {
                    if let Err(fault) = self.speak(socket, agenda, next).await {
                        return Parting::Dropped(fault.to_string());
                    }
                }
            }
        }
    }

    async fn speak(&mut self, socket: &mut Socket, agenda: &mut Agenda, due: Instant) -> Result<(), Fault> {
        if agenda.next_ping == Some(due) {
            agenda.next_ping = agenda.pings.next();
            return socket.send(&ClientFrame::Ping).await;
        }
        agenda.next_chat = agenda.chats.next();
        agenda.said += 1;
        let client_id = format!("{}-{}-{}", self.shared.nonce, self.n, agenda.said);
        let frame = ClientFrame::Chat {
            content: format!("Load test message {} of participant {}", agenda.said, self.n),
            user_id: self.user_id.clone(),
            sent_at: clock::wall().into(),
            client_id: Some(client_id.clone()),
        };
        self.shared.session(|session| session.said(self.n, client_id, clock::now()));
        self.context.recorder().add(self.shared.series.sent, 1);
        socket.send(&frame).await
    }

    fn hear(&self, frame: ServerFrame) {
        let (series, recorder) = (self.shared.series, self.context.recorder());
        match frame {
            ServerFrame::Chat { message_id, seq, client_id: Some(client_id), .. } => {
                recorder.add(series.received, 1);
                let now = clock::now();
                let heard =
                    self.shared.session(|session| session.heard(self.n, &client_id, seq, &message_id, now));
                if let Some(latency) = heard.latency {
                    recorder.value(series.chat_latency, latency);
                }
                recorder.share(series.heard_once, !heard.duplicate);
                recorder.share(series.heard_in_order, !heard.out_of_order);
                let evidence = || format!("participant {}: {client_id} as {seq}", self.n);
                if heard.duplicate {
                    recorder.counter(series.duplicates, evidence);
                }
                if heard.out_of_order {
                    recorder.counter(series.disorder, evidence);
                }
            }
            ServerFrame::Error { error } => recorder.counter(series.errors, || error.clone()),
            _ => {}
        }
    }

    fn complain(&self, fault: &Fault) {
        self.context.recorder().counter(self.shared.series.errors, || fault.to_string());
    }

    /// Books the time away of the time that was planned. Joining has a goal of its own, so the time it took is
    /// not lost; whoever never got in lost everything.
    fn account(&self, leaves_at: Instant, away: Duration, drops: u64) {
        let series = self.shared.series;
        let planned = self.shared.times.staying();
        // An interrupted run ends early; what was not lived is not lost.
        let cut = leaves_at.saturating_duration_since(clock::now());
        let lived = planned.saturating_sub(cut);
        let away = if away == Duration::MAX { planned } else { away };
        let (away, planned) = (away.as_millis() as u64, lived.max(away).as_millis() as u64);
        self.context.recorder().shares(series.time_present, planned.saturating_sub(away), away);
        self.context.recorder().share(series.sessions_kept, drops == 0);
    }
}

impl Agenda {
    fn new(shared: &Shared, n: u64, due: Instant, leaves_at: Instant) -> Self {
        let at = |offsets: Vec<Duration>| offsets.into_iter().map(|offset| due + offset).collect::<Vec<_>>();
        let mut chats = at(shared.times.chats(n)).into_iter();
        let mut pings = at(shared.times.pings()).into_iter();
        let (next_chat, next_ping) = (chats.next(), pings.next());
        Self { leaves_at, chats, next_chat, said: 0, pings, next_ping }
    }

    /// What was to be said before `now` is not said any more: whoever comes back does not make up for it.
    fn skip_to(&mut self, now: Instant) {
        while self.next_chat.is_some_and(|at| at < now) {
            self.next_chat = self.chats.next();
        }
        while self.next_ping.is_some_and(|at| at < now) {
            self.next_ping = self.pings.next();
        }
    }

    /// When the next thing is to be done.
    fn next(&self) -> Instant {
        [self.next_chat, self.next_ping].into_iter().flatten().fold(self.leaves_at, Instant::min)
    }
}

/// Looks at the video's health every so often.
async fn watch_video(
    shared: &Shared,
    context: &mut Context,
    access: &RefCell<String>,
    since: Instant,
    ends: &Ends,
) {
    for offset in shared.times.health_checks() {
        let Ok(due) = ends.until(since + offset).await else { return };
        let call = counted(shared, context.call::<VideoHealth>(&load_session()).due(due));
        let token = access.borrow().clone();
        let health = done(call.bearer(&token).send().await);
        let good = health.is_ok_and(|health| health.status != VideoStatus::Degraded);
        context.recorder().share(shared.series.video_health, good);
    }
}

/// Opens the socket and waits for the welcome.
async fn enter(context: &Context, joined: &JoinOutput) -> Result<Socket, Unopened> {
    knock(context, &load_session().session_id, &joined.ws_token).await
}

/// Why a socket brought no welcome.
enum Unopened {
    /// The token was not good enough, and that was said.
    Refused,
    /// Anything else.
    Broken(String),
}

async fn knock(context: &Context, session_id: &str, ws_token: &str) -> Result<Socket, Unopened> {
    let path = ws::path(session_id, ws_token);
    let mut socket = Socket::open(context.connector(), &path).await.map_err(|fault| match fault.kind {
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
    let joined = done(context.call::<JoinSession>(&other_session()).input(&input).send().await)?;
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
    let input = LeaveInput { user_id: input.user_id };
    drop(context.call::<LeaveSession>(&other_session()).input(&input).send().await);
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

/// Records a call under all requests as well.
fn counted<'a, E: Endpoint>(shared: &'a Shared, call: Call<'a, E>) -> Call<'a, E> {
    call.under(std::slice::from_ref(&shared.series.all))
}

fn done<T>(answer: Result<Answer<T>, Fault>) -> Result<T, Fault> {
    answer?.done().ok_or_else(|| Fault::body("refused", "a refusal nobody allowed"))
}
