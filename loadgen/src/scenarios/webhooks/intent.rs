//! Event `n` of the burst and how it is delivered: a pure function of seed and number.

use std::fmt;

use contract::{stripe::EventKind, subscriptions::SubscriptionStatus};
use fixtures::Stream;

use super::NAME;

/// Weights of [`EventKind`]s among events that are not an out-of-order pair. With the 1 % of events in such
/// pairs, which are all `customer.subscription.updated`, they come to 40/30/15/10/5 %.
const MIX: [(EventKind, u32); 5] = [
    (EventKind::PaymentIntentSucceeded, 4_000),
    (EventKind::SubscriptionUpdated, 2_900),
    (EventKind::InvoicePaymentSucceeded, 1_500),
    (EventKind::PaymentIntentFailed, 1_000),
    (EventKind::SubscriptionDeleted, 500),
];
/// Of so many in a row one is special; which one is drawn. So a short burst has some of each.
/// Of pairs of neighbours, one is a change and an older one delivered after it: 1 %.
const OUT_OF_ORDER_ONE_IN: u64 = 100;
/// Of events, one is signed with two secrets: 1 %.
const ROLLING_ONE_IN: u64 = 100;
/// Of events, one is followed by a forged one: 0.5 %.
const FORGED_ONE_IN: u64 = 200;

/// One event, as it is going to be delivered. A pure function of seed and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Intent {
    pub(super) kind: EventKind,
    /// Whose payment or subscription it is about, as a place among those who pay.
    pub(super) payer: u32,
    pub(super) order: Place,
    pub(super) copies: Copies,
    pub(super) rolling: Option<Rolling>,
    pub(super) forged: Option<Forgery>,
    pub(super) past_due: bool,
}

/// Where an event stands among those about the same subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// As it happened.
    InOrder,
    /// Happened later than the next, which is about the same subscription.
    AheadOfOlder,
    /// Happened before the one delivered just now.
    BehindNewer,
}

/// How often an event is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copies {
    Once,
    /// Twice at the same moment.
    Concurrent,
    /// Again after a while.
    Later,
}

/// In which order the two signatures come while a secret rolls; the receiver knows one of the secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rolling {
    KnownFirst,
    KnownLast,
}

/// What is wrong with a delivery that must be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forgery {
    WrongSecret,
    Stale,
    Garbled,
}

impl Intent {
    pub(super) fn new(seed: u64, n: u64, payers: u32) -> Self {
        let pair = is_one_of(seed, "webhooks-pair", n / 2, OUT_OF_ORDER_ONE_IN).is_some();
        let mut draw = Stream::new(seed, NAME, n);
        let kind = MIX[draw.weighted(&MIX.map(|(_, weight)| weight))].0;
        let payer = draw.below(payers);
        let copies = match draw.unit() {
            x if x < 0.01 => Copies::Concurrent,
            x if x < 0.02 => Copies::Later,
            _ => Copies::Once,
        };
        let rolling = is_one_of(seed, "webhooks-rolling", n, ROLLING_ONE_IN)
            .map(|row| if row % 2 == 0 { Rolling::KnownFirst } else { Rolling::KnownLast });
        let forged = is_one_of(seed, "webhooks-forged", n, FORGED_ONE_IN).map(|row| match row % 3 {
            0 => Forgery::Stale,
            1 => Forgery::WrongSecret,
            _ => Forgery::Garbled,
        });
        let past_due = draw.chance(0.15);
        let intent = Self { kind, payer, order: Place::InOrder, copies, rolling, forged, past_due };
        if !pair {
            return intent;
        }
        let payer = Stream::new(seed, "webhooks-payer", n / 2).below(payers);
        let order = if n.is_multiple_of(2) { Place::AheadOfOlder } else { Place::BehindNewer };
        let past_due = order == Place::BehindNewer;
        Self { kind: EventKind::SubscriptionUpdated, payer, order, past_due, ..intent }
    }

    /// What it makes of the subscription, if it is about one.
    pub(super) fn state(&self) -> Option<SubscriptionStatus> {
        match self.kind {
            EventKind::SubscriptionDeleted => Some(SubscriptionStatus::Canceled),
            EventKind::SubscriptionUpdated if self.past_due => Some(SubscriptionStatus::PastDue),
            EventKind::SubscriptionUpdated => Some(SubscriptionStatus::Active),
            _ => None,
        }
    }

    /// Deliveries whose signature is good.
    pub(super) fn valid_deliveries(&self) -> u64 {
        if self.copies == Copies::Once { 1 } else { 2 }
    }

    /// All its deliveries, the forged one included.
    pub(super) fn deliveries(&self) -> u64 {
        self.valid_deliveries() + u64::from(self.forged.is_some())
    }
}

/// The row that `n` belongs to, if it is the one of its row that is drawn; rows have `length` places.
fn is_one_of(seed: u64, what: &'static str, n: u64, length: u64) -> Option<u64> {
    let (row, place) = (n / length, n % length);
    let drawn = Stream::new(seed, what, row).below(u32::try_from(length).unwrap_or(u32::MAX));
    (place == u64::from(drawn)).then_some(row)
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, payer, order, copies, rolling, forged, past_due } = self;
        let kind = kind.as_str();
        write!(f, "{kind} {payer} {order:?} {copies:?} {rolling:?} {forged:?} {past_due}")
    }
}
