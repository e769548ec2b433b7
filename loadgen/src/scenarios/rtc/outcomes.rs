//! What the SFU says became of tracks. A 200 may carry failed ones. Pure.

use contract::sfu::{TrackOutcome, TrackRef, TracksInput, TracksOutput};
use engine::record::Fault;

use crate::call::ensure;

#[cfg(test)]
mod tests;

/// The names of the tracks that did not fail.
pub(super) fn granted(asked: &[TrackRef], outcomes: &[TrackOutcome]) -> Vec<String> {
    let both = asked.iter().zip(matched(asked, outcomes));
    let good = both.filter(|(_, outcome)| outcome.is_some_and(|outcome| outcome.error_code.is_none()));
    good.map(|(track, _)| track.track_name.clone()).collect()
}

/// What became of each track that was asked for: the outcome that names it, in whatever order they come. Where the SFU
/// has names of its own, what is left of both belongs together by its place.
pub(super) fn matched<'a>(asked: &[TrackRef], outcomes: &'a [TrackOutcome]) -> Vec<Option<&'a TrackOutcome>> {
    let mut left: Vec<Option<&TrackOutcome>> = outcomes.iter().map(Some).collect();
    let named: Vec<_> = asked
        .iter()
        .map(|track| {
            let place = left.iter().position(|left| left.is_some_and(|outcome| names(outcome, track)));
            place.and_then(|place| left[place].take())
        })
        .collect();
    let mut unnamed = left.into_iter().flatten();
    named.into_iter().map(|outcome| outcome.or_else(|| unnamed.next())).collect()
}

/// Whether an outcome is this track's; of two of the same name, the publisher's session tells them apart.
fn names(outcome: &TrackOutcome, track: &TrackRef) -> bool {
    let publisher = outcome.session_id.as_ref().zip(track.session_id.as_ref());
    outcome.track_name == track.track_name && publisher.is_none_or(|(told, asked)| told == asked)
}

/// Whether the SFU told what became of each.
pub(super) fn outcome_each(output: &TracksOutput, input: &TracksInput) -> Result<(), Fault> {
    ensure(output.tracks.len() == input.tracks.len(), "an outcome per track", || {
        format!("{} of {}", output.tracks.len(), input.tracks.len())
    })
}
