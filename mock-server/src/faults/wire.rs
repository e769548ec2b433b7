//! Connections that end without an answer: around the router, an answer that is to be lost becomes an error, for
//! which hyper drops the connection (or resets the stream, on HTTP/2) before a byte of it is written; around the
//! socket, one that is to be reset is closed with an RST.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::response::Response;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How an answer is lost; an extension of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sever {
    /// The connection is reset.
    Reset,
    /// The connection is closed.
    Close,
    /// The stream is reset, its connection goes on.
    Stream,
}

/// An answer was lost on purpose.
#[derive(Debug, thiserror::Error)]
#[error("a fault of the plan lost the answer")]
pub(crate) struct Severed;

/// A connection on which answers can be lost: its bytes, and what its answers pass.
pub(crate) fn severable(stream: TcpStream) -> (Wire, Severance) {
    let is_reset = Arc::new(AtomicBool::new(false));
    (Wire { stream, is_reset: Arc::clone(&is_reset) }, Severance { is_reset })
}

/// What the answers of a connection pass on their way.
#[derive(Debug, Clone)]
pub(crate) struct Severance {
    is_reset: Arc<AtomicBool>,
}

impl Severance {
    /// Lets an answer through, unless it is to be lost.
    pub(crate) fn pass(&self, response: Response) -> Result<Response, Severed> {
        let Some(sever) = response.extensions().get::<Sever>() else { return Ok(response) };
        if *sever == Sever::Reset {
            self.is_reset.store(true, Ordering::Relaxed);
        }
        Err(Severed)
    }
}

/// A connection that may end with a reset.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    is_reset: Arc<AtomicBool>,
}

impl Wire {
    /// The socket.
    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.stream
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.is_reset.load(Ordering::Relaxed)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!("a connection could not be reset and is closed instead: {error}");
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
