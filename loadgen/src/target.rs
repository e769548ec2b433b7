//! Where load goes, and that it may go there.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
};

use contract::operations::WORLD_HEADER;
use engine::exit::Exit;
use http::{HeaderName, HeaderValue};

/// The header by which a mock tells its worlds apart.
const MOCK_WORLD: HeaderName = HeaderName::from_static(WORLD_HEADER);

/// A target: an origin that is reached on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    name: String,
    tls: bool,
    host: String,
    port: u16,
    addresses: Vec<SocketAddr>,
    world: Option<HeaderValue>,
}

/// Why load does not go there.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is neither a known name nor a URL.
    #[error("unknown target `{0}`: it is `mock`, `local`, or a URL such as http://127.0.0.1:8089")]
    Unknown(String),
    /// The name does not resolve.
    #[error("target {host}: the name does not resolve ({source})")]
    Unresolved {
        /// The host asked for.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// No world of a mock can be called that.
    #[error("`{0}` is no name of a world: it has 1 to 64 characters of a-z, 0-9, _ and -")]
    World(String),
    /// It is not on this machine.
    #[error(
        "target {0} is refused: load goes only to a mock or a loopback address until targets prove what they are"
    )]
    NotLoopback(String),
}

impl TargetError {
    /// What it says to the shell.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unknown(_) | Self::World(_) => Exit::Usage,
            Self::Unresolved { .. } | Self::NotLoopback(_) => Exit::Unreachable,
        }
    }
}

/// Where the names lead.
const NAMED: &[(&str, &str)] = &[("mock", "http://127.0.0.1:8089"), ("local", "http://127.0.0.1:8000")];

impl Target {
    /// Reads `mock`, `local`, or an `http`/`https` URL, and refuses what is not on this machine.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if matches!(text, "staging" | "production" | "prod") {
            return Err(TargetError::NotLoopback(text.to_owned()));
        }
        let url = NAMED.iter().find(|(name, _)| *name == text).map_or(text, |(_, url)| url);
        let unknown = || TargetError::Unknown(text.to_owned());
        let uri: http::Uri = url.parse().map_err(|_| unknown())?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(unknown()),
        };
        let host = uri.host().ok_or_else(unknown)?.trim_matches(['[', ']']).to_owned();
        if host.is_empty() || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(unknown());
        }
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        if !may_be_loopback(&host) {
            return Err(TargetError::NotLoopback(text.to_owned()));
        }
        let resolved = (host.as_str(), port).to_socket_addrs();
        let addresses: Vec<SocketAddr> =
            resolved.map_err(|source| TargetError::Unresolved { host: host.clone(), source })?.collect();
        if addresses.is_empty() || addresses.iter().any(|address| !address.ip().is_loopback()) {
            return Err(TargetError::NotLoopback(text.to_owned()));
        }
        Ok(Self { name: text.to_owned(), tls, host, port, addresses, world: None })
    }

    /// The same, in one of a mock's worlds: its name goes with every request, socket and admin call.
    pub fn in_world(self, name: &str) -> Result<Self, TargetError> {
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        let world = HeaderValue::try_from(name)
            .ok()
            .filter(|_| (1..=64).contains(&name.len()) && name.bytes().all(fits))
            .ok_or_else(|| TargetError::World(name.to_owned()))?;
        Ok(Self { world: Some(world), ..self })
    }

    /// The header that names the mock's world, when there is one to name.
    pub fn world_header(&self) -> Option<(HeaderName, HeaderValue)> {
        self.world.clone().map(|world| (MOCK_WORLD, world))
    }

    /// The mock's world, when one was named.
    pub fn world(&self) -> Option<&str> {
        self.world.as_ref().and_then(|world| world.to_str().ok())
    }

    /// As it was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is reached over TLS.
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// The host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The addresses to try, in order.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Host and port, as the `Host` header has them.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.tls { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }
}

/// Names are looked up only where they can lead to this machine: a resolver that is away takes its time, and
/// load would be refused anyway.
fn may_be_loopback(host: &str) -> bool {
    let local = host == "localhost" || host.ends_with(".localhost");
    local || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}
