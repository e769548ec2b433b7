//! Whether every event was applied exactly once, told by holding the book of deliveries against the journal of
//! effects, which are written in different places.

use std::collections::HashMap;

use serde::Serialize;

use super::book::Outcome;
use crate::area::AuditCheck;
use crate::mock::Mock;
use crate::sync::lock;

/// One event in the book the admin may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) event_id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Deliveries that carried a good signature.
    pub(crate) deliveries: u32,
    /// Effects in the journal.
    pub(crate) applied: u32,
}

/// Every event, in the order of its first delivery.
pub(crate) fn ledger(mock: &Mock) -> Vec<Line> {
    lines(mock).into_iter().map(|(line, _)| line).collect()
}

/// Every event of the book with its outcome, then every effect whose event the book does not have.
fn lines(mock: &Mock) -> Vec<(Line, Option<Outcome>)> {
    // What was applied before the book is read is in the book: an event is claimed before it is applied.
    let before = applied(mock);
    let book = lock(&mock.webhooks.book);
    let line = |(id, entry): (&str, &super::book::Entry)| {
        let line = Line {
            event_id: id.to_owned(),
            kind: entry.kind.clone(),
            deliveries: entry.deliveries,
            applied: 0,
        };
        (line, Some(entry.outcome))
    };
    let mut lines: Vec<(Line, Option<Outcome>)> = book.events().map(line).collect();
    if book.is_whole() {
        let unbooked = before.into_keys().filter(|id| !book.has(id));
        lines.extend(unbooked.map(|id| (Line::unbooked(id), None)));
    }
    drop(book);
    // What the book calls applied has its effect in the journal by now.
    let applied = applied(mock);
    for (line, _) in &mut lines {
        line.applied = applied.get(&line.event_id).copied().unwrap_or(0);
    }
    lines
}

impl Line {
    /// Of an event that was applied and is not in the book: nothing keeps its next delivery from being applied
    /// as well.
    fn unbooked(event_id: String) -> Self {
        Self { event_id, kind: "not in the book".to_owned(), deliveries: 0, applied: 0 }
    }
}

/// How often each event was applied.
fn applied(mock: &Mock) -> HashMap<String, u32> {
    mock.subscriptions.with_effects(|effects| {
        let mut applied = HashMap::new();
        effects.for_each(|effect| *applied.entry(effect.event_id.clone()).or_insert(0) += 1);
        applied
    })
}

/// Every event that was answered with success has one effect, every other none; and no effect is there of an
/// event that is not in the book.
pub(super) fn exactly_once(mock: &Mock) -> AuditCheck {
    let lines = lines(mock);
    let is_right = |(line, outcome): &&(Line, Option<Outcome>)| match outcome {
        Some(Outcome::Applied) => line.applied == 1,
        // Under way: the effect may or may not be there yet.
        Some(Outcome::Claimed) => line.applied <= 1,
        Some(Outcome::Ignored | Outcome::GivenBack) => line.applied == 0,
        None => false,
    };
    let wrong = lines.iter().filter(|line| !is_right(line)).map(|(line, _)| line.event_id.clone()).collect();
    AuditCheck::new("webhooks_applied_exactly_once", lines.len(), "events", wrong)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contract::stripe::{Event, EventKind, Facts};

    use super::super::take;
    use super::*;
    use crate::app::Settings;
    use crate::area::Area as _;
    use crate::dataset::Dataset;
    use crate::defects::Defect;
    use crate::subscriptions::Change;

    fn mock() -> Mock {
        Mock::load(Arc::new(Settings::default()), "default", &Dataset::default())
    }

    fn event(id: &str, created: i64, status: &str) -> (Event, Change) {
        let facts = Facts {
            event_id: id.to_owned(),
            created,
            customer: "cus_1".to_owned(),
            subscription: "sub_1".to_owned(),
            payment_intent: "pi_1".to_owned(),
            invoice: "in_1".to_owned(),
            request: "req_1".to_owned(),
            email: "ana@example.com".to_owned(),
            amount: 7_900,
            plan: "premium".to_owned(),
            subscription_status: status.to_owned(),
            period_start: created,
            period_end: created + 1_000,
        };
        let kind = EventKind::SubscriptionUpdated;
        let event: Event = serde_json::from_str(&facts.render(kind)).expect("a template renders an event");
        let change = Change::of(kind, &event).expect("a rendered event is whole");
        (event, change)
    }

    #[test]
    fn an_event_applied_twice_is_found() {
        let mock = mock();
        let (first, change) = event("evt_1", 10, "active");
        take(&mock, first, Some(&change), false).expect("the store answers");
        assert!(exactly_once(&mock).ok);
        mock.subscriptions.plant(|billing| billing.apply("evt_1", &change));
        let check = exactly_once(&mock);
        assert!(!check.ok);
        assert_eq!(check.offending, ["evt_1"]);
    }

    #[test]
    fn an_event_answered_but_never_applied_is_found() {
        let mock = mock();
        lock(&mock.webhooks.book).claim("evt_lost", "invoice.payment_succeeded");
        lock(&mock.webhooks.book).settle("evt_lost", Outcome::Applied);
        assert_eq!(exactly_once(&mock).offending, ["evt_lost"]);
    }

    #[test]
    fn an_older_event_that_overwrites_a_newer_one_is_found() {
        let mock = mock();
        for (id, created, status) in [("evt_new", 20, "active"), ("evt_old", 10, "past_due")] {
            let (event, change) = event(id, created, status);
            take(&mock, event, Some(&change), false).expect("the store answers");
        }
        assert!(mock.subscriptions.audit()[0].ok, "the newer one stands");
        mock.subscriptions.plant(|billing| {
            billing.plant_overwrite("sub_1", contract::subscriptions::SubscriptionStatus::PastDue);
        });
        assert_eq!(mock.subscriptions.audit()[0].offending, ["sub_1"]);
    }

    #[test]
    fn without_the_store_a_delivery_is_refused_and_nothing_is_done() {
        let mock = mock();
        let (first, change) = event("evt_1", 10, "active");
        let refused = take(&mock, first, Some(&change), true).expect_err("nobody knows whether it is new");
        assert_eq!(refused.status, 503);
        assert!(ledger(&mock).is_empty(), "nothing was applied");
        let (again, _) = event("evt_1", 10, "active");
        take(&mock, again, Some(&change), false).expect("the store is back");
        assert!(exactly_once(&mock).ok);
    }

    #[test]
    fn what_is_applied_without_the_store_is_found() {
        let mock = mock();
        mock.settings.defects.switch(Defect::DedupFailsOpen, true);
        for (store_fails, applied) in [(true, 1), (false, 2), (false, 2)] {
            let (delivery, change) = event("evt_1", 10, "active");
            take(&mock, delivery, Some(&change), store_fails).expect("it fails open");
            assert_eq!(ledger(&mock)[0].applied, applied);
            assert_eq!(exactly_once(&mock).offending, ["evt_1"]);
        }
    }

    #[test]
    fn a_claim_that_is_given_back_is_applied_by_the_next_delivery() {
        let mock = mock();
        let mut book = lock(&mock.webhooks.book);
        assert!(book.claim("evt_1", "x"));
        assert!(!book.claim("evt_1", "x"), "a copy beside it is a duplicate");
        book.give_back("evt_1");
        assert!(book.claim("evt_1", "x"));
    }
}
