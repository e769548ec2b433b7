//! What a datagram of a media path is, by its first bytes. Pure.

/// Whether it is RTP, and neither RTCP (RFC 5761, section 4) nor STUN or DTLS, which share its path (RFC 7983).
pub(super) fn is_rtp(datagram: &[u8]) -> bool {
    let [first, second, ..] = datagram else { return false };
    (128..=191).contains(first) && !(64..=95).contains(&(second & 0x7f))
}

#[cfg(test)]
mod tests;
