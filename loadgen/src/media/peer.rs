//! A participant's end of the media path, driven by a task of its own on the participant's worker.

use std::{
    cell::RefCell,
    io,
    net::{IpAddr, SocketAddr},
    rc::Rc,
    sync::{Arc, LazyLock},
    time::Duration,
};

use engine::{
    clock::{self, Instant},
    record::Recorder,
};
use fixtures::Stream;
use str0m::{
    Candidate, Rtc, RtcConfig,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    config::DtlsCert,
    media::{Direction, MediaKind, Mid},
};
use tokio::{net::UdpSocket, sync::Notify, task::JoinHandle};

use super::{
    Kind, Source, clip,
    dues::Dues,
    line::{Line, Path},
    milestones::Milestones,
    receiving::Receiving,
    sending::{self, Sending},
    series::MediaSeries,
};

/// Longest pause between two STUN requests, and how many may go unanswered: a path is taken for lost after about five
/// seconds, as in browsers.
const STUN_EVERY: Duration = Duration::from_secs(1);
const STUN_UNANSWERED: usize = 5;

/// What a peer is made of.
pub(crate) struct Setup {
    /// Takes what is measured.
    pub(crate) recorder: Recorder,
    /// Under which names.
    pub(crate) series: MediaSeries,
    /// When packets are due, of all participants.
    pub(crate) dues: Arc<Dues>,
    /// Draws first numbers.
    pub(crate) draw: Stream,
    /// The address its socket is bound to.
    pub(crate) from: IpAddr,
    /// A moment at which a packet of it would be due: each participant has a phase of its own.
    pub(crate) anchor: Instant,
    /// It is the participant's first: how long its steps take is measured.
    pub(crate) is_first: bool,
    /// When the path was lost that this one replaces.
    pub(crate) away_since: Option<Instant>,
}

/// A participant's end of the media path. Dropping it ends its task.
pub(crate) struct Peer {
    shared: Rc<Shared>,
    driver: JoinHandle<()>,
    dues: Arc<Dues>,
    published: Vec<Source>,
    draw: Stream,
    anchor: Instant,
    pending: Option<SdpPendingOffer>,
    from: IpAddr,
}

struct Shared {
    line: RefCell<Line>,
    /// Something was changed from outside: the task looks anew.
    wake: Notify,
    /// The path has changed.
    told: Notify,
}

/// A track that is offered: its media section, and its name.
pub(crate) type Offered = (String, String);

impl Peer {
    /// An end without tracks. Call it on a worker: its task is a local one.
    pub(crate) async fn open(setup: Setup) -> io::Result<Self> {
        let Setup { recorder, series, dues, draw, from, anchor, is_first, away_since } = setup;
        let (socket, address) = bind(from).await?;
        let mut rtc = config().build(clock::now().into_std());
        add_candidate(&mut rtc, address)?;
        let milestones = Milestones::new(recorder.clone(), series, is_first, away_since);
        let receiving = Receiving::new(recorder.clone(), series, dues.clone());
        let line = Line::new(rtc, (socket, address), milestones, receiving, (recorder, series));
        let shared = Rc::new(Shared { line: RefCell::new(line), wake: Notify::new(), told: Notify::new() });
        let driver = tokio::task::spawn_local(drive(shared.clone()));
        Ok(Self { shared, driver, dues, published: Vec::new(), draw, anchor, pending: None, from })
    }

