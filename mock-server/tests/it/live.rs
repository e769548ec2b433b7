//! A live session over real HTTP and sockets: joining, tokens, chat.

use std::time::Duration;

use contract::ws::{CHAT_MAX_CHARS, CHATS_PER_MINUTE, ClientFrame, ServerFrame};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::rig::Rig;

pub(crate) const SESSION: &str = contract::rtc::LOAD_SESSION;
const OTHER: &str = contract::rtc::OTHER_SESSION;

/// Joins and gives back the answer's status and body.
pub(crate) async fn join(rig: &Rig, session: &str, user: &str) -> (u16, Value) {
    let body = json!({"user_id": user, "participant_name": format!("{user} O'Neil")});
    let answer =
        rig.post(&format!("/api/rtc/sessions/{session}/join"), &body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

pub(crate) async fn leave(rig: &Rig, user: &str) {
    let path = format!("/api/rtc/sessions/{SESSION}/leave");
    let answer = rig.post(&path, &json!({"user_id": user})).send().await.expect("an answer");
    assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({"left": true}));
}

pub(crate) async fn video_token(rig: &Rig, session: &str, bearer: Option<&str>) -> (u16, Value) {
    let request = rig.post(
        &format!("/api/rtc/sessions/{session}/video-token"),
        &json!({"access_token": bearer.unwrap_or_default()}),
    );
    let request = bearer.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// A participant's end of the socket.
pub(crate) struct Client {
    user: String,
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl Client {
    /// Joins and opens the socket; the first frame is a welcome.
    pub(crate) async fn enter(rig: &Rig, user: &str) -> Self {
        let (status, joined) = join(rig, SESSION, user).await;
        assert_eq!(status, 200, "{joined}");
        let mut client = Self::open(rig, SESSION, user, text(&joined, "ws_token")).await;
        match client.next().await {
            ServerFrame::Welcome { session_id, participant_id, .. } => {
                assert_eq!(
                    (session_id.as_str(), participant_id.as_str()),
                    (SESSION, text(&joined, "participant_id"))
                );
            }
            other => panic!("the first frame is a welcome, not {other:?}"),
        }
        client
    }

    pub(crate) async fn open(rig: &Rig, session: &str, user: &str, token: &str) -> Self {
        Self::open_with(rig, session, user, token, None).await
    }

    async fn open_with(
        rig: &Rig,
        session: &str,
        user: &str,
        token: &str,
        receive_buffer: Option<u32>,
    ) -> Self {
        let address = rig.base.strip_prefix("http://").expect("plain HTTP").parse().expect("an address");
        let tcp = TcpSocket::new_v4().expect("a socket");
        if let Some(size) = receive_buffer {
            tcp.set_recv_buffer_size(size).expect("it may be set");
        }
        let stream = tcp.connect(address).await.expect("a connection");
        let url = format!("ws://{address}{}", contract::ws::path(session, token));
        let (socket, _) = client_async(url, stream).await.expect("the handshake succeeds");
        Self { user: user.to_owned(), socket }
    }

    async fn send(&mut self, message: Message) {
        self.socket.send(message).await.expect("it is sent");
    }

    pub(crate) async fn frame(&mut self, frame: &ClientFrame) {
        self.send(Message::text(serde_json::to_string(frame).expect("it serialises"))).await;
    }

    pub(crate) async fn say(&mut self, content: &str) {
        let sent_at = "2027-01-01T10:00:00Z".parse().expect("a time");
        let (content, user_id) = (content.to_owned(), self.user.clone());
        self.frame(&ClientFrame::Chat { content, user_id, sent_at, client_id: Some("c1".to_owned()) }).await;
    }

    /// The next frame that is not protocol-level.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        loop {
            match self.socket.next().await.expect("it is open").expect("a frame") {
                Message::Text(text) => return serde_json::from_str(&text).expect("a server frame"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("a text frame was expected, not {other:?}"),
            }
        }
    }

    /// The next chat: its number and content.
    pub(crate) async fn next_chat(&mut self) -> (u64, String) {
        loop {
            match self.next().await {
                ServerFrame::Chat { seq, content, .. } => return (seq, content),
                ServerFrame::ParticipantJoined { .. } | ServerFrame::ParticipantLeft { .. } => {}
                other => panic!("a chat was expected, not {other:?}"),
            }
        }
    }

    pub(crate) async fn next_error(&mut self) -> String {
        match self.next().await {
            ServerFrame::Error { error } => error,
            other => panic!("an error was expected, not {other:?}"),
        }
    }

    /// The code the server closes with, whatever comes before.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match self.socket.next().await.expect("a close comes first").expect("a frame") {
                Message::Close(Some(close)) => return close.code.into(),
                Message::Close(None) => panic!("the close has no code"),
                _ => {}
            }
        }
    }
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

