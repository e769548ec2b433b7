//! The socket: one task reads it, another writes it, so that neither waits for the other.

use std::{sync::Arc, time::Duration};

use engine::clock;
use futures_util::{SinkExt as _, StreamExt as _, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::mpsc,
    task::AbortHandle,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use super::{Shared, Trouble};
use crate::browser::loopback;

/// The largest message that is read: a screenshot is a few hundred kilobytes, a large one some megabytes.
const MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// What a socket goes over.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for S {}

pub(super) type Socket<S> = WebSocketStream<S>;

/// The two tasks of a connection. Dropped, it closes.
#[derive(Debug)]
pub(super) struct Wire([AbortHandle; 2]);

/// Opens a socket to a browser of this machine, as large messages need it.
pub(super) async fn connect(url: &str, limit: Duration) -> Result<Socket<TcpStream>, Trouble> {
    let config =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_BYTES)).max_frame_size(Some(MESSAGE_BYTES));
    let not_reached = |why| Trouble::NotReached { at: url.to_owned(), why };
    let address = loopback::address(url).map_err(not_reached)?;
    let connecting = async {
        let stream = loopback::connect(&address).await.map_err(|why| why.to_string())?;
        // Small messages, each waited for: none is held back for the next.
        stream.set_nodelay(true).map_err(|why| why.to_string())?;
        client_async_with_config(url, stream, Some(config)).await.map_err(|why| why.to_string())
    };
    match tokio::time::timeout(limit, connecting).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(why)) => Err(not_reached(why)),
        Err(_) => Err(not_reached(format!("no answer within {} s", limit.as_secs_f64()))),
    }
}

impl Wire {
    pub(super) fn start<S: Transport>(
        socket: Socket<S>,
        shared: Arc<Shared>,
        sent: mpsc::UnboundedReceiver<String>,
    ) -> Self {
        let (sink, stream) = socket.split();
        let writes = tokio::spawn(write(sink, sent, shared.clone()));
        let reads = tokio::spawn(read(stream, shared));
        Self([writes.abort_handle(), reads.abort_handle()])
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

async fn write<S: Transport>(
    mut sink: stream::SplitSink<Socket<S>, Message>,
    mut sent: mpsc::UnboundedReceiver<String>,
    shared: Arc<Shared>,
) {
    while let Some(message) = sent.recv().await {
        if let Err(why) = sink.send(Message::text(message)).await {
            shared.close(why.to_string());
            return;
        }
    }
}

async fn read<S: Transport>(mut stream: stream::SplitStream<Socket<S>>, shared: Arc<Shared>) {
    let why = loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => shared.exchange().take(&text, clock::now()),
            Some(Ok(Message::Close(frame))) => {
                let reason = frame.map(|frame| frame.reason.to_string()).filter(|reason| !reason.is_empty());
                break reason.unwrap_or_else(|| "it closed the connection".to_owned());
            }
            // Nothing of the protocol; pings are answered by the socket itself.
            Some(Ok(_)) => {}
            Some(Err(why)) => break why.to_string(),
            None => break "the connection ended".to_owned(),
        }
    };
    shared.close(why);
}

impl Shared {
    fn close(&self, why: String) {
        self.exchange().close(why);
        self.closed.notify_waiters();
    }
}
