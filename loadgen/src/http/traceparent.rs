//! W3C Trace Context: the header by which whoever answers a request can say that it belongs to the same trace.

use std::fmt;

use http::{HeaderName, HeaderValue};

/// Its name.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Version, trace id, parent id and flags with the dashes between them.
const LENGTH: usize = 2 + 1 + 32 + 1 + 16 + 1 + 2;

/// `traceparent`, version 00. Neither id is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Traceparent {
    /// The trace the request belongs to.
    pub trace: u128,
    /// The request itself.
    pub span: u64,
    /// Whether its trace is being recorded, decided before it was sent.
    pub sampled: bool,
}

impl Traceparent {
    /// As it travels. Made on the stack: every request carries one.
    pub fn written(&self) -> [u8; LENGTH] {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        digits(&self.trace.to_be_bytes(), &mut text[3..35]);
        digits(&self.span.to_be_bytes(), &mut text[36..52]);
        text[54] = if self.sampled { b'1' } else { b'0' };
        text
    }

    /// As a header.
    pub fn value(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.written()).expect("digits and dashes are a header value")
    }
}

fn digits(bytes: &[u8], into: &mut [u8]) {
    hex::encode_to_slice(bytes, into).expect("two digits for each byte");
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

#[cfg(test)]
mod tests;
