//! api-load: what it plans, and that a token or an event that is not the right one is seen.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    extract::{Path, Query as Params},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use contract::auth::{LoginInput, RefreshInput};
use fixtures::Member;
use serde_json::{Value, json};

use crate::scopes::{full, plan, smoke};
use crate::stage::{Play, WORLD, all_faults, body, faults, play, red, samples, share};

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    SameToken,
    TakesUsedTokens,
    OneEvent,
    EverybodyIsTheFirst,
    EverybodyIsFree,
    LoginTokenIsNoGood,
}

/// The three groups of endpoints. An access token is the user's address and a number.
fn server(lie: Lie) -> Router {
    let tokens = Arc::new(AtomicU64::new(0));
    let used: Arc<Mutex<Vec<String>>> = Arc::default();
    let fresh = move |email: &str| format!("{email}/{}", tokens.fetch_add(1, Ordering::Relaxed));
    let renew = fresh.clone();
    let log_in = move |Json(input): Json<LoginInput>| async move {
        let member = member(&input.email);
        Json(json!({
            "message": "Login successful", "access_token": fresh(&input.email), "refresh_token": fresh(&input.email),
            "token_type": "bearer", "expires_in": 1800,
            "user": {"id": member.id, "email": member.email, "role": "member", "tier": member.tier,
                     "first_name": "A", "last_name": "B", "is_verified": true},
        }))
    };
    let refresh = move |Json(input): Json<RefreshInput>| async move {
        let mut used = used.lock().expect("nobody panicked");
        if used.contains(&input.refresh_token) && lie != Lie::TakesUsedTokens {
            return (StatusCode::UNAUTHORIZED, Json(json!({"detail": "revoked"}))).into_response();
        }
        used.push(input.refresh_token.clone());
        let new = if lie == Lie::SameToken { input.refresh_token } else { renew("x") };
        Json(json!({"access_token": renew("x"), "refresh_token": new, "token_type": "bearer", "expires_in": 1800}))
            .into_response()
    };
    let event = move |Path(id): Path<String>| async move {
        let mut events = WORLD.load_events().into_iter();
        let shown = events.find(|event| lie == Lie::OneEvent || event.id == id);
        shown.map_or(StatusCode::NOT_FOUND.into_response(), |event| Json(event).into_response())
    };
    Router::new()
        .route("/api/auth/login", post(log_in))
        .route("/api/auth/refresh", post(refresh))
        .route("/api/auth/me", get(move |headers: HeaderMap| async move { me(&headers, lie) }))
        .route("/api/events", get(list))
        .route("/api/events/search", get(search))
        .route("/api/events/{id}", get(event))
        .route("/api/subscriptions/plans", get(plans))
        .route(
            "/api/subscriptions/my-subscription",
            get(move |headers: HeaderMap| async move { mine(&headers, lie) }),
        )
}

fn member(email: &str) -> Member {
    let members = (0..WORLD.size().members).map(|n| WORLD.load_user(n));
    members.into_iter().find(|member| member.email == email).expect("a load user of the world")
}

fn bearer(headers: &HeaderMap) -> Member {
    let token = headers[header::AUTHORIZATION].to_str().expect("ASCII").trim_start_matches("Bearer ");
    member(token.split('/').next().unwrap_or_default())
}

fn me(headers: &HeaderMap, lie: Lie) -> Response {
    if lie == Lie::LoginTokenIsNoGood {
        return (StatusCode::UNAUTHORIZED, Json(json!({"detail": "who?"}))).into_response();
    }
    let member = if lie == Lie::EverybodyIsTheFirst { WORLD.load_user(0) } else { bearer(headers) };
    Json(json!({"id": member.id, "name": "A B", "email": member.email, "role": "member", "tier": member.tier,
                "country": "USA", "locale": "en-US"}))
    .into_response()
}

async fn list() -> Json<Value> {
    let events = WORLD.load_events();
    Json(
        json!({"total": events.len(), "events": events, "limit": 20, "page": 1, "offset": 0, "has_more": false}),
    )
}

async fn search(Params(params): Params<contract::events::SearchEventsParams>) -> Json<Value> {
    Json(json!({"events": [], "total": 0, "query": params.q}))
}

async fn plans() -> Json<Value> {
    let plan = |code: &str, price: u32| json!({"id": code, "code": code, "name": code, "price_usd": price, "billing_interval": "year", "features": []});
    Json(json!({"plans": [plan("FREE", 0), plan("BASIC", 29), plan("PREMIUM", 79), plan("LIFETIME", 149)]}))
}

fn mine(headers: &HeaderMap, lie: Lie) -> Response {
    let member = bearer(headers);
    let Some(own) = WORLD.subscription_of(member.index) else { return StatusCode::NOT_FOUND.into_response() };
    let tier = if lie == Lie::EverybodyIsFree { json!("free") } else { json!(own.tier) };
    Json(json!({"id": own.id, "user_id": member.id, "tier": tier, "status": "active",
                "current_period_start": own.current_period_start, "current_period_end": own.current_period_end,
                "cancel_at_period_end": false}))
    .into_response()
}

