//! A participant's video call: a session with the SFU, whom they listen to, and how they come back when it is lost.

use std::{convert::Infallible, sync::Arc, time::Duration};

use engine::{
    clock::{self, Instant},
    record::{Fault, TimingId},
};
use tokio::sync::{oneshot, watch};

use super::{
    BACKOFF, Shared,
    connection::{Connection, Way},
    signalling::{SfuSession, Signalling},
    subscriptions::Changes,
};
use crate::{
    context::Context,
    live::{Media, Subscribe},
    media::{Kind, Source},
};

/// How long until those who are to be heard and are not are asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Changes of who publishes are gathered for so long: many who come at once are one call.
const GATHER: Duration = Duration::from_millis(250);

/// Participant `n`'s video call.
pub(super) struct Video {
    signalling: Signalling,
    shared: Arc<Shared>,
    n: u64,
    due: Instant,
    session: Option<SfuSession>,
    /// When the path was lost, while there is no session.
    away_since: Option<Instant>,
    /// Whether they are still on their first way in, whose steps are measured.
    coming: bool,
}

/// What a participant and their video tell each other on the first way in.
pub(super) struct Opening {
    /// They have joined.
    pub(super) may_begin: bool,
    /// Video is negotiated, or was in vain.
    pub(super) negotiated: oneshot::Sender<()>,
    /// The socket has welcomed them; closed where it did not.
    pub(super) welcomed: oneshot::Receiver<()>,
}

impl Video {
    /// Nothing yet, for somebody who was due to join at `due`.
    pub(super) fn new(shared: &Arc<Shared>, n: u64, context: Context, due: Instant) -> Self {
        let signalling = Signalling { shared: shared.clone(), context };
        Self { signalling, shared: shared.clone(), n, due, session: None, away_since: None, coming: true }
    }

    /// Gets a video token, opens a session with the SFU and publishes in it.
    async fn begin(&mut self, access_token: &str) -> Result<(), Fault> {
        let steps = self.shared.series.way_in;
        let started = clock::now();
        let token = self.signalling.video_token(access_token).await?;
        let started = self.took(steps.token, started);
        let at = self.signalling.new_session(&token).await?;
        self.took(steps.session, started);
        let way = Way { due: self.due, is_first: self.coming, away_since: self.away_since };
        let connection = Connection::open(&self.shared, self.n, &self.signalling.context, way)
            .await
            .map_err(|why| Fault::reset(format!("no socket for media: {why}")))?;
        let mut session = SfuSession::new(at, token.video_token, connection);
        let kinds: &[Kind] = match self.shared.live.media {
            Media::AudioAndVideo => &[Kind::Audio, Kind::Video],
            Media::Audio | Media::None => &[Kind::Audio],
        };
        let tracks: Vec<(Kind, String)> =
            kinds.iter().map(|kind| (*kind, format!("{}-{}", kind.name(), self.n))).collect();
        let offer = session.connection.offer(&session.at.session_id, &tracks);
        let started = clock::now();
        let granted = self.signalling.publish(&mut session, offer).await?;
        self.took(steps.tracks, started);
        let tracks = tracks.into_iter().filter(|(_, track_name)| granted.contains(track_name));
        let published = tracks.map(|(kind, track_name)| {
            (kind, Source { session_id: session.at.session_id.clone(), track_name })
        });
        self.shared.roster.publish(self.n, published.collect());
        self.session = Some(session);
        self.away_since = None;
        Ok(())
    }

    /// Records how long a step took that began then, on the first way in; when the next one begins.
    fn took(&self, step: TimingId, since: Instant) -> Instant {
        let now = clock::now();
        if self.coming {
            self.signalling.context.recorder().value(step, now.saturating_duration_since(since));
        }
        now
    }

    /// Begins, and waits for the socket's welcome. A new access token meanwhile is seen by whoever looks next.
    async fn open(&mut self, access: &watch::Receiver<String>, opening: Opening) {
        let (token, mut joined) = (access.borrow().clone(), access.clone());
        if opening.may_begin {
            tokio::select! {
                biased;
                Ok(()) = joined.changed() => {}
                // What goes wrong is in the books.
                _ = self.begin(&token) => {}
            }
        }
        self.coming = false;
        // Nobody waits for it any more where video took too long.
        let _ = opening.negotiated.send(());
        if opening.welcomed.await.is_ok() {
            self.welcomed();
        }
    }

