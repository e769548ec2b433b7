//! A connection may idle for as long as it likes, but a request that was begun has to be said.
//!
//! hyper's own timer counts from the end of the answer before, so it would end every visitor who reads a page
//! for a quarter of a minute. This one counts from the first byte of a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::clock;

/// How HTTP/2 begins (RFC 9113, section 3.4). From there on it keeps its own time, by pings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the service knows of a connection's requests.
#[derive(Debug, Default)]
pub(super) struct Activity {
    heads: AtomicU64,
    is_busy: AtomicBool,
}

impl Activity {
    /// A request's head came whole.
    pub(super) fn begun(&self) {
        self.heads.fetch_add(1, Ordering::Relaxed);
        self.is_busy.store(true, Ordering::Relaxed);
    }

    /// It was answered. After `101 Switching Protocols` there are no more requests.
    pub(super) fn answered(&self, answer: &Response) {
        let is_http = answer.status() != StatusCode::SWITCHING_PROTOCOLS;
        if is_http {
            self.is_busy.store(false, Ordering::Relaxed);
        }
    }
}

/// A stream that fails with `TimedOut` when a request's head does not come to its end, and holds whatever goes
/// with the connection.
pub(super) struct Timed<S, Held> {
    stream: S,
    activity: Arc<Activity>,
    patience: Duration,
    opening: Opening,
    begun: Option<Begun>,
    _held: Held,
}

/// How much of HTTP/2's preface was read; nothing more once it cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    Preface(usize),
    Http1,
    Http2,
}

/// A head under way.
struct Begun {
    /// Heads that were whole before it.
    after: u64,
    due: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S, Held> Timed<S, Held> {
    pub(super) fn new(stream: S, activity: Arc<Activity>, patience: Duration, held: Held) -> Self {
        Self { stream, activity, patience, opening: Opening::Preface(0), begun: None, _held: held }
    }

    fn heard(&mut self, bytes: &[u8]) {
        if let Opening::Preface(seen) = self.opening {
            let more = bytes.len().min(PREFACE.len() - seen);
            self.opening = match seen + more {
                _ if bytes[..more] != PREFACE[seen..seen + more] => Opening::Http1,
                all if all == PREFACE.len() => Opening::Http2,
                part => Opening::Preface(part),
            };
        }
        let after = self.activity.heads.load(Ordering::Relaxed);
        if self.opening == Opening::Http2 || self.activity.is_busy.load(Ordering::Relaxed) {
            self.begun = None;
        } else if self.begun.as_ref().is_none_or(|begun| begun.after != after) {
            self.begun = Some(Begun { after, due: clock::now() + self.patience, timer: None });
        }
    }

    /// Whether the head under way is overdue; the task is woken when it becomes so.
    fn is_overdue(&mut self, context: &mut Context<'_>) -> bool {
        let Some(begun) = &mut self.begun else { return false };
        if begun.after != self.activity.heads.load(Ordering::Relaxed) {
            self.begun = None;
            return false;
        }
        let due = begun.due;
        let timer = begun.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        timer.as_mut().poll(context).is_ready()
    }
}

impl<S: AsyncRead + Unpin, Held: Unpin> AsyncRead for Timed<S, Held> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                if buffer.filled().len() > before {
                    self.heard(&buffer.filled()[before..]);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending if self.is_overdue(context) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            other => other,
        }
    }
}

impl<S: AsyncWrite + Unpin, Held: Unpin> AsyncWrite for Timed<S, Held> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
