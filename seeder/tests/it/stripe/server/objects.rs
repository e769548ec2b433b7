//! Objects in the shapes Stripe documents.

use serde_json::{Value, json};

const CREATED: i64 = 1_790_000_000;

pub(super) fn customer(id: &str, form: &Value) -> Value {
    let method = form.pointer("/invoice_settings/default_payment_method").map(|_| format!("pm_of_{id}"));
    json!({
        "id": id, "object": "customer", "address": null, "balance": 0, "created": CREATED, "currency": null,
        "default_source": null, "delinquent": false, "description": null, "discount": null,
        "email": form["email"], "invoice_prefix": "0759376C",
        "invoice_settings": {
            "custom_fields": null, "default_payment_method": method, "footer": null, "rendering_options": null
        },
        "livemode": false, "metadata": metadata(form), "name": form["name"], "next_invoice_sequence": 1,
        "phone": null, "preferred_locales": [], "shipping": null, "tax_exempt": "none", "test_clock": null
    })
}

pub(super) fn product(id: &str, form: &Value) -> Value {
    json!({
        "id": id, "object": "product", "active": true, "attributes": [], "created": CREATED, "default_price": null,
        "description": null, "images": [], "livemode": false, "marketing_features": [], "metadata": metadata(form),
        "name": form["name"], "package_dimensions": null, "shippable": null, "statement_descriptor": null,
        "tax_code": null, "type": "service", "unit_label": null, "updated": CREATED, "url": null
    })
}

pub(super) fn price(id: &str, form: &Value) -> Value {
    let amount: i64 = form["unit_amount"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    let recurring = form.pointer("/recurring/interval").map(|interval| {
        json!({
            "interval": interval, "interval_count": 1, "meter": null, "trial_period_days": null,
            "usage_type": "licensed"
        })
    });
    json!({
        "id": id, "object": "price", "active": true, "billing_scheme": "per_unit", "created": CREATED,
        "currency": form["currency"], "custom_unit_amount": null, "livemode": false, "lookup_key": form["lookup_key"],
        "metadata": metadata(form), "nickname": null, "product": form["product"],
        "type": if recurring.is_some() { "recurring" } else { "one_time" }, "recurring": recurring,
        "tax_behavior": "unspecified", "tiers_mode": null, "transform_quantity": null, "unit_amount": amount,
        "unit_amount_decimal": amount.to_string()
    })
}

/// What a subscription has and ours have not.
const UNUSED: [&str; 27] = [
    "application",
    "application_fee_percent",
    "billing_cycle_anchor_config",
    "billing_thresholds",
    "cancel_at",
    "canceled_at",
    "days_until_due",
    "default_payment_method",
    "default_source",
    "description",
    "ended_at",
    "next_pending_invoice_item_invoice",
    "on_behalf_of",
    "pause_collection",
    "payment_settings",
    "pending_invoice_item_interval",
    "pending_setup_intent",
    "pending_update",
    "presentment_details",
    "schedule",
    "test_clock",
    "transfer_data",
    "trial_end",
    "trial_settings",
    "trial_start",
    "customer_account",
    "latest_invoice",
];

pub(super) fn subscription(id: &str, form: &Value, price: &Value) -> Value {
    let mut made = json!({
        "id": id, "object": "subscription",
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": CREATED, "billing_mode": { "flexible": null, "type": "classic" },
        "billing_schedules": [], "cancel_at_period_end": form["cancel_at_period_end"] == "true",
        "cancellation_details": { "comment": null, "feedback": null, "reason": null },
        "collection_method": "charge_automatically", "created": CREATED, "currency": "usd",
        "customer": form["customer"], "default_tax_rates": [], "discounts": [],
        "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
        "items": {
            "object": "list", "data": [item(id, price)], "has_more": false, "total_count": 1,
            "url": format!("/v1/subscription_items?subscription={id}")
        },
        "livemode": false, "metadata": metadata(form), "start_date": CREATED, "status": "active"
    });
    for name in UNUSED {
        made[name] = Value::Null;
    }
    made
}

pub(super) fn item(subscription: &str, price: &Value) -> Value {
    json!({
        "id": format!("si_of_{subscription}"), "object": "subscription_item", "billing_thresholds": null,
        "created": CREATED, "current_period_end": CREATED + 31_536_000, "current_period_start": CREATED,
        "discounts": [], "metadata": {}, "plan": plan(price), "price": price, "quantity": 1,
        "subscription": subscription, "tax_rates": []
    })
}

/// A price in its older shape.
fn plan(price: &Value) -> Value {
    json!({
        "id": price["id"], "object": "plan", "active": true, "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"], "billing_scheme": "per_unit", "created": CREATED,
        "currency": "usd", "interval": "year", "interval_count": 1, "livemode": false, "metadata": {}, "meter": null,
        "nickname": null, "product": price["product"], "tiers_mode": null, "transform_usage": null,
        "trial_period_days": null, "usage_type": "licensed"
    })
}

pub(super) fn metadata(form: &Value) -> Value {
    form.get("metadata").cloned().unwrap_or_else(|| json!({}))
}
