//! A peer: one WebRTC endpoint, what it takes in and what it is sent.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction as Sends, KeyframeRequestKind, MediaKind, Mid};
use str0m::net::Transmit;
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};
use str0m::stats::{MediaEgressStats, MediaIngressStats};
use str0m::{Event, IceCreds, Input, Output, Rtc};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::relay::Relay;
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

/// What the lock protects.
pub(super) struct State {
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    connected: bool,
    connected_at: Option<Instant>,
    inputs: HashMap<Mid, Incoming>,
    outputs: HashMap<Mid, Outgoing>,
    measured: HashMap<(Mid, Way), Measured>,
    /// Changed since it was last drained.
    touched: bool,
    /// Payload types that tracks were sent under, one bit each; what goes out under another is a resend.
    sent_as: u128,
    /// When it wants to be driven next.
    pub(super) due: Option<std::time::Instant>,
}

/// A track the client publishes.
#[derive(Default)]
struct Incoming {
    last_packet: Option<Instant>,
    subscribers: Vec<(Weak<Peer>, Mid)>,
}

/// A track the client subscribed to.
struct Outgoing {
    publisher: Weak<Peer>,
    source: Source,
    relay: Relay<Source>,
    last_packet: Option<Instant>,
    nacks: u64,
}

/// A published track: the peer that publishes it and its section there.
pub(super) type Source = (u64, Mid);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    In,
    Out,
}

/// What the last report said of one stream.
#[derive(Debug, Clone, Copy, Default)]
struct Measured {
    loss: f64,
    jitter_ms: f64,
    rtt_ms: f64,
}

/// A packet of a published track on its way to one subscriber.
pub(super) struct Forward {
    pub(super) to: Weak<Peer>,
    mid: Mid,
    source: Source,
    packet: Arc<RtpPacket>,
    codec: Codec,
}

/// A subscriber's wish for a keyframe, on its way to the publisher.
pub(super) struct Wish {
    pub(super) to: Weak<Peer>,
    mid: Mid,
    kind: KeyframeRequestKind,
}

/// What came out of a peer.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) datagrams: Vec<Transmit>,
    pub(super) forwards: Vec<Forward>,
    pub(super) wishes: Vec<Wish>,
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
        let state = State {
            rtc,
            pending: None,
            connected: false,
            connected_at: None,
            inputs: HashMap::new(),
            outputs: HashMap::new(),
            measured: HashMap::new(),
            touched: true,
            sent_as: 0,
            due: None,
        };
        let drawn = [AtomicU64::new(0), AtomicU64::new(0)];
        Self { id, user: user.to_owned(), books, changed, draws, drawn, state: Mutex::new(state) }
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
        let publishing = Arc::downgrade(publisher);
        let (output, left) = match before {
            Some(output) => {
                let left = output.publisher.upgrade();
                (Outgoing { publisher: publishing, source, last_packet: None, ..output }, left)
            }
            None => {
                let relay = Relay::default();
                (Outgoing { publisher: publishing, source, relay, last_packet: None, nacks: 0 }, None)
            }
        };
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

    /// Begins to say goodbye.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.touched = true;
        if let Err(error) = state.rtc.close() {
            tracing::debug!("the peer of {} could not say goodbye: {error}", self.user);
        }
    }

    /// Gives the endpoint its input and takes everything out of it.
    pub(super) fn drive(&self, input: Input<'_>, out: &mut Outbox) {
        let mut state = self.state();
        if state.touched {
            self.drain(&mut state, out);
        }
        if let Err(error) = state.rtc.handle_input(input) {
            tracing::debug!("the peer of {} ends: {error}", self.user);
            state.rtc.disconnect();
        }
        self.drain(&mut state, out);
    }

    /// Writes a packet to the stream of the section it is for; whether there is one that takes it.
    pub(super) fn write(&self, forward: &Forward) -> bool {
        self.state().write(forward).is_some()
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
        let connected = state.rtc.is_alive() && state.rtc.is_connected();
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
            Event::MediaEgressStats(stats) => self.count(|book| &book.nacks, state.reported(&stats)),
            Event::MediaIngressStats(stats) => state.received(&stats),
            _ => {}
        }
    }

    /// Whether a datagram of this payload type is a packet of a track, and not sent again.
    pub(super) fn sends_tracks_as(&self, payload_type: u8) -> bool {
        self.state().sent_as >> payload_type & 1 == 1
    }
}

