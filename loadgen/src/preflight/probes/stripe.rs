//! Stripe's endpoint: an event that changes nothing, and one that is not Stripe's.

use contract::{
    Nothing,
    stripe::{self, Event, EventData, header},
    webhooks::ReceiveStripe,
};
use engine::clock;

use crate::preflight::{findings::Trouble, kit::Kit, reply::Reply};

/// A type that no platform applies.
const UNKNOWN: &str = "loadgen.preflight";
/// Not the endpoint's secret, whatever that is.
const FOREIGN: &str = "whsec_of_somebody_else";

pub(in crate::preflight) async fn deliver(kit: &Kit) -> Result<(), Trouble> {
    let (known, forged) = tokio::join!(send(kit, "p", &kit.stripe_secret), send(kit, "f", FOREIGN));
    known?.fits()?;
    forged?.is_refused(400, "a bad signature")
}

async fn send(kit: &Kit, label: &str, secret: &str) -> Result<Reply<ReceiveStripe>, Trouble> {
    let now = clock::wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let event = Event {
        id: format!("evt_lt{}{label}reflight", kit.nonce),
        object: "event".to_owned(),
        api_version: Some(stripe::API_VERSION.to_owned()),
        created: now,
        kind: UNKNOWN.to_owned(),
        data: EventData { object: serde_json::json!({}), previous_attributes: None },
        livemode: false,
        pending_webhooks: 0,
        request: None,
    };
    let body = serde_json::to_vec(&event).unwrap_or_default();
    let signature = header(&[secret], now, &body);
    kit.to::<ReceiveStripe>(&Nothing {}).header(stripe::SIGNATURE_HEADER, &signature).raw(body).send().await
}
