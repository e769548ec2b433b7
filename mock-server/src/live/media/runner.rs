//! The task that owns the socket: it takes datagrams in, drives the peers, and lets faults strike what they send.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use str0m::Input;
use str0m::net::{Protocol, Receive};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};

use super::Plane;
use super::datagram::{Kind, asked_agent, kind};
use super::delay::{Delayed, Delays};
use super::impair::{Fate, fate, is_dead};
use super::peer::Peer;
use super::state::Outbox;
use crate::app::Settings;
use crate::clock;
use crate::defects::Defect;
use crate::faults::weather::Direction;
use crate::sync::lock;

/// Datagrams taken in before anything else is looked after.
const BATCH: usize = 64;
/// The longest datagram that is taken: an Ethernet frame and some.
const LONGEST: usize = 2_048;
/// How long the task rests when nobody wants anything.
const REST: Duration = Duration::from_mins(1);

/// The task's own.
pub(super) struct Runner {
    plane: Arc<Plane>,
    socket: UdpSocket,
    settings: Arc<Settings>,
    /// Whose datagrams come from where.
    by_address: HashMap<SocketAddr, Weak<Peer>>,
    /// When each peer wants to be driven next, soonest first.
    due: BTreeSet<(Instant, u64)>,
    peers: HashMap<u64, (Weak<Peer>, Instant)>,
    delayed: Delays,
    /// Written to or asked something, and not drained yet.
    touched: Vec<Arc<Peer>>,
    outgoing: Vec<(SocketAddr, Vec<u8>)>,
}

impl Runner {
    pub(super) fn new(plane: Arc<Plane>, socket: UdpSocket, settings: Arc<Settings>) -> Self {
        Self {
            plane,
            socket,
            settings,
            by_address: HashMap::new(),
            due: BTreeSet::new(),
            peers: HashMap::new(),
            delayed: Delays::default(),
            touched: Vec::new(),
            outgoing: Vec::new(),
        }
    }

    /// Carries media until the process ends.
    pub(super) async fn run(mut self) {
        let ending = self.settings.ending.clone();
        let mut buffer = [0; LONGEST];
        loop {
            let next = self.next(clock::now());
            tokio::select! {
                () = ending.cancelled() => return,
                _ = self.socket.readable() => self.receive(&mut buffer),
                () = self.plane.wake.notified() => {}
                () = sleep_until(next) => {}
            }
            self.look_after_woken();
            self.look_after_due();
            self.let_go_of_delayed();
            self.drain_touched();
            self.send().await;
        }
    }

    /// When something is due next.
    fn next(&self, now: Instant) -> Instant {
        let due = self.due.first().map(|(at, _)| *at);
        due.into_iter().chain(self.delayed.next()).min().unwrap_or(now + REST)
    }

