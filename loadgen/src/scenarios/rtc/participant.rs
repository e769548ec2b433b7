//! One participant, from joining to leaving.

use std::{sync::Arc, time::Duration};

use contract::{
    rtc::{
        JoinInput, JoinOutput, JoinSession, LeaveInput, LeaveOutput, LeaveSession, VideoHealth, VideoStatus,
    },
    ws::ClientFrame,
};
use engine::{
    clock::{self, Instant},
    driver::{Due, Turn, VirtualUser},
    ends::Ends,
    record::Fault,
};
use tokio::sync::{oneshot, watch};

use super::{
    BACKOFF, Shared,
    chat::{Agenda, Chat, Parting, send},
    counted, done,
    door::enter,
    goals::JOIN_WITHIN,
    load_session,
    video::{Opening, Video},
};
use crate::{
    call::{Answer, ensure},
    context::Context,
    ws::Socket,
};

/// The socket is not opened before video is negotiated, and not later than this: a person is in the chat while their
/// camera still connects.
const VIDEO_FIRST: Duration = Duration::from_secs(1);

/// One participant.
pub(super) struct Participant {
    shared: Arc<Shared>,
    n: u64,
    user_id: String,
    name: String,
    context: Context,
    /// The token of the newest join: joining again ends the one before.
    access: watch::Sender<String>,
}

impl Participant {
    pub(super) fn new(shared: Arc<Shared>, n: u64, context: Context) -> Self {
        let member = context.world().load_user(n as u32);
        let name = format!("{} {}", member.first_name, member.last_name);
        Self { shared, n, user_id: member.id, name, context, access: watch::Sender::default() }
    }
}

impl VirtualUser for Participant {
    async fn turn(&mut self, turn: Turn) {
        let leaves_at = turn.due.at + self.shared.times.staying();
        let mut video = Video::new(&self.shared, self.n, self.context.another(), turn.due.at);
        let joined = self.join(turn.due).await;
        self.came_in(turn.due, joined.is_ok());
        let access = self.access.subscribe();
        let (shared, current, mut watcher) = (self.shared.clone(), access.clone(), self.context.another());
        let (negotiated, begun) = oneshot::channel();
        let (welcome, welcomed) = oneshot::channel();
        let opening = Opening { may_begin: joined.is_ok(), negotiated, welcomed };
        let there = async {
            let socket = self.come(joined.ok(), begun, welcome).await;
            let opened = socket.is_some().then(clock::now);
            let (stayed, ()) = tokio::join!(
                self.stay(socket, turn.due.at, leaves_at, &turn.ends),
                watch_video(&shared, &mut watcher, &current, turn.due.at, &turn.ends),
            );
            (opened, stayed)
        };
        let (opened, (away, drops)) = tokio::select! {
            biased;
            there = there => there,
            never = video.attend(access, opening) => match never {},
        };
        drop(video);
        if let Some(opened) = opened {
            self.context.recorder().value(self.shared.series.session_length, clock::now() - opened);
        }
        self.account(leaves_at, away, drops);
        self.leave().await;
    }
}

impl Participant {
    /// Opens the socket of whoever has joined, once video is negotiated or has taken long enough. What goes wrong with
    /// video is in the books; a person stays and chats all the same. None when they did not get in: whoever does not
    /// tries again, as whoever loses the socket later does.
    async fn come(
        &mut self,
        joined: Option<JoinOutput>,
        begun: oneshot::Receiver<()>,
        welcome: oneshot::Sender<()>,
    ) -> Option<Socket> {
        let joined = joined?;
        // Closed means the same as told: there is nothing more to wait for.
        let _ = tokio::time::timeout(VIDEO_FIRST, begun).await;
        let socket = self.open(&joined).await?;
        // Nobody waits for it any more where the turn is over.
        let _ = welcome.send(());
        Some(socket)
    }

    /// Books how joining for the first time went: it is the first step of the way in.
    fn came_in(&self, due: Due, joined: bool) {
        let (recorder, series) = (self.context.recorder(), self.shared.series);
        if joined {
            recorder.value(series.way_in.join, clock::now().saturating_duration_since(due.at));
        } else {
            self.connected(false);
        }
    }

