//! Connections to the page: its files, and those who follow the stream.

use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header, uri::Authority};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{Progress, REST, Shared};

/// Connections at once, at most.
const CONNECTIONS: usize = 64;
/// Entries that are sent in one piece, at most.
const PIECE: usize = 64;
/// After a silence this long, a sign of life.
const BEAT: Duration = Duration::from_secs(15);
/// Whoever takes nothing in for this long is cut off. Longer than any silence of a stream.
const PATIENCE: Duration = Duration::from_secs(45);
/// What the page may load and from where: its own files and its own stream, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and what it loads: path, type, content.
const FILES: [(&str, &str, &str); 7] = [
    ("/", "text/html; charset=utf-8", include_str!("../page/index.html")),
    ("/style.css", "text/css; charset=utf-8", include_str!("../page/style.css")),
    ("/app.js", "text/javascript; charset=utf-8", include_str!("../page/app.js")),
    ("/charts.js", "text/javascript; charset=utf-8", include_str!("../page/charts.js")),
    ("/icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
    (
        "/uPlot.js",
        "text/javascript; charset=utf-8",
        include_str!("../../../../assets/uplot/uPlot.iife.min.js"),
    ),
    ("/uPlot.css", "text/css; charset=utf-8", include_str!("../../../../assets/uplot/uPlot.min.css")),
];

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Serves until the run is over and those who follow have the rest, or had time to.
pub(super) async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut progress = shared.progress.subscribe();
    let mut connections = JoinSet::new();
    let accepting = async {
        loop {
            let permit = room.clone().acquire_owned().await;
            match listener.accept().await {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, shared.clone(), permit.ok()))),
                // No more files, say: later there may be.
                Err(_) => tokio::time::sleep(REST).await,
            }
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accepting => {}
        _ = progress.wait_for(|progress| progress.over) => {}
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is cut off.
    drop(timeout(REST, rest).await);
    Ok(())
}

/// One connection, until its end, the run's, or the end of patience.
async fn connection(stream: TcpStream, shared: Arc<Shared>, _room: Option<OwnedSemaphorePermit>) {
    let moves = Arc::new(AtomicU64::new(1));
    let mut progress = shared.progress.subscribe();
    let answering = {
        let moves = moves.clone();
        service_fn(move |request: Request<Incoming>| {
            moves.fetch_add(1, Ordering::Relaxed);
            let response = answer(&request, &shared, &moves);
            async move { Ok::<_, Infallible>(response) }
        })
    };
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answering);
    tokio::pin!(connection);
    let mut look = interval(PATIENCE);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut seen, mut over) = (0, false);
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = progress.wait_for(|progress| progress.over), if !over => {
                over = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = look.tick() => {
                let now = moves.load(Ordering::Relaxed);
                if now == seen {
                    return;
                }
                seen = now;
            }
        }
    }
}

fn answer(request: &Request<Incoming>, shared: &Arc<Shared>, moves: &Arc<AtomicU64>) -> Response<Body> {
    let path = request.uri().path();
    let mut response = if !from_here(request.headers()) {
        said(StatusCode::FORBIDDEN, "This page is for this machine: open it by its loopback address.\n")
    } else if request.method() != Method::GET {
        said(StatusCode::METHOD_NOT_ALLOWED, "There is only something to GET here.\n")
    } else if path == "/events" {
        events(request.headers(), shared, moves.clone())
    } else if let Some((_, kind, text)) = FILES.iter().find(|(file, ..)| *file == path) {
        whole(StatusCode::OK, kind, text)
    } else {
        said(StatusCode::NOT_FOUND, "The page is at /, the stream at /events.\n")
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether the page was asked for by a name of this machine. Another name that leads here is another site's,
/// whose scripts would read along (DNS rebinding).
fn from_here(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.is_some_and(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']');
        name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

fn said(status: StatusCode, text: &'static str) -> Response<Body> {
    whole(status, "text/plain; charset=utf-8", text)
}

fn whole(status: StatusCode, kind: &'static str, text: &'static str) -> Response<Body> {
    with(status, kind, Full::new(Bytes::from_static(text.as_bytes())).boxed_unsync())
}

fn with(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The stream, from what was seen last on.
fn events(headers: &HeaderMap, shared: &Arc<Shared>, moves: Arc<AtomicU64>) -> Response<Body> {
    let Ok(place) = shared.followers.clone().try_acquire_owned() else {
        return said(
            StatusCode::SERVICE_UNAVAILABLE,
            "As many follow this run as may; close another page.\n",
        );
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(0);
    // An id of another run, seen on the same port, says nothing about this one.
    let seen = if last > shared.newest() { 0 } else { last };
    let (shared, progress) = (shared.clone(), shared.progress.subscribe());
    let follower = Follower { shared, progress, seen, moves, _place: place };
    let frames = stream::unfold(follower, |mut follower| async move {
        let frame = follower.next().await?;
        Some((Ok::<_, Infallible>(Frame::data(frame)), follower))
    });
    with(StatusCode::OK, "text/event-stream", StreamBody::new(frames).boxed_unsync())
}

/// Somebody who follows the stream. It is asked for more only when there is room to send.
struct Follower {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
    seen: u64,
    moves: Arc<AtomicU64>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// What is to be sent next; nothing after the end.
    async fn next(&mut self) -> Option<Bytes> {
        self.moves.fetch_add(1, Ordering::Relaxed);
        loop {
            let Progress { newest, over } = *self.progress.borrow_and_update();
            if let Some((last, frames)) = self.shared.after(self.seen) {
                self.seen = last;
                return Some(frames);
            }
            if over && self.seen >= newest {
                return None;
            }
            match timeout(BEAT, self.progress.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some(Bytes::from_static(b": still here\n\n")),
            }
        }
    }
}

impl Shared {
    fn after(&self, id: u64) -> Option<(u64, Bytes)> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).after(id, PIECE)
    }

    fn newest(&self) -> u64 {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).newest()
    }
}
