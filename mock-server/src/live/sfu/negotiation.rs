//! Who writes and reads the descriptions of a session: a peer of the media plane, or paper.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::answer::{Identity, Section};
use super::sdp::{Sdp, Setup};
use crate::live::books::Book;
use crate::live::media::{Peering, Plane};

/// One side of the negotiation of a session.
#[derive(Debug)]
pub(crate) enum Negotiation {
    /// Descriptions are form-true and nothing ever flows.
    Paper(Paper),
    /// Behind the descriptions is a peer: ICE, DTLS, packets.
    Media(Peering),
}

/// What stands in for a peer where there is no media plane.
#[derive(Debug)]
pub(crate) struct Paper {
    identity: Identity,
    /// An offer was answered, whoever made it.
    exchanged: bool,
}

/// When media last flowed in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Since when the session's connection has stood, if it ever did.
    pub(crate) connected_at: Option<Instant>,
    /// When the last packet came (a client's track) or went (a subscribed one).
    pub(crate) last_packet: Option<Instant>,
}

/// What RTCP and the packets themselves say about a session.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Quality {
    /// Share of packets lost in its worst stream, 0..=1.
    pub(crate) loss: f64,
    /// Interarrival jitter of its worst stream, in milliseconds.
    pub(crate) jitter_ms: f64,
    /// Its longest round trip, in milliseconds.
    pub(crate) rtt_ms: f64,
    /// Media flows in one of its tracks.
    pub(crate) flows: bool,
    /// A track it publishes had media and has none now.
    pub(crate) stopped: bool,
}

impl Negotiation {
    /// A peer of the plane, or paper where there is none.
    pub(crate) fn new(
        plane: Option<&Arc<Plane>>,
        user: &str,
        book: Arc<Book>,
        changed: &Arc<Notify>,
    ) -> Self {
        let peer = plane.map(|plane| plane.peer(user, book, changed));
        let paper = || Self::Paper(Paper { identity: Identity::new(), exchanged: false });
        peer.map_or_else(paper, Self::Media)
    }

    /// Whether packets can flow, or on paper, could.
    pub(crate) fn is_connected(&self) -> bool {
        match self {
            Self::Paper(paper) => paper.exchanged,
            Self::Media(peer) => peer.is_connected(),
        }
    }

    /// Whether the SFU can carry a section of this kind.
    pub(crate) fn carries(&self, section: &Section) -> bool {
        let is_carried = |name: &str| match self {
            Self::Paper(_) => true,
            Self::Media(_) => Peering::CODECS.iter().any(|codec| codec.eq_ignore_ascii_case(name)),
        };
        section.codecs.iter().any(|codec| is_carried(codec.encoding()))
    }

    /// The answer to a client's offer, whose sections the SFU sees as `sections`.
    pub(crate) fn answer(&mut self, offer: &str, sections: &[Section]) -> Result<String, String> {
        match self {
            Self::Paper(paper) => {
                paper.exchanged = true;
                Ok(paper.identity.describe(sections))
            }
            Self::Media(peer) => peer.answer(offer),
        }
    }

    /// The answer to a client's offer that restarts ICE.
    pub(crate) fn restart(&mut self, offer: &str, sections: &[Section]) -> Result<String, String> {
        if let Self::Paper(paper) = self {
            paper.identity.restart();
        }
        self.answer(offer, sections)
    }

    /// An offer with these sections added to those there are; says their mids.
    pub(crate) fn offer(&mut self, known: &[Section], new: &mut [Section]) -> Result<String, String> {
        match self {
            Self::Paper(paper) => Ok(paper.offer(known, new)),
            Self::Media(peer) => peer.offer(new),
        }
    }

    /// Takes the answer to the last offer.
    pub(crate) fn accept(&mut self, text: &str, answer: &Sdp) -> Result<(), String> {
        match self {
            Self::Paper(paper) => {
                paper.exchanged = true;
                Ok(())
            }
            Self::Media(peer) => peer.accept(text, answer),
        }
    }

    /// Takes the last offer back.
    pub(crate) fn withdraw(&mut self) {
        match self {
            Self::Paper(_) => {}
            Self::Media(peer) => peer.withdraw(),
        }
    }

    /// From now on, what comes in the client's section is forwarded.
    pub(crate) fn publish(&self, mid: &str) {
        if let Self::Media(peer) = self {
            peer.publish(mid);
        }
    }

    /// From now on, the section carries what `publisher` receives in its section `theirs`.
    pub(crate) fn subscribe(&self, mid: &str, publisher: &Self, theirs: &str) {
        if let (Self::Media(peer), Self::Media(publisher)) = (self, publisher) {
            peer.subscribe(mid, publisher, theirs);
        }
    }

    /// From now on, nothing flows in the section.
    pub(crate) fn close(&self, mid: &str) {
        if let Self::Media(peer) = self {
            peer.close_section(mid);
        }
    }

    /// When media last flowed in a section; nothing on paper, where none ever does.
    pub(crate) fn flow(&self, mid: &str) -> Option<Flow> {
        match self {
            Self::Paper(_) => None,
            Self::Media(peer) => Some(peer.flow(mid)),
        }
    }

    /// What was measured; nothing on paper.
    pub(crate) fn quality(&self) -> Option<Quality> {
        match self {
            Self::Paper(_) => None,
            Self::Media(peer) => peer.quality(),
        }
    }
}

impl Paper {
    fn offer(&mut self, known: &[Section], new: &mut [Section]) -> String {
        let mut taken: Vec<String> = known.iter().map(|section| section.mid.clone()).collect();
        for section in &mut *new {
            section.mid = free_mid(&taken);
            taken.push(section.mid.clone());
        }
        let offered = known.iter().chain(&*new).cloned();
        let offered: Vec<Section> =
            offered.map(|section| Section { setup: Setup::Actpass, ..section }).collect();
        self.identity.describe(&offered)
    }
}

/// The smallest number from their count on that is none of these mids.
fn free_mid(taken: &[String]) -> String {
    let mut number = taken.len();
    while taken.iter().any(|mid| mid.parse() == Ok(number)) {
        number += 1;
    }
    number.to_string()
}
