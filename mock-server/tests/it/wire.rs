//! Bytes on a socket, as no client library would send them.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::rig::Rig;

/// How long a test waits for what has to come before it says that it does not.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a mock.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
}

impl Wire {
    pub(crate) async fn to(rig: &Rig) -> Self {
        Self { stream: TcpStream::connect(rig.address()).await.expect("it listens") }
    }

    /// Sends these bytes. The mock may have closed already: what it said is read all the same.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Ends this side only.
    pub(crate) async fn half_close(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Everything that comes until the mock closes, which it has to.
    pub(crate) async fn rest(&mut self) -> String {
        let mut all = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut all)).await;
        // A reset after the answer is an end as well.
        let _ = read.expect("the mock ends the connection in bounded time");
        String::from_utf8_lossy(&all).into_owned()
    }

    /// One chunk of an answer that leaves the connection open.
    pub(crate) async fn some(&mut self) -> String {
        let mut chunk = vec![0; 64 * 1024];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk)).await;
        let read = read.expect("the mock answers in bounded time").expect("it is open");
        String::from_utf8_lossy(&chunk[..read]).into_owned()
    }
}

/// Sends these bytes, ends this side, and reads what comes.
pub(crate) async fn exchange(rig: &Rig, bytes: impl AsRef<[u8]>) -> String {
    let mut wire = Wire::to(rig).await;
    wire.say(bytes).await;
    wire.rest().await
}

/// A POST of this body that asks for the connection's end.
pub(crate) fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: mock\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A GET that asks for the connection's end.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n")
}

/// The status of an answer.
pub(crate) fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status in {answer:?}"))
}
