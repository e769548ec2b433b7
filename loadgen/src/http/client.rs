//! A user's client: at most one kept connection, requests one after another (over HTTP/2 also at once).

use std::{fmt, pin::Pin, time::Duration};

use bytes::Bytes;
use engine::{
    clock::{self, Instant},
    record::{Fault, FaultKind, Phases},
};
use http::{HeaderMap, Method, StatusCode};
use tokio::time::Sleep;

use super::{
    connect::{Connector, Speech},
    http1::{Http1, Traffic, Unanswered},
    http2::Http2,
    traceparent::Traceparent,
    watched::Marks,
};

/// A request, ready to be sent. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Path and query, as faults and logs tell them.
    pub path: String,
    /// Path and query as they travel, where they say whose account it is: then that is told to nobody else.
    pub signed: Option<SignedPath>,
    /// Headers, `host` left out.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What says which trace it belongs to.
    pub trace: Option<Traceparent>,
}

impl Outgoing {
    /// Path and query as they travel. For the wire alone: what is told of a request has [`Self::path`].
    pub(crate) fn sent_path(&self) -> &str {
        self.signed.as_ref().map_or(&self.path, |signed| &signed.0)
    }
}

/// A path with a part that is nobody's business. It shows in no `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedPath(String);

impl SignedPath {
    /// Keeps it.
    pub(crate) fn new(path: String) -> Self {
        Self(path)
    }
}

impl fmt::Debug for SignedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(signed)")
    }
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
    /// The trace it was sent in.
    pub trace: Option<Traceparent>,
    /// The answer's status.
    pub status: Option<StatusCode>,
    /// The answer, or why there is none.
    pub answer: Result<Received, Fault>,
}

/// A user's client. Dropping it closes its connection, or returns it to the worker's pool.
#[derive(Debug)]
pub struct Client {
    connector: Connector,
    connection: Option<Connection>,
    pooled: bool,
    /// Ends an exchange that takes too long; kept, since moving a timer costs less than making one.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// An open connection. Dropping it closes it at once, whatever is still on its way.
#[derive(Debug)]
pub(super) enum Connection {
    Http1(Http1),
    Http2(Http2),
}

/// How far an exchange got, for the phases of one that is given up half-way.
#[derive(Debug, Default)]
struct Progress {
    blocked: Option<Duration>,
    connecting: Option<Duration>,
    tls: Option<Duration>,
    sent: Option<Instant>,
    traffic: Traffic,
    /// Of a connection whose own task does the reading and writing.
    marks: Option<Marks>,
}

impl Client {
    /// A client whose connection is made when it is first needed.
    pub fn new(connector: Connector) -> Self {
        Self { connector, connection: None, pooled: false, deadline: None }
    }

    /// A client that takes a connection from its worker's pool and gives it back when dropped.
    pub fn pooled(connector: Connector) -> Self {
        Self { connector, connection: None, pooled: true, deadline: None }
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
        self.connection.as_ref().is_some_and(|connection| matches!(connection, Connection::Http2(_)))
    }

    /// Sends a request and reads the whole answer, or says why there is none; bounded by the connector's
    /// limits.
    pub async fn exchange(&mut self, request: &Outgoing) -> Exchange {
        let began = clock::now();
        let limit = self.connector.limits().timeout;
        let mut progress = Progress::default();
        let mut deadline =
            self.deadline.take().unwrap_or_else(|| Box::pin(tokio::time::sleep_until(began + limit)));
        deadline.as_mut().reset(began + limit);
        let answer = tokio::select! {
            biased;
            answer = self.attempt(request, began, &mut progress) => answer,
            // Even where an answer that drips has used up what a task may do in one go.
            () = tokio::task::unconstrained(deadline.as_mut()) => {
                let detail = format!("{} {}: no whole answer within {limit:?}", request.method, request.path);
                Err(Fault::timeout(detail))
            }
        };
        self.deadline = Some(deadline);
        // One over HTTP/2 that said nothing at all until the time was over leads nowhere.
        let silent = progress.marks.as_ref().is_some_and(|marks| marks.first_read().is_none());
        if silent && answer.as_ref().is_err_and(|fault| fault.kind == FaultKind::Timeout) {
            self.connection = None;
        }
        progress.exchange(began, clock::now(), request.trace, answer)
    }

