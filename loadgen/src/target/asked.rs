//! A target as it was asked for: read and allowed, not yet looked up.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    sync::Arc,
};

use fixtures::targets::{self, Origins, Roots, TargetProfile, TargetsError};

use super::{Elsewhere, Origin, Place, Recipe, Target, TargetError};
use crate::{deployment::Deployment, safety};

/// What was asked for, allowed by its names. Nothing was looked up and nothing sent.
#[derive(Debug, Clone)]
pub struct Asked {
    text: String,
    /// The profile's own text and where it lies, when it is a file.
    file: Option<(PathBuf, String)>,
    profile: Option<TargetProfile>,
    /// The base, further servers, then what is elsewhere.
    origins: Vec<(Place, Origin)>,
    /// Further servers that are not in the profile.
    also: Vec<String>,
}

impl Asked {
    /// Reads the name of a shipped profile, `FILE.toml`, or an `http`/`https` URL.
    pub fn read(text: &str) -> Result<Self, TargetError> {
        let is_file = Path::new(text).extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"));
        if !is_file {
            return Self::named(text, None);
        }
        let file = PathBuf::from(text);
        let profile = std::fs::read_to_string(&file)
            .map_err(|source| TargetError::Unreadable { file: file.clone(), source })?;
        Self::named(text, Some((file, profile)))
    }

    /// The same, given the file's text.
    pub(super) fn named(text: &str, file: Option<(PathBuf, String)>) -> Result<Self, TargetError> {
        let profile_text = file.as_ref().map(|(_, text)| text.as_str()).or_else(|| targets::shipped(text));
        let wrong = |source| TargetError::Profile { file: text.to_owned(), source };
        let routes: Vec<&str> = contract::measured_routes().collect();
        let profile =
            profile_text.map(|profile| targets::parse(profile, &routes)).transpose().map_err(wrong)?;
        let bare = profile.is_none().then(|| bare(text));
        let origins = match profile.as_ref().map(|profile| &profile.origins).or(bare.as_ref()) {
            Some(origins) => self::origins(text, origins, profile.is_some())?,
            None => Vec::new(),
        };
        let asked = Self { text: text.to_owned(), file, profile, origins, also: Vec::new() };
        asked.allowed()?;
        Ok(asked)
    }

    /// The same target with further servers at these URLs, for which the same rules hold.
    pub fn also_at(mut self, urls: &[String]) -> Result<Self, TargetError> {
        let place =
            self.origins.iter().take_while(|(place, _)| matches!(place, Place::Base | Place::Also)).count();
        let found = urls.iter().map(|url| Ok((Place::Also, typed(url)?)));
        let found = found.collect::<Result<Vec<_>, TargetError>>()?;
        self.origins.splice(place..place, found);
        self.also.extend_from_slice(urls);
        self.allowed()?;
        Ok(self)
    }

    /// Every host must be one that load may go to.
    fn allowed(&self) -> Result<(), TargetError> {
        let stem = self.file.as_ref().and_then(|(file, _)| file.file_stem()?.to_str()).unwrap_or_default();
        safety::names(&[("target", self.name()), ("target", stem)]).map_err(|why| self.refused(why))?;
        let environment = self.profile.as_ref().map(|profile| profile.environment);
        let each = self.origins.iter().try_for_each(|(_, origin)| safety::host(environment, &origin.host));
        each.map_err(|why| self.refused(why))
    }

    /// The host of the base; empty where nothing is known of it.
    pub fn host(&self) -> &str {
        self.origins.first().map_or("", |(_, origin)| &origin.host)
    }

    fn refused(&self, why: safety::Refusal) -> TargetError {
        TargetError::Refused { target: self.text.clone(), why }
    }

    /// What reports call it.
    fn name(&self) -> &str {
        self.profile.as_ref().map_or(&self.text, |profile| &profile.name)
    }

    /// The target, its addresses looked up once and kept. Hosts that are not this machine must be confirmed: `typed`
    /// must be the host of the base, exactly. `load` says, when it is needed, how much would be sent there.
    pub fn resolve(self, typed: Option<&str>, load: impl FnOnce() -> String) -> Result<Target, TargetError> {
        let hosts = self.origins.iter().map(|(_, origin)| origin.host.as_str());
        let mut away: Vec<&str> = hosts.filter(|host| !safety::is_this_machine(host)).collect();
        away.dedup();
        if let Some((host, others)) = away.split_first() {
            let also = if others.is_empty() { String::new() } else { format!(" and {}", others.join(", ")) };
            safety::confirmed(host, typed, || format!("That sends {} to {host}{also}", load()))
                .map_err(|why| self.refused(why))?;
        }
        self.at(|origin| {
            let found = (origin.host.as_str(), origin.port).to_socket_addrs()?;
            Ok(found.collect())
        })
    }

