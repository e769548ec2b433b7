//! Media of live sessions, carried for real: ICE, DTLS and SRTP over UDP on this machine.

use std::time::Duration;

use mock_server::defects::Defect;
use serde_json::{Value, json};
use str0m::media::{MediaKind, Mid};

use crate::faults;
use crate::live;
use crate::media_peer::{MediaPeer, until};
use crate::rig::Rig;
use crate::sfu::Peer;
use crate::wire::PATIENCE;

/// The first payload byte of each packet of a section, in the order they came.
fn payloads(peer: &MediaPeer<'_>) -> Vec<u8> {
    peer.heard.iter().map(|packet| packet.payload[0]).collect()
}

/// What the mock says it carried.
async fn books(rig: &Rig) -> Value {
    rig.admin("GET", "/__admin/media").send().await.expect("an answer").json().await.expect("JSON")
}

/// Publishes a track and waits for the connection.
async fn publisher<'a>(rig: &'a Rig, user: &str, kind: MediaKind) -> (MediaPeer<'a>, Mid) {
    let mut peer = MediaPeer::enter(rig, user).await;
    let mid = peer.publish(kind, "track").await;
    until(&mut [&mut peer], "the publisher's connection", |peers| peers[0].is_connected()).await;
    (peer, mid)
}

/// Subscribes to a publisher's track and waits for the connection.
async fn subscriber<'a>(rig: &'a Rig, user: &str, to: &MediaPeer<'_>) -> (MediaPeer<'a>, Mid) {
    let mut peer = MediaPeer::enter(rig, user).await;
    let mid = peer.subscribe(&to.calls.session, "track").await;
    until(&mut [&mut peer], "the subscriber's connection", |peers| peers[0].is_connected()).await;
    (peer, mid)
}

#[tokio::test]
async fn every_packet_reaches_every_subscriber_in_order() {
    let rig = Rig::start().await;
    let (mut ann, mic) = publisher(&rig, "ann", MediaKind::Audio).await;
    assert_eq!(ann.calls.states().await, [("track".to_owned(), "waiting".to_owned())]);
    assert_eq!(ann.health().await["status"], "connected", "nothing is measured yet");
    let (mut bob, _) = subscriber(&rig, "bob", &ann).await;
    let (mut cat, _) = subscriber(&rig, "cat", &ann).await;
    ann.send(mic, 50);
    let everybody = &mut [&mut ann, &mut bob, &mut cat];
    until(everybody, "packets", |peers| peers[1].heard.len() == 50 && peers[2].heard.len() == 50).await;
    for peer in [&bob, &cat] {
        assert_eq!(payloads(peer), (0..50).collect::<Vec<u8>>());
        let numbers: Vec<u64> = peer.heard.iter().map(|packet| *packet.seq_no).collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
        let times: Vec<u32> = peer.heard.iter().map(|packet| packet.header.timestamp).collect();
        assert_eq!(times, (1_000..1_050).map(|number| number * 960).collect::<Vec<u32>>());
        assert_eq!(peer.calls.states().await, [("track".to_owned(), "active".to_owned())]);
    }
    assert_eq!(ann.calls.states().await, [("track".to_owned(), "active".to_owned())]);
    assert_eq!(ann.health().await["status"], "healthy");

    let books = books(&rig).await;
    assert_eq!((&books["sockets"], &books["peers"]), (&json!(1), &json!(3)));
    let total = &books["total"];
    assert_eq!(
        (&total["packets_in"], &total["packets_out"], &total["due"]),
        (&json!(50), &json!(100), &json!(100))
    );
    assert_eq!(books["participants"].as_object().expect("by participant").len(), 3);
    assert!(rig.audit_holds().await);
    let scraped = rig.get("/metrics").send().await.expect("an answer").text().await.expect("text");
    assert!(scraped.contains("mock_media_packets_total{direction=\"out\"} 100"), "{scraped}");
}