    /// Leaves, where a join ever succeeded.
    async fn leave(&mut self) {
        if self.access.borrow().is_empty() {
            return;
        }
        let input = LeaveInput { user_id: self.user_id.clone() };
        let call = counted(&self.shared, self.context.call::<LeaveSession>(&load_session()));
        let left = call.input(&input).checked(|answer| {
            let left = matches!(answer, Answer::Done(LeaveOutput { left: true }));
            ensure(left, "left when asked to", || format!("{answer:?}"))
        });
        // An error is in the books, and nothing follows.
        drop(left.await);
    }

    async fn join(&mut self, due: Due) -> Result<JoinOutput, Fault> {
        let input = JoinInput { user_id: self.user_id.clone(), participant_name: self.name.clone() };
        let call = counted(&self.shared, self.context.call::<JoinSession>(&load_session()).due(due));
        let joined = done(call.input(&input).send().await)?;
        self.access.send_replace(joined.access_token.clone());
        Ok(joined)
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

    /// Talks and listens until it is time to go, coming back as often as the socket is lost, or was not there to begin
    /// with. Returns the time away and how often that was.
    async fn stay(
        &mut self,
        mut socket: Option<Socket>,
        due: Instant,
        leaves_at: Instant,
        ends: &Ends,
    ) -> (Duration, u64) {
        let mut chat = Chat {
            shared: self.shared.clone(),
            n: self.n,
            user_id: self.user_id.clone(),
            recorder: self.context.recorder().clone(),
            agenda: Agenda::new(&self.shared.times, self.n, due, leaves_at),
        };
        let (mut away, mut drops) = (Duration::ZERO, 0);
        if socket.is_some() {
            away += late(due, clock::now().min(leaves_at));
        }
        // Whoever comes late does not make up for what they would have said.
        chat.agenda.skip_to(clock::now());
        let (mut lost_at, mut why) = (due, "did not get in".to_owned());
        loop {
            if let Some(open) = socket.take() {
                let Some(dropped) = self.be_there(open, &mut chat, ends).await else { return (away, drops) };
                (lost_at, why) = dropped;
            }
            drops += 1;
            let (n, series) = (self.n, self.shared.series);
            self.context.recorder().counter(series.drops, || format!("participant {n}: {why}"));
            socket = self.come_back(leaves_at, ends).await;
            let gap = clock::now().min(leaves_at).saturating_duration_since(lost_at);
            away += gap;
            chat.agenda.skip_to(clock::now());
            if socket.is_none() {
                return (away, drops);
            }
            self.context.recorder().value(series.away, gap);
        }
    }

    /// Talks and listens on an open socket; since when it was lost and why, unless it is time to go.
    async fn be_there(&self, mut open: Socket, chat: &mut Chat, ends: &Ends) -> Option<(Instant, String)> {
        self.shared.session(|session| session.arrived(self.n, clock::now()));
        let parting = chat.talk(&mut open, ends).await;
        let (at, left) = match &parting {
            Parting::TimeToGo => (clock::now(), true),
            Parting::Dropped(since, _) => (*since, false),
        };
        self.shared.session(|session| session.gone(self.n, at, left));
        match parting {
            Parting::TimeToGo => {
                let _ = send(&mut open, &ClientFrame::Leave).await;
                open.close().await;
                None
            }
            Parting::Dropped(since, why) => Some((since, why)),
        }
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

    /// Books the time away of the time that was planned. Joining has a goal of its own, so the time it may take is
    /// not lost, unless it had to be tried again: whoever never got in lost everything.
    fn account(&self, leaves_at: Instant, away: Duration, drops: u64) {
        let series = self.shared.series;
        let planned = self.shared.times.staying();
        // An interrupted run ends early; what was not lived is not lost.
        let cut = leaves_at.saturating_duration_since(clock::now());
        let lived = planned.saturating_sub(cut);
        let (away, planned) = (away.as_millis() as u64, lived.max(away).as_millis() as u64);
        self.context.recorder().shares(series.time_present, planned.saturating_sub(away), away);
        self.context.recorder().share(series.sessions_kept, drops == 0);
    }
}

/// How much later than joining may take was somebody there who was due to come.
fn late(due: Instant, there: Instant) -> Duration {
    there.saturating_duration_since(due + JOIN_WITHIN)
}

/// Looks at the video's health every so often.
async fn watch_video(
    shared: &Shared,
    context: &mut Context,
    access: &watch::Receiver<String>,
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
