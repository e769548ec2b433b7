use contract::ws::{self, ClientFrame, ServerFrame};
use serde_json::json;

#[test]
fn frames_are_tagged_by_type() {
    let chat: ClientFrame = serde_json::from_value(json!({
        "type": "chat", "content": "oss", "user_id": "u1", "sent_at": "2027-01-01T00:00:00.25Z", "mood": "ignored",
    }))
    .expect("a chat, whatever else it carries");
    let ClientFrame::Chat { sent_at, client_id, .. } = chat else { panic!("a chat") };
    assert_eq!(client_id, None);
    assert_eq!(serde_json::to_value(sent_at).expect("serialises"), json!("2027-01-01T00:00:00.250Z"));
    assert_eq!(serde_json::to_value(ClientFrame::Ping).expect("serialises"), json!({ "type": "ping" }));
    assert_eq!(
        serde_json::to_value(ServerFrame::ParticipantLeft { participant_id: "p".into(), participants: 2 })
            .expect("serialises"),
        json!({ "type": "participant_left", "participant_id": "p", "participants": 2 })
    );
}

#[test]
fn the_token_is_escaped_into_the_sockets_path() {
    assert_eq!(ws::path("test_session_001", "a b&c"), "/ws/sessions/test_session_001?token=a+b%26c");
}
