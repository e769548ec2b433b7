//! Headers for a collector, as `OTEL_EXPORTER_OTLP_HEADERS` has them: `name=value,name=value`, percent-encoded.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// Where they are.
const VARIABLE: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// Headers, whose values nobody gets to see.
#[derive(Clone, Default, PartialEq)]
pub struct Headers(HeaderMap);

/// An entry that is no header. It names no value: that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{VARIABLE}: entry {place} is not `name=value` (commas between entries, values percent-encoded)")]
pub struct HeadersError {
    /// Which entry, from 1.
    pub place: usize,
}

impl Headers {
    /// Reads them; empty entries are passed over.
    pub fn read(text: &str) -> Result<Self, HeadersError> {
        let entries = (1..).zip(text.split(',')).filter(|(_, entry)| !entry.trim().is_empty());
        let read = |(place, entry)| header(entry).ok_or(HeadersError { place });
        entries.map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Those of this process's environment.
    pub fn of_environment() -> Result<Self, HeadersError> {
        Self::read(&std::env::var(VARIABLE).unwrap_or_default())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn all(&self) -> HeaderMap {
        self.0.clone()
    }
}

fn header(entry: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = entry.split_once('=')?;
    let value: Vec<u8> = percent_decode_str(value.trim()).collect();
    let mut value = HeaderValue::from_bytes(&value).ok()?;
    value.set_sensitive(true);
    Some((name.trim().parse().ok()?, value))
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}
