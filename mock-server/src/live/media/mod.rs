//! The media plane: one UDP socket for all live sessions of the process, and behind it one sans-IO WebRTC endpoint
//! (str0m) per SFU session, which answers ICE as the lite side, speaks DTLS and SRTP, and hands over RTP packets.
//!
//! Handlers negotiate under a peer's own lock ([`Peering`]) and wake the one task that owns the socket
//! ([`runner`]). It finds the peer of a datagram by its address, or, for an address that is new, by the user
//! fragment a STUN request names. Packets of published tracks go to each subscriber under a number of its own
//! ([`relay`]). No two peers are ever locked at once.

mod datagram;
mod delay;
mod impair;
mod peer;
mod relay;
mod runner;
mod state;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use str0m::config::{CryptoProvider, DtlsCert};
use str0m::{Candidate, Rtc};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::books::{Book, Figures};
use super::sfu::{Flow, Quality, Sdp, Section};
use crate::app::{MediaListen, Settings};
use crate::clock;
use crate::latency::stream::Stream;
use crate::sync::lock;
use peer::Peer;
use runner::Runner;

/// How often reception is reported to those who send, and statistics are looked at.
const REPORTS: Duration = Duration::from_secs(1);
/// What the kernel keeps for us between two looks at the socket: half a second of 500 participants' audio.
const SOCKET_BUFFER: usize = 4 << 20;

/// What handlers and the plane's task share.
pub(crate) struct Plane {
    /// Where clients send their packets.
    advertised: SocketAddr,
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
    seed: u64,
    next_peer: AtomicU64,
    open: Arc<AtomicU64>,
    /// Everything that was carried since the process began.
    book: Arc<Book>,
    by_fragment: Mutex<HashMap<String, Weak<Peer>>>,
    woken: Mutex<Vec<Arc<Peer>>>,
    wake: Notify,
}

impl std::fmt::Debug for Plane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plane").field("advertised", &self.advertised).finish_non_exhaustive()
    }
}

/// Opens the socket and carries media among `tasks` until the process ends. `listener` is the address the mock
/// listens on, `seed` that of what faults draw.
pub(crate) fn carry_media(
    settings: &Arc<Settings>,
    media: MediaListen,
    listener: IpAddr,
    seed: u64,
    tasks: &mut JoinSet<()>,
) -> io::Result<()> {
    let wanted = media.listen.unwrap_or(SocketAddr::new(listener, 0));
    let socket = open(wanted).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("no media can be received on {wanted} (UDP): choose another --media-listen: {error}"),
        )
    })?;
    let bound = socket.local_addr()?;
    let address = media.advertise.unwrap_or_else(|| match bound.ip() {
        ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    });
    let crypto = Arc::new(str0m::crypto::from_feature_flags());
    let certificate = crypto.dtls_provider.generate_certificate();
    let certificate = certificate.ok_or_else(|| io::Error::other("no certificate for DTLS could be made"))?;
    let plane = Arc::new(Plane {
        advertised: SocketAddr::new(address, bound.port()),
        crypto,
        certificate,
        seed,
        next_peer: AtomicU64::new(0),
        open: Arc::default(),
        book: Arc::default(),
        by_fragment: Mutex::default(),
        woken: Mutex::default(),
        wake: Notify::new(),
    });
    if settings.plane.set(Arc::clone(&plane)).is_ok() {
        let socket = tokio::net::UdpSocket::from_std(socket)?;
        tasks.spawn(Runner::new(plane, socket, Arc::clone(settings)).run());
    }
    Ok(())
}

fn open(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(at)?;
    socket.set_nonblocking(true)?;
    // A kernel that grants less loses packets only under more load than it is meant for.
    drop(socket2::SockRef::from(&socket).set_recv_buffer_size(SOCKET_BUFFER));
    Ok(socket)
}

impl Plane {
    /// A new peer for a session of `user`. What is carried is written in `book`; `changed` is told when its
    /// connection comes and goes.
    pub(crate) fn peer(self: &Arc<Self>, user: &str, book: Arc<Book>, changed: &Arc<Notify>) -> Peering {
        let id = self.next_peer.fetch_add(1, Ordering::Relaxed);
        let draws = ["up", "down"].map(|way| Stream::new(self.seed, &format!("media {way} {user}")));
        let books = [book, Arc::clone(&self.book)];
        let peer = Arc::new(Peer::new(id, user, books, Arc::clone(changed), draws, self.endpoint()));
        self.open.fetch_add(1, Ordering::Relaxed);
        let peering = Peering { peer, plane: Arc::clone(self), fragment: Mutex::default() };
        peering.is_reached_by_its_fragment();
        peering
    }

