//! The server of these tests is Stripe's likeness: async-stripe's own types read what it holds, and it keeps Stripe's
//! rules of keys.

use reqwest::{Client, Response, StatusCode};
use stripe_client_core::{CustomizedStripeRequest, StripeClient, StripeClientErr, StripeRequest as _};

use super::server::{KEY, Server};
use super::{Site, world};

/// Sends async-stripe's requests as they are.
struct Plain(String);

struct Failed(String);

fn read<T>(outcome: Result<T, Failed>) -> T {
    outcome.unwrap_or_else(|Failed(why)| panic!("{why}"))
}

impl StripeClientErr for Failed {
    fn deserialize_err(message: impl std::fmt::Display) -> Self {
        Self(message.to_string())
    }
}

impl StripeClient for Plain {
    type Err = Failed;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<bytes::Bytes, Failed> {
        let (request, _) = request.into_pieces();
        let url = format!("{}/v1{}", self.0, request.path);
        let call = Client::new().get(url).bearer_auth(KEY).header("stripe-version", "2026-09-30");
        let response = call.send().await.map_err(|error| Failed(error.to_string()))?;
        response.bytes().await.map_err(|error| Failed(error.to_string()))
    }
}

#[tokio::test]
async fn async_stripes_types_read_what_the_server_holds() {
    let site = Site::new().await;
    site.apply(world(40)).await;
    let client = Plain(site.server.url.clone());
    let customers = read(stripe_core::customer::ListCustomer::new().customize().send(&client).await);
    assert!(customers.data.iter().all(|customer| customer.metadata.is_some()) && !customers.data.is_empty());
    let products = read(stripe_product::product::ListProduct::new().customize().send(&client).await);
    let prices = read(stripe_product::price::ListPrice::new().customize().send(&client).await);
    assert_eq!((products.data.len(), prices.data.len()), (3, 3));
    let listed = read(stripe_billing::subscription::ListSubscription::new().customize().send(&client).await);
    assert!(!listed.data.is_empty());
}

async fn post(server: &Server, key: &str, body: &'static str) -> Response {
    let call = Client::new().post(format!("{}/v1/customers", server.url)).bearer_auth(KEY);
    let call = call.header("stripe-version", "2026-09-30").header("idempotency-key", key);
    let call = call.header("content-type", "application/x-www-form-urlencoded").body(body);
    call.send().await.expect("it answers")
}

async fn text(response: Response) -> String {
    response.text().await.expect("it has a body")
}

#[tokio::test]
async fn the_server_keeps_stripes_rules_of_keys() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server::start(100_000, std::time::Duration::from_millis(100)).await;
    let (one, other) = tokio::join!(post(&server, "k", "email=a%40b.c"), post(&server, "k", "email=a%40b.c"));
    let mut statuses = [one.status(), other.status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT]);
    let again = post(&server, "k", "email=a%40b.c").await;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert!(text(again).await.contains("cus_"));
    let different = post(&server, "k", "email=x%40y.z").await;
    assert_eq!(different.status(), StatusCode::BAD_REQUEST);
    assert!(text(different).await.contains("idempotency_error"));
    assert_eq!(server.account().customers.len(), 1);
    let unknown = post(&server, "l", "e_mail=a%40b.c").await;
    assert!(text(unknown).await.contains("parameter_unknown"));
}
