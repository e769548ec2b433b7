//! Where readings come from. Reading is no load, yet it goes no further than load may: to this machine, to the target's
//! own host, or to a host on the list in `fixtures/environments.toml`.

use std::{fmt, str::FromStr};

use reqwest::Url;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::safety;

/// Where a mock has its metrics.
const METRICS_PATH: &str = "/metrics";

/// A page over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    url: Url,
    label: Option<String>,
    /// Nobody asked for it by its address.
    pub(super) is_implied: bool,
}

/// Why a place is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// It is no address.
    #[error(
        "`{0}` is no address of a page: it is http://HOST[:PORT]/PATH, with #LABEL if it is to be called so"
    )]
    NoPage(String),
    /// What is in an argument is seen by everybody on the machine.
    #[error(
        "an address on the command line has no user and no password: everybody on this machine can read it"
    )]
    Secret,
    /// The variable is not set, or holds something else.
    #[error("{flag} reads its address from {variable}, which {what}, such as {such_as}")]
    Variable {
        /// What was typed.
        flag: &'static str,
        /// Where the address should be.
        variable: &'static str,
        /// What is wrong with it.
        what: &'static str,
        /// An example.
        such_as: &'static str,
    },
    /// What is sent there is not encrypted.
    #[error(
        "{what} is not read: redis:// would send its password over the network in the clear. Write rediss:// in \
         {variable}, or read it through a tunnel that ends on this machine"
    )]
    Clear {
        /// Which place.
        what: String,
        /// Where its address is.
        variable: &'static str,
    },
    /// Nobody reads there.
    #[error("{what} is not read: {why}")]
    Refused {
        /// Which place.
        what: String,
        /// Why not.
        why: safety::Refusal,
    },
}

/// What is wrong with an address that [is cut short](is_cut_short).
const CUT_SHORT: &str =
    "has an @, :, /, ? or # in user or password that is not written %40, %3A, %2F, %3F, %23";

/// Whether a password with a reserved character would be cut, and a part of it shown as a host or a database.
fn is_cut_short(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].matches('@').count() > 1 || rest[end..].contains('@')
}

impl Page {
    /// `http://HOST:PORT/PATH#LABEL`.
    pub fn parse(text: &str) -> Result<Self, Misplaced> {
        // Whatever it is, what may be a password or a token is not repeated.
        let shown = text.rsplit('@').next().and_then(|rest| rest.split('?').next()).unwrap_or_default();
        let no_page = || Misplaced::NoPage(shown.to_owned());
        let mut url = Url::parse(text).map_err(|_| no_page())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(no_page());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Misplaced::Secret);
        }
        // As it was typed: in a URL it would be encoded.
        let label =
            text.split_once('#').map(|(_, label)| label.trim().to_owned()).filter(|label| !label.is_empty());
        url.set_fragment(None);
        Ok(Self { url, label, is_implied: false })
    }

    /// The metrics of a mock at this origin.
    pub(super) fn of_mock(origin: &str) -> Option<Self> {
        let page = Self::parse(origin).ok()?;
        Some(Self { url: page.at(METRICS_PATH), label: None, is_implied: true })
    }

    /// The same host, at this path.
    pub(super) fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let below = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{below}{path}"));
        url
    }

    pub(super) fn url(&self) -> Url {
        self.url.clone()
    }

    pub(super) fn is_of_this_machine(&self) -> bool {
        safety::is_this_machine(self.host())
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// As a reader calls it: its label, or the address without its query, which may hold a token.
    pub(super) fn name(&self) -> String {
        let url = &self.url;
        let origin = url.origin().ascii_serialization();
        self.label.clone().unwrap_or_else(|| format!("{origin}{}", url.path()))
    }

    /// Itself, if it may be read beside a target at this host.
    pub fn beside(self, target: &str) -> Result<Self, Misplaced> {
        match safety::probed(self.host(), target) {
            Ok(()) => Ok(self),
            Err(why) => Err(Misplaced::Refused { what: self.name(), why }),
        }
    }
}

