//! A plan of faults, as it is meant: what strikes where, when, and how often.

use std::time::Duration;

use super::kinds::{Aim, Blow, Hit, Kind};
use crate::latency::Owner;
use crate::latency::stream::{Lane, Stream};

/// A plan of faults. The same plan strikes the same ordinals, whoever asks and whenever.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultPlan {
    /// What the draws are made from.
    pub(super) seed: u64,
    /// The file as it was typed.
    pub(super) text: String,
    pub(super) faults: Vec<Fault>,
}

/// One fault of a plan.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    pub(super) target: Target,
    pub(super) window: Window,
    /// Which share of what it could strike it does strike.
    pub(super) share: f64,
    /// Its table as it was typed, for whoever records the plan.
    pub(super) settings: serde_json::Value,
    /// Its draws, keyed (plan's seed, place in the plan).
    pub(super) stream: Stream,
}

/// Something that a fault may strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A request to this route.
    Request(&'static str),
    /// A look into the store of processed webhooks.
    WebhookStore,
    /// An open socket of a session.
    Socket,
    /// A chat message on its way to one participant.
    Chat,
    /// A participant's packets.
    Media,
    /// An answer that is ready to be sent.
    Answer,
}

/// What a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Requests to every measured route.
    EveryRoute,
    /// Those, and with them sockets, media, and answers to what was asked before.
    Everything,
    /// This only.
    Only(Place),
}

/// From when to when a fault strikes, since the plan was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Duration,
    /// Absent when it does not end.
    pub(super) to: Option<Duration>,
}

impl Window {
    /// Whether it is open `elapsed` after the start: its beginning is in it, its end is not.
    pub(super) fn is_open(self, elapsed: Duration) -> bool {
        self.from <= elapsed && !self.is_over(elapsed)
    }

    /// Whether it has closed for good.
    pub(super) fn is_over(self, elapsed: Duration) -> bool {
        self.to.is_some_and(|to| elapsed >= to)
    }
}

impl Target {
    /// What a fault strikes whose kind aims there, narrowed to `route` if the plan says one.
    pub(super) fn new(aim: Aim, route: Option<&'static str>) -> Self {
        match (aim, route) {
            (Aim::Only(place), _) => Self::Only(place),
            (Aim::Everything, _) => Self::Everything,
            (Aim::Requests, None) => Self::EveryRoute,
            (Aim::Requests, Some(route)) => Self::Only(Place::Request(route)),
        }
    }

    pub(super) fn includes(self, place: Place) -> bool {
        match self {
            Self::EveryRoute => matches!(place, Place::Request(_)),
            Self::Everything => {
                matches!(place, Place::Request(_) | Place::Answer | Place::Socket | Place::Media)
            }
            Self::Only(only) => only == place,
        }
    }

    /// What it is called in a report.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::EveryRoute | Self::Everything => "every route",
            Self::Only(Place::Request(route)) => route,
            Self::Only(Place::WebhookStore) => "store of processed webhooks",
            Self::Only(Place::Socket) => "open sockets",
            Self::Only(Place::Chat) => "chat messages",
            Self::Only(Place::Media) => "participants' media",
            Self::Only(Place::Answer) => "answers",
        }
    }
}

/// A fault that is to strike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    /// On whose account.
    pub(super) owner: Owner,
    /// Its place in the plan.
    pub(super) index: usize,
    /// Of those it could have struck since the start, which this one is.
    pub(super) ordinal: u64,
}

impl Fault {
    /// Whether it could strike this, `elapsed` after the start.
    pub(super) fn could_strike(&self, place: Place, elapsed: Duration) -> bool {
        self.target.includes(place) && self.window.is_open(elapsed)
    }

    /// Whether it strikes the one that was `ordinal`th, from 0, of those it could have struck.
    pub(super) fn strikes(&self, ordinal: u64) -> bool {
        if self.kind.is_once() {
            return ordinal == 0;
        }
        self.stream.uniform(Lane::FaultStrikes, ordinal) < self.share
    }

    /// Whether it strikes this participant's media: the same answer whenever it is asked.
    pub(super) fn strikes_media_of(&self, participant: u64) -> bool {
        self.stream.uniform(Lane::FaultStrikes, participant) < self.share
    }

    /// Adds what it does to what is done already.
    pub(super) fn strike(&self, drawn: Drawn, elapsed: Duration, blow: &mut Blow) {
        let Drawn { owner, index, ordinal } = drawn;
        let size = self.stream.uniform(Lane::FaultSize, ordinal);
        let left = self.window.to.map(|to| to.saturating_sub(elapsed));
        self.kind.strike(Hit { size, left, owner, index }, blow);
    }
}
