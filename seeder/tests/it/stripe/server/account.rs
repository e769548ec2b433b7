//! The account: what it holds, and what its endpoints do with it.

use std::collections::HashSet;

use axum::http::Method;
use serde_json::{Value, json};

use super::{Answer, form, objects};

/// Newest last, deleted ones removed.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// What it is called.
    pub(crate) id: String,
    pub(crate) products: Vec<Value>,
    pub(crate) prices: Vec<Value>,
    pub(crate) customers: Vec<Value>,
    pub(crate) subscriptions: Vec<Value>,
    made: u64,
}

impl Account {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self { id: "acct_1Pgwwmaa".to_owned(), ..Self::default() }
    }

    /// Subscriptions that were not ended.
    pub(crate) fn running(&self) -> Vec<&Value> {
        self.subscriptions.iter().filter(|object| object["status"] == "active").collect()
    }

    /// Products and prices in use.
    pub(crate) fn on_sale(&self) -> usize {
        self.products.iter().chain(&self.prices).filter(|object| object["active"] == true).count()
    }

    /// Keys of objects in use, and how many of them are there more than once.
    pub(crate) fn duplicates(&self) -> usize {
        let mut seen = HashSet::new();
        let in_use = self.customers.iter().chain(self.running());
        let in_use = in_use.chain(self.products.iter().chain(&self.prices).filter(|o| o["active"] == true));
        in_use.filter(|object| !seen.insert(object["metadata"]["seed_key"].to_string())).count()
    }

    pub(crate) fn handle(&mut self, method: &Method, path: &str, query: &str, body: &str) -> Answer {
        let path: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let (form, query) = (form::parse(body), form::parse(query));
        let outcome = match (method.as_str(), path.as_slice()) {
            ("POST", [kind]) => self.create(kind, &form),
            ("GET", ["account"]) => Ok(json!({ "id": self.id, "object": "account", "metadata": {} })),
            ("GET", [kind]) => self.list(kind, &query),
            ("GET", [kind, id]) => self.at(kind, id).map(|object| object.clone()),
            ("POST", [kind, id]) => self.update(kind, id, &form),
            ("DELETE", [kind, id]) => self.delete(kind, id),
            _ => Err(Answer::error(404, "invalid_request_error", None, "Unrecognized request URL")),
        };
        outcome.map_or_else(|refusal| refusal, Answer::ok)
    }

    fn all(&mut self, kind: &str) -> Result<&mut Vec<Value>, Answer> {
        match kind {
            "products" => Ok(&mut self.products),
            "prices" => Ok(&mut self.prices),
            "customers" => Ok(&mut self.customers),
            "subscriptions" => Ok(&mut self.subscriptions),
            _ => Err(Answer::error(
                404,
                "invalid_request_error",
                None,
                format!("Unrecognized request URL: {kind}"),
            )),
        }
    }

    fn at(&mut self, kind: &str, id: &str) -> Result<&mut Value, Answer> {
        let missing = missing(404, kind, id);
        self.all(kind)?.iter_mut().find(|object| object["id"] == id).ok_or(missing)
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_1Qx{:08}", self.made)
    }

    fn create(&mut self, kind: &str, form: &Value) -> Result<Value, Answer> {
        known_only(kind, form)?;
        let made = match kind {
            "products" => self.new_product(form)?,
            "prices" => self.new_price(form)?,
            "customers" => {
                if let Some(method) =
                    form::text(form, "payment_method").filter(|method| !method.starts_with("pm_"))
                {
                    return Err(missing(400, "payment_methods", method));
                }
                objects::customer(&self.fresh("cus"), form)
            }
            "subscriptions" => self.new_subscription(form)?,
            _ => return Err(Answer::error(404, "invalid_request_error", None, "Unrecognized request URL")),
        };
        self.all(kind)?.push(made.clone());
        Ok(made)
    }

    fn new_product(&mut self, form: &Value) -> Result<Value, Answer> {
        let id = form::text(form, "id").map_or_else(|| self.fresh("prod"), str::to_owned);
        if self.at("products", &id).is_ok() {
            let message = format!("Product already exists: {id}");
            return Err(Answer::error(
                400,
                "invalid_request_error",
                Some("resource_already_exists"),
                message,
            ));
        }
        Ok(objects::product(&id, form))
    }

    fn new_price(&mut self, form: &Value) -> Result<Value, Answer> {
        let product = form::text(form, "product").unwrap_or_default();
        self.at("products", product).map_err(|_| missing(400, "products", product))?;
        if let Some(holder) = self.prices.iter_mut().find(|price| price["lookup_key"] == form["lookup_key"]) {
            if form::text(form, "transfer_lookup_key") != Some("true") {
                let message = "A price (`price_…`) already uses that lookup key.";
                return Err(Answer::error(400, "invalid_request_error", None, message));
            }
            holder["lookup_key"] = Value::Null;
        }
        Ok(objects::price(&self.fresh("price"), form))
    }

    fn new_subscription(&mut self, form: &Value) -> Result<Value, Answer> {
        let customer = form::text(form, "customer").unwrap_or_default();
        let holder = self.at("customers", customer).map_err(|_| missing(400, "customers", customer))?;
        if holder["invoice_settings"]["default_payment_method"].is_null() {
            let message = "This customer has no attached payment source or default payment method.";
            return Err(Answer::error(400, "invalid_request_error", Some("resource_missing"), message));
        }
        let price = form.pointer("/items/0/price").and_then(Value::as_str).unwrap_or_default();
        let price = self.at("prices", price).map_err(|_| missing(400, "prices", price))?.clone();
        if price["recurring"].is_null() {
            let message =
                "The price specified is set to `type=one_time` but this field only accepts `recurring`.";
            return Err(Answer::error(400, "invalid_request_error", None, message));
        }
        Ok(objects::subscription(&self.fresh("sub"), form, &price))
    }

    fn update(&mut self, kind: &str, id: &str, form: &Value) -> Result<Value, Answer> {
        known_only(kind, form)?;
        let price = form.pointer("/items/0/price").and_then(Value::as_str).map(str::to_owned);
        let price = price.map(|id| self.at("prices", &id).cloned()).transpose()?;
        let object = self.at(kind, id)?;
        if object["status"] == "canceled" {
            let message = "A canceled subscription can only update its cancellation_details and metadata.";
            return Err(Answer::error(400, "invalid_request_error", None, message));
        }
        for name in ["name", "email"] {
            if let Some(text) = form::text(form, name) {
                object[name] = json!(text);
            }
        }
        for name in ["active", "cancel_at_period_end"] {
            if let Some(text) = form::text(form, name) {
                object[name] = json!(text == "true");
            }
        }
        if let Some(metadata) = form.get("metadata").and_then(Value::as_object) {
            for (key, value) in metadata {
                object["metadata"][key] = value.clone();
            }
        }
        if let Some(price) = price {
            let items = object["items"]["data"].as_array_mut().expect("it has items");
            let named = form.pointer("/items/0/id").and_then(Value::as_str);
            // Without the id of an item a second one is added.
            items.retain(|item| Some(item["id"].as_str().unwrap_or_default()) != named);
            items.push(objects::item(id, &price));
        }
        Ok(object.clone())
    }

    fn delete(&mut self, kind: &str, id: &str) -> Result<Value, Answer> {
        self.at(kind, id)?;
        match kind {
            "products" if self.prices.iter().any(|price| price["product"] == id) => {
                let message =
                    "This product cannot be deleted because it has one or more user-created prices.";
                return Err(Answer::error(400, "invalid_request_error", None, message));
            }
            "prices" => {
                return Err(Answer::error(404, "invalid_request_error", None, "Unrecognized request URL"));
            }
            "subscriptions" => {
                let object = self.at(kind, id)?;
                if object["status"] == "canceled" {
                    return Err(missing(404, kind, id));
                }
                object["status"] = json!("canceled");
                return Ok(object.clone());
            }
            _ => {}
        }
        self.all(kind)?.retain(|object| object["id"] != id);
        for subscription in self.subscriptions.iter_mut().filter(|s| s["customer"] == id) {
            subscription["status"] = json!("canceled");
        }
        Ok(json!({ "id": id, "object": kind.trim_end_matches('s'), "deleted": true }))
    }

    /// Newest first, as Stripe lists.
    fn list(&mut self, kind: &str, query: &Value) -> Result<Value, Answer> {
        known_only("lists", query)?;
        let all = self.all(kind)?;
        let listed: Vec<&Value> = all.iter().rev().filter(|object| is_listed(object, query)).collect();
        let from = match form::text(query, "starting_after") {
            None => 0,
            Some(id) => {
                let at = listed.iter().position(|object| object["id"] == id);
                at.ok_or_else(|| missing(400, kind, id))? + 1
            }
        };
        let limit = form::text(query, "limit").and_then(|text| text.parse().ok()).unwrap_or(10);
        if !(1..=100).contains(&limit) {
            return Err(Answer::error(400, "invalid_request_error", None, "Invalid limit"));
        }
        let data: Vec<&Value> = listed.iter().skip(from).take(limit).copied().collect();
        let has_more = listed.len() > from + data.len();
        Ok(json!({ "object": "list", "url": format!("/v1/{kind}"), "has_more": has_more, "data": data }))
    }
}

