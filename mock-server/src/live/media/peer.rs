//! A peer: one WebRTC endpoint, negotiated with by handlers and driven by the plane's task.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use str0m::change::{SdpAnswer, SdpOffer};
use str0m::media::{Direction as Sends, KeyframeRequestKind, MediaKind, Mid};
use str0m::{Event, IceCreds, Input, Output, Rtc};
use tokio::sync::Notify;

use super::state::{Forward, Goodbye, Measured, Outbox, Outgoing, State, Wish, Written};
use super::{Flow, Quality, Sdp, Section};
use crate::clock;
use crate::faults::weather::Direction;
use crate::latency::stream::Stream;
use crate::live::books::Book;
use crate::live::sfu::Kind;
use crate::sync::lock;

/// A peer. Whoever needs two of them locks one after the other.
pub(super) struct Peer {
    pub(super) id: u64,
    /// Whose it is, as faults name people.
    pub(super) user: String,
    /// The participant's and the process's.
    books: [Arc<Book>; 2],
    /// Told when the connection comes and goes.
    changed: Arc<Notify>,
    /// What faults draw from, upwards and downwards.
    draws: [Stream; 2],
    /// How many packets have drawn.
    drawn: [AtomicU64; 2],
    state: Mutex<State>,
}

impl Peer {
    pub(super) fn new(
        id: u64,
        user: &str,
        books: [Arc<Book>; 2],
        changed: Arc<Notify>,
        draws: [Stream; 2],
        rtc: Rtc,
    ) -> Self {
        Self {
            id,
            user: user.to_owned(),
            books,
            changed,
            draws,
            drawn: <[AtomicU64; 2]>::default(),
            state: Mutex::new(State::new(rtc)),
        }
    }

    /// Adds to the participant's book and the process's.
    pub(super) fn count(&self, what: fn(&Book) -> &AtomicU64, by: u64) {
        for book in &self.books {
            what(book).fetch_add(by, Ordering::Relaxed);
        }
    }

