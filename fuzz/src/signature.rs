//! Stripe's signatures: the first line is the header, the rest the body.

use contract::stripe::{header, sign, verify};

const SECRET: &str = "whsec_of_the_fuzzer";
const NOW: i64 = 1_800_000_000;

/// A header is only accepted with the body's one right signature in it, and a right header always is.
pub fn check(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (sent, body) = (String::from_utf8_lossy(&data[..end]), data.get(end + 1..).unwrap_or_default());
    if verify(SECRET, &sent, body, NOW).is_ok() {
        let is_right = |item: &str| {
            let timestamp = item.trim().strip_prefix("t=").and_then(|text| text.parse().ok());
            timestamp.is_some_and(|at| sent.to_lowercase().contains(&sign(SECRET, at, body)))
        };
        assert!(sent.split(',').any(is_right), "{sent} is not the body's signature");
    }
    let right = header(&["another", SECRET], NOW, body);
    assert_eq!(verify(SECRET, &right, body, NOW), Ok(()));
    assert!(verify("another secret", &right, body, NOW).is_err());
}
