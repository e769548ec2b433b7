//! Connections: accepted, served over HTTP/1.1 or HTTP/2, ended in bounded time.

use std::io;
use std::pin::pin;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use crate::app::{App, Config};
use crate::router::router;

/// How long answers under way may take to finish once the end was called for.
const GRACE: Duration = Duration::from_secs(5);

/// How long accepting rests after it failed (the process is out of file descriptors).
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Serves a mock on this listener until `shutdown` completes, then lets answers under way finish for at most
/// five seconds. The caller owns the port and the end.
pub async fn serve(listener: TcpListener, config: Config, shutdown: impl Future) -> io::Result<()> {
    serve_announced(listener, config, shutdown, || {}).await
}

/// The same, with a word when it is ready to answer.
pub(crate) async fn serve_announced(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future,
    ready: impl FnOnce(),
) -> io::Result<()> {
    let app = App::new(config);
    app.latency.measure_timer().await;
    let service = TowerToHyperService::new(router(app));
    let builder = auto::Builder::new(TokioExecutor::new());
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    ready();
    loop {
        let stream = tokio::select! {
            biased;
            _ = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_REST).await;
                    continue;
                }
            },
        };
        without_delay(&stream);
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service.clone());
        let connection = connections.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection ended badly: {error}");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!("some answers were still under way after {} s and were cut off", GRACE.as_secs());
    }
    Ok(())
}

/// Small answers must not wait for an acknowledgement (Nagle's algorithm), it would show as 40 ms of latency.
fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("TCP_NODELAY was refused: {error}");
    }
}