/// Passwords and the texts of statements leave this machine encrypted or not at all, as those of the seeder do.
fn encrypted(options: PgConnectOptions) -> PgConnectOptions {
    match options.get_ssl_mode() {
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => options.ssl_mode(PgSslMode::Require),
        PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => options,
    }
}

/// The address of a Postgres. It shows no password, whoever prints it.
#[derive(Clone)]
pub struct PostgresAddress {
    pub(super) options: PgConnectOptions,
}

impl PostgresAddress {
    const FLAG: &str = "--probe-postgres";
    /// Where it is kept.
    pub const VARIABLE: &str = "PROBE_DATABASE_URL";

    /// The address in [`Self::VARIABLE`], if it may be read beside a target at this host.
    pub fn read(value: Option<&str>, target: &str) -> Result<Self, Misplaced> {
        let wrong = |what| Misplaced::Variable {
            flag: Self::FLAG,
            variable: Self::VARIABLE,
            what,
            such_as: "postgres://reader:PASSWORD@127.0.0.1:5432/wwmaa_local",
        };
        let text = value.ok_or_else(|| wrong("is not set"))?;
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(wrong("holds no address of a Postgres"));
        }
        if is_cut_short(text) {
            return Err(wrong(CUT_SHORT));
        }
        let options =
            PgConnectOptions::from_str(text).map_err(|_| wrong("holds no address of a Postgres"))?;
        let is_here = options.get_socket().is_some() || safety::is_this_machine(options.get_host());
        let address = Self { options: if is_here { options } else { encrypted(options) } };
        let database = address.options.get_database().unwrap_or_default();
        let socket = address.options.get_socket();
        let may = if socket.is_some() { Ok(()) } else { safety::probed(address.options.get_host(), target) };
        may.and_then(|()| safety::names(&[("database", database)]))
            .map_err(|why| Misplaced::Refused { what: address.to_string(), why })?;
        Ok(address)
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        match options.get_socket() {
            Some(_) => f.write_str("postgres at a socket of this machine")?,
            None => write!(f, "postgres at {}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{}", options.get_database().unwrap_or_default())
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The address of a Redis. It shows no password, whoever prints it.
#[derive(Clone)]
pub struct RedisAddress {
    pub(super) client: redis::Client,
}

impl RedisAddress {
    const FLAG: &str = "--probe-redis";
    /// Where it is kept.
    pub const VARIABLE: &str = "PROBE_REDIS_URL";

    /// The address in [`Self::VARIABLE`], if it may be read beside a target at this host.
    pub fn read(value: Option<&str>, target: &str) -> Result<Self, Misplaced> {
        let wrong = |what| Misplaced::Variable {
            flag: Self::FLAG,
            variable: Self::VARIABLE,
            what,
            such_as: "redis://:PASSWORD@127.0.0.1:6379/0",
        };
        let text = value.ok_or_else(|| wrong("is not set"))?;
        if is_cut_short(text) {
            return Err(wrong(CUT_SHORT));
        }
        let client = redis::Client::open(text).map_err(|_| wrong("holds no address of a Redis"))?;
        let address = Self { client };
        let may = match address.at() {
            Some((host, _)) => safety::probed(host, target),
            None => Ok(()),
        };
        may.map_err(|why| Misplaced::Refused { what: address.to_string(), why })?;
        if address.is_open() {
            return Err(Misplaced::Clear { what: address.to_string(), variable: Self::VARIABLE });
        }
        Ok(address)
    }

    /// Whether what is sent there could be read on the way.
    fn is_open(&self) -> bool {
        let address = self.client.get_connection_info().addr();
        matches!(address, redis::ConnectionAddr::Tcp(host, _) if !safety::is_this_machine(host))
    }

    fn at(&self) -> Option<(&str, u16)> {
        match self.client.get_connection_info().addr() {
            redis::ConnectionAddr::Tcp(host, port) | redis::ConnectionAddr::TcpTls { host, port, .. } => {
                Some((host, *port))
            }
            _ => None,
        }
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at() {
            Some((host, port)) => write!(f, "redis at {host}:{port}"),
            None => f.write_str("redis at a socket of this machine"),
        }
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
