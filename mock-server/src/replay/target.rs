//! Where events may be delivered: to this machine, or to a host that was named twice.

use std::io;
use std::net::SocketAddr;

use contract::Endpoint as _;
use contract::endpoint::split_route;
use contract::webhooks::ReceiveStripe;
use http::Uri;

/// Why nothing is delivered there.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It cannot be read.
    #[error(
        "`{0}` is no address to deliver to: it is a URL such as http://127.0.0.1:8089/api/webhooks/stripe"
    )]
    Unreadable(String),
    /// TLS is not spoken here.
    #[error("`{0}`: https is not spoken here; put something that ends TLS on this machine in front of it")]
    Https(String),
    /// It is Stripe's own.
    #[error("`{0}` is Stripe's own: nothing is ever delivered there")]
    Stripe(String),
    /// It is not on this machine, and nobody said that it may be.
    #[error("`{0}` is not this machine: name it with --allow-host as well if it is yours to load")]
    NotAllowed(String),
    /// The name does not resolve.
    #[error("`{host}` does not resolve: {source}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
}

/// A receiver of webhooks.
#[derive(Debug, Clone)]
pub struct Target {
    /// The whole URL.
    pub(super) uri: Uri,
    /// What was looked up once, and is all that is ever connected to.
    addresses: Vec<SocketAddr>,
}

impl Target {
    /// Where it is.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Reads a URL. One without a path means the path of the contract. `allowed` are hosts elsewhere that may be
    /// loaded.
    pub async fn parse(text: &str, allowed: &[String]) -> Result<Self, TargetError> {
        // What is before an @ may be a password.
        let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest).to_owned();
        let unreadable = || TargetError::Unreadable(shown.clone());
        let mut uri: Uri = text.parse().map_err(|_| unreadable())?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(TargetError::Https(shown.clone())),
            _ => return Err(unreadable()),
        }
        let host =
            uri.host().unwrap_or_default().trim_matches(['[', ']']).trim_end_matches('.').to_lowercase();
        if host.is_empty() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(unreadable());
        }
        if host == "stripe.com" || host.ends_with(".stripe.com") {
            return Err(TargetError::Stripe(host));
        }
        if uri.path() == "/" && uri.query().is_none() {
            let whole = format!("{}{}", text.trim_end_matches('/'), split_route(ReceiveStripe::ROUTE).1);
            uri = whole.parse().map_err(|_| unreadable())?;
        }
        let is_allowed = allowed.iter().any(|name| name.eq_ignore_ascii_case(&host));
        let is_local = host == "localhost" || host.ends_with(".localhost");
        // Names are looked up only where they may lead to this machine.
        if !is_allowed && !is_local && host.parse::<std::net::IpAddr>().is_err() {
            return Err(TargetError::NotAllowed(host));
        }
        let found = tokio::net::lookup_host((host.as_str(), uri.port_u16().unwrap_or(80))).await;
        let found = found.map(Iterator::collect::<Vec<SocketAddr>>);
        let addresses = found.map_err(|source| TargetError::Unresolved { host: host.clone(), source })?;
        if addresses.is_empty() || !is_allowed && addresses.iter().any(|address| !address.ip().is_loopback())
        {
            return Err(TargetError::NotAllowed(host));
        }
        Ok(Self { uri, addresses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refusal(text: &str) -> String {
        Target::parse(text, &["hooks.example.com".to_owned(), "api.stripe.com".to_owned()])
            .await
            .map_or_else(|error| error.to_string(), |target| panic!("{target:?}"))
    }

    #[tokio::test]
    async fn only_this_machine_is_loaded_unless_somebody_insists() {
        for (text, part) in [
            ("http://10.0.0.1/", "not this machine"),
            ("http://wwmaa.com/", "not this machine"),
            ("http://127.0.0.1.example.com/", "not this machine"),
            ("http://api.stripe.com/", "Stripe's own"),
            ("http://API.Stripe.com./v1", "Stripe's own"),
            ("https://127.0.0.1/", "https is not spoken"),
            ("http://u:p@127.0.0.1/", "no address"),
            ("127.0.0.1:80", "no address"),
            ("ftp://127.0.0.1/", "no address"),
        ] {
            let said = refusal(text).await;
            assert!(said.contains(part) && !said.contains("u:p"), "{text}: {said}");
        }
        let allowed =
            Target::parse("http://10.0.0.1:81/hook", &["10.0.0.1".to_owned()]).await.expect("allowed");
        assert_eq!(allowed.uri.path(), "/hook");
    }

    #[tokio::test]
    async fn a_url_without_a_path_means_the_contracts() {
        for text in ["http://127.0.0.1:9", "http://127.0.0.1:9/", "http://[::1]:9"] {
            let target = Target::parse(text, &[]).await.expect("this machine");
            assert_eq!(target.uri.path(), "/api/webhooks/stripe");
            assert_eq!(target.addresses[0].port(), 9);
        }
    }
}
