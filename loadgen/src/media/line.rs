//! One participant's media path: str0m's state machine, the socket, and the clock between them.
//!
//! str0m is told what came and what time it is, and says what to send and when it wants to be asked again. After each
//! thing it is told, everything it has to say is taken (its "single-mutation invariant").

use std::{net::SocketAddr, rc::Rc, time::Duration};

use engine::{
    clock::{self, Instant},
    record::Recorder,
};
use str0m::{
    Event, IceConnectionState, Input, Output, Rtc,
    format::{Codec, PayloadParams},
    media::Pt,
    net::{Protocol, Receive},
    rtp::{RtpPacket, RtpWrite},
};
use tokio::net::UdpSocket;

use super::{
    Kind,
    demux::is_rtp,
    feedback::{Feedback, Told, Way},
    milestones::Milestones,
    receiving::Receiving,
    sending::{Burst, Sending},
    series::MediaSeries,
};

/// The largest datagram that is read.
const DATAGRAM_BYTES: usize = 2_048;
/// Datagrams read in a row before others have their turn.
const MOST_IN_A_ROW: usize = 64;
/// How often what is final is recorded.
const TICK: Duration = Duration::from_secs(1);
/// How long a path may take to carry packets.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Whether packets get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// Not yet, since then.
    Connecting(Instant),
    /// They do.
    Up,
    /// Not any more: another socket may help (RFC 8445, section 9).
    Lost,
    /// Never again: DTLS has failed or the other side has closed.
    Dead,
}

/// The path and all that goes over it.
pub(super) struct Line {
    pub(super) rtc: Rtc,
    pub(super) socket: Rc<UdpSocket>,
    pub(super) address: SocketAddr,
    pub(super) path: Path,
    pub(super) sending: Vec<Sending>,
    pub(super) receiving: Receiving,
    pub(super) milestones: Milestones,
    pub(super) recorder: Recorder,
    pub(super) series: MediaSeries,
    feedback: Told,
    secured: bool,
    /// When str0m wants to be asked again.
    asked_at: Instant,
    tick_at: Instant,
    buffer: Box<[u8]>,
}

impl Line {
    pub(super) fn new(
        rtc: Rtc,
        (socket, address): (Rc<UdpSocket>, SocketAddr),
        milestones: Milestones,
        receiving: Receiving,
        (recorder, series): (Recorder, MediaSeries),
    ) -> Self {
        let now = clock::now();
        Self {
            rtc,
            socket,
            address,
            path: Path::Connecting(now),
            sending: Vec::new(),
            receiving,
            milestones,
            recorder,
            series,
            feedback: Told::default(),
            secured: false,
            asked_at: now,
            tick_at: now + TICK,
            buffer: vec![0; DATAGRAM_BYTES].into(),
        }
    }

    /// When there is something to do, whatever comes.
    pub(super) fn next(&self) -> Instant {
        let sending = self.sending.iter().filter(|_| self.path == Path::Up).map(Sending::next);
        sending.fold(self.asked_at.min(self.tick_at), Instant::min)
    }

    /// Takes what came, sends what is due, records what is final.
    pub(super) fn turn(&mut self) {
        self.receive();
        let now = clock::now();
        if self.asked_at <= now {
            self.tell(Input::Timeout(now.into_std()), now);
        }
        if self.path == Path::Up {
            for place in 0..self.sending.len() {
                self.send(place);
            }
        }
        if self.tick_at <= now {
            self.tick_at = now + TICK;
            self.receiving.settle(now);
            if matches!(self.path, Path::Connecting(since) if now > since + CONNECT_WITHIN) {
                self.lose(now);
            }
        }
    }

    fn receive(&mut self) {
        for _ in 0..MOST_IN_A_ROW {
            let Ok((length, source)) = self.socket.try_recv_from(&mut self.buffer) else { return };
            self.recorder.add(self.series.bytes_received, length as u64);
            let now = clock::now();
            let datagram = &self.buffer[..length];
            // What is neither STUN nor DTLS nor RTP is nobody's.
            let Ok(receive) = Receive::new(Protocol::Udp, source, self.address, datagram) else { continue };
            self.milestones.reached(now);
            if self.rtc.handle_input(Input::Receive(now.into_std(), receive)).is_err() {
                self.die(now);
            }
            self.drain(now);
        }
    }

    fn tell(&mut self, input: Input<'_>, now: Instant) {
        if self.rtc.handle_input(input).is_err() {
            self.die(now);
        }
        self.drain(now);
    }

