//! Where a world may be put.

use std::fmt;

/// An environment, by name. There is no `production`, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Environment {
    /// The mock WWMAA API, on this machine only.
    Mock,
    /// Postgres and Redis on this machine.
    Local,
    /// The team's shared staging: Postgres, Redis, Stripe in test mode and ZeroDB.
    Staging,
}

impl Environment {
    /// Its name, as it is typed and as the marker in its database says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mock => "mock",
            Self::Local => "local",
            Self::Staging => "staging",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
