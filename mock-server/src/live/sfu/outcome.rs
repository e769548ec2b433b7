//! What becomes of each track a call names, and what makes a whole call fail.

use contract::ApiError;
use contract::sfu::{MAX_TRACKS_PER_CALL, SdpType, SessionDescription, TrackOutcome};

use super::sdp::{self, Sdp};

/// A track's failure: Cloudflare's code and a sentence.
pub(crate) type Failure = (&'static str, &'static str);
pub(crate) const NO_TRACK: Failure = ("not_found_track_error", "Track not found");
pub(crate) const DUPLICATE: Failure =
    ("duplicate_track_error", "The media section or the track's name is in use already");
pub(crate) const NO_SECTION: Failure =
    ("invalid_track_error", "No media section of the offer with this mid sends anything");
pub(crate) const NO_CODEC: Failure =
    ("invalid_track_error", "None of the media section's codecs is supported");
pub(crate) const OTHER_KIND: Failure = ("invalid_track_error", "The new source is of another kind of media");

/// A track that came out well, or failed.
pub(crate) fn outcome(
    mid: Option<String>,
    name: &str,
    source: Option<&str>,
    failure: Option<Failure>,
) -> TrackOutcome {
    TrackOutcome {
        mid,
        track_name: name.to_owned(),
        session_id: source.map(str::to_owned),
        error_code: failure.map(|(code, _)| code.to_owned()),
        error_description: failure.map(|(_, sentence)| sentence.to_owned()),
    }
}

/// A track that failed.
pub(crate) fn failed(
    mid: Option<String>,
    name: &str,
    source: Option<&str>,
    failure: Failure,
) -> TrackOutcome {
    outcome(mid, name, source, Some(failure))
}

/// 400 for a call that names no track or too many.
pub(crate) fn check_count(tracks: usize) -> Result<(), ApiError> {
    match tracks {
        0 => Err(ApiError::bad_request("No tracks are named")),
        1..=MAX_TRACKS_PER_CALL => Ok(()),
        _ => Err(ApiError::bad_request(format!(
            "A call names at most {MAX_TRACKS_PER_CALL} tracks, not {tracks}"
        ))),
    }
}

/// A description of the expected type, read; 400 when it is another, or cannot be.
pub(crate) fn read(description: &SessionDescription, expected: SdpType) -> Result<Sdp, ApiError> {
    if description.kind != expected {
        return Err(ApiError::bad_request(format!("The sessionDescription must be an {expected:?}")));
    }
    sdp::parse(&description.sdp).map_err(|what| unusable(&what))
}

/// 400 for a description that cannot be used.
pub(crate) fn unusable(what: &str) -> ApiError {
    ApiError::bad_request(format!("The sessionDescription cannot be read: {what}"))
}
