//! A server that takes what it is told, and answers as a test says.

use std::{
    convert::Infallible,
    future,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use tokio::sync::oneshot;

/// Longest that anything may take; only a hang ever does.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// How it answers.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    /// With this status, header and body.
    Says(u16, Option<(&'static str, &'static str)>, &'static str),
    /// Never.
    Hangs,
}

/// All is well.
pub(super) const OK: Reply = Reply::Says(200, None, "");

/// What it was told.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The server. Ends when it is dropped.
pub(super) struct Receiver {
    pub(super) origin: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    news: mpsc::Receiver<()>,
    _stop: oneshot::Sender<Infallible>,
}

impl Receiver {
    /// Answers request number `n`, from 0, with `reply(n)`.
    pub(super) fn start(reply: impl Fn(usize) -> Reply + Clone + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        listener.set_nonblocking(true).expect("for the runtime");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let ((tell, news), (stop, stopped)) = (mpsc::channel(), oneshot::channel::<Infallible>());
        let theirs = heard.clone();
        let take = move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let mut heard = theirs.lock().unwrap_or_else(PoisonError::into_inner);
            heard.push(Heard { path: uri.path().to_owned(), headers, body });
            let reply = reply(heard.len() - 1);
            let _ = tell.send(());
            answer(reply)
        };
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let serving = axum::serve(listener, Router::new().fallback(take));
                tokio::select! {
                    _ = async { serving.await } => {}
                    _ = stopped => {}
                }
            });
        });
        Self { origin, heard, news, _stop: stop }
    }

    /// What it was told so far.
    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it is told something more.
    pub(super) fn next(&self) {
        self.news.recv_timeout(PATIENCE).expect("something more");
    }
}

async fn answer(reply: Reply) -> Response<String> {
    let Reply::Says(status, header, body) = reply else { return future::pending().await };
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, value.parse().expect("a value"));
    }
    response
}
