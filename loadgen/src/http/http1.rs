//! HTTP/1.1 on one connection, driven by the exchange itself: no task of its own, no wake-ups between tasks, and no
//! buffer while nothing is under way.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use engine::{
    clock::{self, Instant},
    record::{Fault, FaultKind},
};
use http::{HeaderMap, Method, header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    answer::{Answer, Wrong},
    client::{Outgoing, Received},
    connect::{Connector, Stream},
    traceparent::TRACEPARENT,
};

/// A connection that carries one request at a time.
#[derive(Debug)]
pub(super) struct Http1 {
    stream: Stream,
}

/// When bytes of an exchange last went out and first came in, and how many.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traffic {
    pub(super) last_write: Option<Instant>,
    pub(super) first_read: Option<Instant>,
    pub(super) bytes: (u64, u64),
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The connection was closed before anything was written.
    NothingWritten,
    /// Something may have been.
    Fault(Fault),
}

impl Http1 {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream }
    }

    /// Whether the other side has neither closed it nor spoken unasked, as far as is known without waiting.
    pub(super) async fn is_idle(&mut self) -> bool {
        poll_fn(|cx| {
            let mut byte = [0];
            let seen = Pin::new(&mut self.stream).poll_read(cx, &mut ReadBuf::new(&mut byte));
            Poll::Ready(seen.is_pending())
        })
        .await
    }

    /// Sends a request and reads the whole answer; says also whether the connection may carry another.
    pub(super) async fn exchange(
        &mut self,
        connector: &Connector,
        request: &Outgoing,
        traffic: &mut Traffic,
    ) -> Result<(Received, bool), Unanswered> {
        let bytes = written(request, connector.host_line()).map_err(Unanswered::Fault)?;
        let mut under_way = UnderWay {
            stream: &mut self.stream,
            request,
            bytes: &bytes,
            sent: 0,
            flushed: false,
            broken: None,
            answer: Answer::new(&request.method, connector.limits().body_bytes),
            unused: Vec::new(),
            traffic,
        };
        poll_fn(|cx| under_way.poll(cx, &mut connector.scratch.borrow_mut())).await?;
        let keeps = under_way.flushed && under_way.unused.is_empty();
        let (received, may_keep) = under_way.answer.received().expect("it is polled until it is whole");
        Ok((received, keeps && may_keep))
    }
}

/// An exchange between its first byte out and its last one in.
struct UnderWay<'a> {
    stream: &'a mut Stream,
    request: &'a Outgoing,
    bytes: &'a [u8],
    sent: usize,
    flushed: bool,
    /// Why nothing more can be written; the other side may have answered before it hung up.
    broken: Option<io::Error>,
    answer: Answer,
    /// What has come in and cannot be read yet without what follows.
    unused: Vec<u8>,
    traffic: &'a mut Traffic,
}

impl UnderWay<'_> {
    fn poll(&mut self, cx: &mut Context<'_>, scratch: &mut [u8]) -> Poll<Result<(), Unanswered>> {
        if !self.flushed && self.broken.is_none() {
            self.write(cx);
        }
        if self.broken.is_some() && self.sent == 0 {
            return Poll::Ready(Err(Unanswered::NothingWritten));
        }
        // A server may answer before it has read everything.
        loop {
            let mut into = ReadBuf::new(scratch);
            let read = ready!(Pin::new(&mut *self.stream).poll_read(cx, &mut into));
            if let Err(error) = read {
                return Poll::Ready(Err(self.lost(&error.to_string())));
            }
            if into.filled().is_empty() {
                return Poll::Ready(self.closed());
            }
            self.traffic.first_read.get_or_insert_with(clock::now);
            self.traffic.bytes.1 += into.filled().len() as u64;
            if let Err(wrong) = self.take(into.filled()) {
                return Poll::Ready(Err(self.fault(wrong)));
            }
            if self.answer.is_whole() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writes as much as goes.
    fn write(&mut self, cx: &mut Context<'_>) {
        while self.sent < self.bytes.len() {
            match Pin::new(&mut *self.stream).poll_write(cx, &self.bytes[self.sent..]) {
                Poll::Ready(Ok(some)) if some > 0 => {
                    self.traffic.last_write = Some(clock::now());
                    self.traffic.bytes.0 += some as u64;
                    self.sent += some;
                }
                Poll::Ready(Ok(_)) => {
                    self.broken = Some(io::ErrorKind::WriteZero.into());
                    return;
                }
                Poll::Ready(Err(error)) => {
                    self.broken = Some(error);
                    return;
                }
                Poll::Pending => return,
            }
        }
        match Pin::new(&mut *self.stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => self.flushed = true,
            Poll::Ready(Err(error)) => self.broken = Some(error),
            Poll::Pending => {}
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Wrong> {
        if self.unused.is_empty() {
            let used = self.answer.take(bytes)?;
            self.unused.extend_from_slice(&bytes[used..]);
        } else {
            self.unused.extend_from_slice(bytes);
            let used = self.answer.take(&self.unused)?;
            self.unused.drain(..used);
        }
        Ok(())
    }

    /// The other side has closed: which is how some answers end.
    fn closed(&self) -> Result<(), Unanswered> {
        if self.answer.ends_here() {
            return Ok(());
        }
        if self.sent == 0 {
            return Err(Unanswered::NothingWritten);
        }
        let why = self.broken.as_ref().map(ToString::to_string);
        Err(self.lost(why.as_deref().unwrap_or("closed before the whole answer was there")))
    }

    fn lost(&self, why: &str) -> Unanswered {
        if self.sent == 0 {
            return Unanswered::NothingWritten;
        }
        let Outgoing { method, path, .. } = self.request;
        Unanswered::Fault(Fault::reset(format!("{method} {path}: {why}")))
    }

    fn fault(&self, wrong: Wrong) -> Unanswered {
        let Outgoing { method, path, .. } = self.request;
        Unanswered::Fault(match wrong {
            Wrong::Protocol(what) => Fault::new(FaultKind::Protocol, format!("{method} {path}: {what}")),
            Wrong::TooLarge => super::client::too_large(self.request, self.answer.most()),
        })
    }
}

/// A request as it travels (RFC 9112, 3).
fn written(request: &Outgoing, host_line: &[u8]) -> Result<Vec<u8>, Fault> {
    let Outgoing { method, path: shown, headers, body, trace, .. } = request;
    let path = request.sent_path();
    if path.is_empty() || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        let kind = FaultKind::Other("request cannot be built".into());
        return Err(Fault::new(kind, format!("{method} {shown}: bytes that may not be in a path")));
    }
    let mut bytes = Vec::with_capacity(320 + path.len() + body.len());
    for part in [method.as_str().as_bytes(), b" ", path.as_bytes(), b" HTTP/1.1\r\n", host_line] {
        bytes.extend_from_slice(part);
    }
    for (name, value) in headers.iter().filter(|(name, _)| *name != header::HOST) {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    if let Some(trace) = trace {
        for part in [TRACEPARENT.as_str().as_bytes(), b": ", &trace.written(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    if says_its_length(method, headers, body.len()) {
        bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    Ok(bytes)
}

/// A method that usually comes with a body says so when it has none (RFC 9110, 8.6).
fn says_its_length(method: &Method, headers: &HeaderMap, length: usize) -> bool {
    let usually = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    (length > 0 || usually) && !headers.contains_key(header::CONTENT_LENGTH)
}