/// So many rounds that some of the sign-ins replay their refresh token.
const ROUNDS: u64 = 150;

async fn go(lie: Lie) -> engine::run::ScenarioRun {
    play("api-load", server(lie), Play::Rounds(ROUNDS)).await
}

#[test]
fn three_hundred_and_fifty_requests_a_second() {
    let plan = plan("api-load", &full());
    let turns: Vec<u64> = plan.flows.iter().map(|flow| flow.load.planned_starts()).collect();
    assert_eq!(turns, [10_000, 20_000, 7_500]);
    let starts: Vec<u64> = plan.flows.iter().map(|flow| flow.starts_at.as_secs()).collect();
    assert_eq!(starts, [0, 30, 60]);
    let ends: Vec<u64> = plan.flows.iter().map(|flow| flow.ends_at().as_secs()).collect();
    assert_eq!(ends, [300, 330, 360]);
    let replays = plan.needs.requests - 105_000;
    assert!((150..250).contains(&replays), "2 % of 10 000: {replays}");
    assert_eq!(plan.script.intents().count(), 37_500);
}

#[test]
fn smoke_keeps_the_rates_and_shrinks_the_staggers() {
    let plan = plan("api-load", &smoke());
    let starts: Vec<u128> = plan.flows.iter().map(|flow| flow.starts_at.as_millis()).collect();
    assert_eq!(starts, [0, 916, 1_833]);
    let peaks: Vec<f64> = plan.flows.iter().map(|flow| flow.load.curve().peak()).collect();
    assert_eq!(peaks, [100.0 / 3.0, 200.0 / 3.0, 25.0]);
    assert!(plan.needs.requests >= 2_995, "so that errors are judged: {}", plan.needs.requests);
}

#[tokio::test]
async fn right_answers_are_no_errors() {
    let run = go(Lie::None).await;
    assert_eq!(all_faults(&run), []);
    let (refused, taken) = share(&run, "used_refresh_token_refused");
    assert!(refused > 0 && taken == 0, "{refused} {taken}");
    assert_eq!(share(&run, "refresh_returns_new_tokens"), (ROUNDS, 0));
    assert_eq!(share(&run, "login_token_accepted"), (ROUNDS, 0));
    assert_eq!(share(&run, "event_viewed_is_event_asked_for"), (ROUNDS, 0));
    assert_eq!(samples(&run, "auth"), 3 * ROUNDS + refused);
    assert_eq!(samples(&run, "events"), 3 * ROUNDS);
    assert_eq!(samples(&run, "subscriptions"), 2 * ROUNDS);
    assert_eq!(samples(&run, "all"), 8 * ROUNDS + refused);
}

#[tokio::test]
async fn a_refresh_token_that_stays_the_same_is_seen() {
    let run = go(Lie::SameToken).await;
    assert_eq!(share(&run, "refresh_returns_new_tokens"), (0, ROUNDS));
    assert_eq!(faults(&run, "POST /api/auth/refresh"), [(body("refresh returns a different token"), ROUNDS)]);
}

#[tokio::test]
async fn a_used_refresh_token_that_is_taken_is_seen() {
    let run = go(Lie::TakesUsedTokens).await;
    let (refused, taken) = share(&run, "used_refresh_token_refused");
    assert!(refused == 0 && taken > 0);
    assert_eq!(faults(&run, "POST /api/auth/refresh"), [(body("used refresh token refused"), taken)]);
}

#[tokio::test]
async fn an_event_not_asked_for_is_seen() {
    let run = go(Lie::OneEvent).await;
    let (right, wrong) = share(&run, "event_viewed_is_event_asked_for");
    assert!(right > 0 && wrong > 0, "one of three listed is the one shown");
    assert_eq!(faults(&run, "GET /api/events/{event_id}"), [(body("the event asked for"), wrong)]);
}

#[tokio::test]
async fn me_must_be_the_one_who_signed_in() {
    let run = go(Lie::EverybodyIsTheFirst).await;
    let kinds: Vec<_> = faults(&run, "GET /api/auth/me").into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [body("me is the right user")]);
}

#[tokio::test]
async fn a_login_whose_token_is_no_good_is_seen() {
    let run = go(Lie::LoginTokenIsNoGood).await;
    assert_eq!(share(&run, "login_token_accepted"), (0, ROUNDS));
    assert!(red(&run).contains(&"login's token is accepted".to_owned()), "{:?}", red(&run));
}

#[tokio::test]
async fn a_subscription_must_be_ones_own_tier() {
    let run = go(Lie::EverybodyIsFree).await;
    assert_eq!(
        faults(&run, "GET /api/subscriptions/my-subscription"),
        [(body("one's own subscription"), ROUNDS)]
    );
}
