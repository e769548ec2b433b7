//! WebSocket as a participant speaks it, over the same connections as HTTP.

use std::time::Duration;

use bytes::Bytes;
use contract::ws::{ClientFrame, ServerFrame};
use engine::{
    clock,
    record::{Fault, FaultKind, Phases},
};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, Method};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use crate::{
    http::{Connector, Outgoing, Speech, Stream, TRACEPARENT, Traceparent},
    scrub::scrub,
};

/// The largest message that is read.
const MESSAGE_BYTES: usize = 1024 * 1024;
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// An open socket. Server pings are answered while something is awaited on it.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<Stream>,
    /// How long it took to open, by part: `waiting` is the upgrade.
    pub phases: Phases,
}

/// What came on a socket.
#[derive(Debug)]
pub enum Incoming {
    /// A frame of the contract.
    Frame(ServerFrame),
    /// A text that is no frame of the contract: the fault says why.
    Unreadable(Fault),
    /// The other side closed with this code, or without one.
    Closed(Option<u16>),
    /// The connection broke.
    Broken(Fault),
}

impl Socket {
    /// Opens a socket at `path` (see [`contract::ws::path`]), within the connector's time limit.
    /// The upgrade says which trace it belongs to. What is told of a failure has the path without its query: there is
    /// the token.
    pub async fn open(connector: &Connector, path: &str, trace: Option<Traceparent>) -> Result<Self, Fault> {
        let limit = connector.limits().timeout;
        tokio::time::timeout(limit, Self::attempt(connector, path, trace)).await.unwrap_or_else(|_| {
            Err(Fault::timeout(format!("socket {}: not open within {limit:?}", shown(path))))
        })
    }

    async fn attempt(connector: &Connector, path: &str, trace: Option<Traceparent>) -> Result<Self, Fault> {
        let elsewhere =
            connector.target().elsewhere(contract::ws::ROUTE).map(|target| connector.to(target.clone()));
        let connector = elsewhere.as_ref().unwrap_or(connector);
        let handshake = handshake(connector, path)?;
        let connected = connector.connect(Speech::Socket).await?;
        let scheme = if connector.target().tls() { "wss" } else { "ws" };
        let mut request = format!("{scheme}://{}{}", connector.target().authority(), handshake.path)
            .into_client_request()
            .map_err(|e| fault_of(&e, shown(path)))?;
        request.headers_mut().extend(connector.target().world_header());
        request.headers_mut().extend(handshake.headers);
        request.headers_mut().extend(trace.map(|trace| (TRACEPARENT, trace.value())));
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES))
            .max_frame_size(Some(MESSAGE_BYTES))
            .read_buffer_size(4 * 1024)
            .write_buffer_size(0);
        let asked = clock::now();
        let (stream, _) =
            tokio_tungstenite::client_async_with_config(request, connected.stream, Some(config))
                .await
                .map_err(|e| fault_of(&e, shown(path)))?;
        let phases = Phases {
            connecting: Some(connected.connecting),
            tls: connected.tls,
            waiting: Some(clock::now() - asked),
            ..Phases::default()
        };
        Ok(Self { stream, phases })
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), Fault> {
        let text =
            serde_json::to_string(frame).map_err(|e| Fault::new(FaultKind::Protocol, e.to_string()))?;
        self.stream.send(Message::text(text)).await.map_err(|e| fault_of(&e, "send"))
    }

    /// Waits for the next frame. Safe to drop half-way: nothing is lost.
    pub async fn next(&mut self) -> Incoming {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return match serde_json::from_str(&text) {
                        Ok(frame) => Incoming::Frame(frame),
                        Err(e) => Incoming::Unreadable(Fault::body(
                            "not a frame of the contract",
                            format!("{e}: {}", scrub(&text.chars().take(200).collect::<String>())),
                        )),
                    };
                }
                Some(Ok(Message::Close(frame))) => {
                    return Incoming::Closed(frame.as_ref().map(|frame: &CloseFrame| frame.code.into()));
                }
                // Answers to pings are queued by the protocol and go out with the next read.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(bytes))) => {
                    let detail = format!("{} bytes", bytes.len());
                    return Incoming::Unreadable(Fault::body("binary frame", detail));
                }
                Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) | None => {
                    return Incoming::Closed(None);
                }
                Some(Err(e)) => return Incoming::Broken(fault_of(&e, "read")),
            }
        }
    }

    /// Closes politely, within a second.
    pub async fn close(mut self) {
        let _ = tokio::time::timeout(FAREWELL, self.stream.close(None)).await;
    }
}

/// Path and headers, as the target's deployment has them.
fn handshake(connector: &Connector, path: &str) -> Result<Outgoing, Fault> {
    let mut handshake = Outgoing {
        method: Method::GET,
        path: path.to_owned(),
        signed: None,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        trace: None,
    };
    if let Some(deployment) = connector.target().deployment() {
        deployment.adapt(contract::ws::ROUTE, &mut handshake)?;
    }
    Ok(handshake)
}

/// A path as it may be told.
fn shown(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

fn fault_of(error: &Error, doing: &str) -> Fault {
    let detail = format!("socket {doing}: {error}");
    match error {
        Error::Http(answer) => Fault::status(answer.status().as_u16(), detail),
        Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed => Fault::reset(detail),
        _ => Fault::new(FaultKind::Protocol, detail),
    }
}
