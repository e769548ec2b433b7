//! Connections: accepted, served over HTTP/1.1 or HTTP/2, plain or over TLS, ended in bounded time.

mod connection;
mod connections;
mod head_timer;
mod limits;
mod tls;
mod write_timer;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::app::{App, Config};
use crate::history;
use crate::latency;
use crate::live::{self, bus};
use crate::router::router;
use crate::spans::Spans;
use connection::Speaker;

pub(crate) use connections::{ConnectionCounts, Connections};
pub use limits::Limits;
pub(crate) use limits::raise_open_files;
pub use tls::{Tls, TlsError};

/// How long accepting rests after it failed (the process is out of file descriptors).
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Serves a mock on this listener until `shutdown` completes, then lets answers under way finish for at most
/// five seconds, then keeps the worlds if they have a place to be kept. The caller owns the port and the end.
pub async fn serve(listener: TcpListener, config: Config, shutdown: impl Future) -> io::Result<()> {
    serve_announced(listener, config, shutdown, || {}).await
}

/// The same, with a word when it is ready to answer: a listener takes connections before there is a world to tell of.
pub async fn serve_announced(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future,
    ready: impl FnOnce(),
) -> io::Result<()> {
    let tls = config.tls.as_ref().map(Tls::acceptor);
    let (media, seed) = (config.media, config.seed);
    let app = App::new(config).map_err(io::Error::other)?;
    app.latency.measure_timer().await;
    latency::follow(&app.latency);
    app.settings.faults.start(&app.latency);
    // Ends with this function, however that ends.
    let mut watching = JoinSet::new();
    watching.spawn(history::watch(Arc::clone(&app)));
    if let Some(media) = media {
        live::carry_media(&app.settings, media, listener.local_addr()?.ip(), seed, &mut watching)?;
    }
    if let Some(bus) = &app.settings.bus {
        watching.spawn(bus::run(Arc::clone(bus)));
    }
    let mut telling = JoinSet::new();
    if app.settings.spans.is_some() {
        let app = Arc::clone(&app);
        telling.spawn(async move {
            if let Some(spans) = &app.settings.spans {
                spans.run().await;
            }
        });
    }
    let speaker = Speaker::new(Arc::clone(&app), router(Arc::clone(&app)), tls);
    let mut serving = Serving { graceful: GracefulShutdown::new(), tasks: JoinSet::new() };
    ready();
    accept(&listener, &app, &speaker, &mut serving, shutdown).await;
    drop(listener);
    drain(&app, serving).await;
    app.settings.spans.iter().for_each(Spans::over);
    // It bounds itself, and its panic would be nobody's loss now.
    while telling.join_next().await.is_some() {}
    let kept = tokio::task::spawn_blocking(move || app.keep_worlds_and_leave()).await;
    let kept = kept.map_err(io::Error::other)?;
    kept.transpose().map_err(io::Error::other).map(drop)
}

/// Connections that are being served.
struct Serving {
    /// Tells them that this is the end.
    graceful: GracefulShutdown,
    /// One each, so that what does not end can be cut off.
    tasks: JoinSet<()>,
}

/// Accepts connections until `shutdown` completes, never more than there is room for.
async fn accept(
    listener: &TcpListener,
    app: &App,
    speaker: &Speaker,
    serving: &mut Serving,
    shutdown: impl Future,
) {
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            _ = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                app.connections.paused();
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_REST).await;
                continue;
            }
        };
        // Nobody else is accepted until there is room for this one: the kernel lets the others wait.
        let room = tokio::select! {
            biased;
            _ = &mut shutdown => return,
            room = app.connections.room() => room,
        };
        serving.tasks.spawn(speaker.clone().serve(stream, room, serving.graceful.watcher()));
        // Those that ended meanwhile are let go of, or the set would grow with every connection there ever was.
        while serving.tasks.try_join_next().is_some() {}
    }
}

/// Tells every connection that this is the end, waits for them for as long as the grace lasts, and cuts off those
/// that are left: what is kept after this is what they were told.
async fn drain(app: &App, serving: Serving) {
    app.settings.ending.cancel();
    let grace = app.settings.limits.grace;
    let ended = async {
        serving.graceful.shutdown().await;
        app.connections.all_gone().await;
    };
    if tokio::time::timeout(grace, ended).await.is_err() {
        let open = app.connections.counts().open;
        tracing::warn!("{open} connections are still open after {} s and are cut off", grace.as_secs_f64());
    }
    let mut tasks = serving.tasks;
    tasks.shutdown().await;
}