#[tokio::test]
async fn a_wish_for_a_keyframe_reaches_the_publisher() {
    let rig = Rig::start().await;
    let (mut ann, cam) = publisher(&rig, "ann", MediaKind::Video).await;
    let (mut bob, section) = subscriber(&rig, "bob", &ann).await;
    ann.send(cam, 5);
    until(&mut [&mut ann, &mut bob], "packets", |peers| peers[1].heard.len() == 5).await;
    let everybody = &mut [&mut ann, &mut bob];
    until(everybody, "a beginning with a keyframe", |peers| peers[0].keyframes_wanted >= 1).await;
    // A wish may be said more than once, until it is granted.
    let before = ann.keyframes_wanted;
    bob.wants_keyframe(section);
    until(&mut [&mut ann, &mut bob], "the wish", |peers| peers[0].keyframes_wanted > before).await;
    let wishes = books(&rig).await["total"]["keyframe_requests"].as_u64();
    assert!(wishes >= Some(1), "{wishes:?}");
}

#[tokio::test]
async fn an_update_changes_the_source_without_a_break() {
    let rig = Rig::start().await;
    let (mut ann, first) = publisher(&rig, "ann", MediaKind::Audio).await;
    let (mut eve, second) = publisher(&rig, "eve", MediaKind::Audio).await;
    let (mut bob, section) = subscriber(&rig, "bob", &ann).await;
    ann.send(first, 10);
    until(&mut [&mut ann, &mut bob], "packets", |peers| peers[1].heard.len() == 10).await;
    let update = json!({"tracks": [{"location": "remote", "mid": section.to_string(), "sessionId": eve.calls.session, "trackName": "track"}]});
    let (status, updated) = bob.calls.call("PUT", "tracks/update", Some(update)).await;
    assert_eq!((status, &updated["tracks"][0]["errorCode"]), (200, &Value::Null), "{updated}");
    ann.send(first, 10);
    eve.send(second, 10);
    until(&mut [&mut ann, &mut eve, &mut bob], "packets", |peers| peers[2].heard.len() == 20).await;
    let numbers: Vec<u64> = bob.heard.iter().map(|packet| *packet.seq_no).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    assert!(bob.heard.iter().all(|packet| packet.header.ssrc == bob.heard[0].header.ssrc));
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn who_changes_the_network_stays_in_the_session() {
    let rig = Rig::start().await;
    let (mut ann, mic) = publisher(&rig, "ann", MediaKind::Audio).await;
    let (mut bob, _) = subscriber(&rig, "bob", &ann).await;
    ann.send(mic, 5);
    until(&mut [&mut ann, &mut bob], "packets", |peers| peers[1].heard.len() == 5).await;
    bob.moves().await;
    until(&mut [&mut bob], "the connection from elsewhere", |peers| peers[0].is_connected()).await;
    ann.send(mic, 5);
    until(&mut [&mut ann, &mut bob], "packets from then on", |peers| peers[1].heard.len() >= 10).await;
    assert_eq!(books(&rig).await["peers"], 2);
}

#[tokio::test]
async fn a_track_without_media_is_collected_after_thirty_seconds() {
    let rig = Rig::start().await;
    let (ann, _) = publisher(&rig, "ann", MediaKind::Audio).await;
    let bob = MediaPeer::enter(&rig, "bob").await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(25)).await;
    assert_eq!(ann.calls.states().await, [("track".to_owned(), "waiting".to_owned())]);
    tokio::time::advance(Duration::from_secs(6)).await;
    let (_, offered) = bob.calls.subscribe(&[(&ann.calls.session, "track")]).await;
    assert_eq!(offered["tracks"][0]["errorCode"], "not_found_track_error");
    assert_eq!(ann.calls.states().await, []);
}

