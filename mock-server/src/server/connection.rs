//! One connection: plain or TLS, HTTP/1.1 or HTTP/2, from its first byte to its end.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::head_timer::{Activity, Timed};
use super::limits::{HEAD_BYTES, STREAMS};
use super::write_timer::Patient;
use crate::app::App;
use crate::faults::wire::{Severance, Wire, severable};

/// How a TLS record with a handshake begins (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// When HTTP/2 asks a silent peer whether it is still there, and how long it waits for the word.
const PING_EVERY: Duration = Duration::from_secs(20);

/// When the kernel asks a silent peer the same; after four questions without a word the connection ends.
const KEEPALIVE_AFTER: Duration = Duration::from_mins(1);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(15);
const KEEPALIVE_QUESTIONS: u32 = 4;

/// How long a peer that spoke the wrong protocol has to read what it is told.
const FAREWELL: Duration = Duration::from_secs(1);

const SPEAK_TLS: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
    connection: close\r\n\r\nthis port speaks TLS: use https://…\n";

/// What all connections have in common.
#[derive(Clone)]
pub(super) struct Speaker {
    app: Arc<App>,
    service: TowerToHyperService<Router>,
    protocol: auto::Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
}

impl Speaker {
    pub(super) fn new(app: Arc<App>, router: Router, tls: Option<TlsAcceptor>) -> Self {
        let mut protocol = auto::Builder::new(TokioExecutor::new());
        // Instead of hyper's timer for heads, see `head_timer`.
        protocol.http1().header_read_timeout(None).max_buf_size(HEAD_BYTES);
        protocol
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEAD_BYTES as u32)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_EVERY);
        Self { app, service: TowerToHyperService::new(router), protocol, tls }
    }

    /// Serves a connection to its end. `room` is given back when its socket closes, whoever has it by then.
    pub(super) async fn serve(self, stream: TcpStream, room: OwnedSemaphorePermit, watcher: Watcher) {
        prepare(&stream);
        let (stream, severance) = severable(stream);
        let stream = Patient::new(stream, self.app.settings.limits.write);
        match &self.tls {
            None => self.speak(stream, severance, room, watcher).await,
            Some(tls) => match self.secured(tls, stream).await {
                Some(stream) => self.speak(stream, severance, room, watcher).await,
                None => drop(room),
            },
        }
    }

    /// The stream after its handshake; none when there was none in time, or the end was called for.
    async fn secured(&self, tls: &TlsAcceptor, stream: Patient<Wire>) -> Option<TlsStream<Patient<Wire>>> {
        let limits = self.app.settings.limits;
        let outcome = tokio::select! {
            outcome = timeout(limits.handshake, handshake(tls, stream)) => outcome,
            () = self.app.settings.ending.cancelled() => return None,
        };
        match outcome {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => tracing::debug!("a TLS handshake failed: {error}"),
            Err(_) => tracing::debug!("a TLS handshake took more than {:?}", limits.handshake),
        }
        self.app.connections.handshake_failed();
        None
    }

    async fn speak<S>(self, stream: S, severance: Severance, room: OwnedSemaphorePermit, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::new(Activity::default());
        let stream = Timed::new(stream, Arc::clone(&activity), self.app.settings.limits.head, room);
        let service = self.service;
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            activity.begun();
            let (answering, activity) = (service.call(request), Arc::clone(&activity));
            let severance = severance.clone();
            async move {
                let Ok(answer): Result<Response<Body>, Infallible> = answering.await;
                activity.answered(&answer);
                severance.pass(answer)
            }
        });
        let connection = self.protocol.serve_connection_with_upgrades(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection.into_owned()).await {
            tracing::debug!("a connection ended badly: {error}");
        }
    }
}

/// The handshake, unless the peer speaks something else: then it is told so.
async fn handshake(tls: &TlsAcceptor, mut stream: Patient<Wire>) -> io::Result<TlsStream<Patient<Wire>>> {
    let mut first = [0];
    if stream.inner().tcp().peek(&mut first).await? == 0 || first[0] == HANDSHAKE {
        return tls.accept(stream).await;
    }
    stream.write_all(SPEAK_TLS.as_bytes()).await?;
    stream.shutdown().await?;
    // What it still sends is read, or the kernel would reset the connection before it has read the answer.
    let mut rest = [0; 1024];
    let _ =
        timeout(FAREWELL, async { while matches!(stream.read(&mut rest).await, Ok(read) if read > 0) {} })
            .await;
    Err(io::Error::new(io::ErrorKind::InvalidData, "the peer does not speak TLS"))
}

/// Small answers must not wait for an acknowledgement (Nagle's algorithm), it would show as 40 ms of latency;
/// and a peer that is gone without a word must not hold its place for ever.
fn prepare(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY)
        .with_retries(KEEPALIVE_QUESTIONS);
    let set = stream.set_nodelay(true).and_then(|()| SockRef::from(stream).set_tcp_keepalive(&keepalive));
    if let Err(error) = set {
        tracing::debug!("a connection's options were refused: {error}");
    }
}
