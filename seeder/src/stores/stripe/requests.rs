//! Stripe's calls, written with async-stripe so that no parameter is misspelt.

use std::collections::HashMap;

use stripe_billing::subscription::{
    CancelSubscription, CreateSubscription, CreateSubscriptionItems, CreateSubscriptionPaymentBehavior,
    ListSubscription, RetrieveSubscription, UpdateSubscription, UpdateSubscriptionItems,
    UpdateSubscriptionProrationBehavior,
};
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest as _};
use stripe_core::customer::{
    CreateCustomer, CreateCustomerInvoiceSettings, DeleteCustomer, ListCustomer, UpdateCustomer,
};
use stripe_product::price::{
    CreatePrice, CreatePriceRecurring, CreatePriceRecurringInterval, ListPrice, UpdatePrice,
};
use stripe_product::product::{CreateProduct, DeleteProduct, ListProduct, RetrieveProduct, UpdateProduct};
use stripe_types::Currency;

use super::content::{self, Content, Kind, SEED_KEY, WORLD_CUSTOMER, Wanted};

/// The card everybody pays with in test mode.
const CARD: &str = "pm_card_visa";
/// Objects of a page, the most there can be.
const PAGE: i64 = 100;

/// What an object is made with besides its content: ids of objects it belongs to.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    /// The product of a price, the customer of a subscription.
    pub(super) parent: String,
    /// What a subscription bills.
    pub(super) price: String,
}

/// Makes an object, in one call.
pub(super) fn create(wanted: &Wanted, links: &Links) -> RequestBuilder {
    let metadata = metadata(wanted);
    match &wanted.content {
        Content::Product { name } => {
            let id = content::tier_name(&wanted.seed_key);
            CreateProduct::new(name.as_str()).id(id).metadata(metadata).build()
        }
        Content::Price { lookup_key, cost } => {
            // The key may still hang on an archived price of ours.
            let price = CreatePrice::new(Currency::USD)
                .product(links.parent.as_str())
                .unit_amount(cost.cents)
                .lookup_key(lookup_key.as_str())
                .transfer_lookup_key(true)
                .metadata(metadata);
            if cost.is_yearly {
                price.recurring(CreatePriceRecurring::new(CreatePriceRecurringInterval::Year)).build()
            } else {
                price.build()
            }
        }
        Content::Customer { email, name, .. } => {
            let mut settings = CreateCustomerInvoiceSettings::new();
            settings.default_payment_method = Some(CARD.to_owned());
            CreateCustomer::new()
                .email(email.as_str())
                .name(name.as_str())
                .payment_method(CARD)
                .invoice_settings(settings)
                .metadata(metadata)
                .build()
        }
        Content::Subscription { cancel_at_period_end, .. } => {
            let mut item = CreateSubscriptionItems::new();
            item.price = Some(links.price.clone());
            CreateSubscription::new()
                .customer(links.parent.as_str())
                .items(vec![item])
                .cancel_at_period_end(*cancel_at_period_end)
                // One that cannot be paid is an error, not an object that is half there.
                .payment_behavior(CreateSubscriptionPaymentBehavior::ErrorIfIncomplete)
                .metadata(metadata)
                .build()
        }
    }
}

/// Makes an object say what it should; `item` is what a subscription bills. A price's amount cannot be changed.
pub(super) fn update(wanted: &Wanted, id: &str, links: &Links, item: Option<&str>) -> RequestBuilder {
    let metadata = metadata(wanted);
    match &wanted.content {
        Content::Product { name } => {
            UpdateProduct::new(id).name(name.as_str()).active(true).metadata(metadata).build()
        }
        Content::Price { .. } => UpdatePrice::new(id).active(true).metadata(metadata).build(),
        Content::Customer { email, name, .. } => {
            UpdateCustomer::new(id).email(email.as_str()).name(name.as_str()).metadata(metadata).build()
        }
        Content::Subscription { cancel_at_period_end, .. } => {
            let mut billed = UpdateSubscriptionItems::new();
            billed.id = item.map(str::to_owned);
            billed.price = Some(links.price.clone());
            UpdateSubscription::new(id)
                .items(vec![billed])
                .cancel_at_period_end(*cancel_at_period_end)
                .proration_behavior(UpdateSubscriptionProrationBehavior::None)
                .metadata(metadata)
                .build()
        }
    }
}

/// The account itself. Its crate has nothing else that is needed here.
pub(super) fn account() -> RequestBuilder {
    RequestBuilder::new(StripeMethod::Get, "/account")
}

/// A product as it stands.
pub(super) fn product(id: &str) -> RequestBuilder {
    RetrieveProduct::new(id).build()
}

/// A subscription as it stands.
pub(super) fn subscription(id: &str) -> RequestBuilder {
    RetrieveSubscription::new(id).build()
}

/// Takes an object away. Stripe deletes no price; it is archived.
pub(super) fn remove(kind: Kind, id: &str) -> RequestBuilder {
    match kind {
        Kind::Product => DeleteProduct::new(id).build(),
        Kind::Price => UpdatePrice::new(id).active(false).build(),
        Kind::Customer => DeleteCustomer::new(id).build(),
        Kind::Subscription => CancelSubscription::new(id).build(),
    }
}

/// Takes a product away that cannot be deleted, as it has prices.
pub(super) fn archive_product(id: &str) -> RequestBuilder {
    UpdateProduct::new(id).active(false).build()
}

/// What is listed.
#[derive(Debug, Clone)]
pub(super) enum Listed {
    /// All of a kind that are in use.
    InUse(Kind),
    /// Prices with this lookup key, archived ones too.
    Prices { lookup_key: String },
    /// Customers with this address.
    Customers { email: String },
    /// Subscriptions of this customer that were not ended.
    Subscriptions { customer: String },
}

/// A page of a list, from the beginning or after an object.
pub(super) fn list(listed: &Listed, after: Option<&str>) -> RequestBuilder {
    macro_rules! page {
        ($list:expr) => {{
            let list = $list.limit(PAGE);
            match after {
                Some(id) => list.starting_after(id).build(),
                None => list.build(),
            }
        }};
    }
    match listed {
        Listed::InUse(Kind::Product) => page!(ListProduct::new().active(true)),
        Listed::InUse(Kind::Price) => page!(ListPrice::new().active(true)),
        Listed::InUse(Kind::Customer) => page!(ListCustomer::new()),
        Listed::InUse(Kind::Subscription) => page!(ListSubscription::new()),
        Listed::Prices { lookup_key } => page!(ListPrice::new().lookup_keys(vec![lookup_key.clone()])),
        Listed::Customers { email } => page!(ListCustomer::new().email(email.as_str())),
        Listed::Subscriptions { customer } => page!(ListSubscription::new().customer(customer.as_str())),
    }
}

fn metadata(wanted: &Wanted) -> HashMap<String, String> {
    let mut metadata = HashMap::from([(SEED_KEY.to_owned(), wanted.seed_key.clone())]);
    if let Content::Customer { world_id, .. } = &wanted.content {
        metadata.insert(WORLD_CUSTOMER.to_owned(), world_id.clone());
    }
    metadata
}
