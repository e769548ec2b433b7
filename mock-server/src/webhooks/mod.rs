//! Stripe's webhooks: delivered at least once and in any order, applied exactly once.

mod audit;
mod book;
mod signature;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use contract::stripe::{Event, EventKind, SIGNATURE_HEADER};
use contract::webhooks::{Receipt, ReceiptStatus, ReceiveStripe};
use contract::{ApiError, Nothing};

use crate::api::Api;
use crate::area::Area;
use crate::caller::Caller;
use crate::defects::Defect;
use crate::mock::Mock;
use crate::subscriptions::{Change, Wins, Written};
use crate::sync::lock;
use book::{Book, Outcome};

pub(crate) use audit::ledger;

/// From looking an event up to applying it, with `webhook-twice`: as long as asking a database takes.
const CHECK_TO_ACT: Duration = Duration::from_millis(50);

/// Which events were delivered.
pub(crate) struct Webhooks {
    book: Mutex<Book>,
}

pub(crate) fn routes(api: Api) -> Api {
    api.raw_waiting::<ReceiveStripe, _>(receive)
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

/// Takes a delivery. It waits only where a race is planted.
async fn receive(mock: Arc<Mock>, caller: Caller, _: Nothing, body: Bytes) -> Result<Receipt, ApiError> {
    let (event, change) = read(&mock, &caller, &body)?;
    let store_fails = mock.settings.faults.webhook_store_fails();
    if !store_fails && mock.settings.defects.has(Defect::WebhookTwice) {
        let is_first = !lock(&mock.webhooks.book).knows(&event.id);
        // Nothing is locked: a copy that comes meanwhile finds the event as new as this one did.
        tokio::time::sleep(CHECK_TO_ACT).await;
        lock(&mock.webhooks.book).claim(&event.id, &event.kind);
        return Ok(settle(&mock, event, change.as_ref(), is_first));
    }
    take(&mock, event, change.as_ref(), store_fails)
}

/// What a delivery says, if it is signed and makes sense.
fn read(mock: &Mock, caller: &Caller, body: &[u8]) -> Result<(Event, Option<Change>), ApiError> {
    let header = caller
        .header(SIGNATURE_HEADER)
        .ok_or_else(|| ApiError::bad_request("Missing Stripe-Signature header"))?;
    signature::check(mock, header, body)
        .map_err(|why| ApiError::bad_request(format!("Invalid signature: {why}")))?;
    let event: Event = serde_json::from_slice(body).map_err(|_| ApiError::bad_request("Invalid payload"))?;
    if event.object != "event" || event.id.is_empty() {
        return Err(ApiError::bad_request("Invalid payload"));
    }
    let change = match EventKind::from_name(&event.kind) {
        Some(kind) => Some(Change::of(kind, &event).ok_or_else(|| ApiError::bad_request("Invalid payload"))?),
        None => None,
    };
    Ok((event, change))
}

/// Takes a delivery that is what it says it is. The id is claimed before anything is applied, so that of many
/// copies that arrive at once only one gets through. Without the store nobody knows what was applied: the
/// delivery is refused with nothing done, and Stripe sends it again.
fn take(mock: &Mock, event: Event, change: Option<&Change>, store_fails: bool) -> Result<Receipt, ApiError> {
    let is_first = match (store_fails, mock.settings.defects.has(Defect::DedupFailsOpen)) {
        (false, _) => lock(&mock.webhooks.book).claim(&event.id, &event.kind),
        // Nothing can be looked up, and nothing written down.
        (true, true) => true,
        (true, false) => {
            return Err(store_unavailable());
        }
    };
    Ok(settle(mock, event, change, is_first))
}

/// Applies the first delivery of an event; any other is a duplicate.
fn settle(mock: &Mock, event: Event, change: Option<&Change>, is_first: bool) -> Receipt {
    let mut receipt = Receipt {
        received: true,
        status: ReceiptStatus::Duplicate,
        event_id: event.id,
        event_type: None,
        payment_recorded: None,
        subscription_updated: None,
    };
    if !is_first {
        return receipt;
    }
    receipt.event_type = Some(event.kind);
    let claim = Claim { mock, event_id: &receipt.event_id, is_kept: false };
    let outcome = if let Some(change) = change {
        let stale = mock.settings.defects.has(Defect::OlderOverwritesNewer);
        let wins = if stale { Wins::Last } else { Wins::Newest };
        let written = mock.subscriptions.apply(wins, &receipt.event_id, change);
        receipt.status = ReceiptStatus::Success;
        receipt.payment_recorded = (written == Written::Payment).then_some(true);
        receipt.subscription_updated = (written == Written::Subscription).then_some(true);
        Outcome::Applied
    } else {
        receipt.status = ReceiptStatus::Ignored;
        Outcome::Ignored
    };
    claim.keep(outcome);
    receipt
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
