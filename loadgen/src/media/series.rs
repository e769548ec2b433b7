//! What is measured of media.

use engine::record::{CounterId, Registry, ShareId, TimingId};

/// How late packets were sent.
pub(crate) const LATENESS: &str = "media_send_lateness";
/// Packets that were sent.
pub(crate) const SENT: &str = "media_packets_sent";
/// Slots in which none was sent, and datagrams that could not be.
pub(crate) const SLOTS_SKIPPED: &str = "media_slots_skipped";
pub(crate) const UNSENT: &str = "media_datagrams_unsent";

/// What is measured of media; nothing is recorded in it where no packets are sent.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "media"), expect(dead_code, reason = "only packets fill most of it"))]
pub(crate) struct MediaSeries {
    /// On the first way in: from the answer to the published offer to the ICE pair that carries packets.
    pub(crate) ice: TimingId,
    /// From there to the end of the DTLS handshake.
    pub(crate) dtls: TimingId,
    /// From the first subscription's answer to the first packet of anybody else's track.
    pub(crate) first_packet: TimingId,
    /// From being due to join to the socket's welcome and, where anybody else is there, the first packet.
    pub(crate) ready: TimingId,
    /// From the moment a packet was due at its sender to its arrival, on one clock.
    pub(crate) latency: TimingId,
    /// How late packets were sent: the generator's own delay.
    pub(crate) lateness: TimingId,
    /// Interarrival jitter (RFC 3550, 6.4.1), of each track once a second.
    pub(crate) jitter: TimingId,
    /// Round trips to the SFU, from RTCP reports (RFC 3550, 6.4.1).
    pub(crate) rtt: TimingId,
    /// Silences within a track longer than 200 ms.
    pub(crate) gap: TimingId,
    /// Away from losing the media path to carrying packets again.
    pub(crate) away: TimingId,
    /// Packets received of those sent by their publisher, by sequence number (RFC 3550, A.3): what was lost on the
    /// way to the SFU is missing as well as what was lost on the way from it. Where no number tells, because nothing
    /// came any more, it is the publisher's own count of what it sent.
    pub(crate) received: ShareId,
    /// Tracks that carried packets, of those subscribed to.
    pub(crate) active: ShareId,
    /// Milliseconds in which a track that was subscribed to carried packets, and those in which it was silent.
    pub(crate) carried: ShareId,
    /// RTP packets sent.
    pub(crate) sent: CounterId,
    /// Slots of the sending grid that were missed by more than 100 ms: the generator's own failure.
    pub(crate) slots_skipped: CounterId,
    /// Packets that the system did not take although the path was up: the generator's own failure.
    pub(crate) unsent: CounterId,
    /// Bytes of datagrams (UDP payload) sent and received on the media path; IPv4 and UDP headers are 28 more each.
    pub(crate) bytes_sent: CounterId,
    pub(crate) bytes_received: CounterId,
    /// Packets that came again, after a later one, or when they had been counted as lost.
    pub(crate) duplicates: CounterId,
    pub(crate) reordered: CounterId,
    pub(crate) late: CounterId,
    pub(crate) gaps: CounterId,
    pub(crate) nacks_sent: CounterId,
    pub(crate) nacks_received: CounterId,
    pub(crate) plis_sent: CounterId,
    pub(crate) plis_received: CounterId,
    pub(crate) ice_restarts: CounterId,
    pub(crate) new_sessions: CounterId,
}

impl MediaSeries {
    pub(crate) fn declare(registry: &mut Registry) -> Self {
        Self {
            ice: registry.value("media_ice"),
            dtls: registry.value("media_dtls"),
            first_packet: registry.value("media_first_packet"),
            ready: registry.value("participant_ready"),
            latency: registry.value("media_latency"),
            lateness: registry.value(LATENESS),
            jitter: registry.value("media_jitter"),
            rtt: registry.value("media_rtt"),
            gap: registry.value("media_gap"),
            away: registry.value("media_time_to_come_back"),
            received: registry.share("media_packets_received"),
            active: registry.share("media_tracks_active"),
            carried: registry.share("media_time_carried"),
            sent: registry.counter(SENT),
            slots_skipped: registry.counter(SLOTS_SKIPPED),
            unsent: registry.counter(UNSENT),
            bytes_sent: registry.counter("media_bytes_sent"),
            bytes_received: registry.counter("media_bytes_received"),
            duplicates: registry.counter("media_packets_duplicate"),
            reordered: registry.counter("media_packets_reordered"),
            late: registry.counter("media_packets_late"),
            gaps: registry.counter("media_gaps"),
            nacks_sent: registry.counter("media_nacks_sent"),
            nacks_received: registry.counter("media_nacks_received"),
            plis_sent: registry.counter("media_plis_sent"),
            plis_received: registry.counter("media_plis_received"),
            ice_restarts: registry.counter("media_ice_restarts"),
            new_sessions: registry.counter("media_new_sessions"),
        }
    }
}
