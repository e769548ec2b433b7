//! The faults there are, one in each file, made of the same parts: what a plan calls it, what it aims at, the
//! keys it takes, and what it does to what it strikes. (As the `toxics/` of Shopify's toxiproxy.)

mod bandwidth;
mod brown_out;
mod chat_duplicated;
mod chat_lost;
mod chat_reordered;
mod down;
mod empty_reply;
mod error;
mod latency;
mod media;
mod reset;
mod slow_drip;
mod stall;
mod truncate;
mod webhook_5xx;
mod webhook_store_fails;
mod ws_cut;

use std::time::Duration;

use contract::ApiError;

use super::keys::Keys;
use super::plan::Place;
use super::read::PlanError;
use super::weather::{Direction, Weather};
use crate::latency::Owner;

/// What each fault is made of.
trait Fault: Sized {
    /// What a plan calls it.
    const NAME: &'static str;
    /// What it aims at.
    const AIM: Aim = Aim::Requests;
    /// Whether it strikes once per window, rather than a share of what comes.
    const ONCE: bool = false;
    /// Whether the mock's latency books know nothing of what it does to the time an answer takes.
    const UNSCORED: bool = false;

    /// Reads the keys of its own.
    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError>;

    /// Adds what it does to `blow`.
    fn strike(&self, _: Hit, _: &mut Blow) {}

    /// What it does to packets that go this way between this participant and the SFU.
    fn weather(&self, _user: &str, _: Direction) -> Option<Weather> {
        None
    }
}

/// What a kind of fault aims at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// Requests, of the route the plan says or of every one.
    Requests,
    /// The server as a whole: takes neither a route nor a share.
    Everything,
    /// This only, whatever the plan says.
    Only(Place),
}

/// What a fault knows when it strikes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// Between 0 and 1, drawn for this strike.
    pub(super) size: f64,
    /// For how long its window stays open.
    pub(super) left: Option<Duration>,
    /// On whose account it strikes.
    pub(super) owner: Owner,
    /// Which fault of the plan it is.
    pub(super) index: usize,
}

/// Everything that is done to what was struck, by however many faults.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Blow {
    /// Whether there is nobody to take a request, or to answer it.
    pub(super) is_gone: bool,
    /// Added to the time the request is planned to take.
    pub(super) longer: Duration,
    /// What is answered instead of doing anything.
    pub(super) refusal: Option<ApiError>,
    /// How the answer is lost.
    pub(super) lost: Option<Lost>,
    /// After how many bytes the body ends, if before its end.
    pub(super) cut: Option<Cut>,
    /// How fast the body may go.
    pub(super) pace: Option<Pace>,
    /// What is taken out of a pool.
    pub(super) seized: Vec<Seized>,
    /// What becomes of a chat message.
    pub(super) chat: Option<ChatFault>,
    /// Whether the store of processed webhooks cannot be read.
    pub(super) store_fails: bool,
    /// How long a socket has left.
    pub(super) socket_cut_after: Option<Duration>,
}

/// How an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// By a reset.
    Reset,
    /// By an end without a word.
    Silence,
}

/// Where a body is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// In its middle.
    Half,
    /// After this many bytes, of those it has.
    After(usize),
}

/// How fast a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// In pieces of this many bytes, at least one,
    pub(super) piece_bytes: usize,
    /// each this long after the one before.
    pub(super) every: Duration,
}

/// Servers of a pool that nobody else gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seized {
    pub(super) pool: String,
    pub(super) servers: usize,
    pub(super) lasting: Duration,
    /// On whose account, to be given back when the plan is stopped, started anew or replaced.
    pub(super) owner: Owner,
    /// Which fault of the plan it is, to be counted once the servers are taken.
    pub(super) index: usize,
}

/// What becomes of a chat message on its way to one participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChatFault {
    /// It never comes.
    Lost,
    /// It comes twice.
    Duplicated,
    /// It comes after the next one.
    Late,
}

macro_rules! kinds {
    ($($kind:ident in $file:ident),* $(,)?) => {
        /// A fault with its settings.
        #[derive(Debug, Clone, PartialEq)]
        pub(super) enum Kind { $($kind($file::$kind)),* }

        impl Kind {
            /// What plans call them.
            pub(super) const NAMES: &[&str] = &[$($file::$kind::NAME),*];

            /// Reads the keys of the kind called `name`; `None` when there is none of that name.
            pub(super) fn read(name: &str, keys: &mut Keys<'_>) -> Option<Result<Self, PlanError>> {
                match name {
                    $($file::$kind::NAME => Some($file::$kind::read(keys).map(Self::$kind)),)*
                    _ => None,
                }
            }

            /// What a plan calls it.
            pub(super) fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $file::$kind::NAME),* }
            }

            /// What it aims at.
            pub(super) fn aim(&self) -> Aim {
                match self { $(Self::$kind(_) => $file::$kind::AIM),* }
            }

            /// Whether it strikes once per window.
            pub(super) fn is_once(&self) -> bool {
                match self { $(Self::$kind(_) => $file::$kind::ONCE),* }
            }

            /// Whether answers it struck took another time than the latency books say.
            pub(super) fn is_unscored(&self) -> bool {
                match self { $(Self::$kind(_) => $file::$kind::UNSCORED),* }
            }

            /// Adds what it does to `blow`.
            pub(super) fn strike(&self, hit: Hit, blow: &mut Blow) {
                match self { $(Self::$kind(fault) => fault.strike(hit, blow)),* }
            }

            /// What it does to packets that go this way between this participant and the SFU.
            pub(super) fn weather(&self, user: &str, direction: Direction) -> Option<Weather> {
                match self { $(Self::$kind(fault) => fault.weather(user, direction)),* }
            }
        }
    };
}

kinds! {
    Latency in latency,
    Error in error,
    Reset in reset,
    EmptyReply in empty_reply,
    Truncate in truncate,
    SlowDrip in slow_drip,
    Bandwidth in bandwidth,
    Stall in stall,
    BrownOut in brown_out,
    WsCut in ws_cut,
    ChatLost in chat_lost,
    ChatDuplicated in chat_duplicated,
    ChatReordered in chat_reordered,
    Media in media,
    Down in down,
    Webhook5xx in webhook_5xx,
    WebhookStoreFails in webhook_store_fails,
}

/// A refusal in the platform's own words, with `Retry-After` where clients look for it (429 and 503).
fn refusal(status: u16, retry_after_s: Option<u32>) -> ApiError {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let error = ApiError::new(status, reason.unwrap_or("Error"));
    match retry_after_s {
        Some(seconds) => error.retry_after(seconds),
        None if matches!(status, 429 | 503) => error.retry_after(1),
        None => error,
    }
}
