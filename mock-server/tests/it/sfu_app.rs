//! An application of the SFU's own: opened by a secret, by nothing else, and for everything in it.

use std::process::{Command, Stdio};

use mock_server::SfuApp;
use serde_json::{Value, json};

use crate::live::join;
use crate::rig::Rig;

const APP: &str = "app0of0the0tests";
const SECRET: &str = "secret-of-the-tests";

async fn rig() -> Rig {
    Rig::with(|config| config.sfu_app = Some(SfuApp { id: APP.to_owned(), secret: SECRET.to_owned() })).await
}

async fn call(rig: &Rig, method: &str, path: &str, body: Option<Value>, token: &str) -> (u16, Value) {
    let (status, answer) = rig.sends(method, &format!("/v1/apps/{APP}{path}"), body, Some(token)).await;
    (status.as_u16(), answer)
}

async fn session(rig: &Rig) -> String {
    let (status, opened) = call(rig, "POST", "/sessions/new", None, SECRET).await;
    assert_eq!(status, 201, "{opened}");
    opened["sessionId"].as_str().expect("an id").to_owned()
}

/// A track of this session, from a description as a browser makes it.
async fn publish(rig: &Rig, session: &str) {
    let sdp = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\na=mid:0\r\n\
        a=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlzz\r\na=setup:actpass\r\na=sendonly\r\na=rtcp-mux\r\n\
        a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n";
    let body = json!({
        "sessionDescription": {"type": "offer", "sdp": sdp},
        "tracks": [{"location": "local", "mid": "0", "trackName": "mic"}],
    });
    let (status, answer) =
        call(rig, "POST", &format!("/sessions/{session}/tracks/new"), Some(body), SECRET).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["tracks"][0].get("errorCode"), None, "{answer}");
}

#[tokio::test]
async fn any_of_its_sessions_hears_any_other_and_none_belongs_to_a_live_session() {
    let rig = rig().await;
    let (speaker, listener) = (session(&rig).await, session(&rig).await);
    publish(&rig, &speaker).await;
    let body = json!({"tracks": [{"location": "remote", "sessionId": speaker, "trackName": "mic"}]});
    let path = format!("/sessions/{listener}/tracks/new");
    let (status, answer) = call(&rig, "POST", &path, Some(body), SECRET).await;
    assert_eq!((status, &answer["requiresImmediateRenegotiation"]), (200, &json!(true)), "{answer}");
    assert_eq!(answer["tracks"][0].get("errorCode"), None, "{answer}");
}

#[tokio::test]
async fn only_its_secret_opens_it_and_it_opens_nothing_else() {
    let rig = rig().await;
    let (_, joined) = join(&rig, contract::rtc::LOAD_SESSION, "somebody").await;
    let access = joined["access_token"].as_str().expect("a token");
    let path = format!("/api/rtc/sessions/{}/video-token", contract::rtc::LOAD_SESSION);
    let (_, video) = rig.sends("POST", &path, Some(json!({"access_token": access})), Some(access)).await;
    let video_token = video["video_token"].as_str().expect("a token");
    for wrong in ["another-secret", video_token] {
        assert_eq!(call(&rig, "POST", "/sessions/new", None, wrong).await.0, 401, "{wrong}");
    }
    let own = format!("{}/sessions/new", video["sfu_url"].as_str().expect("a URL"));
    assert_eq!(rig.sends("POST", &own, None, Some(SECRET)).await.0, 401);
    assert_eq!(rig.sends("POST", &own, None, Some(video_token)).await.0, 201);
}

#[tokio::test]
async fn one_of_its_sessions_does_not_make_room_for_the_next() {
    let rig = rig().await;
    let first = session(&rig).await;
    for _ in 0..60 {
        session(&rig).await;
    }
    assert_eq!(call(&rig, "GET", &format!("/sessions/{first}"), None, SECRET).await.0, 200);
}

#[test]
fn its_secret_comes_from_the_environment_and_shows_nowhere() {
    let app = SfuApp { id: APP.to_owned(), secret: SECRET.to_owned() };
    assert!(!format!("{app:?}").contains(SECRET));
    let output = Command::new(env!("CARGO_BIN_EXE_mock-server"))
        .args(["--port=0", "--sfu-app", APP])
        .env_remove("MOCK_SFU_APP_SECRET")
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("--sfu-app takes its secret from MOCK_SFU_APP_SECRET"), "{said}");
}
