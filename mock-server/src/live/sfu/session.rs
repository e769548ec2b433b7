//! One participant's session with the SFU: whose it is, its sections, and where its negotiation stands.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use contract::ApiError;
use contract::sfu::{
    CALLS_PER_SECOND, COLLECT_SECONDS, Location, SdpType, SessionDescription, SessionState, TrackState,
    TrackStatus,
};
use tokio::time::Instant;

use super::answer::Section;
use super::negotiation::{Flow, Negotiation, Quality};
use super::outcome::{read, unusable};
use super::sdp::{Direction, Sdp, Setup};
use crate::live::passes::Pass;

/// How long after its last packet a track still counts as active: longer than any codec is silent on purpose.
const FLOWING: Duration = Duration::from_secs(3);
/// How long a track may be without media, and an offer without an answer.
const COLLECT: Duration = Duration::from_secs(COLLECT_SECONDS);

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Whose it is.
    pub(crate) owner: Pass,
    pub(crate) opened_at: Instant,
    pub(super) negotiation: Negotiation,
    calls: VecDeque<Instant>,
    /// In the order of every description, with the track each carries.
    pub(super) sections: Vec<(Section, Option<Track>)>,
    /// An offer of the SFU's that waits for its answer.
    pub(super) offered: Option<Offered>,
}

/// An offer of the SFU's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offered {
    pub(super) at: Instant,
    /// Sections there were before it: without an answer there are no more.
    pub(super) settled: usize,
}

/// A track and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) name: String,
    /// The session that publishes it; none for a track of the client's own.
    pub(super) source: Option<String>,
    /// Its offer has not been answered yet.
    pub(super) waiting: bool,
    /// When it was published or pointed at its source.
    pub(super) since: Instant,
}

/// The sessions tracks may be subscribed from: those of the same live session.
pub(crate) struct Sources<'a> {
    pub(crate) sessions: &'a BTreeMap<String, Session>,
    pub(crate) live_session: &'a str,
}

impl<'a> Sources<'a> {
    /// The session with this id and the section in which it publishes the track `name`.
    pub(super) fn find(&self, session: &str, name: &str) -> Option<(&'a Session, &'a Section)> {
        let session = self.sessions.get(session).filter(|s| s.owner.session_id == self.live_session)?;
        let carries = |track: &Option<Track>| {
            track.as_ref().is_some_and(|track| track.source.is_none() && track.name == name)
        };
        let (section, _) = session.sections.iter().find(|(_, track)| carries(track))?;
        Some((session, section))
    }
}

impl Session {
    pub(crate) fn new(owner: Pass, negotiation: Negotiation, now: Instant) -> Self {
        Self {
            owner,
            opened_at: now,
            negotiation,
            calls: VecDeque::new(),
            sections: Vec::new(),
            offered: None,
        }
    }

    /// Whether its connection stands.
    pub(crate) fn is_connected(&self) -> bool {
        self.negotiation.is_connected()
    }

    /// How many tracks it has.
    pub(crate) fn tracks(&self) -> usize {
        self.sections.iter().filter(|(_, track)| track.is_some()).count()
    }

    /// Counts a call: 429 for one too many within a second.
    pub(crate) fn call(&mut self, now: Instant) -> Result<(), ApiError> {
        while self.calls.front().is_some_and(|first| now.duration_since(*first) >= Duration::from_secs(1)) {
            self.calls.pop_front();
        }
        if self.calls.len() >= CALLS_PER_SECOND as usize {
            let sentence = format!("Too many calls: the limit is {CALLS_PER_SECOND} a second per session");
            return Err(ApiError::new(429, sentence).retry_after(1));
        }
        self.calls.push_back(now);
        Ok(())
    }

    /// Takes back an offer nobody answered, and lets go of tracks that have been without media for too long. As
    /// long as the connection has never stood there is no media to be without: those who only chat keep theirs.
    pub(crate) fn collect(&mut self, now: Instant) {
        if self.offered.is_some_and(|offered| now.duration_since(offered.at) >= COLLECT) {
            self.take_back();
        }
        let negotiation = &self.negotiation;
        for (section, place) in &mut self.sections {
            let silent = |track: &Track| {
                negotiation.flow(&section.mid).is_some_and(|flow| is_silent(track, flow, now))
            };
            if place.as_ref().is_some_and(silent) {
                *place = None;
                section.direction = Direction::Inactive;
                negotiation.close(&section.mid);
            }
        }
    }

    /// Takes the client's answer to the SFU's offer, or its offer that restarts ICE, which it answers.
    pub(crate) fn renegotiate(
        &mut self,
        now: Instant,
        description: &SessionDescription,
        sources: &Sources<'_>,
    ) -> Result<Option<SessionDescription>, ApiError> {
        match description.kind {
            SdpType::Answer => self.accept(now, description, sources).map(|()| None),
            SdpType::Offer => self.restart(description).map(Some),
        }
    }

    /// Its tracks and whether media flows in them.
    pub(crate) fn state(&self, now: Instant, sources: &Sources<'_>) -> SessionState {
        let tracks = self.sections.iter().filter_map(|(section, track)| {
            let track = track.as_ref()?;
            Some(TrackState {
                location: if track.source.is_some() { Location::Remote } else { Location::Local },
                mid: Some(section.mid.clone()),
                session_id: track.source.clone(),
                track_name: track.name.clone(),
                status: self.status(section, track, now, sources),
            })
        });
        SessionState { tracks: tracks.collect() }
    }

