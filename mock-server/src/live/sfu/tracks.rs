//! What a session does with tracks: publish, subscribe, point elsewhere, close. A call as a whole is refused or
//! not; within it each track comes out well or fails on its own.

use contract::ApiError;
use contract::sfu::{
    CloseInput, Location, MidRef, SdpType, SessionDescription, TrackOutcome, TrackRef, TracksInput,
    TracksOutput,
};
use tokio::time::Instant;

use super::answer::Section;
use super::outcome::{
    DUPLICATE, NO_CODEC, NO_SECTION, NO_TRACK, OTHER_KIND, check_count, failed, outcome, read, unusable,
};
use super::sdp::{Codec, Direction, Media, Sdp, Setup};
use super::session::{Offered, Session, Sources, Track};

/// Media sections a session may have, the closed ones included: they are never taken out of a description.
const MAX_SECTIONS: usize = 512;

impl Session {
    /// Publishes local tracks or subscribes to remote ones.
    pub(crate) fn new_tracks(
        &mut self,
        now: Instant,
        input: TracksInput,
        sources: &Sources<'_>,
    ) -> Result<TracksOutput, ApiError> {
        self.must_be_stable()?;
        check_count(input.tracks.len())?;
        let remote = input.tracks.iter().filter(|track| track.location == Location::Remote).count();
        match (remote, input.session_description) {
            (0, Some(offer)) => self.publish(now, &offer, input.tracks),
            (0, None) => Err(ApiError::bad_request("Publishing needs a sessionDescription with an offer")),
            (_, Some(_)) => {
                Err(ApiError::bad_request("Subscribing takes no sessionDescription: the SFU offers"))
            }
            (remote, None) if remote == input.tracks.len() => self.subscribe(now, &input.tracks, sources),
            _ => Err(ApiError::bad_request("Local and remote tracks cannot be mixed in one call")),
        }
    }

    /// Closes tracks by their mid.
    pub(crate) fn close_tracks(&mut self, input: CloseInput) -> Result<TracksOutput, ApiError> {
        check_count(input.tracks.len())?;
        let offer = match (input.force, input.session_description) {
            (true, _) => None,
            (false, None) => {
                return Err(ApiError::bad_request(
                    "Closing needs a sessionDescription with an offer, or force",
                ));
            }
            (false, Some(offer)) => {
                self.must_be_stable()?;
                let read = read(&offer, SdpType::Offer)?;
                self.check_order(&read)?;
                Some((offer.sdp, read))
            }
        };
        let tracks = input.tracks.into_iter().map(|track| self.close_one(track)).collect();
        let session_description = offer.map(|(text, offer)| self.answer(&text, &offer)).transpose()?;
        Ok(TracksOutput { requires_immediate_renegotiation: false, tracks, session_description })
    }

    fn close_one(&mut self, MidRef { mid }: MidRef) -> TrackOutcome {
        let closed = self.section_mut(&mid).and_then(|(section, place)| {
            let track = place.take()?;
            section.direction = Direction::Inactive;
            Some(track)
        });
        let Some(track) = closed else { return failed(Some(mid), "", None, NO_TRACK) };
        self.negotiation.close(&mid);
        outcome(Some(mid), &track.name, track.source.as_deref(), None)
    }

    /// Points remote tracks at other sources; nothing to negotiate, for the kind of media stays.
    pub(crate) fn update_tracks(
        &mut self,
        now: Instant,
        input: TracksInput,
        sources: &Sources<'_>,
    ) -> Result<TracksOutput, ApiError> {
        self.must_be_stable()?;
        check_count(input.tracks.len())?;
        let tracks = input.tracks.into_iter().map(|wanted| self.update(now, wanted, sources)).collect();
        Ok(TracksOutput { requires_immediate_renegotiation: false, tracks, session_description: None })
    }

    fn publish(
        &mut self,
        now: Instant,
        description: &SessionDescription,
        tracks: Vec<TrackRef>,
    ) -> Result<TracksOutput, ApiError> {
        let offer = &read(description, SdpType::Offer)?;
        self.check_order(offer)?;
        check_sections(offer.media.len())?;
        let before = self.sections.clone();
        self.sections.extend(offer.media[before.len()..].iter().map(|media| (received(media), None)));
        let tracks: Vec<TrackOutcome> =
            tracks.into_iter().map(|track| self.publish_one(now, offer, track)).collect();
        let answer = self.answer(&description.sdp, offer).inspect_err(|_| self.sections = before);
        let session_description = Some(answer?);
        for mid in tracks.iter().filter(|track| track.error_code.is_none()).filter_map(|t| t.mid.as_ref()) {
            self.negotiation.publish(mid);
        }
        Ok(TracksOutput { requires_immediate_renegotiation: false, tracks, session_description })
    }

    fn publish_one(&mut self, now: Instant, offer: &Sdp, wanted: TrackRef) -> TrackOutcome {
        let TrackRef { mid, track_name, .. } = wanted;
        let taken = self.sections.iter().filter_map(|(_, track)| track.as_ref());
        if taken.into_iter().any(|track| track.source.is_none() && track.name == track_name) {
            return failed(mid, &track_name, None, DUPLICATE);
        }
        let sends =
            |media: &&Media| Some(&media.mid) == mid.as_ref() && media.direction.sends() && !media.refused;
        let offered = offer.media.iter().find(sends);
        let at = offered.and_then(|media| self.sections.iter().position(|(s, _)| s.mid == media.mid));
        let Some(at) = at else { return failed(mid, &track_name, None, NO_SECTION) };
        let (section, place) = &mut self.sections[at];
        if place.is_some() {
            return failed(mid, &track_name, None, DUPLICATE);
        }
        if !self.negotiation.carries(section) {
            return failed(mid, &track_name, None, NO_CODEC);
        }
        section.direction = Direction::RecvOnly;
        *place = Some(Track { name: track_name.clone(), source: None, waiting: false, since: now });
        outcome(mid, &track_name, None, None)
    }

