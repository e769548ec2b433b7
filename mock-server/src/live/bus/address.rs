//! Where the bus is: `redis://127.0.0.1:6379[/db][?prefix=…]`.

use std::str::FromStr;

use redis::Client;

/// What the keys begin with unless the address says otherwise.
const PREFIX: &str = "wwmaa_mock_bus";

/// A Redis that servers share their live sessions over, and what their keys begin with: servers with the same prefix have
/// the same sessions.
#[derive(Debug, Clone)]
pub struct BusAddress {
    pub(super) client: Client,
    pub(super) prefix: String,
}

/// Why an address is none.
#[derive(Debug, thiserror::Error)]
#[error("{0}; the bus is a Redis, such as redis://127.0.0.1:6379/0?prefix=mine")]
pub struct BusAddressError(String);

impl FromStr for BusAddress {
    type Err = BusAddressError;

    fn from_str(text: &str) -> Result<Self, BusAddressError> {
        let (url, query) = text.split_once('?').unwrap_or((text, ""));
        if !url.starts_with("redis://") {
            return Err(BusAddressError("only redis:// is spoken, without TLS".to_owned()));
        }
        let client = Client::open(url).map_err(|error| BusAddressError(error.to_string()))?;
        let prefix = match query {
            "" => PREFIX,
            query => query
                .strip_prefix("prefix=")
                .filter(|prefix| !prefix.is_empty() && prefix.bytes().all(is_plain))
                .ok_or_else(|| {
                    // It is not repeated: it may be the rest of a password.
                    BusAddressError(
                        "after a `?`, prefix=NAME is all there may be, of a-z, A-Z, 0-9, _, - and :"
                            .to_owned(),
                    )
                })?,
        };
        Ok(Self { client, prefix: prefix.to_owned() })
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':')
}