    /// Takes everything str0m has to say.
    pub(super) fn drain(&mut self, now: Instant) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    // A dead one asks for a moment beyond all others.
                    self.asked_at = Instant::from_std(at).min(now + TICK);
                    return;
                }
                Ok(Output::Transmit(datagram)) => {
                    let bytes = datagram.contents.len() as u64;
                    match self.socket.try_send_to(&datagram.contents, datagram.destination) {
                        Ok(_) => self.recorder.add(self.series.bytes_sent, bytes),
                        // Before packets get through, what the system refuses is what the path is like: an address
                        // that the other side has named and that cannot be reached.
                        Err(why) if self.path == Path::Up && is_rtp(&datagram.contents) => {
                            self.recorder.counter(self.series.unsent, || why.to_string());
                        }
                        Err(_) => {}
                    }
                }
                Ok(Output::Event(event)) => self.happen(event, now),
                Err(_) => {
                    self.asked_at = now + TICK;
                    return self.die(now);
                }
            }
        }
    }

    fn happen(&mut self, event: Event, now: Instant) {
        match event {
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => self.lose(now),
            Event::IceConnectionStateChange(state) if state.is_connected() => {
                self.milestones.paired(now);
                if self.secured {
                    self.carry(now);
                }
            }
            Event::Connected if !self.secured => {
                self.secured = true;
                self.milestones.secured(now);
                self.carry(now);
            }
            Event::RtpPacket(packet) => self.hear(&packet, now),
            Event::KeyframeRequest(request) => {
                let asked = self.sending.iter_mut().filter(|sending| sending.mid == request.mid);
                asked.for_each(Sending::show_key_frame);
            }
            Event::MediaIngressStats(stats) => {
                let seen = Feedback { nacks: stats.nacks, plis: stats.plis };
                let new = self.feedback.news((stats.mid, Way::In), seen);
                self.recorder.add(self.series.nacks_sent, new.nacks);
                self.recorder.add(self.series.plis_sent, new.plis);
            }
            Event::MediaEgressStats(stats) => {
                let seen = Feedback { nacks: stats.nacks, plis: stats.plis };
                let new = self.feedback.news((stats.mid, Way::Out), seen);
                self.recorder.add(self.series.nacks_received, new.nacks);
                self.recorder.add(self.series.plis_received, new.plis);
                if let Some(rtt) = stats.rtt {
                    self.recorder.value(self.series.rtt, rtt);
                }
            }
            Event::Closed => self.die(now),
            _ => {}
        }
    }

    fn hear(&mut self, packet: &RtpPacket, now: Instant) {
        let mid = self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|stream| stream.mid());
        let place = (packet.header.sequence_number, packet.header.timestamp);
        if mid.is_some_and(|mid| self.receiving.take(mid, place, now)) {
            self.milestones.heard(now);
        }
    }

    fn carry(&mut self, now: Instant) {
        if self.path != Path::Up {
            self.path = Path::Up;
            self.milestones.up(now);
            self.sending.iter_mut().for_each(|sending| sending.resume(now));
        }
    }

    fn lose(&mut self, now: Instant) {
        if self.path != Path::Dead {
            self.path = Path::Lost;
            self.milestones.lost(now);
        }
    }

    fn die(&mut self, now: Instant) {
        // str0m has nothing to say from here on, not even the same error again.
        self.rtc.disconnect();
        self.path = Path::Dead;
        self.milestones.lost(now);
    }

    fn send(&mut self, place: usize) {
        loop {
            let (burst, skipped) = self.sending[place].step(clock::now());
            if skipped > 0 {
                self.recorder.add(self.series.slots_skipped, skipped);
            }
            let Some(burst) = burst else { return };
            self.write(place, burst);
        }
    }

    fn write(&mut self, place: usize, burst: Burst) {
        let kind = self.sending[place].kind;
        let Some(payload_type) = self.payload_type(kind) else { return };
        let now = clock::now();
        for (part, payload) in burst.payloads.into_iter().enumerate() {
            let sending = &mut self.sending[place];
            let (mid, number) = (sending.mid, sending.next_number());
            let packet =
                RtpWrite::new(payload_type, number.into(), burst.timestamp, burst.due.into_std(), payload)
                    .marker(burst.marker == Some(part))
                    .nackable(kind == Kind::Video);
            let mut api = self.rtc.direct_api();
            let Some(stream) = api.stream_tx_by_mid(mid, None) else { return };
            stream.write_rtp(packet);
            self.sending[place].sent.one();
            self.recorder.add(self.series.sent, 1);
            self.drain(now);
        }
        self.recorder.value(self.series.lateness, now.saturating_duration_since(burst.due));
        // What was written goes out when str0m is told the time.
        self.tell(Input::Timeout(now.into_std()), now);
    }

    /// The number both sides have agreed on for a codec.
    fn payload_type(&self, kind: Kind) -> Option<Pt> {
        let codec = if kind == Kind::Video { Codec::Vp8 } else { Codec::Opus };
        self.rtc.codec_config().find(|params| params.spec().codec == codec).map(PayloadParams::pt)
    }
}
