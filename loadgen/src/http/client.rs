//! A user's client: at most one kept connection, requests one after another (over HTTP/2 also at once).

use std::{rc::Rc, time::Duration};

use bytes::{Bytes, BytesMut};
use engine::{
    clock::{self, Instant},
    record::{Fault, FaultKind, Phases},
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use tokio::task::{AbortHandle, spawn_local};

use super::{
    connect::{Connector, Speech},
    watched::{Marks, Watched},
};

/// A request, ready to be sent. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Headers, `host` left out.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as it travelled (compressed, where it was).
    pub body: Bytes,
}

/// A request as it went.
#[derive(Debug)]
pub struct Exchange {
    /// When the request could go out: its connection was there.
    pub sent: Instant,
    /// When the whole answer was there, or it was given up.
    pub done: Instant,
    /// Its parts, as far as there were any.
    pub phases: Phases,
    /// Bytes out and in, on the connection (TLS left out).
    pub bytes: (u64, u64),
    /// The answer, or why there is none.
    pub answer: Result<Received, Fault>,
}

/// A user's client. Dropping it closes its connection, or returns it to the worker's pool.
#[derive(Debug)]
pub struct Client {
    connector: Connector,
    connection: Option<Connection>,
    pooled: bool,
}

/// An open connection. Dropping it closes it at once, whatever is still on its way.
#[derive(Debug)]
pub(super) struct Connection {
    sender: Sender,
    marks: Marks,
    driver: Rc<Driver>,
}

#[derive(Debug)]
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Debug)]
enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// Runs hyper's own tasks on this thread.
#[derive(Debug, Clone, Copy)]
struct Here;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for Here {
    fn execute(&self, task: F) {
        spawn_local(task);
    }
}

/// How far an exchange got, for the phases of one that is given up half-way.
#[derive(Debug, Default)]
struct Progress {
    blocked: Option<Duration>,
    connecting: Option<Duration>,
    tls: Option<Duration>,
    sent: Option<Instant>,
    marks: Option<Marks>,
}

impl Client {
    /// A client whose connection is made when it is first needed.
    pub fn new(connector: Connector) -> Self {
        Self { connector, connection: None, pooled: false }
    }

    /// A client that takes a connection from its worker's pool and gives it back when dropped.
    pub fn pooled(connector: Connector) -> Self {
        Self { connector, connection: None, pooled: true }
    }

    /// How its connections are made.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Closes the connection, as a visitor who leaves does.
    pub fn close(&mut self) {
        self.connection = None;
    }