#[tokio::test]
async fn joining_counts_people_and_ends_at_the_capacity() {
    let rig = Rig::start().await;
    assert_eq!(join(&rig, "no_such_session", "ann").await.0, 404);
    assert_eq!(join(&rig, SESSION, " ").await.0, 422);
    for n in 1..=100 {
        let (status, joined) = join(&rig, SESSION, &format!("user-{n}")).await;
        assert_eq!((status, joined["participants"].as_u64()), (200, Some(n)));
    }
    let (status, refused) = join(&rig, SESSION, "one too many").await;
    assert_eq!(status, 409, "{refused}");
    // The same person again takes their own place, and a place that is left is free.
    let (status, joined) = join(&rig, SESSION, "user-7").await;
    assert_eq!((status, joined["participants"].as_u64()), (200, Some(100)));
    leave(&rig, "user-7").await;
    assert_eq!(join(&rig, SESSION, "one too many").await.0, 200);
}

#[tokio::test]
async fn tokens_are_good_in_one_session_and_for_one_participation() {
    let rig = Rig::start().await;
    let (_, here) = join(&rig, SESSION, "ann").await;
    let (_, elsewhere) = join(&rig, OTHER, "ann").await;
    assert_eq!(video_token(&rig, SESSION, None).await.0, 403);
    assert_eq!(video_token(&rig, SESSION, Some("nonsense")).await.0, 401);
    assert_eq!(video_token(&rig, SESSION, Some(text(&here, "ws_token"))).await.0, 401);
    assert_eq!(video_token(&rig, SESSION, Some(text(&elsewhere, "access_token"))).await.0, 403);
    assert_eq!(video_token(&rig, "no_such_session", Some(text(&here, "access_token"))).await.0, 404);
    let (status, video) = video_token(&rig, SESSION, Some(text(&here, "access_token"))).await;
    assert_eq!(status, 200);
    assert_eq!(text(&video, "sfu_url"), format!("/v1/apps/{}", text(&video, "app_id")));
    let health = rig.get(&format!("/api/rtc/sessions/{SESSION}/video-health"));
    let health: Value = health
        .bearer_auth(text(&here, "access_token"))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!((text(&health, "status"), health["tracks"].as_u64()), ("connected", Some(0)));
    let (_, again) = join(&rig, SESSION, "ann").await;
    assert_eq!(video_token(&rig, SESSION, Some(text(&here, "access_token"))).await.0, 401);
    assert_eq!(video_token(&rig, SESSION, Some(text(&again, "access_token"))).await.0, 200);
    leave(&rig, "ann").await;
    assert_eq!(video_token(&rig, SESSION, Some(text(&again, "access_token"))).await.0, 401);
}

#[tokio::test]
async fn a_socket_without_a_good_token_is_closed_with_a_code() {
    let rig = Rig::start().await;
    let (_, here) = join(&rig, SESSION, "ann").await;
    let (_, elsewhere) = join(&rig, OTHER, "ann").await;
    let tries = [
        (SESSION, "nonsense", 4401),
        (SESSION, text(&elsewhere, "ws_token"), 4401),
        (SESSION, text(&here, "access_token"), 4401),
        ("no_such_session", text(&here, "ws_token"), 4404),
    ];
    for (session, token, code) in tries {
        assert_eq!(Client::open(&rig, session, "ann", token).await.close_code().await, code);
    }
    let plain =
        rig.get(&contract::ws::path(SESSION, text(&here, "ws_token"))).send().await.expect("an answer");
    assert_eq!(plain.status(), 426);
    assert_eq!(plain.headers()["upgrade"], "websocket");
}

