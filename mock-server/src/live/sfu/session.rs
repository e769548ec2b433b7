//! One participant's session with the SFU: its tracks and where its negotiation stands.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use contract::ApiError;
use contract::sfu::{
    CALLS_PER_SECOND, COLLECT_SECONDS, CloseInput, Location, MAX_TRACKS_PER_CALL, SdpType,
    SessionDescription, SessionState, TrackOutcome, TrackRef, TrackState, TrackStatus, TracksInput,
    TracksOutput,
};
use tokio::time::Instant;

use super::answer::{Identity, Section};
use super::sdp::{self, Codec, Direction, Media, Sdp, Setup};
use crate::live::passes::Pass;

/// Media sections a session may have, the closed ones included: they are never taken out of a description.
const MAX_SECTIONS: usize = 512;

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Whose it is.
    pub(crate) owner: Pass,
    pub(crate) opened_at: Instant,
    identity: Identity,
    calls: VecDeque<Instant>,
    /// In the order of every description, with the track each carries.
    sections: Vec<(Section, Option<Track>)>,
    /// Since when an offer of the SFU's waits for its answer.
    offered_at: Option<Instant>,
    connected: bool,
}

/// A track and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Track {
    name: String,
    /// The session that publishes it; none for a track of the client's own.
    source: Option<String>,
    /// Its offer has not been answered yet.
    waiting: bool,
}

/// The sessions tracks may be subscribed from: those of the same live session.
pub(crate) struct Sources<'a> {
    pub(crate) sessions: &'a BTreeMap<String, Session>,
    pub(crate) live_session: &'a str,
}

impl Sources<'_> {
    /// The section in which `session` publishes the track `name`.
    fn find(&self, session: &str, name: &str) -> Option<&Section> {
        let session = self.sessions.get(session).filter(|s| s.owner.session_id == self.live_session)?;
        let carries = |track: &Option<Track>| {
            track.as_ref().is_some_and(|track| track.source.is_none() && track.name == name)
        };
        session.sections.iter().find(|(_, track)| carries(track)).map(|(section, _)| section)
    }
}

impl Session {
    pub(crate) fn new(owner: Pass, now: Instant) -> Self {
        Self {
            owner,
            opened_at: now,
            identity: Identity::new(),
            calls: VecDeque::new(),
            sections: Vec::new(),
            offered_at: None,
            connected: false,
        }
    }

    /// Whether descriptions have been exchanged.
    pub(crate) const fn is_connected(&self) -> bool {
        self.connected
    }

    /// How many tracks it has.
    pub(crate) fn tracks(&self) -> usize {
        self.sections.iter().filter(|(_, track)| track.is_some()).count()
    }

