//! The profile of a mock that runs: shown, sent, followed; and books that stay exact under each.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::Endpoint;
use contract::events::{CreateRsvp, EventParams, LOAD_EVENT_SMALL};
use fixtures::profiles::{self, Profile};
use mock_server::latency::Origin;
use serde_json::{Value, json};

use crate::rig::Rig;

const PLANS: &str = "/api/subscriptions/plans";

/// Every answer takes exactly this long.
fn steady(name: &str, millis: u64) -> String {
    format!(
        "name = \"{name}\"\n[default]\nunloaded = true\nmin = {millis}\np50 = {millis}\np95 = {millis}.01\n\
         p99 = {millis}.02\np999 = {millis}.03\ncap = {millis}.03\n"
    )
}

fn parsed(text: &str) -> Profile {
    profiles::parse(text, &contract::measured_routes().collect::<Vec<_>>()).expect("it parses")
}

async fn shown(rig: &Rig) -> Value {
    rig.admin("GET", "/__admin/profile").send().await.expect("an answer").json().await.expect("JSON")
}

async fn put(rig: &Rig, body: String) -> (u16, Value) {
    let answer = rig.admin("PUT", "/__admin/profile").body(body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// Planned ms of an answer, as it says itself.
pub(crate) async fn planned_ms(rig: &Rig) -> f64 {
    let answer = rig.get(PLANS).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let timing = answer.headers()["server-timing"].to_str().expect("text").to_owned();
    let (_, total) = timing.rsplit_once("total;dur=").expect("the total comes last");
    total.parse().expect("ms")
}

const SHIPPED: [&str; 4] = ["off", "healthy", "borderline", "breach"];

#[tokio::test(start_paused = true)]
async fn the_admin_sees_and_changes_the_profile() {
    let rig = Rig::start().await;
    assert_eq!(shown(&rig).await, json!({"name": "off", "from": "given", "toml": null, "shipped": SHIPPED}));
    assert!(planned_ms(&rig).await < 1e-9);
    let slow = steady("slow", 300);
    assert_eq!(put(&rig, slow.clone()).await.0, 200);
    assert_eq!(shown(&rig).await, json!({"name": "slow", "from": "admin", "toml": slow, "shipped": SHIPPED}));
    assert!((planned_ms(&rig).await - 300.0).abs() < 1.0);
    let (status, refused) = put(&rig, slow.replace("cap", "cup")).await;
    assert_eq!(status, 400);
    assert!(
        refused["detail"].as_str().expect("a sentence").contains("line 9: unknown field `cup`"),
        "{refused}"
    );
    assert_eq!(shown(&rig).await["name"], "slow", "what was in use stays");
    let (status, healthy) = put(&rig, "healthy".to_owned()).await;
    assert_eq!((status, &healthy["name"], &healthy["from"]), (200, &json!("healthy"), &json!("shipped")));
    assert_eq!(put(&rig, "off\n".to_owned()).await.0, 200);
    assert!(planned_ms(&rig).await < 1e-9);
}

#[tokio::test(start_paused = true)]
async fn a_file_is_followed_and_a_wrong_one_is_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("mine.toml");
    let write = |text: &str| std::fs::write(&path, text).expect("it is written");
    let first = steady("first", 100);
    write(&first);
    let rig = Rig::with(|config| {
        config.profile = parsed(&first);
        config.profile_from = Origin::File { path: path.clone(), text: first.clone() };
    })
    .await;
    // Paused time: these pass at once, and take the mock past its next look.
    let look = || tokio::time::sleep(Duration::from_secs(3));
    look().await;
    assert_eq!(shown(&rig).await["name"], "first");
    write(&steady("the second", 200));
    look().await;
    let now = shown(&rig).await;
    assert_eq!((&now["name"], &now["from"]), (&json!("the second"), &json!(path.to_str())));
    assert!((planned_ms(&rig).await - 200.0).abs() < 1.0);
    write("name = \"the third\"\n[default]\n");
    look().await;
    assert_eq!(shown(&rig).await["name"], "the second");
    write(&steady("the fourth one", 50));
    look().await;
    assert_eq!(shown(&rig).await["name"], "the fourth one");
    // Whoever sends a profile wants that one, whatever becomes of the file.
    assert_eq!(put(&rig, "off".to_owned()).await.0, 200);
    write(&steady("a fifth one", 70));
    look().await;
    assert_eq!(shown(&rig).await["name"], "off");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_changed_before_the_first_look_is_read_again_though_as_long() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("mine.toml");
    let (read, now) = (steady("one", 100), steady("two", 100));
    std::fs::write(&path, &now).expect("it is written");
    let rig = Rig::with(|config| {
        config.profile = parsed(&read);
        config.profile_from = Origin::File { path, text: read.clone() };
    })
    .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(shown(&rig).await["name"], "two");
}

/// The same shape in a tenth of the time, so that a test need not wait for it. Waits stay waits, refusals
/// refusals.
fn hurried(text: &str) -> Profile {
    let mut profile = parsed(text);
    for route in profile.routes.values_mut().chain(&mut profile.default) {
        for time in
            [&mut route.min, &mut route.p50, &mut route.p95, &mut route.p99, &mut route.p999, &mut route.cap]
        {
            *time /= 10.0;
        }
        route.stages.iter_mut().for_each(|stage| stage.hold_ms /= 10.0);
    }
    profile
}

async fn a_thousand_at_once(profile: Profile) {
    let rig = Rig::with(|config| config.profile = profile).await;
    let path = CreateRsvp::path(&EventParams { event_id: LOAD_EVENT_SMALL.to_owned() });
    let asking: Vec<_> = (0..1_000)
        .map(|n| {
            let email = format!("loadtest+t_{n}@wwmaa.com");
            let body = json!({"participant": {"email": email, "first_name": "Ana", "last_name": "Lee"}});
            let request = rig.post(&path, &body).send();
            tokio::spawn(async move { request.await.map(|answer| answer.status().as_u16()) })
        })
        .collect();
    let mut answers = BTreeMap::new();
    for asked in asking {
        let status = asked.await.expect("the task ends").expect("an answer");
        *answers.entry(status).or_insert(0) += 1;
    }
    assert_eq!(answers.get(&201), Some(&50), "{answers:?}");
    assert!(answers.keys().all(|status| [201, 400, 503].contains(status)), "{answers:?}");
    assert_eq!(answers.values().sum::<i32>(), 1_000);
    assert!(rig.audit_holds().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn books_stay_exact_under_healthy() {
    a_thousand_at_once(hurried(profiles::HEALTHY)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn books_stay_exact_under_borderline() {
    a_thousand_at_once(hurried(profiles::BORDERLINE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn books_stay_exact_under_breach() {
    a_thousand_at_once(hurried(profiles::BREACH)).await;
}
