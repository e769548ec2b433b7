//! The SFU's choreography over real HTTP, on paper: its rules are the same with media and without.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::live::join;
use crate::rig::Rig;

const SESSION: &str = contract::rtc::LOAD_SESSION;

/// A participant with a video token.
pub(crate) struct Peer<'a> {
    pub(crate) rig: &'a Rig,
    base: String,
    token: String,
    /// Of the participation, for the session's own calls.
    pub(crate) access: String,
    /// The SFU session.
    pub(crate) session: String,
}

impl<'a> Peer<'a> {
    /// Joins the load session, asks for video, opens a session with the SFU.
    pub(crate) async fn enter(rig: &'a Rig, user: &str) -> Self {
        Self::enter_session(rig, SESSION, user).await
    }

    /// The same in another live session.
    pub(crate) async fn enter_session(rig: &'a Rig, session: &str, user: &str) -> Self {
        let (_, joined) = join(rig, session, user).await;
        let access = joined["access_token"].as_str().expect("a token");
        let path = format!("/api/rtc/sessions/{session}/video-token");
        let request = rig.post(&path, &json!({"access_token": access})).bearer_auth(access);
        let video: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        let mut peer = Self {
            rig,
            base: video["sfu_url"].as_str().expect("a URL").to_owned(),
            token: video["video_token"].as_str().expect("a token").to_owned(),
            access: access.to_owned(),
            session: String::new(),
        };
        let (status, opened) = peer.call("POST", "new", None).await;
        assert_eq!(status, 201);
        opened["sessionId"].as_str().expect("an id").clone_into(&mut peer.session);
        peer
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let path = match path {
            "new" => format!("{}/sessions/new", self.base),
            "" => format!("{}/sessions/{}", self.base, self.session),
            _ => format!("{}/sessions/{}/{path}", self.base, self.session),
        };
        let request = self.rig.request(method, &path).bearer_auth(&self.token);
        let request = body.iter().fold(request, reqwest::RequestBuilder::json);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    pub(crate) async fn publish(&self, tracks: &[(&str, &str)], offered: &[(&str, &str)]) -> (u16, Value) {
        let tracks: Vec<Value> = tracks
            .iter()
            .map(|(mid, name)| json!({"location": "local", "mid": mid, "trackName": name}))
            .collect();
        let offer = json!({"type": "offer", "sdp": sdp(offered, "sendonly", "actpass")});
        self.call("POST", "tracks/new", Some(json!({"sessionDescription": offer, "tracks": tracks}))).await
    }

    pub(crate) async fn subscribe(&self, tracks: &[(&str, &str)]) -> (u16, Value) {
        let tracks: Vec<Value> = tracks
            .iter()
            .map(|(session, name)| json!({"location": "remote", "sessionId": session, "trackName": name}))
            .collect();
        self.call("POST", "tracks/new", Some(json!({ "tracks": tracks }))).await
    }

    pub(crate) async fn answer(&self, sections: &[(&str, &str)]) -> (u16, Value) {
        let answer = json!({"type": "answer", "sdp": sdp(sections, "recvonly", "active")});
        self.call("PUT", "renegotiate", Some(json!({"sessionDescription": answer}))).await
    }

    pub(crate) async fn states(&self) -> Vec<(String, String)> {
        let (status, state) = self.call("GET", "", None).await;
        assert_eq!(status, 200, "{state}");
        let field = |track: &Value, name: &str| track[name].as_str().expect("text").to_owned();
        let tracks = state["tracks"].as_array().expect("a list");
        tracks.iter().map(|track| (field(track, "trackName"), field(track, "status"))).collect()
    }
}

/// A mock that carries no media.
async fn paper() -> Rig {
    Rig::with(|config| config.media = None).await
}

/// A browser's description with these sections, as (mid, kind).
fn sdp(sections: &[(&str, &str)], direction: &str, setup: &str) -> String {
    let mut text = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        a=fingerprint:sha-256 AB:CD:EF\r\na=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlzz\r\n"
        .to_owned();
    let mids: Vec<&str> = sections.iter().map(|(mid, _)| *mid).collect();
    write!(text, "a=group:BUNDLE {}\r\n", mids.join(" ")).expect("writing to a string");
    for (mid, kind) in sections {
        let codecs = match *kind {
            "audio" => {
                "111 9\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:9 G722/8000"
            }
            "video" => {
                "96 97 120\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:120 XVID/90000"
            }
            _ => "0\r\na=rtpmap:0 PCMU/8000",
        };
        let kind = if *kind == "video" { "video" } else { "audio" };
        let (formats, attributes) = codecs.split_once("\r\n").expect("formats before attributes");
        write!(text, "m={kind} 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\na=setup:{setup}\r\na=rtcp-mux\r\n{attributes}\r\n")
            .expect("writing to a string");
    }
    text
}

/// The values of an attribute, in order.
fn attributes<'a>(sdp: &'a str, name: &str) -> Vec<&'a str> {
    sdp.lines().filter_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':')).collect()
}

