//! Where a world may be put, and what each place must prove before it is touched.

use std::fmt;

use crate::error::SeedError;
use crate::stores::Store;
use crate::stores::mock::Mock;

/// An environment, by name. There is no `production`, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Environment {
    /// The mock WWMAA API, on this machine only.
    Mock,
    /// Postgres and Redis on this machine.
    Local,
    /// The team's shared staging.
    Staging,
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mock => "mock",
            Self::Local => "local",
            Self::Staging => "staging",
        })
    }
}

/// What it takes to reach an environment's store.
#[derive(Debug, Clone)]
pub struct Access {
    /// Address of the mock.
    pub url: String,
    /// The mock's admin token.
    pub admin_token: Option<String>,
}

impl Environment {
    /// Opens the environment's store once it has proved what it is: a mock is on a loopback address, says it is a
    /// mock, and takes the admin token.
    pub async fn open(self, access: &Access) -> Result<Store, SeedError> {
        match self {
            Self::Mock => {
                let token = access.admin_token.as_deref().ok_or(SeedError::NoToken)?;
                Ok(Store::Mock(Mock::open(&access.url, token).await?))
            }
            Self::Local => Err(SeedError::NotBuilt {
                environment: self,
                missing: "its stores, Postgres and Redis, are not part of this version",
            }),
            Self::Staging => Err(SeedError::NotBuilt {
                environment: self,
                missing: "its stores, Postgres, Redis, Stripe and ZeroDB, are not part of this version, \
                          nor is the proof that a database is staging",
            }),
        }
    }
}
