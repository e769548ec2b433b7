//! webhooks-load against receivers that lie: each lie turns the goal red that is about it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use contract::{
    auth::LoginInput,
    stripe::{self, DEFAULT_SECRET},
};
use engine::run::ScenarioRun;
use serde_json::{Value, json};

use crate::scopes::{plan, smoke};
use crate::stage::{Play, WORLD, all_faults, body, play, red, red_but_for_time, share};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    /// Applies an event once more when it comes again, and says so.
    AppliesTwice,
    /// Likewise, and says that it was a duplicate.
    AppliesTwiceInSecret,
    /// Says that it was applied, and forgets it.
    Forgets,
    TakesForged,
    /// Takes what was signed long ago.
    TakesStale,
    RefusesSecondSignature,
    /// Compares the last of two signatures only.
    ReadsLastSignature,
    /// A 200 that says `error` (BACKEND.md 6.1).
    SaysError,
    AlwaysDuplicate,
    /// The older of two changes that come out of order stands.
    LastDeliveredStands,
    NeverRecovers,
    FailsFirst,
}

/// What the receiver knows.
#[derive(Default)]
struct Ledger {
    applied: BTreeMap<String, u64>,
    attempts: BTreeMap<String, u64>,
    /// Per customer: when the newest change happened, and what it said.
    status: BTreeMap<String, (i64, String)>,
}

fn receiver(lie: Lie) -> Router {
    let ledger: Arc<Mutex<Ledger>> = Arc::default();
    let (book, changes) = (ledger.clone(), ledger.clone());
    let receive = move |headers: HeaderMap, body: String| async move {
        receive(lie, &mut ledger.lock().expect("nobody panicked"), &headers, &body)
    };
    let show = move || async move {
        let ledger = book.lock().expect("nobody panicked");
        let entry = |(id, n): (&String, &u64)| {
            json!({"event_id": id, "type": "x", "deliveries": n, "applied": n}).to_string()
        };
        ledger.applied.iter().map(entry).collect::<Vec<_>>().join("\n")
    };
    let mine = move |headers: HeaderMap| async move {
        let email = headers["authorization"].to_str().expect("ASCII").trim_start_matches("Bearer ");
        let member = WORLD.members().find(|member| member.email == email).expect("a load user");
        let bill = WORLD.subscription_of(member.index).expect("who pays");
        let ledger = changes.lock().expect("nobody panicked");
        let status = &ledger.status[&bill.stripe_customer_id].1;
        Json(json!({"id": bill.id, "user_id": member.id, "tier": bill.tier, "status": status,
            "current_period_start": bill.current_period_start, "current_period_end": bill.current_period_end,
            "cancel_at_period_end": false}))
    };
    Router::new()
        .route("/api/webhooks/stripe", post(receive))
        .route("/__admin/webhooks", get(show))
        .route("/api/auth/login", post(log_in))
        .route("/api/subscriptions/my-subscription", get(mine))
}

async fn log_in(Json(input): Json<LoginInput>) -> Json<Value> {
    Json(json!({"message": "Login successful", "access_token": input.email, "refresh_token": "r",
        "token_type": "bearer", "expires_in": 1800,
        "user": {"id": "x", "email": input.email, "role": "member", "tier": "basic", "first_name": "A",
                 "last_name": "B", "is_verified": true}}))
}

fn receive(lie: Lie, ledger: &mut Ledger, headers: &HeaderMap, body: &str) -> Response {
    let signature = headers["stripe-signature"].to_str().expect("ASCII");
    let last = signature.rsplit_once(",v1=").map(|(_, last)| last);
    let stated = signature.split(',').next().expect("a timestamp");
    let last = format!("{stated},v1={}", last.unwrap_or_default());
    let read = if lie == Lie::ReadsLastSignature { last.as_str() } else { signature };
    let then = stated.trim_start_matches("t=").parse().expect("Unix seconds");
    let clock = if lie == Lie::TakesStale { then } else { now() };
    let good = stripe::verify(DEFAULT_SECRET, read, body.as_bytes(), clock).is_ok();
    let two = signature.matches("v1=").count() > 1;
    if !(good || lie == Lie::TakesForged) || (two && lie == Lie::RefusesSecondSignature) {
        return (StatusCode::BAD_REQUEST, Json(json!({"detail": "Invalid signature"}))).into_response();
    }
    let event: Value = serde_json::from_str(body).expect("an event");
    let id = event["id"].as_str().expect("an id").to_owned();
    let attempt = ledger.attempts.entry(id.clone()).or_default();
    *attempt += 1;
    let chosen = id.ends_with('7');
    if chosen && (lie == Lie::NeverRecovers || lie == Lie::FailsFirst && *attempt == 1) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"detail": "later"}))).into_response();
    }
    let seen = ledger.applied.get(&id).copied().unwrap_or(0);
    let again = matches!(lie, Lie::AppliesTwice | Lie::AppliesTwiceInSecret);
    if (seen == 0 || again) && lie != Lie::Forgets {
        ledger.applied.insert(id.clone(), seen + 1);
        change(lie, ledger, &event);
    }
    let status = match lie {
        Lie::SaysError if chosen => "error",
        Lie::AlwaysDuplicate => "duplicate",
        Lie::AppliesTwice => "success",
        _ if *ledger.attempts.get(&id).unwrap_or(&0) > 1 && seen > 0 => "duplicate",
        _ => "success",
    };
    Json(json!({"received": true, "status": status, "event_id": id})).into_response()
}

