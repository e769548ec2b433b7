//! Random numbers that belong to a request, not to the moment it was served.
//!
//! A draw is a hash of (seed, route, ordinal, lane): whichever worker serves the request and whatever else
//! runs, it is the same number, so the same seed gives the same multiset of planned times on one worker or
//! on sixty-four. The hash is `SplitMix64` (Steele, Lea, Flood, "Fast splittable pseudorandom number
//! generators", OOPSLA 2014): the stream's key plus `ordinal · φ⁶⁴` through the finalizer, which is that
//! generator read at position `ordinal`.

/// Weyl increment of `SplitMix64`: 2⁶⁴ divided by the golden ratio, odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of `SplitMix64` (David Stafford's variant 13).
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A name as a number: FNV-1a, 64 bits.
pub(crate) fn fold(name: &str) -> u64 {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, fold)
}

/// What a draw is for; each purpose has a stream of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// How long the request takes.
    Latency = 1,
    /// How long it is to the next stall of the process.
    StallGap = 2,
    /// How long that stall is.
    StallLength = 3,
    /// Whether a fault strikes.
    FaultStrikes = 101,
    /// How hard it does.
    FaultSize = 102,
}

/// The stream of one route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream of the route named `name` under `seed`.
    pub fn new(seed: u64, name: &str) -> Self {
        Self { key: mix(seed ^ mix(fold(name))) }
    }

    /// A number between 0 and 1, both excluded, with 53 random bits: the same for the same arguments, always.
    pub fn uniform(self, lane: Lane, ordinal: u64) -> f64 {
        let key = mix(self.key ^ (lane as u64));
        let bits = mix(key.wrapping_add(ordinal.wrapping_add(1).wrapping_mul(GOLDEN)));
        ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }
}
