//! Stripe's deliveries.

use contract::stripe::{DEFAULT_SECRET, EventKind, Facts, header};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::rig::{Rig, small_world};

/// Now, in Unix seconds.
pub(crate) fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().expect("the clock is past 1970");
    since.as_secs().cast_signed()
}

/// An event about the first member who pays through Stripe.
pub(crate) fn facts(event_id: &str, created: i64) -> (Facts, String) {
    let world = small_world();
    let (row, stripe_id) = world
        .subscriptions()
        .find_map(|row| row.stripe_subscription_id.clone().map(|id| (row, id)))
        .expect("somebody pays");
    let member = world.members().find(|member| member.id == row.member_id).expect("everybody is a member");
    let facts = Facts {
        event_id: event_id.to_owned(),
        created,
        customer: row.stripe_customer_id,
        subscription: stripe_id,
        payment_intent: format!("pi_{event_id}"),
        invoice: format!("in_{event_id}"),
        request: format!("req_{event_id}"),
        email: member.email.clone(),
        amount: 7_900,
        plan: "premium".to_owned(),
        subscription_status: "active".to_owned(),
        period_start: created,
        period_end: created + 31_536_000,
    };
    (facts, member.email)
}

pub(crate) async fn deliver(rig: &Rig, body: String, signature: Option<String>) -> (StatusCode, Value) {
    let mut request = rig.request("POST", "/api/webhooks/stripe").body(body);
    if let Some(signature) = signature {
        request = request.header("Stripe-Signature", signature);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

pub(crate) async fn signed(rig: &Rig, body: String) -> (StatusCode, Value) {
    let signature = header(&[DEFAULT_SECRET], now(), body.as_bytes());
    deliver(rig, body, Some(signature)).await
}

pub(crate) async fn ledger(rig: &Rig) -> Vec<Value> {
    let answer = rig.admin("GET", "/__admin/webhooks").send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[tokio::test]
async fn every_known_type_is_applied_and_says_what_it_wrote() {
    let rig = Rig::start().await;
    for (n, kind) in EventKind::ALL.into_iter().enumerate() {
        let (facts, _) = facts(&format!("evt_{n}"), now() + n.cast_signed() as i64);
        let (status, receipt) = signed(&rig, facts.render(kind)).await;
        assert_eq!(status, 200);
        let wrote =
            if kind.as_str().starts_with("customer") { "subscription_updated" } else { "payment_recorded" };
        let expected = json!({
            "received": true, "status": "success", "event_id": format!("evt_{n}"), "event_type": kind.as_str(),
            wrote: true,
        });
        assert_eq!(receipt, expected);
    }
    assert!(ledger(&rig).await.iter().all(|line| line["deliveries"] == 1 && line["applied"] == 1));
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn a_hundred_copies_at_once_are_applied_once() {
    let rig = Rig::start().await;
    let body = facts("evt_copied", now()).0.render(EventKind::SubscriptionUpdated);
    let copies = (0..100).map(|_| signed(&rig, body.clone()));
    let receipts = futures_util::future::join_all(copies).await;
    let with = |status: &str| receipts.iter().filter(|(_, receipt)| receipt["status"] == status).count();
    assert!(receipts.iter().all(|(status, _)| *status == 200));
    assert_eq!((with("success"), with("duplicate")), (1, 99));
    assert_eq!(
        ledger(&rig).await,
        [
            json!({ "event_id": "evt_copied", "type": "customer.subscription.updated", "deliveries": 100, "applied": 1 })
        ]
    );
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn an_older_event_never_overwrites_a_newer_state() {
    let rig = Rig::start().await;
    let (mut newer, email) = facts("evt_newer", now());
    newer.subscription_status = "past_due".to_owned();
    let (older, _) = facts("evt_older", now() - 1_000);
    signed(&rig, newer.render(EventKind::SubscriptionUpdated)).await;
    let (status, receipt) = signed(&rig, older.render(EventKind::SubscriptionUpdated)).await;
    assert_eq!((status.as_u16(), &receipt["status"]), (200, &json!("success")));
    assert_eq!(receipt["subscription_updated"], Value::Null, "nothing was written");
    let token = rig.token(&email).await;
    let (_, mine) = rig.sends("GET", "/api/subscriptions/my-subscription", None, Some(&token)).await;
    assert_eq!(mine["status"], "past_due");
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn a_deleted_subscription_is_canceled() {
    let rig = Rig::start().await;
    let (facts, email) = facts("evt_deleted", now());
    signed(&rig, facts.render(EventKind::SubscriptionDeleted)).await;
    let token = rig.token(&email).await;
    let (_, mine) = rig.sends("GET", "/api/subscriptions/my-subscription", None, Some(&token)).await;
    assert_eq!(mine["status"], "canceled");
}

#[tokio::test]
async fn a_type_nobody_knows_is_ignored() {
    let rig = Rig::start().await;
    let body = json!({ "id": "evt_x", "object": "event", "created": 1, "type": "charge.updated", "data": { "object": {} } });
    let (status, receipt) = signed(&rig, body.to_string()).await;
    assert_eq!((status.as_u16(), &receipt["status"]), (200, &json!("ignored")));
    assert_eq!(signed(&rig, body.to_string()).await.1["status"], "duplicate");
    assert_eq!(ledger(&rig).await[0]["applied"], 0);
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn bad_signatures_change_nothing() {
    let rig = Rig::start().await;
    let body = facts("evt_forged", now()).0.render(EventKind::PaymentIntentSucceeded);
    let forged = [
        None,
        Some(header(&["whsec_other"], now(), body.as_bytes())),
        Some(header(&[DEFAULT_SECRET], now() - 400, body.as_bytes())),
        Some("t=x,v1=00".to_owned()),
        Some(format!("t={},v1=zz", now())),
        Some(String::new()),
    ];
    for signature in forged {
        let (status, refusal) = deliver(&rig, body.clone(), signature.clone()).await;
        assert_eq!(status, 400, "{signature:?}");
        assert!(refusal["detail"].is_string());
    }
    assert!(ledger(&rig).await.is_empty());
    let rolled = header(&["whsec_old", DEFAULT_SECRET], now(), body.as_bytes());
    assert_eq!(deliver(&rig, body, Some(rolled)).await.0, 200, "any one v1 suffices");
}

#[tokio::test]
async fn a_signed_body_that_is_no_event_is_refused() {
    let rig = Rig::start().await;
    for body in [
        "not json",
        "{}",
        r#"{"id":"evt_1","object":"charge","created":1,"type":"x","data":{"object":{}}}"#,
        r#"{"id":"","object":"event","created":1,"type":"x","data":{"object":{}}}"#,
        r#"{"id":"evt_1","object":"event","created":1,"type":"payment_intent.succeeded","data":{"object":{}}}"#,
    ] {
        let (status, refusal) = signed(&rig, body.to_owned()).await;
        assert_eq!((status.as_u16(), &refusal["detail"]), (400, &json!("Invalid payload")), "{body}");
    }
    assert!(ledger(&rig).await.is_empty());
}

#[tokio::test]
async fn a_reset_forgets_deliveries_and_what_they_did() {
    let rig = Rig::start().await;
    let before = rig.digests().await;
    let body = facts("evt_1", now()).0.render(EventKind::SubscriptionUpdated);
    signed(&rig, body.clone()).await;
    assert_ne!(rig.digests().await, before);
    let answer = rig.admin("POST", "/__admin/reset-load").send().await.expect("an answer");
    assert_eq!(answer.json::<Value>().await.expect("JSON")["webhook"], 1);
    assert_eq!(rig.digests().await, before);
    assert!(ledger(&rig).await.is_empty());
    assert_eq!(signed(&rig, body).await.1["status"], "success", "it is new again");
}
