//! Making connections: TCP, then TLS where the target wants it; HTTP and sockets share this path.

use std::{
    cell::RefCell,
    io,
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
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::client::Connection;
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

/// How the connections of one worker are made. Clones share one pool.
#[derive(Clone)]
pub struct Connector {
    target: Arc<Target>,
    tls: Option<Arc<ClientConfig>>,
    limits: Limits,
    pub(super) idle: Rc<RefCell<Vec<Connection>>>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("target", &self.target).field("limits", &self.limits).finish_non_exhaustive()
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
    pub fn new(target: Arc<Target>, tls: Option<Arc<ClientConfig>>, limits: Limits) -> Self {
        Self { target, tls, limits, idle: Rc::default() }
    }

    /// Where they lead.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What bounds them.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The same target with other limits and a pool of its own.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { limits, idle: Rc::default(), ..self.clone() }
    }

    /// Makes a connection and offers these protocols on it (ALPN), best first.
    pub async fn connect(&self, protocols: &[&[u8]]) -> Result<Connected, Fault> {
        let began = clock::now();
        let stream = self.tcp().await?;
        let connected = clock::now();
        let connecting = connected - began;
        let Some(config) = self.tls.as_ref().filter(|_| self.target.tls()) else {
            return Ok(Connected { stream: Stream::Plain(stream), h2: false, connecting, tls: None });
        };
        let mut config = ClientConfig::clone(config);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from(self.target.host().to_owned())
            .map_err(|e| Fault::new(FaultKind::Tls, format!("{}: {e}", self.target)))?;
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .map_err(|e| Fault::new(FaultKind::Tls, format!("{}: {e}", self.target)))?;
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Connected { stream: Stream::Tls(Box::new(stream)), h2, connecting, tls: Some(clock::now() - connected) })
    }

    async fn tcp(&self) -> Result<TcpStream, Fault> {
        let mut last = None;
        for address in self.target.addresses() {
            match TcpStream::connect(address).await {
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

fn kind_of(error: &io::Error) -> FaultKind {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => FaultKind::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => FaultKind::Reset,
        io::ErrorKind::TimedOut => FaultKind::Timeout,
        io::ErrorKind::AddrNotAvailable => FaultKind::Other("no local port left".into()),
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
