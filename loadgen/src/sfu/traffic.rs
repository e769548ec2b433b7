//! What a live session takes of the network, and what that costs: pure, before anything is sent.
//!
//! All figures are of packets on the wire as IP carries them: payload, RTP, UDP and IPv4. SRTP's authentication tag,
//! header extensions, RTCP and ICE's checks are left out.

use std::fmt;

use engine::record::Live;

use crate::{
    live::{LiveSession, Media},
    words::number,
};

/// Headers of each packet: RTP without extensions (RFC 3550, 5.1), UDP, IPv4.
const HEADER_BYTES: u64 = 12 + 8 + 20;
/// Opus: a packet every 20 ms, of 24 kbit/s (`assets/clip.opus`).
const OPUS_PACKETS_PER_SECOND: u64 = 50;
const OPUS_PAYLOAD_BYTES: u64 = 24_000 / 8 / OPUS_PACKETS_PER_SECOND;
/// A microphone: 5 000 bytes or 40 kbit a second, of which 24 kbit are sound.
pub const AUDIO_BYTES_PER_SECOND: u64 = OPUS_PACKETS_PER_SECOND * (OPUS_PAYLOAD_BYTES + HEADER_BYTES);
/// VP8: what `assets/clip.ivf` needs, rounded up.
const VP8_PACKETS_PER_SECOND: u64 = 20;
const VP8_PAYLOAD_BYTES_PER_SECOND: u64 = 100_000 / 8;
/// A camera: 13 300 bytes or 106.4 kbit a second.
pub const VIDEO_BYTES_PER_SECOND: u64 = VP8_PAYLOAD_BYTES_PER_SECOND + VP8_PACKETS_PER_SECOND * HEADER_BYTES;

/// Cloudflare's price of a gigabyte from its SFU, in dollars, and the gigabytes of a month that cost nothing
/// (Cloudflare Realtime, "Pricing").
const DOLLARS_PER_GB: f64 = 0.05;
const FREE_GB: u64 = 1_000;
/// A gigabyte, as networks and their bills count it.
const GB: f64 = 1e9;

/// The counter of what participants got, and what it counts: bytes.
const RECEIVED: &str = "media_bytes_received";

/// Bytes of a live session's media, in each direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From participants to the SFU.
    pub to_sfu: u64,
    /// From the SFU to participants, which is what it asks a price for.
    pub from_sfu: u64,
}

impl Traffic {
    /// Bytes to be allowed from the SFU: the estimate and a tenth, for what is counted and not estimated (SRTP's tags,
    /// header extensions, RTCP, STUN, packets sent again). Without it a run could end just before its end.
    pub fn to_be_allowed(self) -> u64 {
        self.from_sfu + self.from_sfu.div_ceil(10)
    }

    /// Of a session to which people come evenly over `coming` seconds and in which each stays for `staying`.
    ///
    /// Everybody sends all the while, and receives from as many as are there, up to the limit of their subscription:
    /// ∫ n(t) dt to the SFU and ∫ n(t)·min(k, n(t) − 1) dt from it, times what one track takes.
    pub fn of(live: &LiveSession, coming: f64, staying: f64) -> Self {
        let each = match live.media {
            Media::None => 0,
            Media::Audio => AUDIO_BYTES_PER_SECOND,
            Media::AudioAndVideo => AUDIO_BYTES_PER_SECOND + VIDEO_BYTES_PER_SECOND,
        };
        let bytes = |seconds: f64| (seconds * each as f64).round() as u64;
        Self {
            to_sfu: bytes(live.participants as f64 * staying),
            from_sfu: bytes(heard_seconds(live, coming, staying)),
        }
    }

    /// Both directions of several plans.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { to_sfu: self.to_sfu + other.to_sfu, from_sfu: self.from_sfu + other.from_sfu }
    }

    /// True where no packets flow.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What Cloudflare asks for it, in a sentence without its end.
    pub fn price(&self) -> String {
        let dollars = self.from_sfu as f64 / GB * DOLLARS_PER_GB;
        format!(
            "Cloudflare's SFU sends {}: ${dollars:.2} at ${DOLLARS_PER_GB} per GB if this month's free terabyte ({} GB) is \
             used up, else nothing",
            gigabytes(self.from_sfu),
            number(FREE_GB)
        )
    }
}

/// Seconds in which somebody hears somebody else, over all pairs.
fn heard_seconds(live: &LiveSession, coming: f64, staying: f64) -> f64 {
    let people = live.participants;
    let comes_at = |n: u64| coming * n as f64 / people as f64;
    let mut steps: Vec<(f64, i64)> =
        (0..people).flat_map(|n| [(comes_at(n), 1), (comes_at(n) + staying, -1)]).collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut seconds, mut there, mut since) = (0.0, 0_i64, 0.0);
    for (at, change) in steps {
        let here = there.unsigned_abs();
        seconds += (at - since) * (here * live.subscribe.most(here)) as f64;
        (there, since) = (there + change, at);
    }
    seconds
}

/// How much an SFU that has its price may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    bytes: u64,
}

impl Allowance {
    /// This many gigabytes.
    pub fn gigabytes(gigabytes: f64) -> Self {
        Self { bytes: (gigabytes * GB).round() as u64 }
    }

    /// Whether traffic stays within it, with what is to be allowed beside the estimate.
    pub fn covers(self, traffic: Traffic) -> bool {
        traffic.to_be_allowed() <= self.bytes
    }

    /// Why a scenario must end, when participants have received more than this: UDP payload, as it arrives.
    pub fn exceeded(self, live: &Live) -> Option<String> {
        let received = live.counters.iter().find(|counter| counter.name == RECEIVED)?.total;
        (received > self.bytes).then(|| {
            format!("the SFU has sent {}, and {self} were allowed (--allow-egress-gb)", gigabytes(received))
        })
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&gigabytes(self.bytes))
    }
}

/// `44.1 GB`, `0.659 GB`.
pub fn gigabytes(bytes: u64) -> String {
    let gigabytes = bytes as f64 / GB;
    let places = if gigabytes < 10.0 { 3 } else { 1 };
    format!("{gigabytes:.places$} GB")
}

/// The least to be typed that covers so many bytes: gigabytes with three decimals.
pub fn to_allow(bytes: u64) -> String {
    format!("{:.3}", bytes.div_ceil(1_000_000) as f64 / 1e3)
}

#[cfg(test)]
mod tests;
