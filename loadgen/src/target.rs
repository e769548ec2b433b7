//! Where load goes, and that it may go there.
//!
//! [`Asked`] is what was typed, read and allowed by its names alone; a [`Target`] is that with its addresses, which are
//! looked up once: load goes to those and nowhere else. There is no other way to one, so nothing is ever sent to a host
//! that is on no list, or that nobody confirmed.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use contract::{endpoint::split_route, operations::WORLD_HEADER, pages, ws};
use fixtures::targets::Roots;
use http::{HeaderName, HeaderValue};

mod asked;
mod error;
mod recipe;
mod sfu;

pub use asked::Asked;
pub use error::TargetError;
pub use recipe::Recipe;

use crate::{deployment::Deployment, safety};

/// The header by which a mock tells its worlds apart.
const MOCK_WORLD: HeaderName = HeaderName::from_static(WORLD_HEADER);
/// Where the SFU's own paths begin.
const SFU_PATHS: &str = "/v1/apps/";

/// A target: an origin load may go to, and how the deployment there differs from the contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    name: String,
    environment: Option<&'static str>,
    origin: Origin,
    world: Option<HeaderValue>,
    deployment: Option<Arc<Deployment>>,
    roots: Roots,
    elsewhere: Arc<Elsewhere>,
    /// The SFU its live sessions use instead of its own.
    sfu: Option<Arc<sfu::Sfu>>,
    /// Further servers of the same platform.
    also: Arc<Vec<Arc<Target>>>,
    recipe: Arc<Recipe>,
}

/// Scheme, host and port, and the addresses they lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    tls: bool,
    host: String,
    port: u16,
    addresses: Vec<SocketAddr>,
}

/// What an origin is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Base,
    /// A further server, as good as the base.
    Also,
    Pages,
    Sockets,
    Sfu,
}

/// Parts of the target at other origins.
type Elsewhere = Vec<(Place, Arc<Target>)>;