    /// What was measured of it, if it was ever connected.
    pub(crate) fn quality(&self, now: Instant) -> Option<Quality> {
        let measured = self.negotiation.quality()?;
        let flow = |section: &Section| self.negotiation.flow(&section.mid)?.last_packet;
        let packets = self.sections.iter().filter_map(|(section, track)| {
            Some((track.as_ref()?.source.is_none(), now.duration_since(flow(section)?) < FLOWING))
        });
        let packets: Vec<(bool, bool)> = packets.collect();
        Some(Quality {
            flows: packets.iter().any(|(_, flows)| *flows),
            stopped: packets.iter().any(|(is_own, flows)| *is_own && !flows),
            ..measured
        })
    }

    fn status(&self, section: &Section, track: &Track, now: Instant, sources: &Sources<'_>) -> TrackStatus {
        let has_source =
            || track.source.as_ref().is_none_or(|from| sources.find(from, &track.name).is_some());
        match self.negotiation.flow(&section.mid).map(|flow| flow.last_packet) {
            _ if track.waiting => TrackStatus::Waiting,
            None if has_source() => TrackStatus::Active,
            Some(None) if has_source() => TrackStatus::Waiting,
            Some(Some(at)) if now.duration_since(at) < FLOWING && has_source() => TrackStatus::Active,
            _ => TrackStatus::Inactive,
        }
    }

    fn accept(
        &mut self,
        now: Instant,
        description: &SessionDescription,
        sources: &Sources<'_>,
    ) -> Result<(), ApiError> {
        if self.offered.is_none() {
            return Err(ApiError::bad_request("No offer waits for an answer"));
        }
        let answer = read(description, SdpType::Answer)?;
        self.check_answer(&answer)?;
        if let Err(what) = self.negotiation.accept(&description.sdp, &answer) {
            self.take_back();
            return Err(unusable(&what));
        }
        self.offered = None;
        for (section, track) in &mut self.sections {
            let Some(track) = track.as_mut().filter(|track| track.waiting) else { continue };
            track.waiting = false;
            track.since = now;
            let source = track.source.as_ref().and_then(|source| sources.find(source, &track.name));
            if let Some((publisher, published)) = source {
                self.negotiation.subscribe(&section.mid, &publisher.negotiation, &published.mid);
            }
        }
        Ok(())
    }

    fn check_answer(&self, answer: &Sdp) -> Result<(), ApiError> {
        let answered: Vec<&str> = answer.media.iter().map(|media| media.mid.as_str()).collect();
        let offered: Vec<&str> = self.sections.iter().map(|(section, _)| section.mid.as_str()).collect();
        if answered != offered {
            let sentence = format!("The answer's media sections are {answered:?}, the offer's {offered:?}");
            return Err(ApiError::bad_request(sentence));
        }
        match answer.media.iter().find(|media| media.setup == Setup::Actpass && !media.refused) {
            Some(media) => {
                Err(ApiError::bad_request(format!("An answer decides: mid {:?} says actpass", media.mid)))
            }
            None => Ok(()),
        }
    }

    fn restart(&mut self, description: &SessionDescription) -> Result<SessionDescription, ApiError> {
        self.must_be_stable()?;
        let offer = read(description, SdpType::Offer)?;
        self.check_order(&offer)?;
        if offer.media.len() != self.sections.len() {
            return Err(ApiError::bad_request("An offer that restarts ICE has the media sections there are"));
        }
        let sections = self.as_answered(&offer);
        let sdp = self.negotiation.restart(&description.sdp, &sections).map_err(|what| unusable(&what))?;
        Ok(SessionDescription { kind: SdpType::Answer, sdp })
    }

    /// Goes back to what there was before the last offer (RFC 8829, 4.1.10.2).
    fn take_back(&mut self) {
        if let Some(offered) = self.offered.take() {
            self.sections.truncate(offered.settled);
            self.negotiation.withdraw();
        }
    }

    /// 406 while an offer waits for its answer.
    pub(super) fn must_be_stable(&self) -> Result<(), ApiError> {
        match self.offered {
            None => Ok(()),
            Some(_) => Err(ApiError::new(406, "A negotiation is under way: answer the SFU's offer first")),
        }
    }

    /// Media sections never move or go (RFC 8829, 5.2.2): an offer begins with those there were.
    pub(super) fn check_order(&self, offer: &Sdp) -> Result<(), ApiError> {
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
    pub(super) fn answer(&mut self, text: &str, offer: &Sdp) -> Result<SessionDescription, ApiError> {
        let sections = self.as_answered(offer);
        let sdp = self.negotiation.answer(text, &sections).map_err(|what| unusable(&what))?;
        Ok(SessionDescription { kind: SdpType::Answer, sdp })
    }

    /// The sections as an answer to this offer has them.
    fn as_answered(&self, offer: &Sdp) -> Vec<Section> {
        let answered = self.sections.iter().zip(&offer.media).map(|((section, _), media)| Section {
            setup: if media.setup == Setup::Passive { Setup::Active } else { Setup::Passive },
            codecs: media.codecs.clone(),
            ..section.clone()
        });
        answered.collect()
    }

    pub(super) fn section_mut(&mut self, mid: &str) -> Option<(&mut Section, &mut Option<Track>)> {
        self.sections
            .iter_mut()
            .find(|(section, _)| section.mid == mid)
            .map(|(section, track)| (section, track))
    }
}

/// Whether a track has been without media for too long, on a connection that stands or stood.
fn is_silent(track: &Track, flow: Flow, now: Instant) -> bool {
    let Some(connected_at) = flow.connected_at.filter(|_| !track.waiting) else { return false };
    let heard = flow.last_packet.unwrap_or(connected_at).max(connected_at).max(track.since);
    now.duration_since(heard) >= COLLECT
}
