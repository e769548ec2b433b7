//! The SDP a participant's browser would send (RFC 8866, RFC 8829), as far as one audio track needs it.
//!
//! For participants who send no packets: the ICE credentials and the fingerprint are of the right form but belong to nobody.

use std::fmt::Write as _;

use fixtures::Stream;

/// Form-true ICE user fragment, password and DTLS fingerprint.
struct Credentials {
    ufrag: String,
    password: String,
    fingerprint: String,
}

impl Credentials {
    fn draw(mut draw: Stream) -> Self {
        let mut hex = |words: usize| {
            let words: Vec<_> = (0..words).map(|_| format!("{:016x}", draw.bits())).collect();
            words.concat()
        };
        let (ufrag, password, hash) =
            (hex(1)[..8].to_owned(), hex(2)[..24].to_owned(), hex(4).to_uppercase());
        let bytes: Vec<_> = hash.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair)).collect();
        Self { ufrag, password, fingerprint: bytes.join(":") }
    }

    fn attributes(&self, setup: &str) -> String {
        let Self { ufrag, password, fingerprint } = self;
        format!(
            "a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\na=ice-options:trickle\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\n"
        )
    }
}

fn head(session: u64, mids: &[&str]) -> String {
    format!(
        "v=0\r\no=- {session} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=msid-semantic: WMS *\r\n",
        mids.join(" ")
    )
}

fn audio(mid: &str, direction: &str, credentials: &str) -> String {
    format!(
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n{credentials}\
         a=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n\
         a=fmtp:111 minptime=10;useinbandfec=1\r\n"
    )
}

/// An offer to publish one audio track as media section `mid`.
pub(crate) fn offer(mut draw: Stream, mid: &str, track: &str) -> String {
    let (session, ssrc) = (draw.bits() >> 2, draw.bits() as u32);
    let credentials = Credentials::draw(draw).attributes("actpass");
    let mut sdp = head(session, &[mid]);
    sdp.push_str(&audio(mid, "sendonly", &credentials));
    write!(sdp, "a=msid:{track} {track}\r\na=ssrc:{ssrc} cname:{track}\r\n")
        .expect("writing to a string cannot fail");
    sdp
}

/// An answer to an offer: every media section accepted, to receive.
pub(crate) fn answer(mut draw: Stream, offer: &str) -> String {
    let session = draw.bits() >> 2;
    let credentials = Credentials::draw(draw).attributes("active");
    let mids: Vec<&str> = offer.lines().filter_map(|line| line.trim_end().strip_prefix("a=mid:")).collect();
    let mut sdp = head(session, &mids);
    for mid in mids {
        sdp.push_str(&audio(mid, "recvonly", &credentials));
    }
    sdp
}
