//! What was typed and what is set, turned into what it takes to reach an environment.

use super::args::Place;
use crate::environment::Environment;
use crate::error::SeedError;
use crate::proof;
use crate::settings::Settings;
use crate::site::{Access, Store};
use crate::stores::zerodb;

/// Where the mock is unless somebody says otherwise.
const MOCK_URL: &str = "http://127.0.0.1:8089";

/// Address and token of the mock.
pub(super) fn mock(place: &Place, settings: &Settings) -> Result<(String, String), SeedError> {
    if !place.stores.is_empty() {
        let message = "--stores is for local and staging: a mock is one store".to_owned();
        return Err(SeedError::Setting(message));
    }
    let url = settings.get(place.url.as_deref(), "MOCK_URL").unwrap_or_else(|| MOCK_URL.to_owned());
    let token =
        settings.get(place.admin_token.as_deref().filter(|token| !token.is_empty()), "MOCK_ADMIN_TOKEN");
    Ok((url, token.ok_or(SeedError::NoToken)?))
}

/// The environment's stores that are meant, each with what it takes to reach it.
pub(super) fn site(
    environment: Environment,
    place: &Place,
    settings: &Settings,
) -> Result<Access, SeedError> {
    let prefix = environment.name().to_uppercase();
    let variable = |name: &str| format!("{prefix}_{name}");
    let database = settings.get(place.database_url.as_deref(), &variable("DATABASE_URL"));
    let redis = settings.get(place.redis_url.as_deref(), &variable("REDIS_URL"));
    let stripe =
        settings.get(None, "STRIPE_SECRET_KEY").map(|key| (key, settings.get(None, "STRIPE_API_BASE")));
    if let Some((key, _)) = &stripe {
        proof::stripe_key(environment, key)?;
    }
    let zerodb = zerodb_access(settings)?;
    let Some(database_url) = database else {
        return Err(missing(
            environment,
            Store::Postgres,
            &format!("--database-url or {}", variable("DATABASE_URL")),
        ));
    };
    let mut stores = place.stores.clone();
    stores.sort_unstable();
    stores.dedup();
    if stores.is_empty() {
        stores = configured(environment, redis.is_some(), stripe.is_some(), zerodb.is_some());
    }
    let meant = |store: Store| stores.contains(&store);
    if meant(Store::Redis) && redis.is_none() {
        return Err(missing(environment, Store::Redis, &format!("--redis-url or {}", variable("REDIS_URL"))));
    }
    if meant(Store::Stripe) && !cfg!(feature = "stripe") {
        return Err(SeedError::Setting(
            "this build has no Stripe, which is dear to build: `cargo seed --features stripe …` has it"
                .to_owned(),
        ));
    }
    if meant(Store::Stripe) && stripe.is_none() {
        return Err(missing(environment, Store::Stripe, "STRIPE_SECRET_KEY, a test-mode key (sk_test_…)"));
    }
    if meant(Store::Zerodb) && zerodb.is_none() {
        let how = "ZERODB_API_BASE_URL, ZERODB_PROJECT_ID and ZERODB_API_KEY";
        return Err(missing(environment, Store::Zerodb, how));
    }
    Ok(Access {
        environment,
        database_url,
        redis_url: redis.filter(|_| meant(Store::Redis)),
        stripe: stripe.filter(|_| meant(Store::Stripe)),
        zerodb: zerodb.filter(|_| meant(Store::Zerodb)),
        stores,
    })
}

/// The stores that are meant when nobody says: those that are configured. What is configured for staging's Stripe and
/// `ZeroDB` is not meant for this machine, so `local` has neither unless it is named.
fn configured(environment: Environment, redis: bool, stripe: bool, zerodb: bool) -> Vec<Store> {
    let shared = environment == Environment::Staging;
    if shared && stripe && !cfg!(feature = "stripe") {
        eprintln!(
            "note: Stripe is configured, but not in this build, so it is left out (`cargo seed --features stripe`)"
        );
    }
    let stores = [
        (Store::Postgres, true),
        (Store::Redis, redis),
        (Store::Stripe, shared && stripe && cfg!(feature = "stripe")),
        (Store::Zerodb, shared && zerodb),
    ];
    stores.into_iter().filter(|(_, meant)| *meant).map(|(store, _)| store).collect()
}

fn zerodb_access(settings: &Settings) -> Result<Option<zerodb::Access>, SeedError> {
    let get = |variable| settings.get(None, variable);
    let (Some(base_url), Some(project), Some(api_key)) =
        (get("ZERODB_API_BASE_URL"), get("ZERODB_PROJECT_ID"), get("ZERODB_API_KEY"))
    else {
        return Ok(None);
    };
    let account = match (get("ZERODB_EMAIL"), get("ZERODB_PASSWORD")) {
        (Some(email), Some(password)) => Some((email, password)),
        (None, None) => None,
        _ => return Err(SeedError::Setting("ZERODB_EMAIL and ZERODB_PASSWORD go together".to_owned())),
    };
    Ok(Some(zerodb::Access { base_url, project, api_key, account }))
}

fn missing(environment: Environment, store: Store, how: &str) -> SeedError {
    let hint = match environment {
        Environment::Local => " (`./local` starts a Postgres and a Redis of its own and seeds them)",
        _ => "",
    };
    SeedError::Setting(format!(
        "{environment} needs to know where its {} is: {how}, also in .env.load-tests{hint}. Nothing was written.",
        store.name()
    ))
}
