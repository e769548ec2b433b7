//! A live session with a real browser in it: Chromium publishes what its fake devices bring, and hears and sees
//! another participant by way of the mock's SFU.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::media_peer::{MediaPeer, until};
use crate::rig::Rig;

/// Beeps and a moving picture instead of a microphone and a camera, nobody who has to allow it, and a path to an SFU
/// on this machine.
const SWITCHES: [&str; 4] = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
];
/// Two seconds of Opus in packets of 20 ms.
const PACKETS: u64 = 100;

/// A page of the mock with two participants in it, `ann` and `bob`; nothing where there is no browser.
async fn two_participants() -> Option<(Rig, Browser)> {
    let mut browser = Browser::start_with(&SWITCHES).await?;
    let rig = Rig::start().await;
    browser.open(&format!("{}/", rig.base)).await;
    browser.value(include_str!("browser_call.js")).await;
    let enter = "(async () => { globalThis.ann = await Participant.enter('ann'); globalThis.bob = await Participant.enter('bob'); })()";
    browser.value(enter).await;
    Some((rig, browser))
}

/// That a participant's tracks, in their order, come from there, are called this and carry media.
async fn active(browser: &mut Browser, who: &str, expected: &[(&str, &str)]) {
    let tracks = browser.value(&format!("{who}.tracks()")).await;
    let tracks = tracks.as_array().expect("a list").iter();
    let seen: Vec<_> =
        tracks.map(|track| [&track["location"], &track["trackName"], &track["status"]]).collect();
    let expected = expected.iter().map(|(location, name)| json!([location, name, "active"]));
    assert_eq!(json!(seen), expected.collect::<Value>(), "{who}");
}

#[tokio::test]
async fn two_participants_in_a_browser_hear_each_other() {
    let Some((_rig, mut browser)) = two_participants().await else { return };
    for (speaker, listener) in [("ann", "bob"), ("bob", "ann")] {
        browser.value(&format!("{speaker}.publish({{ audio: true }})")).await;
        browser.value(&format!("{listener}.subscribe({speaker}.session, ['audio'])")).await;
        let heard = browser.value(&format!("{listener}.received('audio', {PACKETS})")).await;
        assert!(heard["packetsReceived"].as_u64() >= Some(PACKETS), "{heard}");
        assert!(heard["totalAudioEnergy"].as_f64() > Some(0.0), "more than silence: {heard}");
        assert_eq!(heard["packetsLost"], 0, "{heard}");
    }
    active(&mut browser, "ann", &[("local", "audio"), ("remote", "audio")]).await;
    active(&mut browser, "bob", &[("remote", "audio"), ("local", "audio")]).await;
    assert_eq!(browser.end().await, [""; 0]);
}

#[tokio::test]
async fn a_browser_sees_another_participant() {
    let Some((_rig, mut browser)) = two_participants().await else { return };
    browser.value("ann.publish({ audio: true, video: true })").await;
    browser.value("bob.subscribe(ann.session, ['audio', 'video'])").await;
    let heard = browser.value(&format!("bob.received('audio', {PACKETS})")).await;
    assert!(heard["totalAudioEnergy"].as_f64() > Some(0.0), "more than silence: {heard}");
    let seen = browser.value(&format!("bob.received('video', {PACKETS})")).await;
    assert!(seen["framesDecoded"].as_u64() > Some(0), "it began with a keyframe: {seen}");
    active(&mut browser, "ann", &[("local", "audio"), ("local", "video")]).await;
    active(&mut browser, "bob", &[("remote", "audio"), ("remote", "video")]).await;
    assert_eq!(browser.end().await, [""; 0]);
}

#[tokio::test]
async fn who_is_no_browser_hears_one() {
    let Some((rig, mut browser)) = two_participants().await else { return };
    browser.value("ann.publish({ audio: true })").await;
    let session = browser.value("ann.session").await;
    let mut eve = MediaPeer::enter(&rig, "eve").await;
    eve.subscribe(session.as_str().expect("an id"), "audio").await;
    let enough = |peers: &[&mut MediaPeer<'_>]| peers[0].heard.len() as u64 >= PACKETS;
    until(&mut [&mut eve], "the browser's packets", enough).await;
    let numbers: Vec<u64> = eve.heard.iter().map(|packet| *packet.seq_no).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    assert_eq!(browser.end().await, [""; 0]);
}
