//! One delivery over HTTP, with Stripe's headers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use contract::stripe::{SIGNATURE_HEADER, header};
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::Serialize;
use tokio::net::TcpStream;
use tower::Service;

use super::target::Target;
use crate::clock;

/// Modelled on Stripe.
const STRIPE: &str = "Stripe/1.0 (+https://stripe.com/docs/webhooks)";
/// Bytes of an answer that are read; nobody looks at them.
const ANSWER_LIMIT_BYTES: usize = 1024 * 1024;

/// What came of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An answer with this status.
    Status(u16),
    /// None in time.
    TimedOut,
    /// The connection was refused or broke.
    Broken,
}

impl Outcome {
    /// Whether the event counts as delivered: any 2xx, and nothing else. A redirect is not followed.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Status(200..=299))
    }

    /// Whether the target said that it does not want the event: any 4xx. An error or a silence says nothing.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Status(400..=499))
    }
}

/// Delivers to one target, over connections that are kept.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    client: Client<Connector, Full<Bytes>>,
    uri: Uri,
    secrets: Arc<[String]>,
    timeout: Duration,
}

impl Sender {
    /// A sender that signs with each of these secrets.
    pub(super) fn new(target: &Target, secrets: &[String], timeout: Duration) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(Connector(target.addresses().into()));
        Self { client, uri: target.uri.clone(), secrets: secrets.into(), timeout }
    }

    /// Sends a body signed now, and says what came of it and how long that took. A forgery is signed with a
    /// secret that nobody has. `turned` changes the order of two signatures: neither place is the right one.
    pub(super) async fn send(&self, body: String, is_forgery: bool, turned: bool) -> (Outcome, Duration) {
        let began = clock::now();
        let mut secrets: Vec<&str> = self.secrets.iter().map(String::as_str).collect();
        if is_forgery {
            secrets = vec!["whsec_of_somebody_else"];
        } else if turned {
            secrets.reverse();
        }
        let signature = header(&secrets, clock::wall().timestamp(), body.as_bytes());
        let request = Request::post(self.uri.clone())
            .header(USER_AGENT, STRIPE)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header(SIGNATURE_HEADER, signature)
            .body(Full::from(body))
            .expect("a URL and header values that were checked");
        let outcome = tokio::time::timeout(self.timeout, self.answer(request)).await;
        (outcome.unwrap_or(Outcome::TimedOut), began.elapsed())
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Outcome {
        let Ok(answer) = self.client.request(request).await else { return Outcome::Broken };
        let status = answer.status().as_u16();
        // Read to its end, so that the connection can be used again.
        match Limited::new(answer.into_body(), ANSWER_LIMIT_BYTES).collect().await {
            Ok(_) => Outcome::Status(status),
            Err(_) => Outcome::Broken,
        }
    }
}

/// Connects to the addresses that were looked up, whatever the name stands for by now.
#[derive(Debug, Clone)]
struct Connector(Arc<[SocketAddr]>);

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<TokioIo<TcpStream>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let addresses = Arc::clone(&self.0);
        Box::pin(async move {
            let stream = TcpStream::connect(&addresses[..]).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        })
    }
}
