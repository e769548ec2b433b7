//! What a participant asks the SFU, one negotiation at a time.

use std::{sync::Arc, time::Duration};

use contract::{
    Endpoint,
    rtc::{VideoToken, VideoTokenInput, VideoTokenOutput},
    sfu::{
        AppParams, CloseInput, CloseTracks, Location, MAX_TRACKS_PER_CALL, MidRef, NewSession, NewTracks,
        Renegotiate, RenegotiateInput, SdpType, SessionDescription, SfuSessionParams, TrackOutcome, TrackRef,
        TracksInput, TracksOutput, UpdateTracks,
    },
};
use engine::{clock, record::Fault};

use super::{
    BACKOFF, Shared,
    connection::{Connection, Offered},
    counted, done, load_session,
    outcomes::{granted, matched, outcome_each},
    subscriptions::Heard,
};
use crate::{
    call::{Answer, ensure},
    context::Context,
    media::{Kind, Source},
};

#[cfg(test)]
mod tests;

/// What the SFU says when the same may work later: another negotiation is under way, the session is not connected yet,
/// too many calls.
const LATER: [u16; 3] = [406, 425, 429];
/// The longest wait before asking again, even where `Retry-After` asks for more.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// What it may say to an ICE restart that it does not take.
const NO_RESTART: [u16; 5] = [400, 404, 405, 410, 422];

/// A session with the SFU.
pub(super) struct SfuSession {
    pub(super) at: SfuSessionParams,
    pub(super) token: String,
    pub(super) connection: Connection,
    /// What is heard of each kind.
    pub(super) heard: [(Kind, Heard); 2],
}

/// Whoever asks.
pub(super) struct Signalling {
    pub(super) shared: Arc<Shared>,
    pub(super) context: Context,
}

impl Signalling {
    pub(super) async fn video_token(&mut self, access_token: &str) -> Result<VideoTokenOutput, Fault> {
        let input = VideoTokenInput { access_token: access_token.to_owned() };
        let call = counted(&self.shared, self.context.call::<VideoToken>(&load_session()));
        done(call.bearer(access_token).input(&input).send().await)
    }

    pub(super) async fn new_session(&mut self, token: &VideoTokenOutput) -> Result<SfuSessionParams, Fault> {
        let app = AppParams { app_id: token.app_id.clone() };
        let call = counted(&self.shared, self.context.call::<NewSession>(&app)).bearer(&token.video_token);
        let session_id = done(call.send().await)?.session_id;
        Ok(SfuSessionParams { app_id: token.app_id.clone(), session_id })
    }

    /// Publishes what was offered; the names of the tracks that the SFU took.
    pub(super) async fn publish(
        &mut self,
        session: &mut SfuSession,
        (offer, tracks): (String, Vec<Offered>),
    ) -> Result<Vec<String>, Fault> {
        let local = |(mid, track_name): Offered| TrackRef {
            location: Location::Local,
            mid: Some(mid),
            session_id: None,
            track_name,
        };
        let input = TracksInput {
            session_description: Some(SessionDescription { kind: SdpType::Offer, sdp: offer }),
            tracks: tracks.into_iter().map(local).collect(),
        };
        let SfuSession { at, token, connection, .. } = session;
        let output = self
            .patiently::<NewTracks>(at, token, &input, &mut |output| {
                outcome_each(output, &input)?;
                let answer = described(output.session_description.as_ref(), SdpType::Answer)?;
                applied(connection.accept_answer(answer))
            })
            .await?;
        self.count(&output.tracks);
        Ok(granted(&input.tracks, &output.tracks))
    }

    /// Subscribes to these sources, and answers what the SFU offers for them; whether it granted all.
    pub(super) async fn subscribe(
        &mut self,
        session: &mut SfuSession,
        wanted: &[(Kind, Source)],
    ) -> Result<bool, Fault> {
        let mut all = true;
        for wanted in wanted.chunks(MAX_TRACKS_PER_CALL) {
            let input = TracksInput {
                session_description: None,
                tracks: wanted.iter().map(|(_, source)| remote(None, source)).collect(),
            };
            let SfuSession { at, token, connection, .. } = &mut *session;
            // Until it is heard, it was asked for in vain.
            for (_, source) in wanted {
                connection.asks_for(source);
            }
            let mut answer = None;
            let output = self
                .patiently::<NewTracks>(at, token, &input, &mut |output| {
                    outcome_each(output, &input)?;
                    if output.tracks.iter().all(|track| track.error_code.is_some()) {
                        return Ok(());
                    }
                    let offer = described(output.session_description.as_ref(), SdpType::Offer)?;
                    answer = Some(applied(connection.answer(offer))?);
                    Ok(())
                })
                .await?;
            self.count(&output.tracks);
            for ((kind, source), track) in wanted.iter().zip(matched(&input.tracks, &output.tracks)) {
                let mid =
                    track.filter(|track| track.error_code.is_none()).and_then(|track| track.mid.as_ref());
                if let Some(mid) = mid {
                    session.now_heard(*kind, mid, source);
                } else {
                    all = false;
                }
            }
            if let Some(sdp) = answer {
                let answer = SessionDescription { kind: SdpType::Answer, sdp };
                let input = RenegotiateInput { session_description: answer };
                self.patiently::<Renegotiate>(&session.at, &session.token, &input, &mut |_| Ok(())).await?;
            }
        }
        Ok(all)
    }

