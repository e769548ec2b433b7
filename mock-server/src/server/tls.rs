//! TLS with a certificate made at the start: nothing to install, nothing to keep, nobody else trusts it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

/// What the certificate's file is called.
const FILE: &str = "mock-ca.pem";

/// Names this machine is reached by.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be made.
    #[error("the certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The library refuses it.
    #[error("the certificate could not be used: {0}")]
    Library(#[from] rustls::Error),
    /// The certificate cannot be written.
    #[error("{}: the certificate could not be written: {source}", path.display())]
    Write {
        /// Where to.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// An authority of our own and a certificate it signed for this machine.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    certificate: PathBuf,
    /// Where the certificate lies when no place was named: gone with the last of these.
    _folder: Option<Arc<TempDir>>,
}

impl Tls {
    /// Makes both and writes the authority's certificate as `mock-ca.pem` into `dir`, or into a private
    /// directory that goes when the mock ends. The keys are never written.
    pub fn made_now(dir: Option<&Path>) -> Result<Self, TlsError> {
        let authority = CertifiedIssuer::self_signed(authority(), KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = machine()?.signed_by(&key, &authority)?;
        let (path, folder) = place(dir)?;
        std::fs::write(&path, authority.pem())
            .map_err(|source| TlsError::Write { path: path.clone(), source })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone(), authority.der().clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), certificate: path, _folder: folder })
    }

    /// Where the certificate lies that a client has to trust, PEM.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "WWMAA mock, an authority of one start");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn machine() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "WWMAA mock");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// The certificate's file, and the directory that was made for it.
fn place(dir: Option<&Path>) -> Result<(PathBuf, Option<Arc<TempDir>>), TlsError> {
    let Some(dir) = dir else {
        let made = tempfile::Builder::new().prefix("mock-tls-").tempdir();
        let made = made.map_err(|source| TlsError::Write { path: std::env::temp_dir(), source })?;
        return Ok((made.path().join(FILE), Some(Arc::new(made))));
    };
    std::fs::create_dir_all(dir).map_err(|source| TlsError::Write { path: dir.to_owned(), source })?;
    Ok((dir.join(FILE), None))
}