    fn subscribe(
        &mut self,
        now: Instant,
        tracks: &[TrackRef],
        sources: &Sources<'_>,
    ) -> Result<TracksOutput, ApiError> {
        check_sections(self.sections.len() + tracks.len())?;
        let found: Vec<Option<Section>> = tracks.iter().map(|track| forwarded(track, sources)).collect();
        let mut new: Vec<Section> = found.iter().flatten().cloned().collect();
        let session_description = if new.is_empty() { None } else { Some(self.offer(now, &mut new)?) };
        let mut new = new.into_iter();
        let mut outcomes = Vec::with_capacity(tracks.len());
        for (wanted, found) in tracks.iter().zip(found) {
            let source = wanted.session_id.as_deref();
            let Some(section) = found.and_then(|_| new.next()) else {
                outcomes.push(failed(None, &wanted.track_name, source, NO_TRACK));
                continue;
            };
            outcomes.push(outcome(Some(section.mid.clone()), &wanted.track_name, source, None));
            let source = source.map(str::to_owned);
            let track = Track { name: wanted.track_name.clone(), source, waiting: true, since: now };
            self.sections.push((section, Some(track)));
        }
        Ok(TracksOutput {
            requires_immediate_renegotiation: session_description.is_some(),
            tracks: outcomes,
            session_description,
        })
    }

    /// Offers these sections beside those there are.
    fn offer(&mut self, now: Instant, new: &mut [Section]) -> Result<SessionDescription, ApiError> {
        let known: Vec<Section> = self.sections.iter().map(|(section, _)| section.clone()).collect();
        let sdp = self.negotiation.offer(&known, new).map_err(|what| unusable(&what))?;
        self.offered = Some(Offered { at: now, settled: known.len() });
        Ok(SessionDescription { kind: SdpType::Offer, sdp })
    }

    fn update(&mut self, now: Instant, wanted: TrackRef, sources: &Sources<'_>) -> TrackOutcome {
        let TrackRef { mid, session_id, track_name, .. } = wanted;
        let source = session_id.as_deref();
        let Some((from, published)) = source.and_then(|source| sources.find(source, &track_name)) else {
            return failed(mid, &track_name, source, NO_TRACK);
        };
        match mid.as_deref().and_then(|mid| self.section_mut(mid)) {
            Some((section, Some(track))) if track.source.is_some() => {
                if section.kind != published.kind {
                    return failed(mid, &track_name, source, OTHER_KIND);
                }
                track.name.clone_from(&track_name);
                track.source.clone_from(&session_id);
                track.since = now;
                let own = section.mid.clone();
                self.negotiation.subscribe(&own, &from.negotiation, &published.mid);
                outcome(mid, &track_name, source, None)
            }
            _ => failed(mid, &track_name, source, NO_TRACK),
        }
    }
}

fn check_sections(sections: usize) -> Result<(), ApiError> {
    if sections > MAX_SECTIONS {
        let sentence = format!("A session has at most {MAX_SECTIONS} media sections");
        return Err(ApiError::bad_request(sentence));
    }
    Ok(())
}

/// A section the client offers, as the SFU sees it before a track is published in it.
fn received(media: &Media) -> Section {
    Section {
        kind: media.kind,
        protocol: media.protocol.clone(),
        mid: media.mid.clone(),
        codecs: media.codecs.clone(),
        direction: Direction::Inactive,
        setup: Setup::Passive,
        stream: None,
    }
}

/// A section for a track of another session, whose mid is given to it when it is offered.
fn forwarded(wanted: &TrackRef, sources: &Sources<'_>) -> Option<Section> {
    let source = wanted.session_id.as_deref()?;
    let (_, published) = sources.find(source, &wanted.track_name)?;
    Some(Section {
        kind: published.kind,
        protocol: published.protocol.clone(),
        codecs: sent(&published.codecs),
        direction: Direction::SendOnly,
        setup: Setup::Actpass,
        stream: Some(source.to_owned()),
        mid: String::new(),
    })
}

/// The codecs a subscriber is offered for a published track, under the SFU's own payload types: in a bundle one
/// number must not mean two things, whatever numbers each publisher uses.
fn sent(published: &[Codec]) -> Vec<Codec> {
    let number = |codec: &Codec| match codec.encoding().to_ascii_lowercase().as_str() {
        "opus" => Some("111"),
        "vp8" => Some("96"),
        "vp9" => Some("98"),
        "h264" => Some("102"),
        "av1" => Some("45"),
        _ => None,
    };
    let mut sent: Vec<Codec> = Vec::new();
    for codec in published {
        let Some(number) = number(codec) else { continue };
        if sent.iter().all(|earlier| earlier.payload_type != number) {
            sent.push(Codec { payload_type: number.to_owned(), ..codec.clone() });
        }
    }
    sent
}
