//! HTTP/2 on one connection: hyper's, with a task of its own, shared by requests at once.

use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use engine::record::{Fault, FaultKind};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http2};
use tokio::task::{AbortHandle, spawn_local};

use super::{
    client::{Outgoing, Received, too_large},
    connect::{Connector, Stream},
    http1::{Traffic, Unanswered},
    traceparent::TRACEPARENT,
    watched::{Marks, Watched},
};

/// A connection; clones share it. Dropping the last closes it at once, whatever is still on its way.
#[derive(Debug, Clone)]
pub(super) struct Http2 {
    sender: http2::SendRequest<Full<Bytes>>,
    marks: Marks,
    _driver: Rc<Driver>,
}

#[derive(Debug)]
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs hyper's own tasks on this thread.
#[derive(Debug, Clone, Copy)]
struct Here;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for Here {
    fn execute(&self, task: F) {
        spawn_local(task);
    }
}

impl Http2 {
    pub(super) async fn open(stream: Stream) -> hyper::Result<Self> {
        let (io, marks) = Watched::new(stream);
        let (sender, connection) = http2::handshake(Here, io).await?;
        let driver = spawn_local(async move { drop(connection.await) });
        Ok(Self { sender, marks, _driver: Rc::new(Driver(driver.abort_handle())) })
    }

    /// Waits until it takes a request; false when it is closed.
    pub(super) async fn ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Forgets what went before, so that the traffic is that of the next exchange.
    pub(super) fn watch(&self) -> Marks {
        self.marks.clear();
        self.marks.clone()
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn exchange(
        &mut self,
        connector: &Connector,
        request: &Outgoing,
    ) -> Result<Received, Unanswered> {
        let built = build(connector, request).map_err(Unanswered::Fault)?;
        match self.sender.try_send_request(built).await {
            Ok(response) => {
                read(response, request, connector.limits().body_bytes).await.map_err(Unanswered::Fault)
            }
            Err(mut error) => Err(match error.take_message() {
                Some(_) => Unanswered::NothingWritten,
                None => Unanswered::Fault(fault_of(&error.into_error(), request)),
            }),
        }
    }
}

impl Marks {
    /// What they show of an exchange.
    pub(super) fn traffic(&self) -> Traffic {
        Traffic { last_write: self.last_write(), first_read: self.first_read(), bytes: self.bytes() }
    }
}

fn build(connector: &Connector, request: &Outgoing) -> Result<Request<Full<Bytes>>, Fault> {
    let target = connector.target();
    let mut built = Request::builder()
        .method(request.method.clone())
        .uri(format!("{target}{}", request.sent_path()))
        .body(Full::new(request.body.clone()))
        .map_err(|e| Fault::new(FaultKind::Other("request cannot be built".into()), e.to_string()))?;
    *built.headers_mut() = request.headers.clone();
    built.headers_mut().extend(target.world_header());
    built.headers_mut().extend(request.trace.map(|trace| (TRACEPARENT, trace.value())));
    Ok(built)
}

async fn read(response: Response<Incoming>, request: &Outgoing, most: usize) -> Result<Received, Fault> {
    let (head, mut incoming) = response.into_parts();
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(data) = frame.map_err(|error| fault_of(&error, request))?.into_data() else { continue };
        if body.len() + data.len() > most {
            return Err(too_large(request, most));
        }
        body.extend_from_slice(&data);
    }
    Ok(Received { status: head.status, headers: head.headers, body: body.freeze() })
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