#[tokio::test]
async fn everyone_sees_every_message_in_one_order() {
    let rig = Rig::start().await;
    let mut people = Vec::new();
    for n in 0..5 {
        people.push(Client::enter(&rig, &format!("user-{n}")).await);
    }
    for round in 0..6 {
        for person in &mut people {
            let content = format!("{} says {round}", person.user);
            person.say(&content).await;
        }
    }
    let mut seen: Vec<Vec<(u64, String)>> = Vec::new();
    for person in &mut people {
        let mut chats = Vec::new();
        for _ in 0..30 {
            chats.push(person.next_chat().await);
        }
        seen.push(chats);
    }
    let numbers: Vec<u64> = seen[0].iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
    assert!(seen.iter().all(|chats| *chats == seen[0]));
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn comings_and_goings_are_told() {
    let rig = Rig::start().await;
    let mut ann = Client::enter(&rig, "ann").await;
    let mut bob = Client::enter(&rig, "bob").await;
    assert!(matches!(ann.next().await, ServerFrame::ParticipantJoined { participants: 2, .. }));
    bob.frame(&ClientFrame::Leave).await;
    assert_eq!(bob.close_code().await, 1000);
    assert!(matches!(ann.next().await, ServerFrame::ParticipantLeft { participants: 1, .. }));
    // Leaving over HTTP closes the socket too.
    let mut eve = Client::enter(&rig, "eve").await;
    leave(&rig, "eve").await;
    assert_eq!(eve.close_code().await, 1000);
}

#[tokio::test]
async fn a_dropped_socket_comes_back_with_the_same_token() {
    let rig = Rig::start().await;
    let mut ann = Client::enter(&rig, "ann").await;
    let (_, joined) = join(&rig, SESSION, "bob").await;
    let mut first = Client::open(&rig, SESSION, "bob", text(&joined, "ws_token")).await;
    assert!(matches!(first.next().await, ServerFrame::Welcome { .. }));
    let mut second = Client::open(&rig, SESSION, "bob", text(&joined, "ws_token")).await;
    assert!(matches!(second.next().await, ServerFrame::Welcome { participants: 2, .. }));
    assert_eq!(first.close_code().await, 4409);
    ann.say("still here?").await;
    assert_eq!(second.next_chat().await, (1, "still here?".to_owned()));
    drop(second);
    let gone = loop {
        if let frame @ ServerFrame::ParticipantLeft { participants: 1, .. } = ann.next().await {
            break frame;
        }
    };
    assert!(
        matches!(gone, ServerFrame::ParticipantLeft { participant_id, .. } if participant_id == text(&joined, "participant_id"))
    );
}

#[tokio::test]
async fn what_breaks_the_rules_earns_an_error_and_no_cut() {
    let rig = Rig::start().await;
    let mut ann = Client::enter(&rig, "ann").await;
    ann.say("   ").await;
    assert_eq!(ann.next_error().await, "Message cannot be empty");
    ann.say(&"x".repeat(CHAT_MAX_CHARS + 1)).await;
    assert!(ann.next_error().await.contains("501 characters"));
    for garbage in ["", "{", "[]", "{\"type\":\"dance\"}", "{\"type\":\"chat\"}"] {
        ann.send(Message::text(garbage)).await;
        assert!(ann.next_error().await.starts_with("Not a frame"), "{garbage}");
    }
    ann.send(Message::binary(vec![0, 159, 146, 150])).await;
    assert!(ann.next_error().await.contains("binary"));
    ann.user = "bob".to_owned();
    ann.say("I am bob").await;
    assert!(ann.next_error().await.contains("user_id"));
    ann.user = "ann".to_owned();
    // Characters are counted, not bytes; the refused ones left no gap.
    let longest = "🥋".repeat(CHAT_MAX_CHARS);
    ann.say(&longest).await;
    assert_eq!(ann.next_chat().await, (1, longest));
    ann.frame(&ClientFrame::Ping).await;
    assert_eq!(ann.next().await, ServerFrame::Pong);
}

#[tokio::test]
async fn an_oversized_frame_ends_the_socket_only() {
    let rig = Rig::start().await;
    let mut ann = Client::enter(&rig, "ann").await;
    ann.say(&"x".repeat(32 * 1024)).await;
    assert!(ann.next_error().await.contains("32768 characters"));
    let mut bob = Client::enter(&rig, "bob").await;
    ann.say(&"x".repeat(64 * 1024)).await;
    assert_eq!(ann.close_code().await, 1009);
    bob.say("and on we go").await;
    assert_eq!(bob.next_chat().await.0, 1);
}

#[tokio::test]
async fn thirty_chats_a_minute_are_allowed_and_the_next_is_not() {
    let rig = Rig::start().await;
    let mut ann = Client::enter(&rig, "ann").await;
    for n in 1..=CHATS_PER_MINUTE {
        ann.say("osu").await;
        assert_eq!(ann.next_chat().await.0, n as u64);
    }
    ann.say("osu").await;
    assert!(ann.next_error().await.contains("Rate limit"));
    // Coming back does not help, and others are not held to it.
    let mut ann = Client::enter(&rig, "ann").await;
    ann.say("osu").await;
    assert!(ann.next_error().await.contains("Rate limit"));
    let mut bob = Client::enter(&rig, "bob").await;
    bob.say("osu").await;
    assert_eq!(bob.next_chat().await.0, 31);
}

#[tokio::test]
async fn who_does_not_read_is_closed_and_does_not_hold_up_the_others() {
    let rig = Rig::start().await;
    let (_, joined) = join(&rig, SESSION, "slow").await;
    let slow = Client::open_with(&rig, SESSION, "slow", text(&joined, "ws_token"), Some(4096)).await;
    let mut ann = Client::enter(&rig, "ann").await;
    let long = "🥋".repeat(CHAT_MAX_CHARS);
    'until_told: for n in 0..80 {
        let mut speaker = Client::enter(&rig, &format!("speaker-{n}")).await;
        for _ in 0..CHATS_PER_MINUTE {
            speaker.say(&long).await;
            speaker.next_chat().await;
        }
        leave(&rig, &speaker.user).await;
        loop {
            match ann.next().await {
                ServerFrame::ParticipantLeft { participant_id, .. } => {
                    if participant_id == text(&joined, "participant_id") {
                        break 'until_told;
                    }
                    break;
                }
                ServerFrame::Chat { .. } | ServerFrame::ParticipantJoined { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(n < 79, "the one who does not read was never closed");
    }
    drop(slow);
    assert!(rig.audit_holds().await);
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_silence_ends_the_socket_and_a_pong_is_a_sign_of_life() {
    let rig = Rig::start().await;
    let mut awake = Client::enter(&rig, "awake").await;
    let mut asleep = Client::enter(&rig, "asleep").await;
    // Reading answers the server's pings; only one of the two reads.
    let told = tokio::time::timeout(Duration::from_mins(5), async {
        loop {
            if let ServerFrame::ParticipantLeft { participants, .. } = awake.next().await {
                break participants;
            }
        }
    });
    assert_eq!(told.await.expect("it is told within five minutes"), 1);
    assert_eq!(asleep.close_code().await, 4408);
}

#[tokio::test]
async fn a_reset_empties_the_sessions() {
    let rig = Rig::start().await;
    let mut ann = Client::enter(&rig, "ann").await;
    ann.say("osu").await;
    ann.next_chat().await;
    let reset = rig.admin("POST", "/__admin/reset-load").send().await.expect("an answer");
    assert!(reset.status().is_success());
    assert_eq!(ann.close_code().await, 1012);
    let mut ann = Client::enter(&rig, "ann").await;
    ann.say("from the start").await;
    assert_eq!(ann.next_chat().await.0, 1);
}