    /// Counts a call: 429 for one too many within a second. Tracks that nobody answered for are collected.
    pub(crate) fn call(&mut self, now: Instant) -> Result<(), ApiError> {
        while self.calls.front().is_some_and(|first| now.duration_since(*first) >= Duration::from_secs(1)) {
            self.calls.pop_front();
        }
        if self.calls.len() >= CALLS_PER_SECOND as usize {
            let sentence = format!("Too many calls: the limit is {CALLS_PER_SECOND} a second per session");
            return Err(ApiError::new(429, sentence).retry_after(1));
        }
        self.calls.push_back(now);
        if self.offered_at.is_some_and(|at| now.duration_since(at) >= Duration::from_secs(COLLECT_SECONDS)) {
            self.offered_at = None;
            for (section, track) in &mut self.sections {
                if track.take_if(|track| track.waiting).is_some() {
                    section.direction = Direction::Inactive;
                }
            }
        }
        Ok(())
    }

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
            (0, Some(offer)) => self.publish(&read(&offer, SdpType::Offer)?, input.tracks),
            (0, None) => Err(ApiError::bad_request("Publishing needs a sessionDescription with an offer")),
            (_, Some(_)) => {
                Err(ApiError::bad_request("Subscribing takes no sessionDescription: the SFU offers"))
            }
            (remote, None) if remote == input.tracks.len() => self.subscribe(now, &input.tracks, sources),
            _ => Err(ApiError::bad_request("Local and remote tracks cannot be mixed in one call")),
        }
    }

    /// Takes the client's answer to the SFU's offer.
    pub(crate) fn renegotiate(&mut self, answer: &SessionDescription) -> Result<(), ApiError> {
        if self.offered_at.is_none() {
            return Err(ApiError::bad_request("No offer waits for an answer"));
        }
        let answer = read(answer, SdpType::Answer)?;
        let mids = |sdp: &Sdp| sdp.media.iter().map(|media| media.mid.clone()).collect::<Vec<_>>();
        let offered: Vec<String> = self.sections.iter().map(|(section, _)| section.mid.clone()).collect();
        if mids(&answer) != offered {
            let sentence =
                format!("The answer's media sections are {:?}, the offer's {offered:?}", mids(&answer));
            return Err(ApiError::bad_request(sentence));
        }
        if let Some(media) = answer.media.iter().find(|media| media.setup == Setup::Actpass && !media.refused)
        {
            return Err(ApiError::bad_request(format!(
                "An answer decides: mid {:?} says actpass",
                media.mid
            )));
        }
        for track in self.sections.iter_mut().filter_map(|(_, track)| track.as_mut()) {
            track.waiting = false;
        }
        self.offered_at = None;
        self.connected = true;
        Ok(())
    }

    /// Closes tracks by their mid.
    pub(crate) fn close_tracks(&mut self, input: CloseInput) -> Result<TracksOutput, ApiError> {
        check_count(input.tracks.len())?;
        let offer = match (input.force, &input.session_description) {
            (true, _) => None,
            (false, None) => {
                return Err(ApiError::bad_request(
                    "Closing needs a sessionDescription with an offer, or force",
                ));
            }
            (false, Some(offer)) => {
                self.must_be_stable()?;
                let offer = read(offer, SdpType::Offer)?;
                self.check_order(&offer)?;
                Some(offer)
            }
        };
        let close = |reference: contract::sfu::MidRef| match self.section_mut(&reference.mid) {
            Some((section, track @ Some(_))) => {
                section.direction = Direction::Inactive;
                let track = track.take().expect("it was just matched");
                outcome(Some(reference.mid), &track.name, track.source.as_deref(), None)
            }
            _ => failed(Some(reference.mid), "", None, NO_TRACK),
        };
        let tracks = input.tracks.into_iter().map(close).collect();
        let session_description = offer.map(|offer| self.answer(&offer));
        Ok(TracksOutput { requires_immediate_renegotiation: false, tracks, session_description })
    }

    /// Points remote tracks at other sources; nothing to negotiate, for the kind of media stays.
    pub(crate) fn update_tracks(
        &mut self,
        input: TracksInput,
        sources: &Sources<'_>,
    ) -> Result<TracksOutput, ApiError> {
        self.must_be_stable()?;
        check_count(input.tracks.len())?;
        let tracks = input.tracks.into_iter().map(|wanted| self.update(wanted, sources)).collect();
        Ok(TracksOutput { requires_immediate_renegotiation: false, tracks, session_description: None })
    }

    /// Its tracks and whether media could flow in them.
    pub(crate) fn state(&self, sources: &Sources<'_>) -> SessionState {
        let status = |track: &Track| match &track.source {
            _ if track.waiting => TrackStatus::Waiting,
            Some(source) if sources.find(source, &track.name).is_none() => TrackStatus::Inactive,
            _ => TrackStatus::Active,
        };
        let tracks = self.sections.iter().filter_map(|(section, track)| {
            let track = track.as_ref()?;
            Some(TrackState {
                location: if track.source.is_some() { Location::Remote } else { Location::Local },
                mid: Some(section.mid.clone()),
                session_id: track.source.clone(),
                track_name: track.name.clone(),
                status: status(track),
            })
        });
        SessionState { tracks: tracks.collect() }
    }

    fn publish(&mut self, offer: &Sdp, tracks: Vec<TrackRef>) -> Result<TracksOutput, ApiError> {
        self.check_order(offer)?;
        if offer.media.len() > MAX_SECTIONS {
            return Err(ApiError::bad_request(format!(
                "A session has at most {MAX_SECTIONS} media sections"
            )));
        }
        let known = self.sections.len();
        self.sections.extend(offer.media[known..].iter().map(|media| (received(media), None)));
        let tracks = tracks.into_iter().map(|track| self.publish_one(offer, track)).collect();
        let session_description = Some(self.answer(offer));
        self.connected = true;
        Ok(TracksOutput { requires_immediate_renegotiation: false, tracks, session_description })
    }

    fn publish_one(&mut self, offer: &Sdp, wanted: TrackRef) -> TrackOutcome {
        let TrackRef { mid, track_name, .. } = wanted;
        let taken = self.sections.iter().filter_map(|(_, track)| track.as_ref());
        if taken.into_iter().any(|track| track.source.is_none() && track.name == track_name) {
            return failed(mid, &track_name, None, DUPLICATE);
        }
        let sends =
            |media: &&Media| Some(&media.mid) == mid.as_ref() && media.direction.sends() && !media.refused;
        let section = offer.media.iter().find(sends).and_then(|media| self.section_mut(&media.mid));
        match section {
            Some((section, track @ None)) if !section.codecs.is_empty() => {
                section.direction = Direction::RecvOnly;
                *track = Some(Track { name: track_name.clone(), source: None, waiting: false });
                outcome(mid, &track_name, None, None)
            }
            Some((_, None)) => failed(mid, &track_name, None, NO_CODEC),
            Some((_, Some(_))) => failed(mid, &track_name, None, DUPLICATE),
            None => failed(mid, &track_name, None, NO_SECTION),
        }
    }

    fn subscribe(
        &mut self,
        now: Instant,
        tracks: &[TrackRef],
        sources: &Sources<'_>,
    ) -> Result<TracksOutput, ApiError> {
        if self.sections.len() + tracks.len() > MAX_SECTIONS {
            return Err(ApiError::bad_request(format!(
                "A session has at most {MAX_SECTIONS} media sections"
            )));
        }
        let before = self.sections.len();
        let tracks: Vec<TrackOutcome> =
            tracks.iter().map(|track| self.subscribe_one(track, sources)).collect();
        if self.sections.len() == before {
            let requires_immediate_renegotiation = false;
            return Ok(TracksOutput { requires_immediate_renegotiation, tracks, session_description: None });
        }
        self.offered_at = Some(now);
        let offer: Vec<Section> = self
            .sections
            .iter()
            .map(|(section, _)| Section { setup: Setup::Actpass, ..section.clone() })
            .collect();
        let session_description =
            Some(SessionDescription { kind: SdpType::Offer, sdp: self.identity.describe(&offer) });
        Ok(TracksOutput { requires_immediate_renegotiation: true, tracks, session_description })
    }

    fn subscribe_one(&mut self, wanted: &TrackRef, sources: &Sources<'_>) -> TrackOutcome {
        let source = wanted.session_id.as_deref();
        let Some(published) = source.and_then(|source| sources.find(source, &wanted.track_name)) else {
            return failed(None, &wanted.track_name, source, NO_TRACK);
        };
        let mid = self.free_mid();
        let section = Section {
            kind: published.kind,
            protocol: published.protocol.clone(),
            codecs: sent(&published.codecs),
            direction: Direction::SendOnly,
            setup: Setup::Actpass,
            msid: source.map(|source| (source.to_owned(), format!("track-{mid}"))),
            mid: mid.clone(),
        };
        let track =
            Track { name: wanted.track_name.clone(), source: source.map(str::to_owned), waiting: true };
        self.sections.push((section, Some(track)));
        outcome(Some(mid), &wanted.track_name, source, None)
    }

    fn update(&mut self, wanted: TrackRef, sources: &Sources<'_>) -> TrackOutcome {
        let TrackRef { mid, session_id, track_name, .. } = wanted;
        let source = session_id.as_deref();
        let Some(published) = source.and_then(|source| sources.find(source, &track_name)) else {
            return failed(mid, &track_name, source, NO_TRACK);
        };
        match mid.as_deref().and_then(|mid| self.section_mut(mid)) {
            Some((section, Some(track))) if track.source.is_some() && section.kind == published.kind => {
                track.name.clone_from(&track_name);
                track.source.clone_from(&session_id);
                outcome(mid, &track_name, source, None)
            }
            Some((_, Some(track))) if track.source.is_some() => failed(mid, &track_name, source, OTHER_KIND),
            _ => failed(mid, &track_name, source, NO_TRACK),
        }
    }

    /// 406 while an offer waits for its answer.
    fn must_be_stable(&self) -> Result<(), ApiError> {
        match self.offered_at {
            None => Ok(()),
            Some(_) => Err(ApiError::new(406, "A negotiation is under way: answer the SFU's offer first")),
        }
    }

    /// Media sections never move or go (RFC 8829, 5.2.2): an offer begins with those there were.
    fn check_order(&self, offer: &Sdp) -> Result<(), ApiError> {
        let kept =
            self.sections.iter().zip(&offer.media).all(|((section, _), media)| section.mid == media.mid);
        if kept && offer.media.len() >= self.sections.len() {
            return Ok(());
        }
        let mids: Vec<&str> = self.sections.iter().map(|(section, _)| section.mid.as_str()).collect();
        Err(ApiError::bad_request(format!(
            "The offer must begin with the media sections there are: {mids:?}"
        )))
    }

    /// The answer to an offer that has passed [`Session::check_order`].
    fn answer(&mut self, offer: &Sdp) -> SessionDescription {
        let sections: Vec<Section> = self
            .sections
            .iter()
            .zip(&offer.media)
            .map(|((section, _), media)| Section {
                setup: if media.setup == Setup::Passive { Setup::Active } else { Setup::Passive },
                codecs: media.codecs.clone(),
                ..section.clone()
            })
            .collect();
        SessionDescription { kind: SdpType::Answer, sdp: self.identity.describe(&sections) }
    }

    fn section_mut(&mut self, mid: &str) -> Option<(&mut Section, &mut Option<Track>)> {
        self.sections
            .iter_mut()
            .find(|(section, _)| section.mid == mid)
            .map(|(section, track)| (section, track))
    }

    /// The smallest number that is not a mid yet.
    fn free_mid(&self) -> String {
        let mut number = self.sections.len();
        while self.sections.iter().any(|(section, _)| section.mid.parse() == Ok(number)) {
            number += 1;
        }
        number.to_string()
    }
}