impl State {
    /// Hands a packet of a published track to each subscriber.
    fn forward(&mut self, publisher: u64, packet: RtpPacket, out: &mut Outbox) {
        let stream = self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|stream| stream.mid());
        let Some((mid, input)) = stream.and_then(|mid| Some((mid, self.inputs.get_mut(&mid)?))) else {
            return;
        };
        input.last_packet = Some(clock::now());
        let payload_type = packet.header.payload_type;
        let Some(params) = self.rtc.codec_config().find(|params| params.pt() == payload_type) else { return };
        let (codec, packet) = (params.spec().codec, Arc::new(packet));
        input.subscribers.retain(|(peer, _)| peer.strong_count() > 0);
        out.forwards.extend(input.subscribers.iter().map(|(to, section)| Forward {
            to: Weak::clone(to),
            mid: *section,
            source: (publisher, mid),
            packet: Arc::clone(&packet),
            codec,
        }));
    }

    fn write(&mut self, forward: &Forward) -> Option<()> {
        let Forward { mid, source, packet, codec, .. } = forward;
        let output = self.outputs.get_mut(mid).filter(|output| self.connected && output.source == *source)?;
        let media = self.rtc.media(*mid).filter(|media| media.direction().is_sending())?;
        let carries = |pt| {
            self.rtc
                .codec_config()
                .find(|params| params.pt() == pt && params.spec().codec == *codec)
                .is_some()
        };
        let payload_type = media.remote_pts().iter().copied().find(|pt| carries(*pt))?;
        let stream = self.rtc.direct_api().stream_tx_by_mid(*mid, None)?.ssrc();
        let number = output.relay.renumber(*source, *packet.seq_no)?;
        let header = &packet.header;
        let write = RtpWrite::new(
            payload_type,
            number.into(),
            header.timestamp,
            packet.timestamp,
            Arc::clone(&packet.payload),
        );
        // What belongs to the hop is written anew by the endpoint; what belongs to the media passes through.
        let passed = ExtensionValues {
            audio_level: header.ext_vals.audio_level,
            voice_activity: header.ext_vals.voice_activity,
            video_orientation: header.ext_vals.video_orientation,
            ..ExtensionValues::default()
        };
        let write = write.marker(header.marker).ext_vals(passed).nackable(true);
        self.rtc.direct_api().stream_tx(&stream)?.write_rtp(write);
        output.last_packet = Some(clock::now());
        self.sent_as |= 1 << *payload_type;
        self.touched = true;
        Some(())
    }

    fn ask_for_keyframe(&mut self, mid: Mid, kind: KeyframeRequestKind) {
        let is_video = self.rtc.media(mid).is_some_and(|media| media.kind().is_video());
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_rx_by_mid(mid, None).filter(|_| is_video) {
            stream.request_keyframe(kind);
            self.touched = true;
        }
    }

    /// Keeps what a subscriber reported of a stream; how many NACKs came since the last time.
    fn reported(&mut self, stats: &MediaEgressStats) -> u64 {
        let clock_rate = self.clock_rate(stats.mid);
        let Some(output) = self.outputs.get_mut(&stats.mid) else { return 0 };
        let measured = self.measured.entry((stats.mid, Way::Out)).or_default();
        measured.loss = stats.loss.map_or(measured.loss, f64::from);
        measured.rtt_ms = stats.rtt.map_or(measured.rtt_ms, |rtt| rtt.as_secs_f64() * 1e3);
        let jitter = stats.remote.as_ref().map(|remote| f64::from(remote.jitter) / clock_rate * 1e3);
        measured.jitter_ms = jitter.unwrap_or(measured.jitter_ms);
        stats.nacks - std::mem::replace(&mut output.nacks, stats.nacks)
    }

    /// Keeps what was seen of a stream the client sends.
    fn received(&mut self, stats: &MediaIngressStats) {
        if self.inputs.contains_key(&stats.mid) {
            let clock_rate = self.clock_rate(stats.mid);
            let measured = self.measured.entry((stats.mid, Way::In)).or_default();
            measured.loss = stats.loss.map_or(measured.loss, f64::from);
            measured.jitter_ms = f64::from(stats.jitter) / clock_rate * 1e3;
        }
    }

    /// Ticks of RTP's clock in a second: 48 000 for Opus (RFC 7587, 4.1), 90 000 for VP8 (RFC 7741, 4.1).
    fn clock_rate(&self, mid: Mid) -> f64 {
        let is_video = self.rtc.media(mid).is_some_and(|media| media.kind().is_video());
        if is_video { 90_000.0 } else { 48_000.0 }
    }
}

/// A description without its candidates. The lite side never asks anybody (RFC 8445, 2.5): it learns where a
/// client is from the client's requests, and need not resolve names that hide addresses.
fn without_candidates(description: &str) -> String {
    description.split_inclusive('\n').filter(|line| !line.starts_with("a=candidate:")).collect()
}
