use contract::sfu::Location;

use super::*;

fn asked(session_id: Option<&str>, track_name: &str) -> TrackRef {
    TrackRef {
        location: Location::Remote,
        mid: None,
        session_id: session_id.map(str::to_owned),
        track_name: track_name.into(),
    }
}

fn outcome(session_id: Option<&str>, track_name: &str, error_code: Option<&str>) -> TrackOutcome {
    TrackOutcome {
        mid: None,
        track_name: track_name.into(),
        session_id: session_id.map(str::to_owned),
        error_code: error_code.map(str::to_owned),
        error_description: None,
    }
}

const GONE: Option<&str> = Some("not_found_track_error");

#[test]
fn what_the_sfu_refuses_is_not_published() {
    let tracks = ["audio-1", "video-1"].map(|name| asked(None, name));
    let told = |codes: [Option<&str>; 2]| codes.map(|code| outcome(None, "as the SFU calls it", code));
    assert_eq!(granted(&tracks, &told([None, GONE])), ["audio-1"], "by place, where names say nothing");
    assert_eq!(granted(&tracks, &told([GONE, GONE])), [""; 0]);
}

#[test]
fn outcomes_may_come_in_any_order() {
    let tracks = ["a", "b", "c"].map(|name| asked(None, name));
    let told = [outcome(None, "b", None), outcome(None, "c", None), outcome(None, "a", GONE)];
    assert_eq!(granted(&tracks, &told), ["b", "c"]);
    // One without a name is of the track that no other names.
    let told = [outcome(None, "b", GONE), outcome(None, "", None), outcome(None, "a", GONE)];
    assert_eq!(granted(&tracks, &told), ["c"]);
    assert_eq!(granted(&tracks, &told[..1]), [""; 0], "what nothing is told of is not granted");
}

#[test]
fn of_two_of_one_name_the_publisher_decides() {
    let tracks = ["one", "two"].map(|session| asked(Some(session), "audio"));
    let told = [outcome(Some("two"), "audio", GONE), outcome(Some("one"), "audio", None)];
    let errors: Vec<bool> = matched(&tracks, &told)
        .iter()
        .map(|told| told.is_some_and(|told| told.error_code.is_some()))
        .collect();
    assert_eq!(errors, [false, true]);
    // Where that is not told, the first of the name is the first that was asked for.
    let told = [outcome(None, "audio", GONE), outcome(None, "audio", None)];
    assert_eq!(matched(&tracks, &told), [Some(&told[0]), Some(&told[1])]);
}
