use super::*;

#[test]
fn only_rtp_is_media() {
    // Opus under 111, with and without the marker; VP8 under 96.
    for datagram in [[0x80, 0x6f], [0x80, 0xef], [0x90, 0x60]] {
        assert!(is_rtp(&datagram), "{datagram:?}");
    }
    // A STUN request, a DTLS handshake, RTCP's sender report and its feedback, a channel of TURN's.
    for datagram in [[0, 1], [22, 254], [0x80, 200], [0x81, 205], [0x40, 0]] {
        assert!(!is_rtp(&datagram), "{datagram:?}");
    }
    assert!(!is_rtp(&[]) && !is_rtp(&[0x80]));
}