    /// All is negotiated and the socket has welcomed them: ready now, or with the first packet where somebody else is
    /// to be heard. Whoever has no session with the SFU is not ready.
    fn welcomed(&self) {
        let Some(session) = &self.session else { return };
        let alone = self.shared.roster.others(self.n, Kind::Audio).is_empty() || self.most() == 0;
        if alone || !session.connection.ready_when_heard(self.due) {
            let took = clock::now().saturating_duration_since(self.due);
            self.signalling.context.recorder().value(self.shared.series.media.ready, took);
        }
    }

    /// Comes in, listens to others as they come and go, and comes back when the path is lost. A new access token means that
    /// they have joined anew: the SFU has forgotten them.
    pub(super) async fn attend(
        &mut self,
        mut access: watch::Receiver<String>,
        opening: Opening,
    ) -> Infallible {
        self.open(&access, opening).await;
        let mut roster = self.shared.roster.watch();
        loop {
            roster.mark_unchanged();
            // An error is in the books.
            let all = self.follow().await.unwrap_or(false);
            tokio::select! {
                biased;
                Ok(()) = access.changed() => {
                    let token = access.borrow_and_update().clone();
                    self.begin_anew(&token).await;
                }
                () = self.lost() => {
                    let (token, mut joined) = (access.borrow().clone(), access.clone());
                    tokio::select! {
                        biased;
                        Ok(()) = joined.changed() => {}
                        // Whoever was never let in has nothing to ask with.
                        () = self.come_back(&token), if !token.is_empty() => {}
                        else => return std::future::pending().await,
                    }
                }
                Ok(()) = roster.changed() => clock::sleep_until(clock::now() + GATHER).await,
                () = clock::sleep_until(clock::now() + ASK_AGAIN), if !all => {}
                else => return std::future::pending().await,
            }
        }
    }

    /// Subscribes to whoever is not heard yet and should be; whether the SFU granted all of it.
    async fn follow(&mut self) -> Result<bool, Fault> {
        let most = self.most();
        let Some(session) = &mut self.session else { return Ok(true) };
        let (mut add, mut all) = (Vec::new(), true);
        for kind in [Kind::Audio, Kind::Video] {
            let offered = self.shared.roster.others(self.n, kind);
            let changes = Changes::towards(session.heard_of(kind), &offered, most);
            add.extend(changes.add.into_iter().map(|source| (kind, source)));
            // On paper no session counts as connected: what it has stays.
            if session.connection.is_real() {
                all &= self.signalling.point(session, kind, &changes.point).await?;
                self.signalling.close(session, kind, &changes.close).await?;
            }
        }
        Ok(self.signalling.subscribe(session, &add).await? && all)
    }

    /// How many others are heard, at most.
    fn most(&self) -> usize {
        match self.shared.live.subscribe {
            Subscribe::Last(speakers) => speakers,
            Subscribe::All => usize::MAX,
        }
    }

    /// Waits until the path is lost, or returns at once where there is none to lose: it is to be had, unless on paper.
    async fn lost(&self) {
        match &self.session {
            Some(session) => session.connection.lost().await,
            None if self.shared.live.media == Media::None => std::future::pending().await,
            None => {}
        }
    }

    /// Finds another path in the same session, or else begins another session, with growing pauses until it works.
    async fn come_back(&mut self, token: &str) {
        for pause in BACKOFF.into_iter().chain(std::iter::repeat(BACKOFF[BACKOFF.len() - 1])) {
            clock::sleep_until(clock::now() + pause).await;
            if self.restart().await {
                return;
            }
            self.begin_anew(token).await;
            if self.session.is_some() {
                return;
            }
        }
    }

    /// Restarts ICE from a new socket; whether packets get through again.
    async fn restart(&mut self) -> bool {
        let Some(session) = &mut self.session else { return false };
        let Some(offer) = session.connection.restart().await else { return false };
        let (series, recorder) = (self.shared.series.media, self.signalling.context.recorder().clone());
        recorder.counter(series.ice_restarts, || format!("participant {}", self.n));
        let taken = self.signalling.restart(session, offer).await;
        taken.unwrap_or(false) && session.connection.settled().await
    }

    /// Begins another session and publishes in it; the one before ends.
    async fn begin_anew(&mut self, token: &str) {
        if let Some(session) = self.session.take() {
            self.away_since = self.away_since.or(session.connection.away_since());
        }
        let (series, recorder) = (self.shared.series.media, self.signalling.context.recorder().clone());
        recorder.counter(series.new_sessions, || format!("participant {}", self.n));
        // What went wrong is in the books.
        let _ = self.begin(token).await;
    }
}

impl Drop for Video {
    /// Whoever goes is heard by nobody any more.
    fn drop(&mut self) {
        self.shared.roster.retire(self.n);
    }
}