    fn receive(&mut self, buffer: &mut [u8]) {
        for _ in 0..BATCH {
            match self.socket.try_recv_from(buffer) {
                Ok((length, from)) => self.arrived(from, &buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // What an earlier datagram met (its receiver is gone) is reported here, and is nobody's problem.
                Err(error) => tracing::trace!("receiving media: {error}"),
            }
        }
    }

    /// A datagram came in: lets faults strike it.
    fn arrived(&mut self, from: SocketAddr, datagram: &[u8]) {
        let Some(peer) = self.whose(from, datagram) else { return };
        match self.struck(&peer, Direction::Up, kind(datagram)) {
            Fate::Lost if matches!(kind(datagram), Kind::Rtp(_)) => peer.count(|book| &book.dropped_up, 1),
            Fate::Lost => {}
            Fate::Late(Duration::ZERO) => self.take_in(&peer, from, datagram),
            Fate::Late(by) => {
                self.delayed.push(clock::now() + by, peer, Direction::Up, from, datagram.to_vec());
            }
        }
    }

    /// Whose datagram this is. A request of STUN names whom it asks, which also says where they are from now on.
    fn whose(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<Arc<Peer>> {
        if let Some(fragment) = asked_agent(datagram) {
            let peer = lock(&self.plane.by_fragment).get(&fragment).and_then(Weak::upgrade)?;
            self.by_address.insert(from, Arc::downgrade(&peer));
            return Some(peer);
        }
        self.by_address.get(&from)?.upgrade()
    }

    fn take_in(&mut self, peer: &Arc<Peer>, from: SocketAddr, datagram: &[u8]) {
        if matches!(kind(datagram), Kind::Rtp(_)) {
            peer.count(|book| &book.packets_in, 1);
            peer.count(|book| &book.bytes_in, datagram.len() as u64);
        } else {
            let mut out = Outbox::default();
            peer.flush(&mut out);
            self.deal_with(peer, out);
        }
        if let Ok(received) = Receive::new(Protocol::Udp, from, self.plane.advertised, datagram) {
            self.drive(peer, Input::Receive(clock::now().into_std(), received));
        }
    }

    /// Drives a peer and deals with everything that comes of it.
    fn drive(&mut self, peer: &Arc<Peer>, input: Input<'_>) {
        let mut out = Outbox::default();
        peer.drive(input, &mut out);
        self.schedule(peer);
        self.deal_with(peer, out);
    }

    fn deal_with(&mut self, peer: &Arc<Peer>, out: Outbox) {
        for datagram in out.datagrams {
            self.leaves(peer, datagram.destination, datagram.contents.into());
        }
        for forward in out.forwards {
            let Some(subscriber) = forward.to.upgrade() else { continue };
            subscriber.count(|book| &book.due, 1);
            if self.settings.defects.has(Defect::TracksNeverActive) {
                continue;
            }
            if subscriber.write(&forward) {
                self.touch(subscriber);
            }
        }
        for wish in out.wishes {
            if let Some(publisher) = wish.to.upgrade() {
                publisher.grant(&wish);
                self.touch(publisher);
            }
        }
    }

    fn touch(&mut self, peer: Arc<Peer>) {
        if !self.touched.iter().any(|touched| Arc::ptr_eq(touched, &peer)) {
            self.touched.push(peer);
        }
    }

    /// A peer sends a datagram: lets faults strike it.
    fn leaves(&mut self, peer: &Arc<Peer>, to: SocketAddr, datagram: Vec<u8>) {
        let of_a_track = is_of_a_track(peer, &datagram);
        match self.struck(peer, Direction::Down, kind(&datagram)) {
            Fate::Lost if of_a_track => peer.count(|book| &book.dropped_down, 1),
            Fate::Lost => {}
            Fate::Late(Duration::ZERO) => self.put_out(peer, to, datagram),
            Fate::Late(by) => {
                if of_a_track {
                    peer.count(|book| &book.queued, 1);
                }
                self.delayed.push(clock::now() + by, Arc::clone(peer), Direction::Down, to, datagram);
            }
        }
    }

    fn put_out(&mut self, peer: &Arc<Peer>, to: SocketAddr, datagram: Vec<u8>) {
        if is_of_a_track(peer, &datagram) {
            peer.count(|book| &book.packets_out, 1);
            peer.count(|book| &book.bytes_out, datagram.len() as u64);
        } else if matches!(kind(&datagram), Kind::Rtp(_)) {
            peer.count(|book| &book.resent, 1);
        }
        self.outgoing.push((to, datagram));
    }

    /// What faults do to a datagram: loss and delay strike RTP, a dead path everything.
    fn struck(&self, peer: &Peer, way: Direction, kind: Kind) -> Fate {
        match self.settings.faults.media(&peer.user, way) {
            Some(weather) if is_dead(&weather) => Fate::Lost,
            Some(weather) if matches!(kind, Kind::Rtp(_)) => {
                let (draws, number) = peer.draw(way);
                fate(&weather, draws, number)
            }
            _ => Fate::Late(Duration::ZERO),
        }
    }

    fn let_go_of_delayed(&mut self) {
        let now = clock::now();
        while let Some(Delayed { peer, way, address, datagram, .. }) = self.delayed.pop(now) {
            if way == Direction::Up {
                self.take_in(&peer, address, &datagram);
                continue;
            }
            if is_of_a_track(&peer, &datagram) {
                peer.uncount(|book| &book.queued);
            }
            self.put_out(&peer, address, datagram);
        }
    }

    /// Those that handlers negotiated with; those that said goodbye are forgotten.
    fn look_after_woken(&mut self) {
        let woken = std::mem::take(&mut *lock(&self.plane.woken));
        for peer in &woken {
            self.drive(peer, Input::Timeout(clock::now().into_std()));
        }
        let some = !woken.is_empty();
        drop(woken);
        if some {
            self.by_address.retain(|_, peer| peer.strong_count() > 0);
        }
    }

    /// Each once, whatever it wants next.
    fn look_after_due(&mut self) {
        let now = clock::now();
        let due: Vec<(Instant, u64)> = self.due.range(..=(now, u64::MAX)).copied().collect();
        for (at, id) in due {
            self.due.remove(&(at, id));
            if let Some(peer) = self.peers.remove(&id).and_then(|(peer, _)| peer.upgrade()) {
                self.drive(&peer, Input::Timeout(now.into_std()));
            }
        }
    }

    fn drain_touched(&mut self) {
        while let Some(peer) = self.touched.pop() {
            self.drive(&peer, Input::Timeout(clock::now().into_std()));
        }
    }

    /// Notes when a peer wants to be driven next.
    fn schedule(&mut self, peer: &Arc<Peer>) {
        let due = peer.state().due.map(Instant::from_std);
        if let Some((_, before)) = self.peers.remove(&peer.id) {
            self.due.remove(&(before, peer.id));
        }
        if let Some(at) = due {
            self.peers.insert(peer.id, (Arc::downgrade(peer), at));
            self.due.insert((at, peer.id));
        }
    }

    async fn send(&mut self) {
        for (to, datagram) in self.outgoing.drain(..) {
            if let Err(error) = self.socket.send_to(&datagram, to).await {
                tracing::trace!("sending media to {to}: {error}");
            }
        }
    }
}

/// Whether a datagram that a peer sends is a packet of a track.
fn is_of_a_track(peer: &Peer, datagram: &[u8]) -> bool {
    matches!(kind(datagram), Kind::Rtp(payload_type) if peer.sends_tracks_as(payload_type))
}
