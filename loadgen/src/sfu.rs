//! The SFU of a live session, where it is not the target's own (`--sfu`): what was asked for, what its calls carry, how
//! many it takes, and what its traffic costs.
//!
//! Scenarios ask an SFU's endpoints as the contract has them, with the video token as bearer. Where another SFU was
//! asked for, [`crate::target::Target::elsewhere`] leads those routes there, and an [`Account`] puts its own application
//! and secret in place of the token's on the way out.

mod account;
pub mod pace;
pub mod traffic;

use std::{fmt, str::FromStr};

pub use account::{Account, AccountError};
pub use pace::Pace;
pub use traffic::{Allowance, Traffic};

/// Which SFU carries live sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// The target's own.
    #[default]
    Target,
    /// Another of the same kind at this origin, which takes the API's video tokens.
    At(String),
    /// Cloudflare Realtime, with an application of one's own.
    Cloudflare,
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "target" => Ok(Self::Target),
            "cloudflare" => Ok(Self::Cloudflare),
            url if url.starts_with("http://") || url.starts_with("https://") => Ok(Self::At(url.to_owned())),
            _ => Err(format!(
                "`{text}` is neither `target` nor `cloudflare` nor a URL such as http://127.0.0.1:8090"
            )),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target => f.write_str("target"),
            Self::At(url) => f.write_str(url),
            Self::Cloudflare => f.write_str("cloudflare"),
        }
    }
}
