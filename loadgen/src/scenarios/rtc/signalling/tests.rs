use super::*;

#[test]
fn what_the_sfu_refuses_is_not_published() {
    let asked = ["audio-1", "video-1"].map(|track_name| TrackRef {
        location: Location::Local,
        mid: None,
        session_id: None,
        track_name: track_name.into(),
    });
    let outcomes = [None, Some("invalid_track")].map(|code| TrackOutcome {
        mid: None,
        track_name: "as the SFU calls it".into(),
        session_id: None,
        error_code: code.map(str::to_owned),
        error_description: None,
    });
    assert_eq!(granted(asked.into(), &outcomes), ["audio-1"]);
}

#[test]
fn no_wait_is_longer_than_a_session_can_bear() {
    let waits = [None, Some(0), Some(30), Some(3_600)].map(asked_to_wait);
    assert_eq!(
        waits,
        [None, Some(Duration::ZERO), Some(Duration::from_secs(30)), Some(Duration::from_secs(30))]
    );
}
