use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::{accept_async, tungstenite::Message};

use super::*;
use crate::browser::{Device, Done, Throttle};

/// Longest that anything may take. Only what is broken comes near it.
const PATIENCE: Duration = Duration::from_mins(2);
/// Long enough for an answer on a busy machine; the test waits for it once.
const ANSWERS: Duration = Duration::from_secs(2);

/// A browser that hangs at its first connection and refuses at the second, once it has said what it is.
async fn hangs_then_refuses(listener: TcpListener) {
    for hangs in [true, false] {
        let (stream, _) = listener.accept().await.expect("it listens");
        let mut socket = accept_async(stream).await.expect("a socket");
        while let Some(Ok(Message::Text(text))) = socket.next().await {
            let asked: Value = serde_json::from_str(&text).expect("JSON");
            let answer = if asked["method"] == "Browser.getVersion" {
                json!({ "id": asked["id"], "result": { "product": "Fake/1.0" } })
            } else if hangs {
                continue;
            } else {
                json!({ "id": asked["id"], "error": { "message": "not today" } })
            };
            socket.send(Message::text(answer.to_string())).await.expect("it is listened to");
        }
    }
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it comes in time")
}

#[tokio::test]
async fn a_browser_that_hangs_is_left_for_a_new_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let source = Source::Running(format!("ws://{}", listener.local_addr().expect("it is bound")));
    let serving = tokio::spawn(hangs_then_refuses(listener));
    let grounds = Grounds { hosts: Vec::new(), own_roots: false };
    let limits = Limits { start: ANSWERS, answer: ANSWERS };
    let fleet = within(Fleet::start_within(&source, grounds, limits)).await.expect("it says what it is");
    let order = Order {
        page: None,
        url: "http://staging.example/".to_owned(),
        cookies: Vec::new(),
        headers: Vec::new(),
        visitor: 0,
        returning: false,
        device: Device::Desktop,
        throttle: Throttle::None,
        film_later_than: None,
        done: Done::Quiet,
    };
    let method = "Target.createBrowserContext".to_owned();
    let hung = within(fleet.open(order.clone())).await;
    assert_eq!(hung, Err(Trouble::Hung { method: method.clone(), after: ANSWERS }));
    let refused = within(fleet.open(order)).await;
    assert_eq!(refused, Err(Trouble::Refused { method, message: "not today".to_owned() }));
    drop(fleet);
    within(serving).await.expect("both connections are over");
}
