//! A session description, offered to the SFU and then sent as an answer.

use contract::sfu::TracksOutput;
use serde_json::json;

use super::mock::{Mock, text};

/// An offer that is taken is answered with a description; any other is refused with a reason.
pub fn check(mock: &Mock, data: &[u8]) {
    let sdp = String::from_utf8_lossy(data);
    let sessions = format!("{}/sessions", mock.sfu);
    let session = text(&mock.post(&format!("{sessions}/new"), &mock.video, &json!({})).1, "sessionId");
    let tracks = [
        json!({ "location": "local", "mid": "0", "trackName": "sound" }),
        json!({ "location": "local", "mid": "1", "trackName": "picture" }),
    ];
    let offered = json!({ "sessionDescription": { "type": "offer", "sdp": sdp }, "tracks": tracks });
    let (status, answer) = mock.post(&format!("{sessions}/{session}/tracks/new"), &mock.video, &offered);
    if status == 200 {
        let output: TracksOutput = serde_json::from_value(answer).expect("the contract's answer");
        let answer = output.session_description.expect("an offer is answered").sdp;
        assert!(answer.starts_with("v=0\r\n"), "{answer}");
    } else {
        assert_eq!(status, 400, "{answer}");
    }
    let subscribed =
        json!({ "tracks": [{ "location": "remote", "sessionId": session, "trackName": "sound" }] });
    mock.post(&format!("{sessions}/{session}/tracks/new"), &mock.video, &subscribed);
    let answered = json!({ "sessionDescription": { "type": "answer", "sdp": sdp } });
    let mut request = http::Request::new(answered.to_string().into());
    *request.method_mut() = http::Method::PUT;
    *request.uri_mut() = format!("{sessions}/{session}/renegotiate").parse().expect("a path");
    let bearer = format!("Bearer {}", mock.video).parse().expect("a header");
    request.headers_mut().insert(http::header::AUTHORIZATION, bearer);
    mock.ask(request);
}
