//! A stream that notes when bytes went out and came in: where the phases of a request come from.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use engine::clock::{self, Instant};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// When bytes last went out, and when they first came in since the marks were cleared.
#[derive(Debug, Clone, Default)]
pub struct Marks(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    last_write: Cell<Option<Instant>>,
    first_read: Cell<Option<Instant>>,
    written: Cell<u64>,
    read: Cell<u64>,
}

impl Marks {
    /// Forgets what was noted, before a request.
    pub fn clear(&self) {
        self.0.last_write.set(None);
        self.0.first_read.set(None);
        self.0.written.set(0);
        self.0.read.set(0);
    }

    /// When bytes were last taken by the operating system.
    pub fn last_write(&self) -> Option<Instant> {
        self.0.last_write.get()
    }

    /// When the first byte came in.
    pub fn first_read(&self) -> Option<Instant> {
        self.0.first_read.get()
    }

    /// Bytes out and in since the marks were cleared.
    pub fn bytes(&self) -> (u64, u64) {
        (self.0.written.get(), self.0.read.get())
    }
}

/// A stream with marks.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    marks: Marks,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S) -> (TokioIo<Self>, Marks) {
        let marks = Marks::default();
        (TokioIo::new(Self { stream, marks: marks.clone() }), marks)
    }

    fn wrote(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = result {
            self.marks.0.last_write.set(Some(clock::now()));
            self.marks.0.written.set(self.marks.0.written.get() + bytes as u64);
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        let bytes = buf.filled().len() - before;
        if bytes > 0 {
            let inner = &self.marks.0;
            if inner.first_read.get().is_none() {
                inner.first_read.set(Some(clock::now()));
            }
            inner.read.set(inner.read.get() + bytes as u64);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