    /// Whether it speaks HTTP/2 on a connection it has.
    pub fn is_http2(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| matches!(connection.sender, Sender::Http2(_)))
    }

    /// Sends a request and reads the whole answer, or says why there is none; bounded by the connector's
    /// limits.
    pub async fn exchange(&mut self, request: &Outgoing) -> Exchange {
        let began = clock::now();
        let limits = self.connector.limits();
        let mut progress = Progress::default();
        let bounded =
            tokio::time::timeout_at(began + limits.timeout, self.attempt(request, &mut progress)).await;
        let done = clock::now();
        let answer = bounded.unwrap_or_else(|_| {
            let detail =
                format!("{} {}: no whole answer within {:?}", request.method, request.path, limits.timeout);
            Err(Fault::timeout(detail))
        });
        if answer.as_ref().err().is_some() && !self.is_http2() {
            self.connection = None;
        }
        progress.exchange(began, done, answer)
    }

    async fn attempt(&mut self, request: &Outgoing, progress: &mut Progress) -> Result<Received, Fault> {
        let began = clock::now();
        let mut fresh = self.ready(progress).await?;
        loop {
            let built = self.build(request)?;
            let connection = self.connection.as_mut().expect("`ready` leaves a connection or fails");
            connection.marks.clear();
            progress.marks = Some(connection.marks.clone());
            let sent = clock::now();
            progress.sent = Some(sent);
            let made = progress.connecting.unwrap_or_default() + progress.tls.unwrap_or_default();
            progress.blocked = Some((sent - began).saturating_sub(made));
            match connection.send(built).await {
                Ok(response) => return read(response, request, self.connector.limits().body_bytes).await,
                Err(Unsent::NothingWritten) if !fresh => {
                    // Closed by the other side while it was idle, and nothing was written: not a retry.
                    self.connection = None;
                    fresh = self.ready(progress).await?;
                }
                Err(Unsent::NothingWritten) => {
                    return Err(Fault::reset(format!("{} {}: closed at once", request.method, request.path)));
                }
                Err(Unsent::Broken(error)) => return Err(fault_of(&error, request)),
            }
        }
    }

    /// Sees to it that there is a connection; true when it is a new one.
    async fn ready(&mut self, progress: &mut Progress) -> Result<bool, Fault> {
        if self.connection.is_none() && self.pooled {
            self.connection = self.connector.idle.borrow_mut().pop();
        }
        if let Some(connection) = &mut self.connection {
            if connection.sender.ready().await {
                return Ok(false);
            }
            self.connection = None;
        }
        let connected = self.connector.connect(Speech::Http).await?;
        progress.connecting = Some(connected.connecting);
        progress.tls = connected.tls;
        let connection = Connection::open(connected.stream, connected.h2).await;
        self.connection = Some(connection.map_err(|e| Fault::new(FaultKind::Protocol, e.to_string()))?);
        Ok(true)
    }

    fn build(&self, request: &Outgoing) -> Result<Request<Full<Bytes>>, Fault> {
        let target = self.connector.target();
        let uri = if self.is_http2() { format!("{target}{}", request.path) } else { request.path.clone() };
        let mut built = Request::builder()
            .method(request.method.clone())
            .uri(uri)
            .body(Full::new(request.body.clone()))
            .map_err(|e| Fault::new(FaultKind::Other("request cannot be built".into()), e.to_string()))?;
        *built.headers_mut() = request.headers.clone();
        built.headers_mut().extend(target.world_header());
        if !self.is_http2() {
            let host = HeaderValue::try_from(target.authority())
                .map_err(|e| Fault::new(FaultKind::Other("request cannot be built".into()), e.to_string()))?;
            built.headers_mut().insert(header::HOST, host);
        }
        Ok(built)
    }

    /// Sends several requests at once, as a browser loads what a page names: over HTTP/2 all on the one
    /// connection; over HTTP/1.1 one after another on it and on at most two short-lived ones, which are
    /// closed when the burst is over. Answers come in the order of the requests.
    pub async fn burst(&mut self, requests: &[Outgoing]) -> Vec<Exchange> {
        burst(self, requests).await
    }

    fn sibling(&self) -> Self {
        let connection = self.connection.as_ref().and_then(Connection::share);
        Self { connector: self.connector.clone(), connection, pooled: false }
    }
}

/// Connections a browser opens beside the first one of a visitor.
const EXTRA_CONNECTIONS: usize = 2;

async fn burst(client: &mut Client, requests: &[Outgoing]) -> Vec<Exchange> {
    let lanes = if client.is_http2() { requests.len() } else { requests.len().min(1 + EXTRA_CONNECTIONS) };
    let mut extra: Vec<Client> = (1..lanes).map(|_| client.sibling()).collect();
    let all = std::iter::once(client).chain(extra.iter_mut());
    let lanes = all.enumerate().map(|(lane, client)| async move {
        let mut done = Vec::new();
        for (place, request) in requests.iter().enumerate().skip(lane).step_by(lanes.max(1)) {
            done.push((place, client.exchange(request).await));
        }
        done
    });
    let mut done: Vec<_> = futures_util::future::join_all(lanes).await.into_iter().flatten().collect();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, exchange)| exchange).collect()
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.pooled
            && let Some(connection) = self.connection.take()
        {
            self.connector.idle.borrow_mut().push(connection);
        }
    }
}

