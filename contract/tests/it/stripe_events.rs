use contract::stripe::{API_VERSION, Event, EventKind, Facts};

fn facts() -> Facts {
    Facts {
        event_id: "evt_lt_1".into(),
        created: 1_798_761_600,
        customer: "cus_lt_7".into(),
        subscription: "sub_lt_7".into(),
        payment_intent: "pi_lt_1".into(),
        invoice: "in_lt_1".into(),
        request: "req_lt_1".into(),
        email: "o'neill \"k\" 道場@example.com".into(),
        amount: 7_900,
        plan: "premium".into(),
        subscription_status: "past_due".into(),
        period_start: 1_798_761_600,
        period_end: 1_830_297_600,
    }
}

#[test]
fn every_template_fills_completely_and_reads_back() {
    for kind in EventKind::ALL {
        let body = facts().render(kind);
        assert!(!body.contains("{{"), "{kind:?} keeps a placeholder");
        let event: Event = serde_json::from_str(&body).expect("an event");
        assert_eq!(event.kind, kind.as_str());
        assert_eq!(event.id, "evt_lt_1");
        assert_eq!(event.api_version.as_deref(), Some(API_VERSION));
        assert_eq!(EventKind::from_name(&event.kind), Some(kind));
        assert_eq!(event.data.object["customer"], "cus_lt_7");
    }
}

#[test]
fn objects_have_the_shape_of_the_pinned_version() {
    let subscription = facts().render(EventKind::SubscriptionUpdated);
    let event: Event = serde_json::from_str(&subscription).expect("an event");
    assert_eq!(
        event.data.object["current_period_end"], 1_830_297_600_i64,
        "still on the subscription itself"
    );
    assert_eq!(event.data.object["status"], "past_due");
    assert_eq!(event.data.object["items"]["data"][0]["price"]["unit_amount"], 7_900);
    assert!(event.data.previous_attributes.is_some());

    let invoice: Event =
        serde_json::from_str(&facts().render(EventKind::InvoicePaymentSucceeded)).expect("an event");
    assert_eq!(invoice.data.object["subscription"], "sub_lt_7", "not yet under `parent`");
    assert_eq!(invoice.request.and_then(|request| request.id), None, "Stripe's own doing");
}
