//! A participant with real media: a small WebRTC client on a UDP socket of its own, driven by the test.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::select_all;
use serde_json::{Value, json};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::rig::Rig;
use crate::sfu::Peer;
use crate::wire::PATIENCE;

/// A participant with real media.
pub(crate) struct MediaPeer<'a> {
    /// Its calls over HTTP.
    pub(crate) calls: Peer<'a>,
    /// The packets that came, in that order.
    pub(crate) heard: Vec<RtpPacket>,
    /// How often it was asked for a keyframe.
    pub(crate) keyframes_wanted: usize,
    /// It is large, and futures carry it around.
    rtc: Box<Rtc>,
    socket: UdpSocket,
    next_number: u64,
}

impl<'a> MediaPeer<'a> {
    /// Joins the load session and opens a session with the SFU.
    pub(crate) async fn enter(rig: &'a Rig, user: &str) -> Self {
        Self::with(Peer::enter(rig, user).await).await
    }

    /// Takes part with media in a session that was opened.
    pub(crate) async fn with(calls: Peer<'a>) -> Self {
        let rtc = Rtc::builder()
            .set_crypto_provider(Arc::new(str0m::crypto::from_feature_flags()))
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(now());
        let rtc = Box::new(rtc);
        let socket = socket().await;
        let mut peer =
            Self { calls, heard: Vec::new(), keyframes_wanted: 0, rtc, socket, next_number: 1_000 };
        peer.rtc.add_local_candidate(peer.candidate());
        peer
    }

    /// Publishes a track; the section it is in.
    pub(crate) async fn publish(&mut self, kind: MediaKind, name: &str) -> Mid {
        let mut changes = self.rtc.sdp_api();
        let mid = changes.add_media(kind, Direction::SendOnly, None, None, None);
        let (offer, pending) = changes.apply().expect("there is a change");
        let input = json!({
            "sessionDescription": {"type": "offer", "sdp": offer.to_sdp_string()},
            "tracks": [{"location": "local", "mid": mid.to_string(), "trackName": name}],
        });
        let (status, published) = self.calls.call("POST", "tracks/new", Some(input)).await;
        assert_eq!((status, &published["tracks"][0]["errorCode"]), (200, &Value::Null), "{published}");
        self.take_answer(pending, &published);
        mid
    }

    /// Subscribes to a track of another session; the section it comes in.
    pub(crate) async fn subscribe(&mut self, session: &str, name: &str) -> Mid {
        let (status, offered) = self.calls.subscribe(&[(session, name)]).await;
        assert_eq!((status, &offered["tracks"][0]["errorCode"]), (200, &Value::Null), "{offered}");
        let answer = self.rtc.sdp_api().accept_offer(offer(&offered)).expect("an offer that can be taken");
        let answer = json!({"sessionDescription": {"type": "answer", "sdp": answer.to_sdp_string()}});
        let (status, taken) = self.calls.call("PUT", "renegotiate", Some(answer)).await;
        assert_eq!(status, 200, "{taken}");
        offered["tracks"][0]["mid"].as_str().expect("a mid").into()
    }

    /// Goes on from another socket, as after a change of network.
    pub(crate) async fn moves(&mut self) {
        self.socket = socket().await;
        let mut changes = self.rtc.sdp_api();
        changes.ice_restart(false);
        let (offer, pending) = changes.apply().expect("a restart is a change");
        let input = json!({"sessionDescription": {"type": "offer", "sdp": offer.to_sdp_string()}});
        let (status, answered) = self.calls.call("PUT", "renegotiate", Some(input)).await;
        assert_eq!(status, 200, "{answered}");
        self.take_answer(pending, &answered);
        self.rtc.add_local_candidate(self.candidate());
    }