    async fn attempt(
        &mut self,
        request: &Outgoing,
        began: Instant,
        progress: &mut Progress,
    ) -> Result<Received, Fault> {
        loop {
            let kept = self.kept().await;
            let fresh = kept.is_none();
            let mut connection = match kept {
                Some(connection) => connection,
                // Rare, and its state is large.
                None => Box::pin(self.connect(progress)).await?,
            };
            let waited = fresh || matches!(connection, Connection::Http2(_));
            let sent = if waited { clock::now() } else { began };
            progress.sent = Some(sent);
            let made = progress.connecting.unwrap_or_default() + progress.tls.unwrap_or_default();
            progress.blocked = Some((sent - began).saturating_sub(made));
            let unanswered = match &mut connection {
                Connection::Http1(http1) => {
                    progress.traffic = Traffic::default();
                    match http1.exchange(&self.connector, request, &mut progress.traffic).await {
                        Ok((received, keeps)) => {
                            self.connection = keeps.then_some(connection);
                            return Ok(received);
                        }
                        Err(unanswered) => unanswered,
                    }
                }
                Connection::Http2(http2) => {
                    progress.marks = Some(http2.watch());
                    self.connection = Some(Connection::Http2(http2.clone()));
                    match Box::pin(http2.exchange(&self.connector, request)).await {
                        Ok(received) => return Ok(received),
                        Err(unanswered) => unanswered,
                    }
                }
            };
            match unanswered {
                // Closed by the other side while it was idle, and nothing was written: not a retry.
                Unanswered::NothingWritten if !fresh => self.connection = None,
                Unanswered::NothingWritten => {
                    return Err(Fault::reset(format!("{} {}: closed at once", request.method, request.path)));
                }
                Unanswered::Fault(fault) => return Err(fault),
            }
        }
    }

    /// The connection there is, if it still takes a request. It is out of the client's hands for as long as a
    /// request is on it: an exchange that is dropped half-way takes its connection along.
    async fn kept(&mut self) -> Option<Connection> {
        if self.connection.is_none() && self.pooled {
            self.connection = self.connector.idle().borrow_mut().pop();
        }
        let mut connection = self.connection.take()?;
        let ready = match &mut connection {
            Connection::Http1(http1) => http1.is_idle().await,
            Connection::Http2(http2) => http2.ready().await,
        };
        ready.then_some(connection)
    }

    async fn connect(&self, progress: &mut Progress) -> Result<Connection, Fault> {
        let connected = self.connector.connect(Speech::Http).await?;
        progress.connecting = Some(connected.connecting);
        progress.tls = connected.tls;
        if !connected.h2 {
            return Ok(Connection::Http1(Http1::new(connected.stream)));
        }
        let opened = Http2::open(connected.stream).await;
        opened.map(Connection::Http2).map_err(|e| Fault::new(FaultKind::Protocol, e.to_string()))
    }

    /// Sends several requests at once, as a browser loads what a page names: over HTTP/2 all on the one
    /// connection; over HTTP/1.1 one after another on it and on at most two short-lived ones, which are
    /// closed when the burst is over. Answers come in the order of the requests.
    pub async fn burst(&mut self, requests: &[Outgoing]) -> Vec<Exchange> {
        burst(self, requests).await
    }

    fn sibling(&self) -> Self {
        let connection = self.connection.as_ref().and_then(Connection::share);
        Self { connector: self.connector.clone(), connection, pooled: false, deadline: None }
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
            self.connector.idle().borrow_mut().push(connection);
        }
    }
}

impl Connection {
    /// The same connection once more, where the protocol allows that.
    fn share(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(http2) => Some(Self::Http2(http2.clone())),
        }
    }
}

/// An answer larger than what is read.
pub(super) fn too_large(request: &Outgoing, most: usize) -> Fault {
    let detail = format!("{} {}: over {most} bytes", request.method, request.path);
    Fault::new(FaultKind::Other("answer too large".into()), detail)
}

impl Progress {
    fn exchange(
        self,
        began: Instant,
        done: Instant,
        trace: Option<Traceparent>,
        answer: Result<Received, Fault>,
    ) -> Exchange {
        let Traffic { last_write: out, first_read: first, bytes } =
            self.marks.as_ref().map_or(self.traffic, Marks::traffic);
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
        let status = answer.as_ref().ok().map(|received| received.status);
        Exchange { sent, done, phases, bytes, trace, status, answer }
    }
}
