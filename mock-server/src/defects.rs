//! Defects planted on purpose, by which a load suite is graded: with one of them switched on the mock is wrong
//! in one way, and a suite that stays green has a hole.
//!
//! A defect is switched on at the start (`--defect NAME`) or while the mock runs (`/__admin/defects`). Where it
//! bites, the code asks [`Defects::has`]; grep for a defect's name and you see all of what it does.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

/// A way of being wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Defect {
    /// Seats are counted, then taken, with a moment between: two people get the last one.
    OversellRace,
    /// One participant may hold two seats of one event.
    DoubleBooking,
    /// A seat given back goes to whoever joined the waitlist last.
    WaitlistNotFifo,
    /// Copies of a webhook that arrive at once are each applied.
    WebhookTwice,
    /// When the store of processed webhooks fails, an event counts as new instead of being refused.
    DedupFailsOpen,
    /// Of several v1 signatures only the last is looked at.
    LastV1Only,
    /// A signature's timestamp is not compared with the clock.
    StaleTimestampAccepted,
    /// A subscription takes the state of whichever event came last, not of the newest.
    OlderOverwritesNewer,
    /// A refresh token may be used again and again.
    RefreshReusable,
    /// Five in a hundred chat messages reach one participant too few.
    ChatLost,
    /// Two chat messages in a row are delivered the other way round.
    ChatOrderBroken,
    /// Five in a hundred chat messages come twice to one participant.
    ChatDuplicated,
    /// The SFU takes packets and never forwards them.
    TracksNeverActive,
    /// A token of another session opens this one's socket and gets its video.
    ForeignTokenAccepted,
    /// A search's filters are read and not applied.
    FilterIgnored,
    /// A semantic search answers with keyword hits under another name.
    SemanticIsKeyword,
    /// Capacity is read from a cache that does not hear of bookings.
    StaleCapacity,
    /// `/auth/me` refuses the access token that login gave.
    LoginTokenRefused,
    /// Each row looked at costs a query: a list is the slower the more there is.
    NPlusOne,
    /// What fails is answered with 200 and `{"status":"error"}`.
    ErrorsAs200,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::OversellRace,
        Self::DoubleBooking,
        Self::WaitlistNotFifo,
        Self::WebhookTwice,
        Self::DedupFailsOpen,
        Self::LastV1Only,
        Self::StaleTimestampAccepted,
        Self::OlderOverwritesNewer,
        Self::RefreshReusable,
        Self::ChatLost,
        Self::ChatOrderBroken,
        Self::ChatDuplicated,
        Self::TracksNeverActive,
        Self::ForeignTokenAccepted,
        Self::FilterIgnored,
        Self::SemanticIsKeyword,
        Self::StaleCapacity,
        Self::LoginTokenRefused,
        Self::NPlusOne,
        Self::ErrorsAs200,
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::OversellRace => "oversell-race",
            Self::DoubleBooking => "double-booking",
            Self::WaitlistNotFifo => "waitlist-not-fifo",
            Self::WebhookTwice => "webhook-twice",
            Self::DedupFailsOpen => "dedup-fails-open",
            Self::LastV1Only => "last-v1-only",
            Self::StaleTimestampAccepted => "stale-timestamp-accepted",
            Self::OlderOverwritesNewer => "older-overwrites-newer",
            Self::RefreshReusable => "refresh-reusable",
            Self::ChatLost => "chat-lost",
            Self::ChatOrderBroken => "chat-order-broken",
            Self::ChatDuplicated => "chat-duplicated",
            Self::TracksNeverActive => "tracks-never-active",
            Self::ForeignTokenAccepted => "foreign-token-accepted",
            Self::FilterIgnored => "filter-ignored",
            Self::SemanticIsKeyword => "semantic-is-keyword",
            Self::StaleCapacity => "stale-capacity",
            Self::LoginTokenRefused => "login-token-refused",
            Self::NPlusOne => "n-plus-one",
            Self::ErrorsAs200 => "errors-as-200",
        }
    }

    /// What it does, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::OversellRace => "two people get the last seat",
            Self::DoubleBooking => "a participant holds two seats of one event",
            Self::WaitlistNotFifo => "a free seat goes to whoever joined the waitlist last",
            Self::WebhookTwice => "copies of a webhook that arrive at once are each applied",
            Self::DedupFailsOpen => "without the store of processed webhooks every event is new",
            Self::LastV1Only => "of several v1 signatures only the last is looked at",
            Self::StaleTimestampAccepted => "a signature may be of any age",
            Self::OlderOverwritesNewer => "an older event overwrites a newer one",
            Self::RefreshReusable => "a refresh token works again and again",
            Self::ChatLost => "5 % of chat messages reach one participant too few",
            Self::ChatOrderBroken => "chat messages change places",
            Self::ChatDuplicated => "5 % of chat messages come twice to one participant",
            Self::TracksNeverActive => "media is taken and never forwarded",
            Self::ForeignTokenAccepted => "a token of another session opens this one",
            Self::FilterIgnored => "search filters do not filter",
            Self::SemanticIsKeyword => "search by meaning is search by words",
            Self::StaleCapacity => "seats are counted in a cache that does not hear of bookings",
            Self::LoginTokenRefused => "the token that login gave is refused",
            Self::NPlusOne => "every row of a list costs a query",
            Self::ErrorsAs200 => "failures are answered with 200",
        }
    }

    /// The scenario that is to turn red with it.
    pub fn scenario(self) -> &'static str {
        match self {
            Self::OversellRace | Self::DoubleBooking | Self::WaitlistNotFifo | Self::StaleCapacity => {
                "event-rsvp-load"
            }
            Self::WebhookTwice
            | Self::DedupFailsOpen
            | Self::LastV1Only
            | Self::StaleTimestampAccepted
            | Self::OlderOverwritesNewer
            | Self::ErrorsAs200 => "webhooks-load",
            Self::ChatLost
            | Self::ChatOrderBroken
            | Self::ChatDuplicated
            | Self::TracksNeverActive
            | Self::ForeignTokenAccepted => "rtc-load",
            Self::FilterIgnored | Self::SemanticIsKeyword => "search-load",
            Self::RefreshReusable | Self::LoginTokenRefused | Self::NPlusOne => "api-load",
        }
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No defect is called that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no defect `{0}`; there are {known}", known = Defect::ALL.map(Defect::name).join(", "))]
pub struct UnknownDefect(pub String);

impl FromStr for Defect {
    type Err = UnknownDefect;

    fn from_str(name: &str) -> Result<Self, UnknownDefect> {
        Self::ALL
            .into_iter()
            .find(|defect| defect.name() == name)
            .ok_or_else(|| UnknownDefect(name.to_owned()))
    }
}

/// Which defects are switched on.
#[derive(Debug, Default)]
pub(crate) struct Defects(AtomicU32);

impl Defects {
    /// With these switched on.
    pub(crate) fn planted(defects: &[Defect]) -> Self {
        Self(AtomicU32::new(defects.iter().fold(0, |bits, defect| bits | defect.bit())))
    }

    /// Whether this one is on.
    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.0.load(Ordering::Relaxed) & defect.bit() != 0
    }

    /// Switches one on or off.
    pub(crate) fn switch(&self, defect: Defect, on: bool) {
        if on {
            self.0.fetch_or(defect.bit(), Ordering::Relaxed);
        } else {
            self.0.fetch_and(!defect.bit(), Ordering::Relaxed);
        }
    }
}
