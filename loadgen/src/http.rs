//! HTTP as a virtual user speaks it: one connection of its own, kept alive, every phase timed.
//!
//! Connections are driven directly: no pool decides who shares what, and nothing is retried behind the user's
//! back. HTTP/1.1, which most of the load is, is spoken by the exchange itself; HTTP/2 by hyper. One exception, as in every browser: when a kept connection turns out to have been closed
//! by the other side and *nothing of the request was written*, the request goes out once more on a fresh one.

mod answer;
mod client;
mod connect;
mod http1;
mod http2;
mod sources;
mod tls;
mod traceparent;
mod watched;

pub use client::{Client, Exchange, Outgoing, Received, SignedPath};
pub use connect::{Connected, Connector, Limits, Speech, Stream};
pub use tls::{Tls, TlsError};
pub use traceparent::{TRACEPARENT, Traceparent};
pub use watched::Marks;
