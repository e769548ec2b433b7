//! Connections at their limit.

use std::time::Duration;

use serde_json::Value;

use crate::rig::Rig;
use crate::wire::{self, Wire, get};

async fn counts(wire: &mut Wire) -> Value {
    wire.say(format!(
        "GET /__admin/connections HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\r\n",
        crate::rig::ADMIN_TOKEN
    ))
    .await;
    let answer = wire.some().await;
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON")
}

#[tokio::test]
async fn at_the_limit_accepting_pauses_and_goes_on_when_somebody_leaves() {
    let rig = Rig::with(|config| config.limits.connections = Some(50)).await;
    let mut held = Vec::new();
    for _ in 0..50 {
        let mut wire = Wire::to(&rig).await;
        wire.say("GET /health HTTP/1.1\r\nhost: mock\r\n\r\n").await;
        assert_eq!(wire::status(&wire.some().await), 200);
        held.push(wire);
    }
    let before = counts(&mut held[0]).await;
    assert_eq!(
        (&before["open"], &before["most"], &before["accept_pauses"]),
        (&50.into(), &50.into(), &0.into())
    );

    // Two more are in the queue: they are connected, and wait.
    let mut waiting = [Wire::to(&rig).await, Wire::to(&rig).await];
    for wire in &mut waiting {
        wire.say(get("/health")).await;
    }
    let pause = async {
        loop {
            let counts = counts(&mut held[0]).await;
            if counts["accept_pauses"] != 0 {
                return counts;
            }
        }
    };
    let paused = tokio::time::timeout(wire::PATIENCE, pause).await.expect("accepting pauses at the limit");
    assert_eq!(paused["open"], 50);
    drop(held.pop());
    for wire in &mut waiting {
        assert_eq!(wire::status(&wire.rest().await), 200);
    }
    let after = counts(&mut held[0]).await;
    assert_eq!(after["accepted"], 52);
    assert!(
        after["accept_pauses"].as_u64() <= Some(2),
        "a pause is counted once, not every time it is looked at"
    );
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_given_up() {
    let tls = mock_server::Tls::made_now(None).expect("a certificate");
    let rig = Rig::with(|config| {
        config.tls = Some(tls);
        config.limits.handshake = Duration::from_millis(50);
        config.limits.connections = Some(1);
    })
    .await;
    for bytes in [&b""[..], b"\x16\x03\x01", b"\x16\x03\x01\x00\x05garbage and more of it"] {
        let mut wire = Wire::to(&rig).await;
        wire.say(bytes).await;
        let end = wire.rest().await;
        assert!(!end.contains("HTTP"), "{end}");
    }
    let told = wire::exchange(&rig, get("/health")).await;
    assert_eq!(wire::status(&told), 400, "{told}");
    assert!(told.contains("this port speaks TLS"), "{told}");
}

#[tokio::test]
async fn whoever_asks_and_never_reads_makes_room_for_others() {
    let rig = Rig::with(|config| {
        config.limits.write = Duration::from_millis(50);
        config.limits.connections = Some(1);
    })
    .await;
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let mut deaf = Wire { stream: socket.connect(rig.address()).await.expect("it listens") };
    // More than the mock's own buffer holds: the kernel lets that grow to a few MiB.
    deaf.say("GET /openapi.json HTTP/1.1\r\nhost: mock\r\n\r\n".repeat(300)).await;
    let answer = wire::exchange(&rig, get("/health")).await;
    assert_eq!(wire::status(&answer), 200, "{answer}");
    let counts = wire::exchange(&rig, get("/metrics")).await;
    assert!(!counts.contains("mock_accept_pauses_total 0"), "the place was taken until then: {counts}");
}
