//! What can be told from an address alone: whether its host is on the environment's list, and whether a name in it
//! speaks of production. What the database itself must prove is in [`crate::stores::postgres`].

use std::net::IpAddr;

use fixtures::environments::{self, Allowed};

use crate::environment::Environment;
use crate::error::SeedError;

/// A service with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Service {
    Postgres,
    Redis,
    Stripe,
    ZeroDb,
}

impl Service {
    /// Its name in sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "Postgres",
            Self::Redis => "Redis",
            Self::Stripe => "Stripe",
            Self::ZeroDb => "ZeroDB",
        }
    }
}

fn allowed(environment: Environment) -> Option<&'static Allowed> {
    match environment {
        Environment::Mock => None,
        Environment::Local => Some(&environments::shipped().local),
        Environment::Staging => Some(&environments::shipped().staging),
    }
}

/// How many users of others may be in an environment's database.
pub fn foreign_users(environment: Environment) -> u64 {
    allowed(environment).map_or(0, |allowed| allowed.foreign_users)
}

/// The host of a service must be on the environment's list.
pub fn host(environment: Environment, service: Service, host: &str) -> Result<(), SeedError> {
    let list = allowed(environment).map_or(&[][..], |allowed| match service {
        Service::Postgres => &allowed.postgres,
        Service::Redis => &allowed.redis,
        Service::Stripe => &allowed.stripe,
        Service::ZeroDb => &allowed.zerodb,
    });
    let host = environments::host_name(host);
    if environments::is_listed(list, &host) {
        return Ok(());
    }
    Err(SeedError::Unproven {
        environment,
        missing: format!(
            "{}'s host `{host}` is not on its list ({}); a host is added in {}, by review",
            service.name(),
            list.join(", "),
            environments::FILE
        ),
    })
}

/// Whether a host is this machine: a loopback address, `localhost`, or a Unix socket's directory.
pub fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost"
        || host.starts_with('/')
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// No name may speak of production: what it names, and the name.
pub fn names(environment: Environment, names: &[(&str, &str)]) -> Result<(), SeedError> {
    match names.iter().find(|(_, name)| environments::speaks_of_production(name)) {
        None => Ok(()),
        Some((what, name)) => Err(SeedError::Unproven {
            environment,
            missing: format!(
                "the {what} `{name}` has `prod` in its name, and nothing of production is touched"
            ),
        }),
    }
}

/// A key of Stripe's must be one of test mode; a live one is refused wherever it turns up.
pub fn stripe_key(environment: Environment, key: &str) -> Result<(), SeedError> {
    let missing = if key.starts_with("sk_live_") || key.starts_with("rk_live_") {
        "Stripe's key is a live one, and real money is never touched; give a test key (sk_test_…)"
    } else if !(key.starts_with("sk_test_") || key.starts_with("rk_test_")) {
        "Stripe's key is not one of test mode (sk_test_… or rk_test_…)"
    } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        "Stripe's key has characters no key has"
    } else {
        return Ok(());
    };
    Err(SeedError::Unproven { environment, missing: missing.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_readable() {
        assert!(foreign_users(Environment::Staging) > 0);
    }

    #[test]
    fn only_listed_hosts_pass() {
        for good in
            ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "db.staging.wwmaa.com", "LOCALHOST"]
        {
            assert!(host(Environment::Staging, Service::Postgres, good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "db.wwmaa.com",
            ".staging.wwmaa.com",
            "staging.wwmaa.com.evil.example",
            "notstaging.wwmaa.com",
            "128.0.0.1",
            "0.0.0.0",
            "::",
            "10.0.0.1",
            "/var/run/postgresql",
        ] {
            assert!(host(Environment::Staging, Service::Postgres, bad).is_err(), "{bad}");
        }
        assert!(host(Environment::Local, Service::Postgres, "/var/run/postgresql").is_ok());
        assert!(host(Environment::Local, Service::Postgres, "db.staging.wwmaa.com").is_err());
        assert!(host(Environment::Local, Service::Stripe, "api.stripe.com").is_err());
    }

    #[test]
    fn nothing_of_production_passes() {
        for name in ["prod", "wwmaa_production", "PROD-1", "preprod"] {
            assert!(names(Environment::Local, &[("database", name)]).is_err(), "{name}");
        }
        assert!(names(Environment::Local, &[("database", "wwmaa_staging"), ("user", "")]).is_ok());
    }
}