const AUDIO_AND_VIDEO: [(&str, &str); 2] = [("0", "audio"), ("1", "video")];

async fn publisher<'a>(rig: &'a Rig, user: &str) -> Peer<'a> {
    let peer = Peer::enter(rig, user).await;
    let (status, published) = peer.publish(&[("0", "mic"), ("1", "cam")], &AUDIO_AND_VIDEO).await;
    assert_eq!(status, 200, "{published}");
    peer
}

#[tokio::test]
async fn publishing_is_answered_section_by_section() {
    let rig = paper().await;
    let ann = Peer::enter(&rig, "ann").await;
    let offered = [("a0", "audio"), ("v1", "video"), ("x2", "phone")];
    let tracks = [("a0", "mic"), ("v1", "cam"), ("x2", "line"), ("nowhere", "ghost"), ("v1", "cam")];
    let (status, published) = ann.publish(&tracks, &offered).await;
    assert_eq!((status, &published["requiresImmediateRenegotiation"]), (200, &json!(false)));
    let errors: Vec<&Value> =
        published["tracks"].as_array().expect("a list").iter().map(|t| &t["errorCode"]).collect();
    let invalid = json!("invalid_track_error");
    assert_eq!(errors, [&Value::Null, &Value::Null, &invalid, &invalid, &json!("duplicate_track_error")]);
    assert_eq!(published["sessionDescription"]["type"], "answer");
    let answer = published["sessionDescription"]["sdp"].as_str().expect("text");
    assert!(answer.starts_with("v=0\r\no=- ") && answer.ends_with("\r\n"));
    assert_eq!(attributes(answer, "mid"), ["a0", "v1", "x2"]);
    assert_eq!(attributes(answer, "group"), ["BUNDLE a0 v1"]);
    assert_eq!(attributes(answer, "setup"), ["passive"; 3]);
    assert_eq!(attributes(answer, "rtpmap"), ["111 opus/48000/2", "96 VP8/90000", "97 rtx/90000"]);
    assert_eq!(attributes(answer, "fmtp"), ["111 minptime=10;useinbandfec=1", "97 apt=96"]);
    let media: Vec<&str> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        media,
        [
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
            "m=audio 0 UDP/TLS/RTP/SAVPF 0"
        ]
    );
    assert_eq!(answer.matches("a=recvonly").count(), 2);
    for name in ["ice-ufrag", "ice-pwd", "fingerprint"] {
        let values = attributes(answer, name);
        assert!(values.len() == 3 && values.iter().all(|value| value.len() >= 4 && *value == values[0]));
    }
    assert_eq!(
        ann.states().await,
        [("mic", "active"), ("cam", "active")].map(|(n, s)| (n.to_owned(), s.to_owned()))
    );
}

#[tokio::test]
async fn subscribing_takes_an_answer_and_one_negotiation_at_a_time() {
    let rig = paper().await;
    let ann = publisher(&rig, "ann").await;
    let bob = publisher(&rig, "bob").await;
    assert_eq!(bob.answer(&AUDIO_AND_VIDEO).await.0, 400);
    let wanted = [
        (ann.session.as_str(), "mic"),
        (&ann.session, "cam"),
        (&ann.session, "third eye"),
        ("nobody", "mic"),
    ];
    let (status, offered) = bob.subscribe(&wanted).await;
    assert_eq!((status, &offered["requiresImmediateRenegotiation"]), (200, &json!(true)));
    let tracks = offered["tracks"].as_array().expect("a list");
    assert_eq!((&tracks[0]["mid"], &tracks[1]["mid"]), (&json!("2"), &json!("3")));
    assert!(tracks[2..].iter().all(|track| track["errorCode"] == "not_found_track_error"));
    let offer = offered["sessionDescription"]["sdp"].as_str().expect("text");
    assert_eq!(
        (attributes(offer, "mid"), attributes(offer, "setup")),
        (vec!["0", "1", "2", "3"], vec!["actpass"; 4])
    );
    assert_eq!((offer.matches("a=recvonly").count(), offer.matches("a=sendonly").count()), (2, 2));
    assert_eq!(bob.states().await[2], ("mic".to_owned(), "waiting".to_owned()));

    assert_eq!(bob.subscribe(&wanted).await.0, 406);
    assert_eq!(bob.publish(&[("0", "x")], &AUDIO_AND_VIDEO).await.0, 406);
    let sections = [AUDIO_AND_VIDEO[0], AUDIO_AND_VIDEO[1], ("2", "audio"), ("3", "video")];
    assert_eq!(bob.answer(&sections[..3]).await.0, 400, "an answer has every section of its offer");
    assert_eq!(bob.answer(&sections).await.0, 200);
    assert!(bob.states().await.iter().all(|(_, status)| status == "active"));

    // What the publisher closes stops at the subscriber.
    let (status, closed) = ann
        .call("PUT", "tracks/close", Some(json!({"tracks": [{"mid": "1"}, {"mid": "9"}], "force": true})))
        .await;
    assert_eq!((status, &closed["tracks"][1]["errorCode"]), (200, &json!("not_found_track_error")));
    assert_eq!(bob.states().await[3], ("cam".to_owned(), "inactive".to_owned()));
    let eve = publisher(&rig, "eve").await;
    let update = json!({"tracks": [
        {"location": "remote", "mid": "3", "sessionId": eve.session, "trackName": "cam"},
        {"location": "remote", "mid": "2", "sessionId": eve.session, "trackName": "cam"}]});
    let (status, updated) = bob.call("PUT", "tracks/update", Some(update)).await;
    assert_eq!((status, &updated["tracks"][0]["errorCode"]), (200, &Value::Null));
    assert_eq!(updated["tracks"][1]["errorCode"], "invalid_track_error");
    assert_eq!(bob.states().await[3], ("cam".to_owned(), "active".to_owned()));
}