impl Target {
    /// Reads the name of a shipped profile, `FILE.toml`, or an `http`/`https` URL, and looks it up. Refuses what is not
    /// on this machine: that takes [`Asked::resolve`] and a confirmation.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        Asked::read(text)?.resolve(None, || "load".to_owned())
    }

    /// The same, in one of a mock's worlds: its name goes with every request, socket and admin call.
    pub fn in_world(self, name: &str) -> Result<Self, TargetError> {
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        let world = HeaderValue::try_from(name)
            .ok()
            .filter(|_| (1..=64).contains(&name.len()) && name.bytes().all(fits))
            .ok_or_else(|| TargetError::World(name.to_owned()))?;
        let with_parts = |target: &Self| {
            let moved = |part: &Self| Self { world: Some(world.clone()), ..part.clone() };
            let parts = target.elsewhere.iter().map(|(place, part)| (*place, Arc::new(moved(part))));
            Self { elsewhere: Arc::new(parts.collect()), ..moved(target) }
        };
        let also = self.also.iter().map(|server| Arc::new(with_parts(server))).collect();
        Ok(Self { also: Arc::new(also), ..with_parts(&self) })
    }

    /// All it takes to make the same target in another process, at the same addresses.
    pub fn recipe(&self) -> Recipe {
        let elsewhere = self.elsewhere.iter().map(|(_, target)| target);
        let others = self.also.iter().chain(elsewhere).map(|target| &target.origin);
        let addresses = std::iter::once(&self.origin).chain(others).map(|origin| origin.addresses.clone());
        let world = self.world.as_ref().and_then(|world| world.to_str().ok()).map(str::to_owned);
        self.recipe.at(addresses.collect(), world)
    }

    /// The header that names the mock's world, when there is one to name.
    pub fn world_header(&self) -> Option<(HeaderName, HeaderValue)> {
        self.world.clone().map(|world| (MOCK_WORLD, world))
    }

    /// Whether its requests carry headers that are its own: its profile's, or that of a mock's world.
    pub fn adds_headers(&self) -> bool {
        self.world.is_some() || self.deployment.as_deref().is_some_and(Deployment::adds_headers)
    }

    /// As it was asked for; the profile's name, when it is a file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is reached over TLS.
    pub fn tls(&self) -> bool {
        self.origin.tls
    }

    /// Whether it, or a part of it elsewhere, is reached over TLS.
    pub fn wants_roots(&self) -> bool {
        let elsewhere = self.elsewhere.iter().map(|(_, target)| target.as_ref());
        let others = self.also.iter().map(AsRef::as_ref).chain(elsewhere).chain(self.other_sfu());
        self.tls() || others.into_iter().any(Self::tls)
    }

    /// The servers that users begin at in turn, this one first; usually it is alone.
    pub fn servers(self: Arc<Self>) -> Vec<Arc<Self>> {
        let also = self.also.clone();
        std::iter::once(self).chain(also.iter().cloned()).collect()
    }

    /// Whose certificates it may show, by its profile.
    pub fn roots(&self) -> &Roots {
        &self.roots
    }

    /// The host, without brackets.
    pub fn host(&self) -> &str {
        &self.origin.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.origin.port
    }

    /// The addresses to try, in order. Looked up once, when the target was asked for.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.origin.addresses
    }

    /// The addresses of all its parts.
    pub fn everywhere(&self) -> impl Iterator<Item = &SocketAddr> {
        let elsewhere = self.elsewhere.iter().map(|(_, target)| target.as_ref());
        let others = self.also.iter().map(AsRef::as_ref).chain(elsewhere).chain(self.other_sfu());
        self.origin.addresses.iter().chain(others.flat_map(|target| &target.origin.addresses))
    }

    /// The hosts whose pages, API and sockets a browser asks for, each with the address it was found at.
    pub fn hosts(&self) -> Vec<(String, IpAddr)> {
        let servers = std::iter::once(self).chain(self.also.iter().map(AsRef::as_ref));
        let all = servers.flat_map(|server| {
            let parts = server.elsewhere.iter().map(|(_, part)| part.as_ref());
            std::iter::once(server).chain(parts)
        });
        let found = |target: &Self| Some((target.host().to_owned(), target.addresses().first()?.ip()));
        let mut hosts: Vec<_> = all.filter_map(found).collect();
        hosts.sort();
        hosts.dedup_by(|a, b| a.0 == b.0);
        hosts
    }

    /// Host and port, as the `Host` header has them.
    pub fn authority(&self) -> String {
        let Origin { tls, host, port, .. } = &self.origin;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        if *port == usual_port(*tls) { host } else { format!("{host}:{port}") }
    }

    /// How the deployment differs from the contract; `None` when it does not.
    pub fn deployment(&self) -> Option<&Arc<Deployment>> {
        self.deployment.as_ref()
    }

    /// Why it has no endpoint of this route, when its profile says so.
    pub fn missing(&self, route: &str) -> Option<&str> {
        self.deployment.as_ref()?.missing(route)
    }

    /// Where requests of this route go, when that is another origin.
    pub fn elsewhere(&self, route: &'static str) -> Option<&Arc<Self>> {
        if self.elsewhere.is_empty() && self.sfu.is_none() {
            return None;
        }
        let place = Place::of(route);
        if let Some(sfu) = self.sfu.as_ref().filter(|_| place == Place::Sfu) {
            return Some(&sfu.at);
        }
        self.elsewhere.iter().find(|(other, _)| *other == place).map(|(_, target)| target)
    }

    /// Whether requests of this route are asked of an SFU, which says how fast it may be asked.
    pub(crate) fn is_of_sfu(route: &'static str) -> bool {
        Place::of(route) == Place::Sfu
    }

    /// What its `/health` says its environment is must be what was asked for.
    pub fn is_genuine(&self, says: &str) -> Result<(), TargetError> {
        safety::health(self.environment, self.host(), says)
            .map_err(|why| TargetError::Refused { target: self.name.clone(), why })
    }
}

impl Place {
    fn of(route: &'static str) -> Self {
        match route {
            ws::ROUTE => Self::Sockets,
            page if pages::ROUTES.contains(&page) => Self::Pages,
            other if split_route(other).1.starts_with(SFU_PATHS) => Self::Sfu,
            _ => Self::Base,
        }
    }

    /// Its key in a profile.
    fn key(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Also => "also",
            Self::Pages => "pages",
            Self::Sockets => "sockets",
            Self::Sfu => "sfu",
        }
    }
}

fn usual_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

impl Origin {
    /// Reads `http://host:port`, nothing behind it.
    fn read(url: &str) -> Option<Self> {
        let uri: http::Uri = url.parse().ok()?;
        let tls = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let host = uri.host()?.trim_matches(['[', ']']).to_ascii_lowercase();
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let someone = uri.authority()?.as_str().contains('@');
        if host.is_empty() || someone || !bare {
            return None;
        }
        Some(Self { tls, host, port: uri.port_u16().unwrap_or(usual_port(tls)), addresses: Vec::new() })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls() { "https" } else { "http" }, self.authority())
    }
}