fn is_listed(object: &Value, query: &Value) -> bool {
    let fits = |name: &str| form::text(query, name).is_none_or(|text| object[name] == text);
    let is_active = form::text(query, "active").is_none_or(|text| object["active"] == (text == "true"));
    let lookup_keys = query.get("lookup_keys").and_then(Value::as_object);
    let has_key = lookup_keys.is_none_or(|keys| keys.values().any(|key| *key == object["lookup_key"]));
    let is_running = object["object"] != "subscription" || object["status"] != "canceled";
    fits("email") && fits("customer") && is_active && has_key && is_running
}

fn missing(status: u16, kind: &str, id: &str) -> Answer {
    let kind = kind.trim_end_matches('s');
    Answer::error(
        status,
        "invalid_request_error",
        Some("resource_missing"),
        format!("No such {kind}: '{id}'"),
    )
}

/// A parameter Stripe does not know is an error there, and here.
fn known_only(kind: &str, form: &Value) -> Result<(), Answer> {
    let known: &[&str] = match kind {
        "products" => &["id", "name", "active", "metadata"],
        "prices" => &[
            "currency",
            "product",
            "unit_amount",
            "lookup_key",
            "transfer_lookup_key",
            "recurring",
            "active",
            "metadata",
        ],
        "customers" => &["email", "name", "payment_method", "invoice_settings", "metadata"],
        "subscriptions" => &[
            "customer",
            "items",
            "cancel_at_period_end",
            "payment_behavior",
            "proration_behavior",
            "metadata",
        ],
        _ => &["limit", "starting_after", "active", "email", "customer", "lookup_keys"],
    };
    let unknown = form.as_object().and_then(|form| form.keys().find(|key| !known.contains(&key.as_str())));
    unknown.map_or(Ok(()), |name| {
        let message = format!("Received unknown parameter: {name}");
        Err(Answer::error(400, "invalid_request_error", Some("parameter_unknown"), message))
    })
}