    /// Takes from both books: for what is counted while it lasts.
    pub(super) fn uncount(&self, what: fn(&Book) -> &AtomicU64) {
        for book in &self.books {
            what(book).fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The stream that faults draw from and the number of the next packet to draw.
    pub(super) fn draw(&self, way: Direction) -> (Stream, u64) {
        let way = usize::from(way == Direction::Down);
        (self.draws[way], self.drawn[way].fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.state().connected
    }

    /// The user fragment of its credentials for ICE.
    pub(super) fn fragment(&self) -> String {
        self.state().rtc.direct_api().local_ice_credentials().ufrag
    }

    pub(super) fn answer(&self, offer: &str) -> Result<String, String> {
        let offer = SdpOffer::from_sdp_string(&without_candidates(offer)).map_err(|what| what.to_string())?;
        let mut state = self.state();
        state.touched = true;
        let answer = state.rtc.sdp_api().accept_offer(offer).map_err(|what| what.to_string())?;
        Ok(answer.to_sdp_string())
    }

    pub(super) fn offer(&self, new: &mut [Section]) -> Result<String, String> {
        let mut state = self.state();
        let mut changes = state.rtc.sdp_api();
        for section in &mut *new {
            let kind = match section.kind {
                Kind::Audio => MediaKind::Audio,
                Kind::Video => MediaKind::Video,
                Kind::Application => return Err("data channels cannot be subscribed to".to_owned()),
            };
            let mid = changes.add_media(kind, Sends::SendOnly, section.stream.clone(), None, None);
            section.mid = mid.to_string();
        }
        let (offer, pending) = changes.apply().ok_or("there is nothing to offer")?;
        state.pending = Some(pending);
        Ok(offer.to_sdp_string())
    }

    pub(super) fn accept(&self, text: &str, answer: &Sdp) -> Result<(), String> {
        let answered =
            SdpAnswer::from_sdp_string(&without_candidates(text)).map_err(|what| what.to_string())?;
        let mut state = self.state();
        let pending = state.pending.take().ok_or("no offer waits for an answer")?;
        // Before anything is connected there is nothing an answer could restart: the credentials that came last
        // are the client's.
        if let (None, Some((ufrag, pass))) = (state.connected_at, answer.credentials.clone()) {
            state.rtc.direct_api().set_remote_ice_credentials(IceCreds { ufrag, pass });
        }
        state.touched = true;
        state.rtc.sdp_api().accept_answer(pending, answered).map_err(|what| what.to_string())
    }

    pub(super) fn withdraw(&self) {
        self.state().pending = None;
    }

    pub(super) fn publish(&self, mid: &str) {
        self.state().inputs.entry(mid.into()).or_default();
    }

    /// Begins to send `publisher`'s track in the section `mid`; whoever it took from until now.
    pub(super) fn take_from(&self, mid: &str, publisher: &Arc<Self>, theirs: &str) -> Option<Arc<Self>> {
        let mut state = self.state();
        let source = (publisher.id, theirs.into());
        let before = state.outputs.remove(&mid.into());
        let left = before.as_ref().and_then(|output| output.publisher.upgrade());
        let publisher = Arc::downgrade(publisher);
        let (relay, nacks) = before.map(|output| (output.relay, output.nacks)).unwrap_or_default();
        let output = Outgoing { publisher, source, relay, last_packet: None, nacks };
        state.outputs.insert(mid.into(), output);
        left
    }

    /// Begins to forward the track in the section `mid` to a subscriber, beginning with a keyframe.
    pub(super) fn forward_to(&self, mid: &str, subscriber: &Arc<Self>, theirs: &str) {
        let mut state = self.state();
        let Some(input) = state.inputs.get_mut(&mid.into()) else { return };
        input.subscribers.push((Arc::downgrade(subscriber), theirs.into()));
        state.ask_for_keyframe(mid.into(), KeyframeRequestKind::Pli);
    }

    /// Forwards nothing more to this section of a subscriber's.
    pub(super) fn leave_out(&self, subscriber: &Self, theirs: &str) {
        let theirs: Mid = theirs.into();
        let is_it =
            |(peer, mid): &(Weak<Self>, Mid)| std::ptr::eq(peer.as_ptr(), subscriber) && *mid == theirs;
        for input in self.state().inputs.values_mut() {
            input.subscribers.retain(|subscribed| !is_it(subscribed));
        }
    }

    /// Nothing comes or goes in this section any more; whoever it took from.
    pub(super) fn close_section(&self, mid: &str) -> Option<Arc<Self>> {
        let mut state = self.state();
        let mid = mid.into();
        state.inputs.remove(&mid);
        state.measured.retain(|(of, _), _| *of != mid);
        state.outputs.remove(&mid)?.publisher.upgrade()
    }

    pub(super) fn flow(&self, mid: &str) -> Flow {
        let state = self.state();
        let mid = mid.into();
        let incoming = state.inputs.get(&mid).and_then(|input| input.last_packet);
        let outgoing = || state.outputs.get(&mid).and_then(|output| output.last_packet);
        Flow { connected_at: state.connected_at, last_packet: incoming.or_else(outgoing) }
    }

    pub(super) fn quality(&self) -> Option<Quality> {
        let state = self.state();
        state.connected_at?;
        let worst = |of: fn(&Measured) -> f64| state.measured.values().map(of).fold(0.0, f64::max);
        Some(Quality {
            loss: worst(|measured| measured.loss),
            jitter_ms: worst(|measured| measured.jitter_ms),
            rtt_ms: worst(|measured| measured.rtt_ms),
            ..Quality::default()
        })
    }

    /// Begins to say goodbye: it is sent nothing more, and the task does the rest.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.goodbye = Goodbye::Wanted;
        state.connected = false;
        self.changed.notify_waiters();
    }

    /// Gives the endpoint its input and takes everything out of it.
    pub(super) fn drive(&self, input: Input<'_>, out: &mut Outbox) {
        let mut state = self.state();
        if state.goodbye == Goodbye::Wanted {
            self.say_goodbye(&mut state, out);
        }
        if state.touched {
            self.drain(&mut state, out);
        }
        self.take(&mut state, input, out);
    }

    /// Sends what was written until now, ahead of input that may end the connection: an endpoint that closes
    /// forgets what it has not sent.
    pub(super) fn flush(&self, out: &mut Outbox) {
        let mut state = self.state();
        if state.touched {
            self.flush_state(&mut state, out);
        }
    }

    fn say_goodbye(&self, state: &mut State, out: &mut Outbox) {
        self.flush_state(state, out);
        state.goodbye = Goodbye::Said;
        state.touched = true;
        if let Err(error) = state.rtc.close() {
            tracing::debug!("the peer of {} could not say goodbye: {error}", self.user);
        }
    }

    /// The endpoint looks at its queues once per input, and may leave packets of a longer one to the next.
    fn flush_state(&self, state: &mut State, out: &mut Outbox) {
        let now = clock::now().into_std();
        loop {
            let before = out.datagrams.len();
            self.take(state, Input::Timeout(now), out);
            if out.datagrams.len() == before {
                return;
            }
        }
    }

    fn take(&self, state: &mut State, input: Input<'_>, out: &mut Outbox) {
        if let Err(error) = state.rtc.handle_input(input) {
            tracing::debug!("the peer of {} ends: {error}", self.user);
            state.rtc.disconnect();
        }
        self.drain(state, out);
    }

    /// Writes a packet to the stream of the section it is for, and counts what became of it; whether it was written.
    pub(super) fn write(&self, forward: &Forward) -> bool {
        let written = self.state().write(forward);
        match written {
            Written::Whole => {}
            Written::Unready => self.count(|book| &book.unready, 1),
            Written::Nowhere => self.count(|book| &book.unwritten, 1),
        }
        written == Written::Whole
    }

    /// Asks the client for a keyframe.
    pub(super) fn grant(&self, wish: &Wish) {
        self.state().ask_for_keyframe(wish.mid, wish.kind);
    }

    fn drain(&self, state: &mut State, out: &mut Outbox) {
        state.touched = false;
        state.due = loop {
            match state.rtc.poll_output() {
                Ok(Output::Timeout(at)) => break Some(at).filter(|_| state.rtc.is_alive()),
                Ok(Output::Transmit(datagram)) => out.datagrams.push(datagram),
                Ok(Output::Event(event)) => self.heard(state, event, out),
                Err(error) => {
                    tracing::debug!("the peer of {} ends: {error}", self.user);
                    state.rtc.disconnect();
                    break None;
                }
            }
        };
        let stays = state.goodbye == Goodbye::NotYet && state.rtc.is_alive();
        let connected = stays && state.rtc.is_connected();
        if connected != state.connected {
            state.connected = connected;
            state.connected_at = state.connected_at.or_else(|| connected.then(clock::now));
            self.changed.notify_waiters();
        }
    }

    fn heard(&self, state: &mut State, event: Event, out: &mut Outbox) {
        match event {
            Event::RtpPacket(packet) => state.forward(self.id, packet, out),
            Event::KeyframeRequest(asked) => {
                self.count(|book| &book.keyframe_requests, 1);
                if let Some(output) = state.outputs.get(&asked.mid) {
                    let (to, mid) = (Weak::clone(&output.publisher), output.source.1);
                    out.wishes.push(Wish { to, mid, kind: asked.kind });
                }
            }
            Event::MediaEgressStats(report) => self.count(|book| &book.nacks, state.reported(&report)),
            Event::MediaIngressStats(report) => state.received(&report),
            _ => {}
        }
    }

    /// Whether a datagram of this payload type is a packet of a track, and not sent again.
    pub(super) fn sends_tracks_as(&self, payload_type: u8) -> bool {
        self.state().sent_as >> payload_type & 1 == 1
    }
}

/// A description without its candidates. The lite side never asks anybody (RFC 8445, 2.5): it learns where a
/// client is from the client's requests, and need not resolve names that hide addresses.
fn without_candidates(description: &str) -> String {
    description.split_inclusive('\n').filter(|line| !line.starts_with("a=candidate:")).collect()
}