fn change(lie: Lie, ledger: &mut Ledger, event: &Value) {
    let object = &event["data"]["object"];
    if !event["type"].as_str().is_some_and(|kind| kind.starts_with("customer.subscription")) {
        return;
    }
    let deleted = event["type"] == "customer.subscription.deleted";
    let status = if deleted { "canceled" } else { object["status"].as_str().expect("a status") };
    let (customer, created) =
        (object["customer"].as_str().expect("whose"), event["created"].as_i64().expect("when"));
    let newest = ledger.status.get(customer).map_or(i64::MIN, |(at, _)| *at);
    if created >= newest || lie == Lie::LastDeliveredStands {
        ledger.status.insert(customer.to_owned(), (created, status.to_owned()));
    }
}

fn now() -> i64 {
    let since = engine::clock::wall().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    since.as_secs().cast_signed()
}

/// Every event of the plan that is out of the ordinary, and some that are not.
fn chosen() -> Vec<(u64, u64)> {
    let plan = plan("webhooks-load", &loadgen::scenario::Scope { world: *WORLD, ..smoke() });
    let odd = |line: &str| {
        !(line.contains("InOrder Once") && line.contains("None None")) || line.contains("OfOlder")
    };
    let numbers = plan.script.intents().enumerate();
    let special: Vec<u64> =
        numbers.filter(|(n, line)| odd(line) || n % 20 == 7).map(|(n, _)| n as u64).collect();
    special.into_iter().map(|n| (n, 0)).collect()
}

async fn go(lie: Lie) -> ScenarioRun {
    play("webhooks-load", receiver(lie), Play::Whole { turns: chosen(), scale: 1.0 }).await
}

/// All at once, since most of it is waiting.
async fn go_all<const N: usize>(lies: [Lie; N]) -> [ScenarioRun; N] {
    let runs = futures_util::future::join_all(lies.map(go)).await;
    runs.try_into().expect("a run for each")
}

const ONCE: &str = "every event applied exactly once";
const TWICE: &str = "no event claimed or applied twice";

/// The exact goals missed: a receiver that refuses or fails misses goals about errors as well.
fn exact(run: &ScenarioRun) -> Vec<String> {
    let exact = |name: &String| {
        run.goals.iter().any(|goal| goal.name == *name && goal.kind == engine::goal::Kind::Exact)
    };
    red(run).into_iter().filter(exact).collect()
}

#[tokio::test]
async fn each_lie_turns_its_goals_red_and_no_other() {
    let expected: [(Lie, &[&str]); 9] = [
        (Lie::AppliesTwice, &[ONCE, TWICE]),
        (Lie::AppliesTwiceInSecret, &[ONCE, TWICE]),
        (Lie::Forgets, &[ONCE, TWICE]),
        (Lie::TakesForged, &["bad signatures refused"]),
        (Lie::TakesStale, &["bad signatures refused"]),
        (Lie::ReadsLastSignature, &["valid signatures accepted", ONCE]),
        (Lie::RefusesSecondSignature, &["valid signatures accepted", ONCE]),
        (Lie::LastDeliveredStands, &["newest state stands"]),
        (Lie::NeverRecovers, &[ONCE, "failed deliveries succeed when retried"]),
    ];
    for ((lie, goals), run) in expected.iter().zip(go_all(expected.map(|(lie, _)| lie)).await) {
        assert_eq!(exact(&run), *goals, "{lie:?}");
    }
}

#[tokio::test]
async fn what_is_true_and_what_is_an_error_though_its_status_is_200() {
    let lies = [Lie::None, Lie::FailsFirst, Lie::SaysError, Lie::AlwaysDuplicate];
    let [honest, fails_first, says_error, duplicate] = go_all(lies).await;
    assert_eq!(red_but_for_time(&honest), [""; 0]);
    assert_eq!(all_faults(&honest), []);
    assert!(share(&honest, "webhook_forged_refused").0 > 0);
    assert!(share(&honest, "webhook_newest_stands").0 > 0);
    assert_eq!(share(&honest, "webhook_exactly_once"), (chosen().len() as u64, 0));

    let (recovered, lost) = share(&fails_first, "webhook_retries_recovered");
    assert!(recovered > 0 && lost == 0, "{recovered} {lost}");
    assert_eq!(exact(&fails_first), [""; 0]);

    let kinds = |run| all_faults(run).into_iter().map(|(_, kind, _)| kind.clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&says_error), [body("not applied")]);
    assert_eq!(kinds(&duplicate), [body("a new event is no duplicate")]);
}
