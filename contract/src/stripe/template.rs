//! Events made from versioned JSON templates in `templates/stripe/<version>/<type>.json`.
//!
//! A template is Stripe's own object with `"{{name}}"` where a fact goes; a fact that is a number replaces the
//! quotes too. Every placeholder is filled or the render fails a test, so a new version is a new folder.

use std::fmt::Write as _;

/// The types of event the launch suite delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// A charge went through.
    PaymentIntentSucceeded,
    /// A charge was refused.
    PaymentIntentFailed,
    /// An invoice was paid.
    InvoicePaymentSucceeded,
    /// A subscription changed.
    SubscriptionUpdated,
    /// A subscription ended.
    SubscriptionDeleted,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::PaymentIntentSucceeded,
        Self::PaymentIntentFailed,
        Self::InvoicePaymentSucceeded,
        Self::SubscriptionUpdated,
        Self::SubscriptionDeleted,
    ];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaymentIntentSucceeded => "payment_intent.succeeded",
            Self::PaymentIntentFailed => "payment_intent.payment_failed",
            Self::InvoicePaymentSucceeded => "invoice.payment_succeeded",
            Self::SubscriptionUpdated => "customer.subscription.updated",
            Self::SubscriptionDeleted => "customer.subscription.deleted",
        }
    }

    /// The type with this name, if the suite knows it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    fn template(self) -> &'static str {
        match self {
            Self::PaymentIntentSucceeded => {
                include_str!("../../templates/stripe/2023-10-16/payment_intent.succeeded.json")
            }
            Self::PaymentIntentFailed => {
                include_str!("../../templates/stripe/2023-10-16/payment_intent.payment_failed.json")
            }
            Self::InvoicePaymentSucceeded => {
                include_str!("../../templates/stripe/2023-10-16/invoice.payment_succeeded.json")
            }
            Self::SubscriptionUpdated => {
                include_str!("../../templates/stripe/2023-10-16/customer.subscription.updated.json")
            }
            Self::SubscriptionDeleted => {
                include_str!("../../templates/stripe/2023-10-16/customer.subscription.deleted.json")
            }
        }
    }
}

/// What one event is about. Ids are whole, with their prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// `evt_…`.
    pub event_id: String,
    /// When it happened, Unix seconds.
    pub created: i64,
    /// `cus_…`.
    pub customer: String,
    /// `sub_…`.
    pub subscription: String,
    /// `pi_…`.
    pub payment_intent: String,
    /// `in_…`.
    pub invoice: String,
    /// `req_…`.
    pub request: String,
    /// The customer's e-mail address.
    pub email: String,
    /// Amount in cents.
    pub amount: u64,
    /// The plan's code, such as `premium`; price and product ids derive from it.
    pub plan: String,
    /// Subscription status as Stripe says it (`active`, `past_due`).
    pub subscription_status: String,
    /// Start of the paid period, Unix seconds.
    pub period_start: i64,
    /// End of the paid period, Unix seconds.
    pub period_end: i64,
}

impl Facts {
    /// The event's body, as it travels and is signed.
    pub fn render(&self, kind: EventKind) -> String {
        let mut out = String::with_capacity(4096);
        let mut rest = kind.template();
        while let Some(start) = rest.find("\"{{") {
            let (before, placeholder) = rest.split_at(start);
            out.push_str(before);
            let end = placeholder.find("}}\"").expect("a placeholder ends where it began");
            self.write_fact(&placeholder[3..end], &mut out);
            rest = &placeholder[end + 3..];
        }
        out.push_str(rest.trim_end());
        out
    }

    fn write_fact(&self, name: &str, out: &mut String) {
        let suffix = self.payment_intent.trim_start_matches("pi_");
        let text = match name {
            "created" => return write_number(self.created, out),
            "period_start" => return write_number(self.period_start, out),
            "period_end" => return write_number(self.period_end, out),
            "amount" => return write_number(i64::try_from(self.amount).unwrap_or(i64::MAX), out),
            "event_id" => self.event_id.clone(),
            "customer" => self.customer.clone(),
            "subscription" => self.subscription.clone(),
            "subscription_item" => format!("si_{}", self.subscription.trim_start_matches("sub_")),
            "payment_intent" => self.payment_intent.clone(),
            "client_secret" => format!("{}_secret_test", self.payment_intent),
            "charge" => format!("ch_{suffix}"),
            "payment_method" => format!("pm_{suffix}"),
            "invoice" => self.invoice.clone(),
            "invoice_item" => format!("il_{}", self.invoice.trim_start_matches("in_")),
            "invoice_number" => format!("LT-{}", self.invoice.trim_start_matches("in_")),
            "request" => self.request.clone(),
            "idempotency_key" => format!("key-{}", self.request.trim_start_matches("req_")),
            "email" => self.email.clone(),
            "price" => format!("price_loadtest_{}", self.plan),
            "product" => format!("prod_loadtest_{}", self.plan),
            "plan" => self.plan.clone(),
            "subscription_status" => self.subscription_status.clone(),
            unknown => unreachable!("template asks for {unknown}, which no fact is"),
        };
        out.push_str(&serde_json::Value::String(text).to_string());
    }
}

fn write_number(number: i64, out: &mut String) {
    write!(out, "{number}").expect("writing to a string cannot fail");
}