#[tokio::test(start_paused = true)]
async fn who_only_negotiates_is_answered_but_never_connected() {
    let rig = Rig::start().await;
    let ann = Peer::enter(&rig, "ann").await;
    let bob = Peer::enter(&rig, "bob").await;
    for peer in [&ann, &bob] {
        let (status, published) = peer.publish(&[("0", "mic")], &[("0", "audio")]).await;
        assert_eq!((status, &published["tracks"][0]["errorCode"]), (200, &Value::Null), "{published}");
    }
    let (status, offered) = bob.subscribe(&[(&ann.session, "mic")]).await;
    assert_eq!((status, &offered["tracks"][0]["errorCode"]), (200, &Value::Null), "{offered}");
    let section = offered["tracks"][0]["mid"].as_str().expect("a mid");
    let (status, answered) = bob.answer(&[("0", "audio"), (section, "audio")]).await;
    assert_eq!(status, 200, "{answered}");
    assert!(bob.states().await.iter().all(|(_, status)| status == "waiting"));
    let close = json!({"tracks": [{"mid": "0"}], "force": true});
    assert_eq!(bob.call("PUT", "tracks/close", Some(close)).await.0, 425);
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(bob.states().await.len(), 2, "who never had a connection has no media to be without");
}

#[tokio::test]
async fn sessions_do_not_hear_each_other() {
    let rig = Rig::start().await;
    let (mut ann, mic) = publisher(&rig, "ann", MediaKind::Audio).await;
    let (mut bob, _) = subscriber(&rig, "bob", &ann).await;
    let stranger = Peer::enter_session(&rig, contract::rtc::OTHER_SESSION, "eve").await;
    let mut eve = MediaPeer::with(stranger).await;
    let (_, offered) = eve.calls.subscribe(&[(&ann.calls.session, "track")]).await;
    assert_eq!(offered["tracks"][0]["errorCode"], "not_found_track_error");
    eve.publish(MediaKind::Audio, "track").await;
    ann.send(mic, 10);
    let everybody = &mut [&mut ann, &mut bob, &mut eve];
    until(everybody, "packets", |peers| peers[1].heard.len() == 10 && peers[2].is_connected()).await;
    assert_eq!(eve.heard.len(), 0);
}