    /// Everything that was carried since the process began.
    pub(crate) fn figures(&self) -> Figures {
        self.book.figures()
    }

    /// Peers there are.
    pub(crate) fn peers(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// A fresh endpoint: the lite side of ICE, packets instead of frames, Opus and VP8.
    fn endpoint(&self) -> Rtc {
        let mut rtc = Rtc::builder()
            .set_crypto_provider(Arc::clone(&self.crypto))
            .set_dtls_cert(self.certificate.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_stats_interval(Some(REPORTS))
            .set_rtcp_report_interval_audio(REPORTS)
            .set_rtcp_report_interval_video(REPORTS)
            .build(clock::now().into_std());
        match Candidate::host(self.advertised, "udp") {
            Ok(candidate) => drop(rtc.add_local_candidate(candidate)),
            Err(error) => tracing::warn!("nobody can be told to send media to {}: {error}", self.advertised),
        }
        rtc
    }

    /// Lets the task look after a peer.
    fn wake(&self, peer: &Arc<Peer>) {
        lock(&self.woken).push(Arc::clone(peer));
        self.wake.notify_one();
    }
}

/// The hold a session has on its peer; when it lets go, the peer says goodbye.
pub(crate) struct Peering {
    peer: Arc<Peer>,
    plane: Arc<Plane>,
    /// The user fragment its STUN requests name now.
    fragment: Mutex<String>,
}

impl std::fmt::Debug for Peering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peering").field("peer", &self.peer.id).finish_non_exhaustive()
    }
}

impl Peering {
    /// What it carries, as descriptions name it.
    pub(crate) const CODECS: [&'static str; 2] = ["opus", "VP8"];

    /// Whether ICE and DTLS are done.
    pub(crate) fn is_connected(&self) -> bool {
        self.peer.is_connected()
    }

    /// Answers a client's offer, with new credentials if it brings new ones (an ICE restart).
    pub(crate) fn answer(&self, offer: &str) -> Result<String, String> {
        let answer = self.peer.answer(offer)?;
        self.is_reached_by_its_fragment();
        self.plane.wake(&self.peer);
        Ok(answer)
    }

    /// Offers these sections beside those there are, and says their mids.
    pub(crate) fn offer(&self, new: &mut [Section]) -> Result<String, String> {
        self.peer.offer(new)
    }

    /// Takes the answer to the last offer.
    pub(crate) fn accept(&self, text: &str, answer: &Sdp) -> Result<(), String> {
        let accepted = self.peer.accept(text, answer);
        self.plane.wake(&self.peer);
        accepted
    }

    /// Takes the last offer back.
    pub(crate) fn withdraw(&self) {
        self.peer.withdraw();
    }

    /// From now on, what comes in the client's section is forwarded.
    pub(crate) fn publish(&self, mid: &str) {
        self.peer.publish(mid);
    }

    /// From now on, the section carries what `publisher` receives in its section `theirs`.
    pub(crate) fn subscribe(&self, mid: &str, publisher: &Self, theirs: &str) {
        let before = self.peer.take_from(mid, &publisher.peer, theirs);
        if let Some(before) = before {
            before.leave_out(&self.peer, mid);
        }
        publisher.peer.forward_to(theirs, &self.peer, mid);
        self.plane.wake(&publisher.peer);
    }

    /// From now on, nothing flows in the section.
    pub(crate) fn close_section(&self, mid: &str) {
        if let Some(source) = self.peer.close_section(mid) {
            source.leave_out(&self.peer, mid);
        }
    }

    /// When media last flowed in a section.
    pub(crate) fn flow(&self, mid: &str) -> Flow {
        self.peer.flow(mid)
    }

    /// What was measured; nothing before it was connected.
    pub(crate) fn quality(&self) -> Option<Quality> {
        self.peer.quality()
    }

    /// Lets STUN requests find the peer by its present user fragment, and by no earlier one.
    fn is_reached_by_its_fragment(&self) {
        let fragment = self.peer.fragment();
        let before = std::mem::replace(&mut *lock(&self.fragment), fragment.clone());
        let mut by_fragment = lock(&self.plane.by_fragment);
        by_fragment.remove(&before);
        by_fragment.insert(fragment, Arc::downgrade(&self.peer));
    }
}

impl Drop for Peering {
    fn drop(&mut self) {
        lock(&self.plane.by_fragment).remove(&*lock(&self.fragment));
        self.plane.open.fetch_sub(1, Ordering::Relaxed);
        self.peer.close();
        self.plane.wake(&self.peer);
    }
}