    /// An offer to publish a track of each kind, under these names, in the session of this id.
    pub(crate) fn offer(&mut self, session_id: &str, names: &[(Kind, String)]) -> (String, Vec<Offered>) {
        let mut line = self.shared.line.borrow_mut();
        let mut change = line.rtc.sdp_api();
        let mut offered = Vec::new();
        let mut added = Vec::new();
        for (kind, name) in names {
            let mid =
                change.add_media(media_kind(*kind), Direction::SendOnly, None, Some(name.clone()), None);
            added.push((mid, *kind, name));
            offered.push((mid.to_string(), name.clone()));
        }
        let (offer, pending) = change.apply().expect("a track was added");
        for (mid, kind, name) in added {
            let mut sending = Sending::new(mid, kind, self.anchor, &mut self.draw);
            let source = Source { session_id: session_id.to_owned(), track_name: name.clone() };
            sending.sent = self.dues.begin(source.clone(), sending.base());
            self.published.push(source);
            line.sending.push(sending);
        }
        drop(line);
        self.pending = Some(pending);
        self.changed();
        (offer.to_sdp_string(), offered)
    }

    /// Takes the SFU's answer to the last offer.
    pub(crate) fn accept_answer(&mut self, sdp: &str) -> Result<(), String> {
        let pending = self.pending.take().ok_or("no offer waits for an answer")?;
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(|e| e.to_string())?;
        {
            let mut line = self.shared.line.borrow_mut();
            line.rtc.sdp_api().accept_answer(pending, answer).map_err(|e| e.to_string())?;
            line.milestones.answered(clock::now());
        }
        self.changed();
        Ok(())
    }

    /// The answer to an offer of the SFU's: packets of what was subscribed to may come.
    pub(crate) fn answer(&mut self, sdp: &str) -> Result<String, String> {
        let offer = SdpOffer::from_sdp_string(sdp).map_err(|e| e.to_string())?;
        let answer = {
            let mut line = self.shared.line.borrow_mut();
            line.milestones.subscribed(clock::now());
            line.rtc.sdp_api().accept_offer(offer)
        };
        self.changed();
        answer.map(|answer| answer.to_sdp_string()).map_err(|e| e.to_string())
    }

    /// A media section carries this source from now on.
    pub(crate) fn hear(&self, mid: &str, kind: Kind, source: Source) {
        let line = &mut *self.shared.line.borrow_mut();
        line.receiving.hear(Mid::from(mid), source, sending::clock_rate(kind), clock::now());
    }

    /// This source is asked for; until it is heard, in vain.
    pub(crate) fn asks_for(&self, source: Source) {
        self.shared.line.borrow_mut().receiving.asks_for(source, clock::now());
    }

    /// A media section is about to carry another source.
    pub(crate) fn leave(&self, mid: &str) {
        self.shared.line.borrow_mut().receiving.leave(Mid::from(mid), clock::now());
    }

    /// A media section carries nothing any more.
    pub(crate) fn close(&self, mid: &str) {
        self.shared.line.borrow_mut().receiving.close(Mid::from(mid), clock::now());
    }

    /// Records that the participant who was due then is ready, as soon as somebody is heard.
    pub(crate) fn ready_when_heard(&self, due: Instant) {
        self.shared.line.borrow_mut().milestones.ready_when_heard(due, clock::now());
    }

    /// An offer to find another path, from a new socket: an ICE restart (RFC 8839, 4.4.1.1).
    pub(crate) async fn restart(&mut self) -> io::Result<String> {
        let (socket, address) = bind(self.from).await?;
        let offer = {
            let line = &mut *self.shared.line.borrow_mut();
            let old = Candidate::host(line.address, "udp").map_err(io::Error::other)?;
            line.rtc.direct_api().invalidate_candidate(&old);
            add_candidate(&mut line.rtc, address)?;
            (line.socket, line.address) = (socket, address);
            let mut change = line.rtc.sdp_api();
            change.ice_restart(true);
            let (offer, pending) = change.apply().expect("a restart is a change");
            self.pending = Some(pending);
            line.path = Path::Connecting(clock::now());
            offer.to_sdp_string()
        };
        self.changed();
        Ok(offer)
    }

    /// Whether only another session can help.
    pub(crate) fn is_dead(&self) -> bool {
        self.shared.line.borrow().path == Path::Dead
    }

