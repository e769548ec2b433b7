//! Stripe's webhooks: delivered at least once and in any order, applied exactly once.

mod audit;
mod book;

use std::sync::Mutex;

use contract::stripe::{Event, EventKind, SIGNATURE_HEADER, verify};
use contract::webhooks::{Receipt, ReceiptStatus, ReceiveStripe};
use contract::{ApiError, Nothing};

use crate::api::Api;
use crate::area::Area;
use crate::caller::Caller;
use crate::clock;
use crate::mock::Mock;
use crate::subscriptions::{Change, Written};
use crate::sync::lock;
use book::{Book, Outcome};

pub(crate) use audit::ledger;

/// Which events were delivered.
pub(crate) struct Webhooks {
    book: Mutex<Book>,
}

pub(crate) fn routes(api: Api) -> Api {
    api.raw_endpoint::<ReceiveStripe>(receive)
}

impl Webhooks {
    pub(crate) fn load() -> Self {
        Self { book: Mutex::default() }
    }
}

/// Its audit needs the effects that the subscriptions area journals, so `Mock::audit` asks for it.
impl Area for Webhooks {
    fn reset_load(&self) {
        lock(&self.book).clear();
    }
}

/// The verdict on exactly-once, from the book of deliveries and the journal of effects.
pub(crate) fn audit(mock: &Mock) -> crate::area::AuditCheck {
    audit::exactly_once(mock)
}

fn receive(mock: &Mock, caller: &Caller, _: Nothing, body: &[u8]) -> Result<Receipt, ApiError> {
    let header = caller
        .header(SIGNATURE_HEADER)
        .ok_or_else(|| ApiError::bad_request("Missing Stripe-Signature header"))?;
    verify(&mock.settings.stripe_secret, header, body, clock::wall().timestamp())
        .map_err(|why| ApiError::bad_request(format!("Invalid signature: {why}")))?;
    let event: Event = serde_json::from_slice(body).map_err(|_| ApiError::bad_request("Invalid payload"))?;
    if event.object != "event" || event.id.is_empty() {
        return Err(ApiError::bad_request("Invalid payload"));
    }
    let change = match EventKind::from_name(&event.kind) {
        Some(kind) => Some(Change::of(kind, &event).ok_or_else(|| ApiError::bad_request("Invalid payload"))?),
        None => None,
    };
    take(mock, event, change.as_ref())
}

/// Takes a delivery that is what it says it is. The id is claimed before anything is applied, so that of many
/// copies that arrive at once only one gets through.
fn take(mock: &Mock, event: Event, change: Option<&Change>) -> Result<Receipt, ApiError> {
    if mock.settings.faults.webhook_store_fails() {
        return Err(store_unavailable());
    }
    let mut receipt = Receipt {
        received: true,
        status: ReceiptStatus::Duplicate,
        event_id: event.id,
        event_type: None,
        payment_recorded: None,
        subscription_updated: None,
    };
    if !lock(&mock.webhooks.book).claim(&receipt.event_id, &event.kind) {
        return Ok(receipt);
    }
    receipt.event_type = Some(event.kind);
    let claim = Claim { mock, event_id: &receipt.event_id, is_kept: false };
    let outcome = if let Some(change) = change {
        let written = mock.subscriptions.apply(&receipt.event_id, change);
        receipt.status = ReceiptStatus::Success;
        receipt.payment_recorded = (written == Written::Payment).then_some(true);
        receipt.subscription_updated = (written == Written::Subscription).then_some(true);
        Outcome::Applied
    } else {
        receipt.status = ReceiptStatus::Ignored;
        Outcome::Ignored
    };
    claim.keep(outcome);
    Ok(receipt)
}

/// Whether an event was applied before cannot be known: nothing is applied, and Stripe is asked to come again.
fn store_unavailable() -> ApiError {
    ApiError::new(503, "Processed events cannot be looked up, please deliver again").retry_after(1)
}

/// A claim on an event's id. One that is not kept, because applying the event panicked, is given back, so that
/// Stripe's next delivery gets a chance.
struct Claim<'a> {
    mock: &'a Mock,
    event_id: &'a str,
    is_kept: bool,
}

impl Claim<'_> {
    fn keep(mut self, outcome: Outcome) {
        lock(&self.mock.webhooks.book).settle(self.event_id, outcome);
        self.is_kept = true;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            lock(&self.mock.webhooks.book).give_back(self.event_id);
        }
    }
}
