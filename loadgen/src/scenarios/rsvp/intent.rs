//! Registrant `n` of the flash crowd: a pure function of seed and number.

use std::fmt;

use contract::events::{
    DECLINED_CARDS, LOAD_EVENT, LOAD_EVENT_BASELINE, LOAD_EVENT_SMALL, Participant, Payment,
};
use fixtures::Stream;

use super::NAME;

/// What one registrant is going to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Intent {
    pub(super) venue: Venue,
    pub(super) card: Option<Card>,
    pub(super) double_click: bool,
    /// Gives the seat back later, if one was had.
    pub(super) cancels: bool,
}

/// Which of the load events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Venue {
    /// A thousand seats: everyone gets one.
    Large,
    /// Fifty: most are turned away.
    Small,
    /// The baseline's own.
    Baseline,
}

/// How a seat is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Card {
    Good,
    /// The bank refuses it; which of the test cards.
    Declined(&'static str),
}

impl Venue {
    pub(super) fn event_id(self) -> &'static str {
        match self {
            Self::Large => LOAD_EVENT,
            Self::Small => LOAD_EVENT_SMALL,
            Self::Baseline => LOAD_EVENT_BASELINE,
        }
    }
}

impl Intent {
    /// 80 % go to the large event; 30 % pay, of whom one in thirty has a card that declines; 2 % click twice;
    /// 5 % of those who get a seat give it back.
    pub(super) fn new(seed: u64, n: u64) -> Self {
        let mut draw = Stream::new(seed, NAME, n);
        let venue = if draw.chance(0.8) { Venue::Large } else { Venue::Small };
        let card = match draw.unit() {
            x if x < 0.01 => Some(Card::Declined(draw.pick(DECLINED_CARDS))),
            x if x < 0.30 => Some(Card::Good),
            _ => None,
        };
        Self { venue, card, double_click: draw.chance(0.02), cancels: draw.chance(0.05) }
    }

    pub(super) fn declines(self) -> bool {
        matches!(self.card, Some(Card::Declined(_)))
    }

    /// True for those whom the large event has a seat for.
    pub(super) fn seat_is_there(self) -> bool {
        self.venue != Venue::Small && !self.declines()
    }

    pub(super) fn payment(self) -> Option<Payment> {
        let payment_method = match self.card? {
            Card::Good => "pm_card_visa",
            Card::Declined(card) => card,
        };
        Some(Payment { payment_method: payment_method.to_owned(), billing_details: None })
    }
}

/// Registrant `n`, at an address of this run's own.
pub(super) fn participant(nonce: &str, n: u64) -> Participant {
    Participant {
        email: format!("loadtest+{nonce}r{n}@wwmaa.com"),
        first_name: "Load".to_owned(),
        last_name: format!("Registrant {n}"),
        phone: Some(format!("+1-503-555-01{:02}", n % 100)),
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { venue, card, double_click, cancels } = self;
        write!(f, "{} {card:?} {double_click} {cancels}", venue.event_id())
    }
}