    /// The target at these addresses.
    pub(super) fn at(
        self,
        mut lookup: impl FnMut(&Origin) -> io::Result<Vec<SocketAddr>>,
    ) -> Result<Target, TargetError> {
        let mut places = Vec::new();
        for (place, origin) in &self.origins {
            let unresolved = |source| TargetError::Unresolved { host: origin.host.clone(), source };
            let addresses = lookup(origin).map_err(unresolved)?;
            if addresses.is_empty() {
                return Err(unresolved(io::Error::other("it has no address")));
            }
            for address in &addresses {
                safety::address(&origin.host, address.ip()).map_err(|why| self.refused(why))?;
            }
            places.push((*place, Origin { addresses, ..origin.clone() }));
        }
        self.target(places)
    }

    fn target(self, places: Vec<(Place, Origin)>) -> Result<Target, TargetError> {
        let mut places = places.into_iter();
        let Some((_, base)) = places.next() else { return Err(TargetError::Unknown(self.text)) };
        let deployment = self.profile.as_ref().map(Deployment::new).transpose();
        let deployment = deployment.map_err(|e| TargetError::Profile {
            file: self.text.clone(),
            source: TargetsError { line: None, key: "headers".to_owned(), message: e.to_string() },
        })?;
        let roots = self.roots();
        let mut target = Target {
            name: self.name().to_owned(),
            environment: self.profile.as_ref().map(|profile| profile.environment),
            origin: base,
            world: None,
            deployment: deployment.flatten(),
            roots,
            elsewhere: Arc::default(),
            sfu: None,
            also: Arc::default(),
            recipe: Arc::new(Recipe::new(self.text, self.file, self.also)),
        };
        let (also, elsewhere): (Vec<_>, Vec<_>) = places.partition(|(place, _)| *place == Place::Also);
        let at = |origin| Arc::new(Target { origin, ..target.clone() });
        let elsewhere: Elsewhere = elsewhere.into_iter().map(|(place, origin)| (place, at(origin))).collect();
        target.elsewhere = Arc::new(elsewhere);
        // However many servers there are, their live sessions have one SFU: that of the first, unless it is elsewhere.
        let mut parts = target.elsewhere.as_ref().clone();
        if parts.iter().all(|(place, _)| *place != Place::Sfu) {
            parts.push((Place::Sfu, Arc::new(target.clone())));
        }
        let parts = Arc::new(parts);
        let at = |(_, origin)| Arc::new(Target { origin, elsewhere: parts.clone(), ..target.clone() });
        target.also = Arc::new(also.into_iter().map(at).collect());
        Ok(target)
    }

    /// Whose certificates are trusted; a file's path is relative to the profile's. A URL that is not this machine's is
    /// one of the public network's.
    fn roots(&self) -> Roots {
        let away = self.origins.iter().any(|(_, origin)| !safety::is_this_machine(&origin.host));
        match self.profile.as_ref().map(|profile| &profile.roots) {
            None if away => Roots::System,
            None => Roots::Unsaid,
            Some(Roots::File(pem)) => {
                let beside = self.file.as_ref().and_then(|(file, _)| file.parent());
                let pem = beside.map_or_else(|| PathBuf::from(pem), |beside| beside.join(pem));
                Roots::File(pem.to_string_lossy().into_owned())
            }
            Some(roots) => roots.clone(),
        }
    }
}

fn bare(url: &str) -> Origins {
    Origins { base: url.to_owned(), also: Vec::new(), pages: None, sockets: None, sfu: None }
}

/// The base first. A profile's origins were checked for their shape, a URL is read here.
fn origins(text: &str, origins: &Origins, from_profile: bool) -> Result<Vec<(Place, Origin)>, TargetError> {
    let own =
        [(Place::Pages, &origins.pages), (Place::Sockets, &origins.sockets), (Place::Sfu, &origins.sfu)];
    let own = own.into_iter().filter_map(|(place, origin)| Some((place, origin.as_ref()?)));
    let also = origins.also.iter().map(|origin| (Place::Also, origin));
    let all = std::iter::once((Place::Base, &origins.base)).chain(also).chain(own);
    all.map(|(place, origin)| match Origin::read(origin) {
        Some(origin) => Ok((place, origin)),
        None if from_profile => Err(TargetError::Profile {
            file: text.to_owned(),
            source: TargetsError {
                line: None,
                key: place.key().to_owned(),
                message: format!("`{origin}`: expected an origin such as http://127.0.0.1:8000"),
            },
        }),
        None => Err(unreadable(text)),
    })
    .collect()
}

/// The origin that was typed for a further server.
fn typed(url: &str) -> Result<Origin, TargetError> {
    Origin::read(url).ok_or_else(|| unreadable(url))
}

/// Why there is no target of this text, which is no origin.
pub(super) fn unreadable(text: &str) -> TargetError {
    let shown = shown(text);
    if fixtures::environments::speaks_of_production(text) {
        return TargetError::Refused {
            target: shown.clone(),
            why: safety::Refusal::Production { what: "target", name: shown },
        };
    }
    TargetError::Unknown(shown)
}

/// What was typed, as it may be repeated: without a user and a password, and without a query, which may hold a token.
fn shown(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (someone, rest) = rest.rsplit_once('@').map_or(("", rest), |(_, rest)| ("…@", rest));
    let (rest, query) = rest.split_once(['?', '#']).map_or((rest, ""), |(rest, _)| (rest, "?…"));
    format!("{scheme}://{someone}{rest}{query}")
}
