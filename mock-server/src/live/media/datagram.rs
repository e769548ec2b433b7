//! What a datagram is, by its first bytes: STUN, DTLS, RTP and RTCP share one socket (RFC 7983, RFC 5761).

use str0m::ice::StunMessage;

/// What a datagram is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// RTP with this payload type.
    Rtp(u8),
    /// Whatever keeps the connection: STUN, DTLS, RTCP.
    Other,
}

/// What this datagram is.
pub(super) fn kind(datagram: &[u8]) -> Kind {
    match datagram {
        // Packet types 192 to 223 of RTCP lie where RTP has its marker bit and payload types 64 to 95.
        [128..=191, second, ..] if !(192..=223).contains(second) => Kind::Rtp(second & 0x7f),
        _ => Kind::Other,
    }
}

/// For whom a STUN request is: the user fragment of the agent it asks (RFC 8445, 7.2.2).
pub(super) fn asked_agent(datagram: &[u8]) -> Option<String> {
    if !matches!(datagram.first(), Some(0..=3)) {
        return None;
    }
    let message = StunMessage::parse(datagram).ok()?;
    message.split_username().map(|(asked, _)| asked.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_are_told_apart_by_their_first_bytes() {
        assert_eq!(kind(&[0x80, 111, 0, 1]), Kind::Rtp(111));
        assert_eq!(kind(&[0x90, 0xe0, 0, 1]), Kind::Rtp(96));
        assert_eq!(kind(&[0x80, 200, 0, 6]), Kind::Other, "a sender report");
        assert_eq!(kind(&[0x81, 206, 0, 2]), Kind::Other, "a PLI");
        assert_eq!(kind(&[22, 254, 253]), Kind::Other, "DTLS");
        assert_eq!(kind(&[0, 1, 0, 0]), Kind::Other, "STUN");
        assert_eq!(kind(&[]), Kind::Other);
        assert_eq!(asked_agent(&[0, 1, 0, 0]), None, "half a message names nobody");
    }
}
