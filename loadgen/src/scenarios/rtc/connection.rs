//! A participant's end of the connection to the SFU: real, or on paper where no packets are sent.

use std::io;

#[cfg(feature = "media")]
use contract::{Endpoint, sfu::NewSession};
use engine::clock::Instant;
use fixtures::Stream;

use crate::{
    context::Context,
    live::LiveSession,
    media::{Kind, Source},
};
#[cfg(feature = "media")]
use crate::{
    live::Media,
    media::peer::{Peer, Setup},
};

use super::{Shared, sdp};

/// The golden ratio's fraction: its multiples spread any number of phases evenly.
#[cfg(feature = "media")]
const GOLDEN: f64 = 0.618_033_988_749_895;

/// One end.
pub(super) enum Connection {
    /// Descriptions are written, and no packets follow.
    Paper(Paper),
    /// ICE, DTLS, and packets.
    #[cfg(feature = "media")]
    Real(Box<Peer>),
}

/// Whose descriptions are written.
pub(super) struct Paper {
    seed: u64,
    n: u64,
}

/// On which way in an end is opened.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "media"), expect(dead_code, reason = "paper takes no way"))]
pub(super) struct Way {
    /// When the participant was due to join.
    pub(super) due: Instant,
    /// It is their first.
    pub(super) is_first: bool,
    /// When the path was lost that this one replaces.
    pub(super) away_since: Option<Instant>,
}

/// A track that is offered: its media section, and its name.
pub(super) type Offered = (String, String);

impl Connection {
    /// Makes what the ends of all participants share.
    pub(super) fn prepare(live: LiveSession) {
        #[cfg(feature = "media")]
        if live.media != Media::None {
            crate::media::peer::prepare();
        }
        #[cfg(not(feature = "media"))]
        let _ = live;
    }

    /// An end for participant `n`.
    pub(super) async fn open(shared: &Shared, n: u64, context: &Context, way: Way) -> io::Result<Self> {
        #[cfg(feature = "media")]
        if shared.live.media != Media::None {
            let at_sfu = context.connector().target().elsewhere(NewSession::ROUTE).cloned();
            let connector = at_sfu.map(|target| context.connector().to(target));
            let phase = (n as f64 * GOLDEN).fract() / f64::from(crate::media::clip::AUDIO_PER_SECOND);
            let setup = Setup {
                recorder: context.recorder().clone(),
                series: shared.series.media,
                dues: shared.dues.clone(),
                draw: Stream::new(shared.seed, "rtc-media", n),
                from: connector.as_ref().unwrap_or(context.connector()).local_address(n)?,
                anchor: way.due + std::time::Duration::from_secs_f64(phase),
                is_first: way.is_first,
                away_since: way.away_since,
            };
            return Ok(Self::Real(Box::new(Peer::open(setup).await?)));
        }
        let _ = (context, way);
        Ok(Self::Paper(Paper { seed: shared.seed, n }))
    }

    /// An offer to publish these tracks in the session of this id.
    pub(super) fn offer(&mut self, session_id: &str, tracks: &[(Kind, String)]) -> (String, Vec<Offered>) {
        match self {
            Self::Paper(paper) => {
                let name = &tracks[0].1;
                (sdp::offer(paper.draw("rtc-offer"), "0", name), vec![("0".to_owned(), name.clone())])
            }
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.offer(session_id, tracks),
        }
    }

    /// Takes the SFU's answer.
    pub(super) fn accept_answer(&mut self, sdp: &str) -> Result<(), String> {
        match self {
            Self::Paper(_) => Ok(()),
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.accept_answer(sdp),
        }
    }

    /// The answer to an offer of the SFU's.
    pub(super) fn answer(&mut self, sdp: &str) -> Result<String, String> {
        match self {
            Self::Paper(paper) => Ok(sdp::answer(paper.draw("rtc-answer"), sdp)),
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.answer(sdp),
        }
    }

    /// Whether sections may change hands: not on paper, where no session ever counts as connected.
    pub(super) fn is_real(&self) -> bool {
        !matches!(self, Self::Paper(_))
    }

    /// A media section carries this source from now on.
    pub(super) fn hear(&self, mid: &str, kind: Kind, source: &Source) {
        match self {
            Self::Paper(_) => _ = (mid, kind, source),
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.hear(mid, kind, source.clone()),
        }
    }

    /// This source is asked for; until it is heard, in vain.
    pub(super) fn asks_for(&self, source: &Source) {
        match self {
            Self::Paper(_) => _ = source,
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.asks_for(source.clone()),
        }
    }

    /// A media section is about to carry another source.
    pub(super) fn leave(&self, mid: &str) {
        match self {
            Self::Paper(_) => _ = mid,
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.leave(mid),
        }
    }

    /// A media section carries nothing any more.
    pub(super) fn close(&self, mid: &str) {
        match self {
            Self::Paper(_) => _ = mid,
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.close(mid),
        }
    }

    /// Records that the participant who was due then is ready as soon as somebody is heard; false where nobody will be.
    pub(super) fn ready_when_heard(&self, due: Instant) -> bool {
        match self {
            Self::Paper(_) => {
                _ = due;
                false
            }
            #[cfg(feature = "media")]
            Self::Real(peer) => {
                peer.ready_when_heard(due);
                true
            }
        }
    }

    /// An offer to find another path from a new socket; `None` where that cannot help.
    pub(super) async fn restart(&mut self) -> Option<String> {
        match self {
            Self::Paper(_) => None,
            #[cfg(feature = "media")]
            Self::Real(peer) if peer.is_dead() => None,
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.restart().await.ok(),
        }
    }

    /// Since when packets do not get through, should the path be lost now.
    pub(super) fn away_since(&self) -> Option<Instant> {
        match self {
            Self::Paper(_) => None,
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.away_since(),
        }
    }

    /// Waits until packets do not get through any more.
    pub(super) async fn lost(&self) {
        match self {
            Self::Paper(_) => std::future::pending().await,
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.lost().await,
        }
    }

    /// Waits until packets get through, or it is clear that they will not; which of the two.
    pub(super) async fn settled(&self) -> bool {
        match self {
            Self::Paper(_) => true,
            #[cfg(feature = "media")]
            Self::Real(peer) => peer.settled().await,
        }
    }
}

impl Paper {
    fn draw(&self, what: &'static str) -> Stream {
        Stream::new(self.seed, what, self.n)
    }
}