    /// Since when packets do not get through any more, should the path be lost now.
    pub(crate) fn away_since(&self) -> Option<Instant> {
        self.shared.line.borrow().milestones.away_since()
    }

    /// Waits until packets do not get through any more.
    pub(crate) async fn lost(&self) {
        self.until(|path| matches!(path, Path::Lost | Path::Dead)).await;
    }

    /// Waits until they do, or until they never will on this path; which of the two.
    pub(crate) async fn settled(&self) -> bool {
        self.until(|path| !matches!(path, Path::Connecting(_))).await == Path::Up
    }

    async fn until(&self, holds: impl Fn(Path) -> bool) -> Path {
        loop {
            let told = self.shared.told.notified();
            let path = self.shared.line.borrow().path;
            if holds(path) {
                return path;
            }
            told.await;
        }
    }

    /// Takes what str0m has to say to a change, and lets the task look anew.
    fn changed(&self) {
        self.shared.line.borrow_mut().drain(clock::now());
        self.shared.wake.notify_one();
        self.shared.told.notify_waiters();
    }
}

impl Drop for Peer {
    /// Ends the task and records what is final now. Whoever drops it was not in the middle of anything it does.
    fn drop(&mut self) {
        self.driver.abort();
        let now = clock::now();
        for source in &self.published {
            self.dues.end(source, now);
        }
        self.shared.line.borrow_mut().receiving.finish(now);
    }
}

/// Waits for packets and moments, and has the line do what is to be done.
async fn drive(shared: Rc<Shared>) {
    loop {
        let (socket, next) = {
            let line = shared.line.borrow();
            (line.socket.clone(), line.next())
        };
        tokio::select! {
            // An error is told by what is read.
            _ = socket.readable() => {}
            () = clock::sleep_until(next) => {}
            () = shared.wake.notified() => {}
        }
        let mut line = shared.line.borrow_mut();
        let before = line.path;
        line.turn();
        if line.path != before {
            shared.told.notify_waiters();
        }
    }
}

/// A socket of its own for each participant: an SFU tells participants apart by their addresses, and browsers do not
/// share one either.
async fn bind(from: IpAddr) -> io::Result<(Rc<UdpSocket>, SocketAddr)> {
    let socket = UdpSocket::bind((from, 0)).await?;
    // Only then does it know that it may be written to without waiting.
    socket.writable().await?;
    let address = socket.local_addr()?;
    Ok((Rc::new(socket), address))
}

fn media_kind(kind: Kind) -> MediaKind {
    match kind {
        Kind::Audio => MediaKind::Audio,
        Kind::Video => MediaKind::Video,
    }
}

fn add_candidate(rtc: &mut Rtc, address: SocketAddr) -> io::Result<()> {
    rtc.add_local_candidate(Candidate::host(address, "udp").map_err(io::Error::other)?);
    Ok(())
}

/// The certificate that all participants of this process show: the first one to be made takes tens of milliseconds, in
/// which its library gathers randomness.
static CERTIFICATE: LazyLock<DtlsCert> = LazyLock::new(|| {
    let made = str0m::crypto::from_feature_flags().dtls_provider.generate_certificate();
    made.expect("the system has random bytes")
});

/// Makes what all participants share. Before the start, so that nobody's start has to wait for it.
pub(crate) fn prepare() {
    LazyLock::force(&CERTIFICATE);
    LazyLock::force(&clip::AUDIO);
    LazyLock::force(&clip::VIDEO);
}

fn config() -> RtcConfig {
    let mut config = RtcConfig::new()
        .set_crypto_provider(Arc::new(str0m::crypto::from_feature_flags()))
        .set_dtls_cert(CERTIFICATE.clone())
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .set_rtp_mode(true)
        .set_stats_interval(Some(Duration::from_secs(1)));
    config.set_max_stun_rto(STUN_EVERY);
    config.set_max_stun_retransmits(STUN_UNANSWERED);
    config
}
