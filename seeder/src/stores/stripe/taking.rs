//! Taking objects away that the ledger owns.

use super::answer::Failure;
use super::content::Kind;
use super::making;
use super::requests;
use super::wire::Wire;
use crate::stores::objects::Object;

/// The calls it takes to take this away at most.
pub(super) const fn calls(kind: Kind, object: &Object) -> u64 {
    let to_find = if object.remote_id.is_none() { 1 } else { 0 };
    // A product with prices is archived once Stripe will not delete it.
    to_find + if matches!(kind, Kind::Product) { 2 } else { 1 }
}

/// Takes an object away; one that was only intended, if it is there. `customer` is a subscription's.
pub(super) async fn take(wire: &Wire, kind: Kind, object: &Object, customer: &str) -> Result<(), Failure> {
    let id = match &object.remote_id {
        Some(id) => id.clone(),
        None => match making::find(wire, kind, &object.seed_key, customer).await?.ours {
            Some(found) => found.id,
            None => return Ok(()),
        },
    };
    take_named(wire, kind, &id).await
}

/// Takes away what Stripe calls `id`. What is gone already is fine.
pub(super) async fn take_named(wire: &Wire, kind: Kind, id: &str) -> Result<(), Failure> {
    let outcome = match wire.object(requests::remove(kind, id), None).await {
        Err(Failure::Refused(refusal)) if kind == Kind::Product && refusal.status == 400 => {
            wire.object(requests::archive_product(id), None).await
        }
        outcome => outcome,
    };
    match outcome {
        Err(failure) if !failure.is_missing() => Err(failure),
        Ok(_) | Err(_) => Ok(()),
    }
}