#[tokio::test]
async fn what_a_fault_loses_is_missing_and_accounted_for() {
    let rig = Rig::start().await;
    let (mut ann, mic) = publisher(&rig, "ann", MediaKind::Audio).await;
    let (mut bob, _) = subscriber(&rig, "bob", &ann).await;
    faults::put(&rig, "kind = \"media\"\nuser = \"bob\"\nloss = 0.25\ndelay_ms = 5").await;
    ann.send(mic, 200);
    let total = settled(&rig, &mut [&mut ann, &mut bob], 200).await;
    let count = |of: &str| total[of].as_u64().expect("a count");
    let (out, lost) = (count("packets_out"), count("dropped_down"));
    assert_eq!(out + lost, 200);
    // A binomial share of 200 draws at 0.25: within 4 standard deviations of 50.
    assert!((26..=74).contains(&lost), "{lost} of 200 are lost");
    until(&mut [&mut ann, &mut bob], "all that went out", |peers| peers[1].heard.len() as u64 == out).await;
    let mut numbers: Vec<u64> = bob.heard.iter().map(|packet| *packet.seq_no).collect();
    numbers.sort_unstable();
    let span = numbers[numbers.len() - 1] - numbers[0] + 1;
    assert!(span > out && span <= 200, "what is lost leaves its gap: {out} packets span {span} numbers");
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn what_is_lost_on_the_way_up_stays_missing_behind_the_sfu() {
    let rig = Rig::start().await;
    let (mut ann, mic) = publisher(&rig, "ann", MediaKind::Audio).await;
    let (mut bob, _) = subscriber(&rig, "bob", &ann).await;
    faults::put(&rig, "kind = \"media\"\nuser = \"ann\"\ndirection = \"up\"\nloss = 0.25").await;
    ann.send(mic, 200);
    let total = settled(&rig, &mut [&mut ann, &mut bob], 200).await;
    let out = total["packets_out"].as_u64().expect("a count");
    until(&mut [&mut ann, &mut bob], "all that went out", |peers| peers[1].heard.len() as u64 == out).await;
    let gaps = bob.heard.windows(2).filter(|pair| pair[1].payload[0] != pair[0].payload[0] + 1).count();
    let jumps = bob.heard.windows(2).filter(|pair| *pair[1].seq_no != *pair[0].seq_no + 1).count();
    assert!(gaps > 10, "{gaps}");
    assert_eq!(gaps, jumps, "a gap in what was sent is a gap in the numbers");
    assert_eq!(total["packets_out"], total["packets_in"]);
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn nobody_hears_of_tracks_that_are_never_forwarded() {
    let rig = Rig::with(|config| config.defects = vec![Defect::TracksNeverActive]).await;
    let (mut ann, mic) = publisher(&rig, "ann", MediaKind::Audio).await;
    let (mut bob, _) = subscriber(&rig, "bob", &ann).await;
    ann.send(mic, 10);
    settled(&rig, &mut [&mut ann], 10).await;
    bob.turn().await;
    assert_eq!(ann.calls.states().await, [("track".to_owned(), "active".to_owned())]);
    assert_eq!(bob.calls.states().await, [("track".to_owned(), "waiting".to_owned())]);
    assert_eq!(bob.heard.len(), 0);
    assert!(!rig.audit_holds().await, "packets were due and went nowhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_balance_when_people_leave_while_packets_flow() {
    let rig = Rig::start().await;
    let (mut ann, mic) = publisher(&rig, "ann", MediaKind::Audio).await;
    let (mut eve, other) = publisher(&rig, "eve", MediaKind::Audio).await;
    for round in 0..20_u64 {
        let user = format!("bob-{round}");
        let (mut bob, _) = subscriber(&rig, &user, &ann).await;
        bob.subscribe(&eve.calls.session, "track").await;
        ann.send(mic, 50);
        eve.send(other, 20);
        let leaves = live::leave(&rig, &user);
        let flows = async {
            ann.turn().await;
            eve.turn().await;
        };
        tokio::join!(leaves, flows);
        settled(&rig, &mut [&mut ann, &mut eve], (round + 1) * 70).await;
        assert!(rig.audit_holds().await, "after round {round}: {}", books(&rig).await);
    }
    assert_eq!(books(&rig).await["peers"], 2);
}

#[tokio::test]
async fn a_path_that_dies_loses_everything_and_keeps_nothing() {
    let rig = Rig::start().await;
    let (mut ann, mic) = publisher(&rig, "ann", MediaKind::Audio).await;
    let (mut bob, _) = subscriber(&rig, "bob", &ann).await;
    faults::put(&rig, "kind = \"media\"\nuser = \"bob\"\nloss = 1.0\ndelay_ms = 5\njitter_ms = 5").await;
    ann.send(mic, 50);
    let total = settled(&rig, &mut [&mut ann, &mut bob], 50).await;
    assert_eq!((&total["dropped_down"], &total["packets_out"]), (&json!(50), &json!(0)));
    assert_eq!((bob.heard.len(), &total["queued"]), (0, &json!(0)));
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn the_peers_of_those_who_left_are_gone() {
    let rig = Rig::start().await;
    let (ann, _) = publisher(&rig, "ann", MediaKind::Audio).await;
    let _bob = subscriber(&rig, "bob", &ann).await;
    assert_eq!(books(&rig).await["peers"], 2);
    let leave = format!("/api/rtc/sessions/{}/leave", contract::rtc::LOAD_SESSION);
    rig.post(&leave, &json!({"user_id": "ann"})).send().await.expect("an answer");
    assert_eq!(books(&rig).await["peers"], 1);
    rig.admin("POST", "/__admin/reset-load").send().await.expect("an answer");
    let books = books(&rig).await;
    assert_eq!((&books["peers"], &books["participants"]), (&json!(0), &json!({})));
}

/// The total of the books once this many packets were sent up, and faults hold nothing back any more.
async fn settled(rig: &Rig, peers: &mut [&mut MediaPeer<'_>], sent: u64) -> Value {
    let settling = async {
        loop {
            let total = books(rig).await["total"].clone();
            let count = |of: &str| total[of].as_u64().expect("a count");
            if count("packets_in") + count("dropped_up") == sent && count("queued") == 0 {
                return total;
            }
            for peer in &mut *peers {
                peer.turn().await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, settling).await.expect("packets settle in bounded time")
}
