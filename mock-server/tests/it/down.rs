//! A server that is gone for a while, as far as its clients can tell.

use std::io::ErrorKind;
use std::time::Duration;

use futures_util::StreamExt as _;

use crate::faults::{PLANS, counts, put, raw, struck_by};
use crate::live::{Client, join};
use crate::rig::Rig;

const SESSION: &str = contract::rtc::LOAD_SESSION;

/// Asks to join, which ends without an answer.
async fn joins_in_vain(rig: &Rig, user: &str) {
    let path = format!("/api/rtc/sessions/{SESSION}/join");
    let body = serde_json::json!({ "user_id": user, "participant_name": user });
    assert!(rig.post(&path, &body).send().await.is_err());
}

/// How many take part once another one has joined.
async fn participants_with(rig: &Rig, user: &str) -> u64 {
    let (status, joined) = join(rig, SESSION, user).await;
    assert_eq!(status, 200, "{joined}");
    joined["participants"].as_u64().expect("a count")
}

/// That a socket ends without a goodbye.
async fn is_cut(client: &mut Client) {
    while let Some(Ok(frame)) = client.socket.next().await {
        assert!(!frame.is_close(), "it is cut, not told {frame:?}");
    }
}

#[tokio::test]
async fn who_asks_is_reset_and_nothing_happens() {
    let rig = struck_by("kind = \"down\"\nfor_s = 3600").await;
    assert_eq!(raw(&rig, PLANS).await, (String::new(), Some(ErrorKind::ConnectionReset)));
    joins_in_vain(&rig, "ann").await;
    for path in ["/health", "/api/health"] {
        assert_eq!(rig.get(path).send().await.expect("an answer").status(), 200, "{path}");
    }
    assert_eq!(counts(&rig).await, (2, 2));
    rig.admin("DELETE", "/__admin/faults").send().await.expect("an answer");
    assert_eq!(participants_with(&rig, "bob").await, 1, "ann never got in");
}

#[tokio::test]
async fn sockets_are_cut_however_long_they_were_open_and_may_come_back() {
    let rig = Rig::start().await;
    let mut ann = Client::enter(&rig, "ann").await;
    put(&rig, "kind = \"down\"\nfrom_s = 3600").await;
    let mut bob = Client::enter(&rig, "bob").await;
    put(&rig, "kind = \"down\"\nfor_s = 3600").await;
    is_cut(&mut ann).await;
    is_cut(&mut bob).await;
    assert_eq!(counts(&rig).await, (2, 2));
    rig.admin("POST", "/__admin/faults/stop").send().await.expect("an answer");
    let mut again = Client::enter(&rig, "ann").await;
    again.say("osu").await;
    assert_eq!(again.next_chat().await, (1, "osu".to_owned()));
    rig.admin("POST", "/__admin/faults/start").send().await.expect("an answer");
    is_cut(&mut again).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_before_has_happened_and_its_answer_is_lost() {
    let slow = "kind = \"latency\"\nms = 10000\n[[fault]]\nkind = \"down\"\nfrom_s = 5\nfor_s = 10";
    let rig = struck_by(slow).await;
    joins_in_vain(&rig, "ann").await;
    // Paused time: this passes at once, and takes the window past its end.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(participants_with(&rig, "bob").await, 2, "ann is in");
}
