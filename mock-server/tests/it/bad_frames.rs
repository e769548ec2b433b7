//! Frames that break the protocol of WebSockets end the socket with the code that says why (RFC 6455, 7.4.1).

use contract::rtc::LOAD_SESSION;
use tokio::io::AsyncReadExt as _;

use crate::live::join;
use crate::rig::Rig;
use crate::wire::{PATIENCE, Wire};

/// A frame: first byte, masked or not, payload.
fn frame(first: u8, is_masked: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mask_bit = if is_masked { 0x80 } else { 0 };
    match payload.len() {
        short @ 0..126 => bytes.push(mask_bit | short as u8),
        long => {
            bytes.push(mask_bit | 127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    if is_masked {
        // A mask of zeros leaves the payload as it is.
        bytes.extend_from_slice(&[0; 4]);
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// An open socket of somebody who joined.
async fn opened(rig: &Rig, user: &str) -> Wire {
    let (_, joined) = join(rig, LOAD_SESSION, user).await;
    let path = contract::ws::path(LOAD_SESSION, joined["ws_token"].as_str().expect("a token"));
    let mut wire = Wire::to(rig).await;
    wire.say(format!(
        "GET {path} HTTP/1.1\r\nhost: mock\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ))
    .await;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(wire.stream.read_u8().await.expect("it is open"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    wire
}

/// The code of the close frame that comes, past all frames before it; none when there is no such frame.
async fn close_code(wire: &mut Wire) -> Option<u16> {
    let reading = async {
        loop {
            let Ok(first) = wire.stream.read_u8().await else { return None };
            let length = match wire.stream.read_u8().await.expect("a length") {
                126 => u64::from(wire.stream.read_u16().await.expect("a length")),
                127 => wire.stream.read_u64().await.expect("a length"),
                short => u64::from(short),
            };
            let mut payload = vec![0; length as usize];
            wire.stream.read_exact(&mut payload).await.expect("a payload");
            if first == 0x88 {
                return Some(u16::from_be_bytes([payload[0], payload[1]]));
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the mock closes in bounded time")
}

#[tokio::test]
async fn a_broken_frame_ends_its_socket_with_a_reason() {
    let rig = Rig::start().await;
    let mut bystander = opened(&rig, "bystander").await;
    let big = vec![b'x'; 65 * 1024];
    let cases = [
        ("unmasked", frame(0x81, false, b"{}"), 1002),
        ("unknown opcode", frame(0x83, true, b"{}"), 1002),
        ("reserved bit", frame(0xc1, true, b"{}"), 1002),
        ("fragmented ping", frame(0x09, true, b""), 1002),
        ("continues nothing", frame(0x80, true, b"{}"), 1002),
        ("long ping", frame(0x89, true, &[0; 200]), 1002),
        ("not UTF-8", frame(0x81, true, b"\xff\xfe"), 1007),
        ("too long", frame(0x81, true, &big), 1009),
        ("announced too long", frame(0x81, true, &big)[..14].to_vec(), 1009),
        (
            "fragments too long",
            [frame(0x01, true, &big[..40_000]), frame(0x80, true, &big[..40_000])].concat(),
            1009,
        ),
    ];
    for (name, bytes, expected) in cases {
        let mut wire = opened(&rig, name).await;
        wire.say(bytes).await;
        assert_eq!(close_code(&mut wire).await, Some(expected), "{name}");
        wire.rest().await;
    }
    bystander.say(frame(0x81, true, br#"{"type":"ping"}"#)).await;
    loop {
        if bystander.some().await.contains("pong") {
            break;
        }
    }
    bystander.say(frame(0x88, true, &1000_u16.to_be_bytes())).await;
    assert_eq!(close_code(&mut bystander).await, Some(1000));
}

#[tokio::test]
async fn a_socket_cut_in_the_middle_of_a_frame_is_over() {
    let rig = Rig::start().await;
    let mut wire = opened(&rig, "cut").await;
    wire.say(&frame(0x81, true, b"{\"type\":\"ping\"}")[..9]).await;
    wire.half_close().await;
    wire.rest().await;
    assert!(rig.audit_holds().await);
}