#[tokio::test]
async fn nothing_of_the_session_is_open_to_strangers_or_after_the_end() {
    let rig = paper().await;
    let ann = publisher(&rig, "ann").await;
    let mut bob = publisher(&rig, "bob").await;
    let own = std::mem::replace(&mut bob.session, ann.session.clone());
    assert_eq!(bob.call("GET", "", None).await.0, 403);
    "no-such-session".clone_into(&mut bob.session);
    assert_eq!(bob.call("GET", "", None).await.0, 410);
    bob.session = own;
    let token = std::mem::replace(&mut bob.token, "nonsense".to_owned());
    assert_eq!(bob.call("GET", "", None).await.0, 401);
    bob.token = token;
    let base = std::mem::replace(&mut bob.base, "/v1/apps/another".to_owned());
    assert_eq!(bob.call("GET", "", None).await.0, 403);
    bob.base = base;
    let path = format!("/api/rtc/sessions/{SESSION}/leave");
    rig.post(&path, &json!({"user_id": "ann"})).send().await.expect("an answer");
    assert_eq!(ann.call("GET", "", None).await.0, 401);
    assert_eq!(
        bob.subscribe(&[(&ann.session, "mic")]).await.1["tracks"][0]["errorCode"],
        "not_found_track_error"
    );
}

#[tokio::test]
async fn calls_are_bounded_in_size_and_number() {
    let rig = paper().await;
    let ann = publisher(&rig, "ann").await;
    let many = vec![(ann.session.as_str(), "mic"); 65];
    assert_eq!(ann.subscribe(&many).await.0, 400);
    assert_eq!(ann.subscribe(&[]).await.0, 400);
    let calls: Vec<_> = (0..200).map(|_| ann.call("GET", "", None)).collect();
    let statuses: Vec<u16> =
        futures_util::future::join_all(calls).await.into_iter().map(|(status, _)| status).collect();
    assert!(statuses.iter().all(|status| [200, 429].contains(status)));
    let allowed = statuses.iter().filter(|status| **status == 200).count();
    assert!(allowed < 200, "fifty calls a second are the limit");
}

#[tokio::test]
async fn descriptions_that_cannot_be_read_are_refused_with_a_reason() {
    let rig = paper().await;
    let ann = Peer::enter(&rig, "ann").await;
    let good = sdp(&AUDIO_AND_VIDEO, "sendonly", "actpass");
    let broken = [
        String::new(),
        "hello".to_owned(),
        good.replace("v=0", "v=1"),
        good.replace("a=mid:1", "a=mid:0"),
        good.replace("a=mid:1\r\n", ""),
        good.replace("a=ice-pwd:2/1muCWoOi3uLifh0NuRHlzz\r\n", ""),
        good.replace("a=setup:actpass\r\n", ""),
        good.replace("m=video 9", "m=video nine"),
        good.split("m=").next().expect("a session part").to_owned(),
    ];
    for sdp in broken {
        let body = json!({"sessionDescription": {"type": "offer", "sdp": sdp}, "tracks": [{"location": "local", "mid": "0", "trackName": "mic"}]});
        let (status, refused) = ann.call("POST", "tracks/new", Some(body)).await;
        assert_eq!(status, 400, "{refused}");
    }
    // Sections stay where they were.
    assert_eq!(ann.publish(&[("0", "mic")], &AUDIO_AND_VIDEO).await.0, 200);
    assert_eq!(ann.publish(&[("1", "cam")], &[("1", "video"), ("0", "audio")]).await.0, 400);
    assert_eq!(ann.publish(&[("1", "cam")], &AUDIO_AND_VIDEO).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn an_operation_waits_five_seconds_for_the_connection() {
    let rig = paper().await;
    let ann = Peer::enter(&rig, "ann").await;
    let close = || ann.call("PUT", "tracks/close", Some(json!({"tracks": [{"mid": "0"}], "force": true})));
    let soon = tokio::time::timeout(std::time::Duration::from_millis(4_900), close()).await;
    assert!(soon.is_err(), "not before five seconds are over");
    assert_eq!(close().await.0, 425);
}
