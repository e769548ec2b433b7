//! Making connections: TCP, then TLS where the target wants it; HTTP and sockets share this path.

use std::{
    cell::RefCell,
    io,
    net::IpAddr,
    path::Path,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use engine::{
    clock,
    record::{Fault, FaultKind},
};
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{client::Connection, sources::Sources};
use crate::target::Target;

/// What bounds an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the start of a request, its connection included, to its last byte.
    pub timeout: Duration,
    /// The largest answer that is read.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), body_bytes: 8 * 1024 * 1024 }
    }
}

/// What is read in one go, at most.
const SCRATCH_BYTES: usize = 16 * 1024;

/// What is going to be spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// HTTP: version 2 where the other side chooses it (ALPN), else 1.1.
    Http,
    /// A WebSocket, which begins as HTTP/1.1.
    Socket,
}

/// How TLS is spoken. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tls {
    http: Arc<ClientConfig>,
    socket: Arc<ClientConfig>,
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

/// How the connections of one worker are made. Clones share one pool.
#[derive(Clone)]
pub struct Connector {
    target: Arc<Target>,
    tls: Option<Tls>,
    limits: Limits,
    sources: Sources,
    pub(super) idle: Rc<RefCell<Vec<Connection>>>,
    /// What is read goes here first: lent for as long as one read takes, so no connection has one of its own.
    pub(super) scratch: Rc<RefCell<Box<[u8]>>>,
    host_line: Rc<[u8]>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("target", &self.target)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// A connection before a protocol is spoken on it, and how long it took to make.
#[derive(Debug)]
pub struct Connected {
    /// The connection.
    pub stream: Stream,
    /// Whether the other side chose HTTP/2.
    pub h2: bool,
    /// The TCP connection.
    pub connecting: Duration,
    /// The TLS handshake.
    pub tls: Option<Duration>,
}

impl Connector {
    /// Connections to `target`; `tls` must be there when it is reached over TLS.
    pub fn new(target: Arc<Target>, tls: Option<Tls>, limits: Limits) -> Self {
        let host_line = host_line(&target).into();
        let scratch = Rc::new(RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice()));
        Self { target, tls, limits, sources: Sources::default(), idle: Rc::default(), scratch, host_line }
    }

    /// The same, from these local addresses in turn; from whichever the system chooses when there is none.
    #[must_use]
    pub fn from_sources(self, addresses: Arc<[IpAddr]>) -> Self {
        Self { sources: Sources::new(addresses), ..self }
    }

    /// Where they lead.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What bounds them.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Another origin of the target, by the same means, with a pool of its own.
    #[must_use]
    pub fn to(&self, target: Arc<Target>) -> Self {
        let host_line = host_line(&target).into();
        Self { target, idle: Rc::default(), host_line, ..self.clone() }
    }

    /// The same target with other limits and a pool of its own.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { limits, idle: Rc::default(), ..self.clone() }
    }

    /// What every HTTP/1.1 request begins with after its first line: whose host it is for, and which world.
    pub(super) fn host_line(&self) -> &[u8] {
        &self.host_line
    }

    /// The local address that datagrams to the target's hosts come from, for the `n`th who sends any.
    pub fn local_address(&self, n: u64) -> io::Result<IpAddr> {
        let to = self.target.addresses().first().ok_or(io::ErrorKind::AddrNotAvailable)?;
        self.sources.towards(*to, n)
    }

    /// Makes a connection to speak this on.
    pub async fn connect(&self, speech: Speech) -> Result<Connected, Fault> {
        let began = clock::now();
        let stream = self.tcp().await?;
        let connected = clock::now();
        let connecting = connected - began;
        let Some(tls) = self.tls.as_ref().filter(|_| self.target.tls()) else {
            return Ok(Connected { stream: Stream::Plain(stream), h2: false, connecting, tls: None });
        };
        let config = match speech {
            Speech::Http => &tls.http,
            Speech::Socket => &tls.socket,
        };
        let name = ServerName::try_from(self.target.host().to_owned())
            .map_err(|e| Fault::new(FaultKind::Tls, format!("{}: {e}", self.target)))?;
        let stream = TlsConnector::from(config.clone())
            .connect(name, stream)
            .await
            .map_err(|e| Fault::new(FaultKind::Tls, format!("{}: {e}", self.target)))?;
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Connected {
            stream: Stream::Tls(Box::new(stream)),
            h2,
            connecting,
            tls: Some(clock::now() - connected),
        })
    }

    async fn tcp(&self) -> Result<TcpStream, Fault> {
        let mut last = None;
        for &address in self.target.addresses().iter().filter(|address| self.sources.reach(**address)) {
            match self.sources.connect(address).await {
                Ok(stream) => {
                    // Requests are small: waiting to fill a segment would be measured as the target's.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(e) => last = Some(Fault::new(kind_of(&e), format!("connect {address}: {e}"))),
            }
        }
        Err(last.unwrap_or_else(|| Fault::refused(format!("{} has no address", self.target))))
    }
}

fn host_line(target: &Target) -> Vec<u8> {
    let mut line = format!("host: {}\r\n", target.authority()).into_bytes();
    if let Some((name, value)) = target.world_header() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            line.extend_from_slice(part);
        }
    }
    line
}

fn kind_of(error: &io::Error) -> FaultKind {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => FaultKind::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => FaultKind::Reset,
        io::ErrorKind::TimedOut => FaultKind::Timeout,
        // The first when the system looks for a port, the second when it is asked for one of a certain address.
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => {
            FaultKind::Other("no local port left".into())
        }
        _ if matches!(error.raw_os_error(), Some(23 | 24)) => FaultKind::Other("too many open files".into()),
        _ => FaultKind::Other("cannot connect".into()),
    }
}

/// A connection, plain or secured.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
