//! Making connections: TCP, then TLS where the target wants it; HTTP and sockets share this path.

use std::{
    cell::{Cell, RefCell},
    io,
    net::IpAddr,
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
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{client::Connection, sources::Sources, tls::Tls};
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

/// How the connections of one worker are made. Clones share one pool, and where they are.
#[derive(Clone)]
pub struct Connector {
    servers: Rc<[Server]>,
    /// The server whose turn it is.
    at: Rc<Cell<usize>>,
    tls: Option<Tls>,
    limits: Limits,
    sources: Sources,
    /// What is read goes here first: lent for as long as one read takes, so no connection has one of its own.
    pub(super) scratch: Rc<RefCell<Box<[u8]>>>,
}

/// One of the servers of a target.
struct Server {
    target: Arc<Target>,
    idle: RefCell<Vec<Connection>>,
    host_line: Box<[u8]>,
}

impl Server {
    fn of(target: Arc<Target>) -> Self {
        Self { idle: RefCell::default(), host_line: host_line(&target).into(), target }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("target", &self.target())
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

/// A try to reach the server at `place`: unless it succeeds, whoever comes next tries the one after it.
struct Trying<'a> {
    connector: &'a Connector,
    place: usize,
    has_come: bool,
}

impl<'a> Trying<'a> {
    fn begun(connector: &'a Connector) -> Self {
        Self { connector, place: connector.at.get(), has_come: false }
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        let Connector { at, servers, .. } = self.connector;
        if !self.has_come && at.get() == self.place {
            at.set((self.place + 1) % servers.len());
        }
    }
}

impl Connector {
    /// Connections to `target`; `tls` must be there when it is reached over TLS.
    pub fn new(target: Arc<Target>, tls: Option<Tls>, limits: Limits) -> Self {
        let scratch = Rc::new(RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice()));
        let servers = target.servers().into_iter().map(Server::of).collect();
        Self { servers, at: Rc::default(), tls, limits, sources: Sources::default(), scratch }
    }

    /// The same for user `n`, who begins at server `n` modulo their number, and goes on to the next one by themselves.
    #[must_use]
    pub fn of_user(&self, n: u64) -> Self {
        let at = n % self.servers.len() as u64;
        Self { at: Rc::new(Cell::new(at as usize)), ..self.clone() }
    }

    /// Connections to each of the target's servers alone.
    pub fn each(&self) -> impl Iterator<Item = Self> {
        self.servers.iter().map(|server| self.to(server.target.clone()))
    }

    /// The same, from these local addresses in turn; from whichever the system chooses when there is none.
    #[must_use]
    pub fn from_sources(self, addresses: Arc<[IpAddr]>) -> Self {
        Self { sources: Sources::new(addresses), ..self }
    }

    /// Where they lead: the server whose turn it is.
    pub fn target(&self) -> &Target {
        &self.here().target
    }

    fn here(&self) -> &Server {
        &self.servers[self.at.get()]
    }

    /// What bounds them.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Another origin of the target, by the same means, with a pool of its own.
    #[must_use]
    pub fn to(&self, target: Arc<Target>) -> Self {
        Self { servers: Rc::new([Server::of(target)]), at: Rc::default(), ..self.clone() }
    }

    /// The same target with other limits and a pool of its own.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        let servers = self.servers.iter().map(|server| Server::of(server.target.clone())).collect();
        Self { servers, limits, ..self.clone() }
    }

    /// What every HTTP/1.1 request begins with after its first line: whose host it is for, and which world.
    pub(super) fn host_line(&self) -> &[u8] {
        &self.here().host_line
    }

    /// The local address that datagrams to the target's hosts come from, for the `n`th who sends any.
    pub fn local_address(&self, n: u64) -> io::Result<IpAddr> {
        let to = self.target().addresses().first().ok_or(io::ErrorKind::AddrNotAvailable)?;
        self.sources.towards(*to, n)
    }

    /// Connections that nobody uses, to the server whose turn it is.
    pub(super) fn idle(&self) -> &RefCell<Vec<Connection>> {
        &self.here().idle
    }

    /// Makes a connection to speak this on: to the server whose turn it is, or the first after it that can be reached. A
    /// try that is given up half-way moves on as well.
    pub async fn connect(&self, speech: Speech) -> Result<Connected, Fault> {
        let began = clock::now();
        let mut tried = 1;
        loop {
            let mut trying = Trying::begun(self);
            match self.connect_to(&self.servers[trying.place].target, speech, began).await {
                Ok(connected) => {
                    trying.has_come = true;
                    return Ok(connected);
                }
                Err(_) if tried < self.servers.len() => tried += 1,
                Err(fault) => return Err(fault),
            }
        }
    }

    async fn connect_to(
        &self,
        target: &Target,
        speech: Speech,
        began: clock::Instant,
    ) -> Result<Connected, Fault> {
        let stream = self.tcp(target).await?;
        let connected = clock::now();
        let connecting = connected - began;
        let Some(tls) = self.tls.as_ref().filter(|_| target.tls()) else {
            return Ok(Connected { stream: Stream::Plain(stream), h2: false, connecting, tls: None });
        };
        let config = match speech {
            Speech::Http => &tls.http,
            Speech::Socket => &tls.socket,
        };
        let name = ServerName::try_from(target.host().to_owned())
            .map_err(|e| Fault::new(FaultKind::Tls, format!("{target}: {e}")))?;
        let stream = TlsConnector::from(config.clone())
            .connect(name, stream)
            .await
            .map_err(|e| Fault::new(FaultKind::Tls, format!("{target}: {e}")))?;
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Connected {
            stream: Stream::Tls(Box::new(stream)),
            h2,
            connecting,
            tls: Some(clock::now() - connected),
        })
    }

    async fn tcp(&self, target: &Target) -> Result<TcpStream, Fault> {
        let mut last = None;
        for &address in target.addresses().iter().filter(|address| self.sources.reach(**address)) {
            match self.sources.connect(address).await {
                Ok(stream) => {
                    // Requests are small: waiting to fill a segment would be measured as the target's.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(e) => last = Some(Fault::new(kind_of(&e), format!("connect {address}: {e}"))),
            }
        }
        Err(last.unwrap_or_else(|| Fault::refused(format!("{target} has no address"))))
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
