//! A participant's video call: a session with the SFU, whom they listen to, and how they come back when it is lost.

use std::{convert::Infallible, sync::Arc, time::Duration};

use engine::{
    clock::{self, Instant},
    record::Fault,
};
use tokio::sync::watch;

use super::{
    BACKOFF, Shared,
    connection::Connection,
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
}

impl Video {
    /// Nothing yet, for somebody who was due to join at `due`.
    pub(super) fn new(shared: &Arc<Shared>, n: u64, context: Context, due: Instant) -> Self {
        let signalling = Signalling { shared: shared.clone(), context };
        Self { signalling, shared: shared.clone(), n, due, session: None, away_since: None }
    }

    /// Gets a video token, opens a session with the SFU and publishes in it.
    pub(super) async fn begin(&mut self, access_token: &str) -> Result<(), Fault> {
        let token = self.signalling.video_token(access_token).await?;
        let at = self.signalling.new_session(&token).await?;
        let connection =
            Connection::open(&self.shared, self.n, &self.signalling.context, self.due, self.away_since)
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
        let granted = self.signalling.publish(&mut session, offer).await?;
        let tracks = tracks.into_iter().filter(|(_, track_name)| granted.contains(track_name));
        let published = tracks.map(|(kind, track_name)| {
            (kind, Source { session_id: session.at.session_id.clone(), track_name })
        });
        self.shared.roster.publish(self.n, published.collect());
        self.session = Some(session);
        self.away_since = None;
        Ok(())
    }

    /// The socket has welcomed them: ready now, or with the first packet where somebody else is to be heard.
    pub(super) fn welcomed(&self) {
        let alone = self.shared.roster.others(self.n, Kind::Audio).is_empty() || self.most() == 0;
        let session = self.session.as_ref().filter(|_| !alone);
        let waits = session.is_some_and(|session| session.connection.ready_when_heard(self.due));
        if !waits {
            let took = clock::now().saturating_duration_since(self.due);
            self.signalling.context.recorder().value(self.shared.series.media.ready, took);
        }
    }

    /// Listens to others as they come and go, and comes back when the path is lost. A new access token means that
    /// they have joined anew: the SFU has forgotten them.
    pub(super) async fn attend(&mut self, mut access: watch::Receiver<String>) -> Infallible {
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
                        () = self.come_back(&token) => {}
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
