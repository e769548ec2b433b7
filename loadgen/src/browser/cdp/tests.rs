use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::*;

/// A browser of a test's own, at the other end of a pipe in memory: time can be held still.
struct Fake(WebSocketStream<DuplexStream>);

async fn connected() -> (Cdp, Fake) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let ours = WebSocketStream::from_raw_socket(ours, Role::Client, None).await;
    let theirs = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
    (Cdp::over(ours, ANSWERS_WITHIN), Fake(theirs))
}

/// A page `P` that is attached to, as session `S`.
async fn attached() -> (Cdp, Session, Fake) {
    let (cdp, mut fake) = connected().await;
    let page = async {
        let asked = fake.answers(json!({ "sessionId": "S" })).await;
        assert_eq!(asked["method"], "Target.attachToTarget");
        assert_eq!(asked["params"], json!({ "targetId": "P", "flatten": true }));
        let asked = fake.answers(json!({})).await;
        assert_eq!((&asked["method"], &asked["sessionId"]), (&json!("Inspector.enable"), &json!("S")));
    };
    let (session, ()) = tokio::join!(cdp.attach("P"), page);
    (cdp, session.expect("it is attached"), fake)
}

impl Fake {
    async fn asked(&mut self) -> Value {
        use futures_util::StreamExt as _;
        let Some(Ok(Message::Text(text))) = self.0.next().await else { panic!("nothing was asked") };
        serde_json::from_str(&text).expect("JSON")
    }

    async fn says(&mut self, message: impl Into<Message>) {
        use futures_util::SinkExt as _;
        self.0.send(message.into()).await.expect("it is listened to");
    }

    /// Answers what is asked next.
    async fn answers(&mut self, result: Value) -> Value {
        let asked = self.asked().await;
        self.says(json!({ "id": asked["id"], "result": result }).to_string()).await;
        asked
    }

    async fn tells(&mut self, session: &str, method: &str, params: Value) {
        self.says(json!({ "sessionId": session, "method": method, "params": params }).to_string()).await;
    }
}

#[tokio::test]
async fn answers_find_who_asked_in_whatever_order_they_come() {
    let (cdp, mut fake) = connected().await;
    let fake = async {
        let (first, second) = (fake.asked().await, fake.asked().await);
        fake.says(json!({ "id": second["id"], "result": { "to": second["method"] } }).to_string()).await;
        fake.says(json!({ "id": first["id"], "result": { "to": first["method"] } }).to_string()).await;
    };
    let (one, two, ()) = tokio::join!(cdp.call("A.one", json!({})), cdp.call("A.two", json!({})), fake);
    assert_eq!(one, Ok(json!({ "to": "A.one" })));
    assert_eq!(two, Ok(json!({ "to": "A.two" })));
}

#[tokio::test]
async fn what_is_no_message_or_for_nobody_is_passed_over() {
    let (cdp, mut session, mut fake) = attached().await;
    let told = async {
        for noise in [
            "",
            "{",
            "[]",
            "7",
            "null",
            "\"x\"",
            "{\"id\":999,\"result\":{}}",
            "{\"id\":\"1\"}",
            "{\"method\":7}",
            "{\"method\":\"A.b\"}",
            "{\"method\":\"A.b\",\"sessionId\":\"T\"}",
            "{\"error\":{}}",
            "{\"method\":\"Target.detachedFromTarget\"}",
            "{\"method\":\"Target.targetCrashed\",\"params\":7}",
            "{\"method\":\"Inspector.targetCrashed\"}",
        ] {
            fake.says(noise).await;
        }
        fake.says(Message::binary(vec![0, 159, 146, 150])).await;
        fake.says(Message::Ping(vec![1].into())).await;
        fake.tells("S", "Page.loadEventFired", json!({ "timestamp": 1 })).await;
        fake.answers(json!({})).await;
    };
    let (event, answer, ()) = tokio::join!(session.next(), cdp.call("Browser.getVersion", json!({})), told);
    assert_eq!(event.expect("an event").method, "Page.loadEventFired");
    assert_eq!(answer, Ok(json!({})));
    assert!(!cdp.is_gone());
}

