//! Connections of those who read metrics.

use std::{convert::Infallible, io, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header, uri::Authority};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::text::{Format, text};
use crate::telemetry::Feed;

/// Connections at once, at most.
const CONNECTIONS: usize = 16;
/// One answer, and the connection is over; this long it may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// At the end, how long answers on their way are waited for; and the pause when the system has no more files.
const REST: Duration = Duration::from_secs(1);

/// Serves until `stopped`. To somebody who asks for a place on this machine (`local`) by a name that is none of this
/// machine's, nothing is said: that is another site's script (DNS rebinding).
pub(super) async fn serve(
    listener: std::net::TcpListener,
    feed: &Feed,
    local: bool,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let accepting = async {
        loop {
            let permit = room.clone().acquire_owned().await;
            match listener.accept().await {
                Ok((stream, _)) => {
                    drop(connections.spawn(connection(stream, feed.clone(), local, permit.ok())));
                }
                Err(_) => tokio::time::sleep(REST).await,
            }
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accepting => {}
        _ = stopped => {}
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is cut off.
    drop(timeout(REST, rest).await);
    Ok(())
}

/// One connection. Whoever goes away or takes too long gets nothing, and that is all.
async fn connection(stream: TcpStream, feed: Feed, local: bool, _room: Option<OwnedSemaphorePermit>) {
    let answering = service_fn(move |request: Request<Incoming>| {
        let response = answer(&request, &feed, local);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection =
        http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), answering);
    drop(timeout(PATIENCE, connection).await);
}

fn answer(request: &Request<Incoming>, feed: &Feed, local: bool) -> Response<Full<Bytes>> {
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    if local && !from_here(request.headers()) {
        said(
            StatusCode::FORBIDDEN,
            "These metrics are for this machine: ask for them by its loopback address.\n",
        )
    } else if !is_read {
        said(StatusCode::METHOD_NOT_ALLOWED, "There is only something to GET here.\n")
    } else if request.uri().path() == "/metrics" {
        let format = Format::accepted(request.headers());
        with(StatusCode::OK, format.content_type(), text(&feed.families(), format).into())
    } else {
        said(StatusCode::NOT_FOUND, "The metrics are at /metrics.\n")
    }
}

/// Whether a name of this machine was asked for.
fn from_here(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.is_some_and(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']');
        name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

fn said(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    with(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

fn with(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
