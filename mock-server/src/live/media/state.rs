//! What a peer's lock protects: the endpoint itself, the tracks that come in and go out, what was measured of them.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use str0m::Rtc;
use str0m::change::SdpPendingOffer;
use str0m::format::Codec;
use str0m::media::{KeyframeRequestKind, Mid};
use str0m::net::Transmit;
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};
use str0m::stats::{MediaEgressStats, MediaIngressStats};
use tokio::time::Instant;

use super::peer::Peer;
use super::relay::Relay;
use crate::clock;

/// What the lock protects.
pub(super) struct State {
    pub(super) rtc: Rtc,
    pub(super) pending: Option<SdpPendingOffer>,
    pub(super) connected: bool,
    pub(super) connected_at: Option<Instant>,
    pub(super) inputs: HashMap<Mid, Incoming>,
    pub(super) outputs: HashMap<Mid, Outgoing>,
    pub(super) measured: HashMap<(Mid, Way), Measured>,
    /// Changed since it was last drained.
    pub(super) touched: bool,
    /// How far the goodbye is.
    pub(super) goodbye: Goodbye,
    /// Payload types that tracks were sent under, one bit each; what goes out under another is a resend.
    pub(super) sent_as: u128,
    /// When it wants to be driven next.
    pub(super) due: Option<std::time::Instant>,
}

/// How far a peer's goodbye is: what was written before somebody wished for it is sent first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Goodbye {
    #[default]
    NotYet,
    Wanted,
    Said,
}

/// What became of a packet for a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Its stream has it.
    Whole,
    /// The subscriber cannot have it: not connected, its section refused or of another source, or overtaken.
    Unready,
    /// The section has no stream or payload type for it, though all is agreed on.
    Nowhere,
}

/// A track the client publishes.
#[derive(Default)]
pub(super) struct Incoming {
    pub(super) last_packet: Option<Instant>,
    pub(super) subscribers: Vec<(Weak<Peer>, Mid)>,
}

/// A track the client subscribed to.
pub(super) struct Outgoing {
    pub(super) publisher: Weak<Peer>,
    pub(super) source: Source,
    pub(super) relay: Relay<Source>,
    pub(super) last_packet: Option<Instant>,
    pub(super) nacks: u64,
}

/// A published track: the peer that publishes it and its section there.
pub(super) type Source = (u64, Mid);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Way {
    In,
    Out,
}

/// What the last report said of one stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    pub(super) loss: f64,
    pub(super) jitter_ms: f64,
    pub(super) rtt_ms: f64,
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
    pub(super) mid: Mid,
    pub(super) kind: KeyframeRequestKind,
}

/// What came out of a peer.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) datagrams: Vec<Transmit>,
    pub(super) forwards: Vec<Forward>,
    pub(super) wishes: Vec<Wish>,
}

impl State {
    pub(super) fn new(rtc: Rtc) -> Self {
        Self {
            rtc,
            pending: None,
            connected: false,
            connected_at: None,
            inputs: HashMap::new(),
            outputs: HashMap::new(),
            measured: HashMap::new(),
            touched: true,
            goodbye: Goodbye::default(),
            sent_as: 0,
            due: None,
        }
    }

    /// Hands a packet of a published track to each subscriber.
    pub(super) fn forward(&mut self, publisher: u64, packet: RtpPacket, out: &mut Outbox) {
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

    /// Writes a packet to the stream of the section it is for.
    pub(super) fn write(&mut self, forward: &Forward) -> Written {
        let Forward { mid, source, packet, .. } = forward;
        let refused = self.rtc.media(*mid).is_some_and(|media| !media.direction().is_sending());
        let takes = |output: &&mut Outgoing| self.connected && !refused && output.source == *source;
        let Some(output) = self.outputs.get_mut(mid).filter(takes) else { return Written::Unready };
        let Some(number) = output.relay.renumber(*source, *packet.seq_no) else { return Written::Unready };
        if self.put_in(forward, number).is_none() {
            return Written::Nowhere;
        }
        self.touched = true;
        Written::Whole
    }

    /// Puts a packet in its stream under this number, if there is a stream.
    fn put_in(&mut self, forward: &Forward, number: u64) -> Option<()> {
        let Forward { mid, packet, codec, .. } = forward;
        let carries = |pt| {
            self.rtc
                .codec_config()
                .find(|params| params.pt() == pt && params.spec().codec == *codec)
                .is_some()
        };
        let payload_type = self.rtc.media(*mid)?.remote_pts().iter().copied().find(|pt| carries(*pt))?;
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
        self.rtc.direct_api().stream_tx_by_mid(*mid, None)?.write_rtp(write);
        self.outputs.get_mut(mid)?.last_packet = Some(clock::now());
        self.sent_as |= 1 << *payload_type;
        Some(())
    }

    pub(super) fn ask_for_keyframe(&mut self, mid: Mid, kind: KeyframeRequestKind) {
        let is_video = self.rtc.media(mid).is_some_and(|media| media.kind().is_video());
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_rx_by_mid(mid, None).filter(|_| is_video) {
            stream.request_keyframe(kind);
            self.touched = true;
        }
    }

    /// Keeps what a subscriber reported of a stream; how many NACKs came since the last time.
    pub(super) fn reported(&mut self, stats: &MediaEgressStats) -> u64 {
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
    pub(super) fn received(&mut self, stats: &MediaIngressStats) {
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
