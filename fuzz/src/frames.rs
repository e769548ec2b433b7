//! What comes through a session's socket. An input that begins with `raw` is the bytes after the handshake; of any
//! other, each line is the text of one frame.

use std::io::Cursor;
use std::time::Duration;

use contract::rtc::LOAD_SESSION;
use contract::ws::{self, ServerFrame};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::mock::{Mock, text};

/// Bytes the pipe between client and mock holds.
const PIPE_BYTES: usize = 64 * 1024;
/// By then a peer that says nothing is dropped, with time to spare; on the mock's own clock.
const PATIENCE: Duration = Duration::from_secs(3 * ws::IDLE_SECONDS);

/// The socket ends in bounded time, and until then it says nothing but the contract's frames.
pub fn check(mock: &Mock, data: &[u8]) {
    let token = text(&mock.join("a talker"), "ws_token");
    let sent = match data.strip_prefix(b"raw") {
        Some(bytes) => bytes.to_vec(),
        None => data.split(|byte| *byte == b'\n').flat_map(text_frame).collect(),
    };
    let answer = mock.run(async {
        let within = tokio::time::timeout(PATIENCE, converse(mock, &token, &sent));
        within.await.expect("the socket ends")
    });
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer[..end]));
    read_frames(answer[end + 4..].to_vec());
}

/// Everything the mock says, from the handshake to the end.
async fn converse(mock: &Mock, token: &str, sent: &[u8]) -> Vec<u8> {
    let (client, server) = tokio::io::duplex(PIPE_BYTES);
    let service = TowerToHyperService::new(mock.router());
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service);
    let serving = tokio::spawn(serving.with_upgrades());
    let (mut from, mut to) = tokio::io::split(client);
    let path = ws::path(LOAD_SESSION, token);
    let handshake = format!(
        "GET {path} HTTP/1.1\r\nhost: mock\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let mut heard = Vec::new();
    let say = async {
        // The mock may have ended the connection before all was said.
        let _ = to.write_all(handshake.as_bytes()).await;
        let _ = to.write_all(sent).await;
        // What is unfinished stays so: the mock waits for the rest, and then no longer.
        tokio::time::sleep(PATIENCE / 2).await;
        let _ = to.shutdown().await;
    };
    let hear = async { from.read_to_end(&mut heard).await };
    let _ = tokio::join!(say, hear);
    let _ = serving.await.expect("no panic");
    heard
}

/// A text frame as a client sends it (RFC 6455, 5.2), masked with zeros, which leaves the text as it is.
fn text_frame(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text);
    frame
}

fn read_frames(bytes: Vec<u8>) {
    let mut socket = WebSocket::from_raw_socket(Cursor::new(bytes), Role::Client, None);
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => {
                serde_json::from_str::<ServerFrame>(&text).expect("a frame of the contract");
            }
            Ok(Message::Binary(_)) => panic!("frames are text"),
            Ok(_) => {}
            Err(Error::Protocol(fault)) if !fault.to_string().contains("without closing") => {
                panic!("{fault}")
            }
            Err(_) => return,
        }
    }
}
