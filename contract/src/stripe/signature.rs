//! Stripe's webhook signatures: HMAC-SHA256 over `"{t}.{body}"` with the endpoint's secret as key, sent as
//! `t=<unix>,v1=<hex>[,v1=…][,v0=…]`. Source: Stripe documentation, "Verify webhook signatures manually".
//!
//! Any one v1 suffices (two while a secret rolls), unknown schemes are ignored, and a timestamp may lie
//! [`TOLERANCE_SECONDS`] in the past; one in the future passes, as Stripe's own libraries let it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How old a timestamp may be, in seconds.
pub const TOLERANCE_SECONDS: i64 = 300;

/// Why a signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header has no readable `t=`, or no `v1=` at all.
    #[error("the signature header is malformed")]
    Malformed,
    /// No v1 matches the body under this secret.
    #[error("no signature matches")]
    Mismatch,
    /// The timestamp is further in the past than the tolerance.
    #[error("the timestamp is too old")]
    Stale,
}

fn mac(secret: &str, timestamp: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

/// The v1 signature of a body, in lower-case hex.
pub fn sign(secret: &str, timestamp: i64, body: &[u8]) -> String {
    hex::encode(mac(secret, timestamp, body).finalize().into_bytes())
}

/// The header for one body signed with each of these secrets (two while a secret rolls).
pub fn header(secrets: &[&str], timestamp: i64, body: &[u8]) -> String {
    let mut header = format!("t={timestamp}");
    for secret in secrets {
        header.push_str(",v1=");
        header.push_str(&sign(secret, timestamp, body));
    }
    header
}

/// Checks a header against a body. `now` is Unix seconds. Signatures are compared in constant time, and
/// before the timestamp, so that a forger learns nothing from which of the two was wrong.
pub fn verify(secret: &str, header: &str, body: &[u8], now: i64) -> Result<(), SignatureError> {
    let mut timestamp = None;
    let mut candidates = Vec::new();
    for (scheme, value) in header.split(',').filter_map(|item| item.trim().split_once('=')) {
        match scheme {
            "t" => timestamp = Some(value.parse::<i64>().map_err(|_| SignatureError::Malformed)?),
            "v1" => candidates.push(value),
            _ => {}
        }
    }
    let timestamp = timestamp.ok_or(SignatureError::Malformed)?;
    if candidates.is_empty() {
        return Err(SignatureError::Malformed);
    }
    let expected = mac(secret, timestamp, body);
    let matched = candidates
        .iter()
        .filter_map(|candidate| hex::decode(candidate).ok())
        .any(|candidate| expected.clone().verify_slice(&candidate).is_ok());
    if !matched {
        return Err(SignatureError::Mismatch);
    }
    if now.saturating_sub(timestamp) > TOLERANCE_SECONDS {
        return Err(SignatureError::Stale);
    }
    Ok(())
}
