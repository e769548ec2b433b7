//! Ids of traces and spans: the numbers 0, 1, 2, … under a key. Two of one key never meet, and keys differ by all that
//! tells one worker of one run from any other.

use std::cell::Cell;

use sha2::{Digest, Sha256};

use super::Wish;
use crate::http::Traceparent;

/// What ids depend on. They need to be unique and to look random, not to be secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key([u64; 3]);

impl Key {
    /// The key of one place in a scenario of a run.
    pub(super) fn of(nonce: &str, scenario: &str, place: &[impl AsRef<str>]) -> Self {
        let mut hash = Sha256::new();
        for part in [nonce, scenario].into_iter().chain(place.iter().map(AsRef::as_ref)) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hash = hash.finalize();
        let word = |n: usize| u64::from_be_bytes(hash[8 * n..8 * n + 8].try_into().expect("eight bytes"));
        Self([word(0), word(1), word(2)])
    }

    /// Trace and span `n`; neither is zero.
    pub(super) fn nth(&self, n: u64) -> (u128, u64) {
        let [a, b, c] = self.0;
        // Different for every n, since both steps can be undone.
        let low = mixed(n ^ a);
        let high = mixed(low ^ b);
        let trace = (u128::from(high) << 64) | u128::from(low);
        (trace.max(1), mixed(high ^ c).max(1))
    }
}

/// Murmur3's finaliser: a permutation of 64 bits in which each depends on all.
fn mixed(mut word: u64) -> u64 {
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        word = (word ^ (word >> 33)).wrapping_mul(factor);
    }
    word ^ (word >> 33)
}

/// A worker's ids, one after another.
#[derive(Debug)]
pub(super) struct Ids {
    key: Key,
    next: Cell<u64>,
    wanted: bool,
    /// Of 2^63 trace ids, so many are sampled.
    sampled: u64,
}

impl Ids {
    pub(super) fn new(key: Key, wish: Wish) -> Self {
        const ALL: f64 = (1_u64 << 63) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 2^63")]
        let sampled = (wish.sample.clamp(0.0, 1.0) * ALL) as u64;
        Self { key, next: Cell::new(0), wanted: wish.traceparent, sampled }
    }

    /// The next request's, when requests carry any. Whether it is sampled is read off its trace id, by the rule of
    /// OpenTelemetry's `TraceIdRatioBased`: a collector that samples by the same rate keeps the same traces.
    pub(super) fn next(&self) -> Option<Traceparent> {
        if !self.wanted {
            return None;
        }
        let n = self.next.get();
        self.next.set(n + 1);
        let (trace, span) = self.key.nth(n);
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let low = trace as u64;
        Some(Traceparent { trace, span, sampled: low >> 1 < self.sampled })
    }
}
