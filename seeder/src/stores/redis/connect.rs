//! Reaching a Redis server, once its address has proved what an address can.

use std::net::IpAddr;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};

use super::fault;
use crate::environment::Environment;
use crate::error::{Fault, SeedError};
use crate::proof::{self, Service};

/// Longest wait for a connection, and for any one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a server is.
#[derive(Debug, Clone)]
pub(super) struct Address {
    info: ConnectionInfo,
}

impl Address {
    /// The server at this URL, if its host is on the environment's list, nothing in it speaks of production, and it is
    /// encrypted unless it stays on this machine.
    pub(super) fn prove(environment: Environment, url: &str) -> Result<Self, SeedError> {
        let info = url.into_connection_info().map_err(|error| {
            SeedError::Setting(format!(
                "the address of Redis cannot be read ({error}); it looks like redis://user:password@host:6379/0, \
                 or rediss:// for TLS"
            ))
        })?;
        let address = Self { info };
        let (host, _) = address.place();
        let user = address.info.redis_settings().username().unwrap_or_default();
        proof::host(environment, Service::Redis, &host)?;
        proof::names(environment, &[("host of Redis", &host), ("user of Redis", user)])?;
        address.prove_secrecy(environment)?;
        Ok(address)
    }

    /// The password, and every key written, must not go over a network in the clear.
    fn prove_secrecy(&self, environment: Environment) -> Result<(), SeedError> {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, _) if !is_loopback(host) => Err(SeedError::Unproven {
                environment,
                missing: format!(
                    "redis:// to `{host}` would send the password in the clear; use rediss://, or a tunnel that ends on \
                     this machine"
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Host and port; the path of a socket, which no list has, stands for its host.
    fn place(&self) -> (String, Option<u16>) {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                (host.clone(), Some(*port))
            }
            other => (other.to_string(), None),
        }
    }

    /// Host, port and database, for a person; never the password.
    pub(super) fn describe(&self) -> String {
        let database = self.info.redis_settings().db();
        match self.place() {
            (host, Some(port)) => format!("Redis at {host}:{port}, database {database}"),
            (path, None) => format!("Redis at {path}, database {database}"),
        }
    }

    /// A connection that has been answered once: a server that wants a password, or is loading, says so only then.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, SeedError> {
        crate::tls::choose_ring();
        let doing = || format!("connecting to {}", self.describe());
        let failed = |error| fault::connecting(doing(), &error);
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(Some(PATIENCE));
        let client = Client::open(self.info.clone()).map_err(failed)?;
        let first_answer = async {
            let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
            ::redis::cmd("PING").query_async::<()>(&mut connection).await?;
            Ok(connection)
        };
        tokio::time::timeout(PATIENCE, first_answer).await.map_or_else(
            |_| {
                let cause = format!("no answer within {} s", PATIENCE.as_secs());
                Err(SeedError::store(fault::STORE, Fault::Unreachable, doing(), cause))
            },
            |connected| connected.map_err(failed),
        )
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
