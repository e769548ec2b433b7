//! TLS as the connections of a run speak it: whom they trust, and what they offer to speak.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    pki_types::{CertificateDer, pem::PemObject},
};

/// How TLS is spoken. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tls {
    pub(super) http: Arc<ClientConfig>,
    pub(super) socket: Arc<ClientConfig>,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The roots cannot be read.
    #[error("{path}: {message}")]
    Roots {
        /// Which file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// The library refuses.
    #[error("TLS: {0}")]
    Library(#[from] rustls::Error),
}

impl Tls {
    /// Trusts the certificates in this PEM file and nobody else.
    pub fn trusting(pem: &Path) -> Result<Self, TlsError> {
        Self::of(roots_in(pem)?)
    }

    /// Trusts the certificates in this PEM file and whom this system trusts.
    pub fn trusting_beside_the_systems(pem: &Path) -> Result<Self, TlsError> {
        let mut roots = roots_in(pem)?;
        roots.roots.extend(roots_of_the_system()?.roots);
        Self::of(roots)
    }

    /// Trusts whom this system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` say otherwise).
    pub fn of_the_system() -> Result<Self, TlsError> {
        Self::of(roots_of_the_system()?)
    }

    /// Trusts nobody: for a client that speaks no TLS and asks all the same how it would.
    pub(crate) fn trusting_nobody() -> Result<Self, TlsError> {
        Self::of(RootCertStore::empty())
    }

    /// For clients that are not of the load: HTTP/1.1.
    pub(crate) fn plain(&self) -> ClientConfig {
        ClientConfig::clone(&self.socket)
    }

    /// Sessions are not resumed: every visitor is a new one and pays for the whole handshake.
    fn of(roots: RootCertStore) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        let offering = |protocols: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            Arc::new(config)
        };
        Ok(Self { http: offering(&[b"h2", b"http/1.1"]), socket: offering(&[b"http/1.1"]) })
    }
}

fn roots_in(pem: &Path) -> Result<RootCertStore, TlsError> {
    let wrong = |message: String| TlsError::Roots { path: pem.display().to_string(), message };
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(pem)
        .and_then(Iterator::collect)
        .map_err(|e| wrong(format!("cannot be read as PEM certificates ({e})")))?;
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates);
    if taken == 0 {
        return Err(wrong("holds no certificate that can be trusted".into()));
    }
    Ok(roots)
}

fn roots_of_the_system() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        let why = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(TlsError::Roots { path: "the system's certificates".to_owned(), message: why });
    }
    Ok(roots)
}