/// A track's failure: Cloudflare's code and a sentence.
type Failure = (&'static str, &'static str);
const NO_TRACK: Failure = ("not_found_track_error", "Track not found");
const DUPLICATE: Failure =
    ("duplicate_track_error", "The media section or the track's name is in use already");
const NO_SECTION: Failure =
    ("invalid_track_error", "No media section of the offer with this mid sends anything");
const NO_CODEC: Failure = ("invalid_track_error", "None of the media section's codecs is supported");
const OTHER_KIND: Failure = ("invalid_track_error", "The new source is of another kind of media");

fn outcome(mid: Option<String>, name: &str, source: Option<&str>, failure: Option<Failure>) -> TrackOutcome {
    TrackOutcome {
        mid,
        track_name: name.to_owned(),
        session_id: source.map(str::to_owned),
        error_code: failure.map(|(code, _)| code.to_owned()),
        error_description: failure.map(|(_, sentence)| sentence.to_owned()),
    }
}

fn failed(mid: Option<String>, name: &str, source: Option<&str>, failure: Failure) -> TrackOutcome {
    outcome(mid, name, source, Some(failure))
}

fn check_count(tracks: usize) -> Result<(), ApiError> {
    match tracks {
        0 => Err(ApiError::bad_request("No tracks are named")),
        1..=MAX_TRACKS_PER_CALL => Ok(()),
        _ => Err(ApiError::bad_request(format!(
            "A call names at most {MAX_TRACKS_PER_CALL} tracks, not {tracks}"
        ))),
    }
}

fn read(description: &SessionDescription, expected: SdpType) -> Result<Sdp, ApiError> {
    if description.kind != expected {
        return Err(ApiError::bad_request(format!("The sessionDescription must be an {expected:?}")));
    }
    sdp::parse(&description.sdp)
        .map_err(|what| ApiError::bad_request(format!("The sessionDescription cannot be read: {what}")))
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
        msid: None,
    }
}

/// The codecs a subscriber is offered for a published track, under the SFU's own payload types: in a bundle one
/// number must not mean two things, whatever numbers each publisher uses.
fn sent(published: &[Codec]) -> Vec<Codec> {
    let number = |codec: &Codec| match codec.name.split('/').next()?.to_ascii_lowercase().as_str() {
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
