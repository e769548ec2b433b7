//! The end: answers finish, connections are told, nobody waits for ever.

use std::sync::Arc;
use std::time::Duration;

use contract::rtc::LOAD_SESSION;
use futures_util::StreamExt as _;
use mock_server::Config;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::live::join;
use crate::rig::Rig;
use crate::wire::{self, Wire};

#[tokio::test]
async fn idle_connections_end_and_answers_under_way_finish() {
    let mut rig = Rig::start().await;
    let mut idle = Wire::to(&rig).await;
    idle.say("GET /health HTTP/1.1\r\nhost: mock\r\n\r\n").await;
    assert_eq!(wire::status(&idle.some().await), 200);
    let mut fresh = Wire::to(&rig).await;
    let mut busy = Wire::to(&rig).await;
    let body = br#"{"email":"nobody@example.com","password":"x"}"#;
    let request = wire::post("/api/auth/login", body).into_iter().collect::<Vec<_>>();
    let request = String::from_utf8(request).expect("text").replace("connection: close\r\n", "");
    let (begun, finish) = request.split_at(request.len() - 10);
    busy.say(format!("GET /health HTTP/1.1\r\nhost: mock\r\n\r\n{begun}")).await;
    assert_eq!(wire::status(&busy.some().await), 200, "it is being served");
    rig.end();
    assert_eq!(idle.rest().await, "");
    assert_eq!(fresh.rest().await, "");
    busy.say(finish).await;
    let answer = busy.rest().await;
    assert!((400..500).contains(&wire::status(&answer)), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    rig.ended().await;
    assert!(TcpStream::connect(rig.address()).await.is_err(), "the port is free");
}

#[tokio::test]
async fn sockets_are_told_that_the_server_goes() {
    let mut rig = Rig::start().await;
    let (_, joined) = join(&rig, LOAD_SESSION, "ann").await;
    let path = contract::ws::path(LOAD_SESSION, joined["ws_token"].as_str().expect("a token"));
    let stream = TcpStream::connect(rig.address()).await.expect("it listens");
    let (mut socket, _) =
        client_async(format!("ws://{}{path}", rig.address()), stream).await.expect("it opens");
    assert!(matches!(socket.next().await, Some(Ok(Message::Text(_)))), "the welcome");
    rig.end();
    let Some(Ok(Message::Close(Some(close)))) = socket.next().await else { panic!("a close was expected") };
    assert_eq!(u16::from(close.code), 1001);
    while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    rig.ended().await;
}

#[tokio::test]
async fn whoever_does_not_come_to_an_end_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let mut config = Config::default();
    config.limits.grace = Duration::from_millis(50);
    let stop = Arc::new(Notify::new());
    let stopped = Arc::clone(&stop);
    let serving = tokio::spawn(async move { mock_server::serve(listener, config, stopped.notified()).await });
    let mut endless = Wire { stream: TcpStream::connect(address).await.expect("it listens") };
    endless.say("GET /health HTTP/1.1\r\nhost: mock\r\n\r\n").await;
    assert_eq!(wire::status(&endless.some().await), 200);
    endless.say("POST /api/auth/login HTTP/1.1\r\nhost: mock\r\ncontent-length: 9\r\n\r\n").await;
    stop.notify_one();
    let ended = tokio::time::timeout(wire::PATIENCE, serving).await.expect("it ends in bounded time");
    ended.expect("no panic").expect("no error");
    assert_eq!(endless.rest().await, "", "whoever was cut off knows");
}