/// Why a request did not go out, or no head of an answer came back.
enum Unsent {
    /// The connection was closed before anything was written.
    NothingWritten,
    /// Something may have been.
    Broken(hyper::Error),
}

impl Connection {
    async fn open(stream: super::Stream, h2: bool) -> hyper::Result<Self> {
        let (io, marks) = Watched::new(stream);
        let (sender, driver) = if h2 {
            let (sender, connection) = http2::handshake(Here, io).await?;
            (Sender::Http2(sender), spawn_local(async move { drop(connection.await) }))
        } else {
            let (sender, connection) = http1::handshake(io).await?;
            (Sender::Http1(sender), spawn_local(async move { drop(connection.await) }))
        };
        Ok(Self { sender, marks, driver: Rc::new(Driver(driver.abort_handle())) })
    }

    /// The same connection once more, where the protocol allows that.
    fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            Sender::Http2(sender) => Some(Self {
                sender: Sender::Http2(sender.clone()),
                marks: self.marks.clone(),
                driver: self.driver.clone(),
            }),
        }
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unsent> {
        let sent = match &mut self.sender {
            Sender::Http1(sender) => sender.try_send_request(request).await,
            Sender::Http2(sender) => sender.try_send_request(request).await,
        };
        sent.map_err(|mut error| match error.take_message() {
            Some(_) => Unsent::NothingWritten,
            None => Unsent::Broken(error.into_error()),
        })
    }
}

impl Sender {
    /// Waits until it takes a request; false when the connection is closed.
    async fn ready(&mut self) -> bool {
        match self {
            Self::Http1(sender) => sender.ready().await.is_ok(),
            Self::Http2(sender) => sender.ready().await.is_ok(),
        }
    }
}

async fn read(response: Response<Incoming>, request: &Outgoing, most: usize) -> Result<Received, Fault> {
    let (head, mut incoming) = response.into_parts();
    let mut first: Option<Bytes> = None;
    let mut whole = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(data) = frame.map_err(|error| fault_of(&error, request))?.into_data() else { continue };
        let length = whole.len() + first.as_ref().map_or(0, Bytes::len) + data.len();
        if length > most {
            let detail = format!("{} {}: over {most} bytes", request.method, request.path);
            return Err(Fault::new(FaultKind::Other("answer too large".into()), detail));
        }
        match (&mut first, whole.is_empty()) {
            (None, true) => first = Some(data),
            (kept, _) => {
                if let Some(kept) = kept.take() {
                    whole.extend_from_slice(&kept);
                }
                whole.extend_from_slice(&data);
            }
        }
    }
    let body = first.unwrap_or_else(|| whole.freeze());
    Ok(Received { status: head.status, headers: head.headers, body })
}

fn fault_of(error: &hyper::Error, request: &Outgoing) -> Fault {
    let kind = if error.is_parse() || error.is_user() { FaultKind::Protocol } else { FaultKind::Reset };
    let mut detail = format!("{} {}: {error}", request.method, request.path);
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        detail.push_str(": ");
        detail.push_str(&cause.to_string());
        source = cause.source();
    }
    Fault::new(kind, detail)
}

impl Progress {
    fn exchange(self, began: Instant, done: Instant, answer: Result<Received, Fault>) -> Exchange {
        let (out, first) =
            self.marks.as_ref().map_or((None, None), |marks| (marks.last_write(), marks.first_read()));
        let bytes = self.marks.as_ref().map_or((0, 0), Marks::bytes);
        let sent = self.sent.unwrap_or(began);
        // A server may answer before it has read everything: then nothing was waited for.
        let out = out.map(|out| first.map_or(out, |first| out.min(first)).max(sent));
        let phases = Phases {
            blocked: self.blocked,
            connecting: self.connecting,
            tls: self.tls,
            sending: out.map(|out| out - sent),
            waiting: out.and_then(|out| first.map(|first| first.max(out) - out)),
            receiving: first.map(|first| done.saturating_duration_since(first)),
        };
        Exchange { sent, done, phases, bytes, answer }
    }
}