    /// Points sections at other sources; whether the SFU granted all.
    pub(super) async fn point(
        &mut self,
        session: &mut SfuSession,
        kind: Kind,
        sections: &[(String, Source)],
    ) -> Result<bool, Fault> {
        let mut all = true;
        for sections in sections.chunks(MAX_TRACKS_PER_CALL) {
            let tracks = sections.iter().map(|(mid, source)| remote(Some(mid.clone()), source)).collect();
            let input = TracksInput { session_description: None, tracks };
            let check = &mut |output: &TracksOutput| outcome_each(output, &input);
            // The SFU may change over before its answer is here; without an answer they are asked for in vain.
            for (mid, source) in sections {
                session.connection.leave(mid);
                session.connection.asks_for(source);
            }
            let (at, token) = (&session.at, &session.token);
            let output = self.patiently::<UpdateTracks>(at, token, &input, check).await?;
            self.count(&output.tracks);
            for ((mid, source), track) in sections.iter().zip(matched(&input.tracks, &output.tracks)) {
                if track.is_some_and(|track| track.error_code.is_none()) {
                    session.now_heard(kind, mid, source);
                } else {
                    // The source may have gone meanwhile: then the next change finds another.
                    all = false;
                    session.connection.close(mid);
                }
            }
        }
        Ok(all)
    }

    /// Closes sections for which there is no source.
    pub(super) async fn close(
        &mut self,
        session: &mut SfuSession,
        kind: Kind,
        mids: &[String],
    ) -> Result<(), Fault> {
        for mids in mids.chunks(MAX_TRACKS_PER_CALL) {
            for mid in mids {
                session.connection.close(mid);
                session.heard_of(kind).remove(mid);
            }
            let tracks = mids.iter().map(|mid| MidRef { mid: mid.clone() }).collect();
            let input = CloseInput { tracks, session_description: None, force: true };
            self.patiently::<CloseTracks>(&session.at, &session.token, &input, &mut |_| Ok(())).await?;
        }
        Ok(())
    }

    /// Offers another path (RFC 8839, 4.4.1.1); whether the SFU took it.
    pub(super) async fn restart(&mut self, session: &mut SfuSession, offer: String) -> Result<bool, Fault> {
        let input =
            RenegotiateInput { session_description: SessionDescription { kind: SdpType::Offer, sdp: offer } };
        let SfuSession { at, token, connection, .. } = session;
        let call = counted(&self.shared, self.context.call::<Renegotiate>(at)).bearer(token);
        let refusals = [&NO_RESTART[..], &LATER].concat();
        let answer = call.input(&input).or(&refusals).checked(|answer| {
            let Answer::Done(output) = answer else { return Ok(()) };
            let answer = described(output.session_description.as_ref(), SdpType::Answer)?;
            applied(connection.accept_answer(answer))
        });
        Ok(answer.await?.done().is_some())
    }

    /// Asks until the SFU has time for it, with growing pauses. The last time a refusal is an error.
    async fn patiently<E>(
        &mut self,
        at: &SfuSessionParams,
        token: &str,
        input: &E::Input,
        check: &mut dyn FnMut(&E::Output) -> Result<(), Fault>,
    ) -> Result<E::Output, Fault>
    where
        E: Endpoint<Params = SfuSessionParams>,
    {
        let pauses = BACKOFF.map(Some).into_iter().chain([None]);
        for pause in pauses {
            let call = counted(&self.shared, self.context.call::<E>(at)).bearer(token).input(input);
            let call = if pause.is_some() { call.or(&LATER) } else { call };
            let checked = call.checked(|answer| match answer {
                Answer::Done(output) => check(output),
                Answer::Refused(_) => Ok(()),
            });
            let refused = match checked.await? {
                Answer::Done(output) => return Ok(output),
                Answer::Refused(error) => error,
            };
            let pause = asked_to_wait(refused.retry_after).or(pause).unwrap_or_default();
            clock::sleep_until(clock::now() + pause).await;
        }
        Err(Fault::body("refused", "a refusal nobody allowed"))
    }

    /// A 200 may carry failed tracks: each is counted.
    fn count(&self, tracks: &[TrackOutcome]) {
        for track in tracks {
            self.context.recorder().share(self.shared.series.tracks, track.error_code.is_none());
        }
    }
}

impl SfuSession {
    pub(super) fn new(at: SfuSessionParams, token: String, connection: Connection) -> Self {
        let heard = [Kind::Audio, Kind::Video].map(|kind| (kind, Heard::new()));
        Self { at, token, connection, heard }
    }

    pub(super) fn heard_of(&mut self, kind: Kind) -> &mut Heard {
        &mut self.heard[usize::from(kind == Kind::Video)].1
    }

    fn now_heard(&mut self, kind: Kind, mid: &str, source: &Source) {
        self.connection.hear(mid, kind, source);
        self.heard_of(kind).insert(mid.to_owned(), source.clone());
    }
}

fn remote(mid: Option<String>, source: &Source) -> TrackRef {
    TrackRef {
        location: Location::Remote,
        mid,
        session_id: Some(source.session_id.clone()),
        track_name: source.track_name.clone(),
    }
}

/// What the SFU asks to wait in seconds (RFC 9110, 10.2.3), as far as that is done.
fn asked_to_wait(retry_after: Option<u32>) -> Option<Duration> {
    retry_after.map(|seconds| Duration::from_secs(seconds.into()).min(LONGEST_WAIT))
}

/// The SDP of an answer or offer that must be there.
fn described(description: Option<&SessionDescription>, expected: SdpType) -> Result<&str, Fault> {
    let kind = description.map(|description| description.kind);
    ensure(kind == Some(expected), "SDP of the right kind", || format!("{kind:?}"))?;
    Ok(description.map_or("", |description| &description.sdp))
}

/// SDP that does not work is a wrong answer of the SFU's.
fn applied<T>(outcome: Result<T, String>) -> Result<T, Fault> {
    outcome.map_err(|why| Fault::body("SDP that works", why))
}