    /// Sends packets of a track, one number and 20 ms each, from its first payload byte on.
    pub(crate) fn send(&mut self, mid: Mid, packets: u8) {
        for payload in 0..packets {
            let payload_type = self.rtc.media(mid).expect("it is negotiated").remote_pts()[0];
            let number = self.next_number;
            self.next_number += 1;
            let mut api = self.rtc.direct_api();
            let stream = api.stream_tx_by_mid(mid, None).expect("it is sent");
            let write = RtpWrite::new(payload_type, number.into(), number as u32 * 960, now(), [payload; 40]);
            stream.write_rtp(write.nackable(true));
        }
    }

    /// Asks whoever sends in this section for a keyframe.
    pub(crate) fn wants_keyframe(&mut self, mid: Mid) {
        let mut api = self.rtc.direct_api();
        api.stream_rx_by_mid(mid, None).expect("it is received").request_keyframe(KeyframeRequestKind::Pli);
    }

    /// Whether ICE and DTLS are done.
    pub(crate) fn is_connected(&self) -> bool {
        self.rtc.is_connected()
    }

    /// Lets it do what there is to do now.
    pub(crate) async fn turn(&mut self) {
        self.drive().await;
    }

    /// What the session says of its video.
    pub(crate) async fn health(&self) -> Value {
        let path = format!("/api/rtc/sessions/{}/video-health", contract::rtc::LOAD_SESSION);
        let answer = self.calls.rig.get(&path).bearer_auth(&self.calls.access).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    fn candidate(&self) -> Candidate {
        Candidate::host(self.address(), "udp").expect("an address of this machine")
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("it is bound")
    }

    fn take_answer(&mut self, pending: SdpPendingOffer, answered: &Value) {
        let sdp = answered["sessionDescription"]["sdp"].as_str().expect("an answer");
        let answer = SdpAnswer::from_sdp_string(sdp).expect("an answer that can be read");
        self.rtc.sdp_api().accept_answer(pending, answer).expect("an answer that can be taken");
    }

    /// Takes in and sends out what there is; when it wants to be driven again.
    async fn drive(&mut self) -> Instant {
        let mut buffer = vec![0; 2_048];
        self.rtc.handle_input(Input::Timeout(now())).expect("time goes on");
        let next = self.poll().await;
        let Ok((length, from)) = self.socket.try_recv_from(&mut buffer) else { return next };
        if let Ok(received) = Receive::new(Protocol::Udp, from, self.address(), &buffer[..length]) {
            self.rtc.handle_input(Input::Receive(now(), received)).expect("what comes can be taken");
        }
        self.poll().await;
        Instant::from_std(now())
    }

    async fn poll(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().expect("it lives") {
                Output::Timeout(at) => return Instant::from_std(at),
                Output::Transmit(datagram) => {
                    // A socket that is gone, as after a move, loses what is sent to it.
                    drop(self.socket.send_to(&datagram.contents, datagram.destination).await);
                }
                Output::Event(Event::RtpPacket(packet)) => self.heard.push(packet),
                Output::Event(Event::KeyframeRequest(_)) => self.keyframes_wanted += 1,
                Output::Event(_) => {}
            }
        }
    }
}

/// Drives these peers until something holds of them.
pub(crate) async fn until(
    peers: &mut [&mut MediaPeer<'_>],
    what: &str,
    mut holds: impl FnMut(&[&mut MediaPeer<'_>]) -> bool,
) {
    let deadline = Instant::from_std(now()) + PATIENCE;
    while !holds(peers) {
        let mut next = deadline;
        for peer in &mut *peers {
            next = next.min(peer.drive().await);
        }
        let arrivals = peers.iter().map(|peer| Box::pin(peer.socket.readable()));
        drop(timeout_at(next, select_all(arrivals)).await);
        assert!(Instant::from_std(now()) < deadline, "{what} never came");
    }
}

async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.expect("a free port")
}

fn offer(answered: &Value) -> SdpOffer {
    let sdp = answered["sessionDescription"]["sdp"].as_str().expect("an offer");
    SdpOffer::from_sdp_string(sdp).expect("an offer that can be read")
}

/// The time, as tokio's clock has it.
#[expect(
    clippy::disallowed_methods,
    reason = "the client has no other clock than the mock's, which may stand still"
)]
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
