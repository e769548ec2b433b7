//! A stretch of network between the seeder and a server, which can break after a given number of bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What happens once the bytes have passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Every connection is cut.
    Cut,
    /// Nothing more passes in the seeder's direction of speech, and the test is told.
    Stall,
}

/// A proxy on a port of its own; it ends with the test's runtime.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    limit: u64,
    then: Then,
    passed: AtomicU64,
    reached: Notify,
}

impl Proxy {
    /// Passes everything between whoever connects and this port, until `limit` bytes have gone to the server.
    pub(crate) async fn start(target: u16, limit: u64, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State { limit, then, passed: AtomicU64::new(0), reached: Notify::new() });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, target, Arc::clone(&shared)));
            }
        });
        Self { port, state }
    }

    /// How many bytes have gone to the server.
    pub(crate) fn passed(&self) -> u64 {
        self.state.passed.load(Ordering::Relaxed)
    }

    /// Comes back once the limit was reached.
    pub(crate) async fn reached(&self) {
        self.state.reached.notified().await;
    }
}

async fn pass(client: TcpStream, target: u16, state: Arc<State>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let forth = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let Ok(count @ 1..) = from_client.read(&mut buffer).await else { return };
            let passed = state.passed.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
            if passed >= state.limit {
                state.reached.notify_one();
                match state.then {
                    Then::Cut => {}
                    // The server sees a client that is silent, until that one ends.
                    Then::Stall => while let Ok(1..) = from_client.read(&mut buffer).await {},
                }
                return;
            }
            if to_server.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    };
    let back = async {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            if to_client.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = forth => {}
        () = back => {}
    }
}