#[tokio::test]
async fn an_error_is_a_refusal() {
    let (cdp, mut fake) = connected().await;
    for (error, said) in [
        (json!({ "code": -32601, "message": "'A.b' wasn't found" }), "'A.b' wasn't found".to_owned()),
        (json!({ "code": -1 }), json!({ "code": -1 }).to_string()),
    ] {
        let refuses = async {
            let asked = fake.asked().await;
            fake.says(json!({ "id": asked["id"], "error": error }).to_string()).await;
        };
        let (answer, ()) = tokio::join!(cdp.call("A.b", json!({})), refuses);
        assert_eq!(answer, Err(Trouble::Refused { method: "A.b".to_owned(), message: said }));
    }
    // A session without a name is none.
    let (attached, _) = tokio::join!(cdp.attach("P"), fake.answers(json!({})));
    assert!(matches!(attached, Err(Trouble::Refused { method, .. }) if method == exchange::ATTACH));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_waited_for_ten_seconds() {
    let (cdp, session, mut fake) = attached().await;
    for answer in [cdp.call("A.b", json!({})).await, session.call("A.b", json!({})).await] {
        assert_eq!(answer, Err(Trouble::Hung { method: "A.b".to_owned(), after: ANSWERS_WITHIN }));
    }
    // One that comes too late is nobody's, and the next call is answered as ever.
    for _ in 0..2 {
        fake.answers(json!({ "late": true })).await;
    }
    let (answer, _) = tokio::join!(cdp.call("A.c", json!({})), fake.answers(json!({ "late": false })));
    assert_eq!(answer, Ok(json!({ "late": false })));
}

#[tokio::test]
async fn when_the_connection_ends_everybody_hears_of_it() {
    for politely in [true, false] {
        let (cdp, mut session, mut fake) = attached().await;
        let ends = async {
            fake.asked().await;
            fake.asked().await;
            if politely {
                fake.0.close(None).await.expect("it is listened to");
            }
            drop(fake);
        };
        let ((), browser, gone, (page, next)) =
            tokio::join!(ends, cdp.call("A.b", json!({})), cdp.gone(), async {
                (session.call("A.c", json!({})).await, session.next().await)
            });
        assert!(matches!(gone, Trouble::Gone(_)), "{gone}");
        assert_eq!((browser, page, next), (Err(gone.clone()), Err(gone.clone()), Err(gone.clone())));
        assert!(cdp.is_gone());
        assert_eq!(cdp.call("A.d", json!({})).await, Err(gone));
    }
}

#[tokio::test]
async fn a_tab_that_crashes_ends_its_session_and_no_other() {
    let crashes = [
        json!({ "sessionId": "S", "method": "Inspector.targetCrashed" }),
        json!({ "method": "Target.targetCrashed", "params": { "targetId": "P", "status": "crashed" } }),
        json!({ "method": "Target.detachedFromTarget", "params": { "sessionId": "S", "targetId": "P" } }),
    ];
    for crash in crashes {
        let (cdp, mut session, mut fake) = attached().await;
        fake.tells("S", "A.before", json!({})).await;
        let crashes = async {
            let asked = fake.asked().await;
            fake.says(crash.to_string()).await;
            fake.tells("S", "A.after", json!({})).await;
            asked
        };
        let (answer, _) = tokio::join!(session.call("A.b", json!({})), crashes);
        assert!(matches!(answer, Err(Trouble::TabCrashed(_))), "{answer:?}");
        assert_eq!(session.next().await.expect("from before").method, "A.before");
        assert_eq!(session.next().await.err(), answer.clone().err());
        assert_eq!(session.call("A.c", json!({})).await, answer);
        let (answer, _) = tokio::join!(cdp.call("A.d", json!({})), fake.answers(json!({})));
        assert_eq!(answer, Ok(json!({})));
    }
}

#[tokio::test]
async fn a_page_that_floods_is_cut_off() {
    let (cdp, mut session, mut fake) = attached().await;
    let floods = async {
        for _ in 0..=exchange::EVENTS_KEPT {
            fake.tells("S", "Runtime.consoleAPICalled", json!({})).await;
        }
        fake.answers(json!({})).await;
    };
    let (answer, ()) = tokio::join!(cdp.call("A.b", json!({})), floods);
    assert_eq!(answer, Ok(json!({})), "the browser itself is heard");
    for _ in 0..exchange::EVENTS_KEPT {
        session.next().await.expect("one that was kept");
    }
    assert_eq!(session.next().await, Err(Trouble::Flooded(exchange::EVENTS_KEPT)));
}
