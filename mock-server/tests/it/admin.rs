//! The admin API: worlds taken whole or not at all, and the books.

use fixtures::{Record, Size, World, ndjson};
use serde_json::{Value, json};

use crate::rig::{ADMIN_TOKEN, Rig, small_world};

fn other_world() -> World {
    World::new(7, Size { members: 60, instructors: 20, events: 20, content: 50, ..Size::scaled(1) })
}

fn lines(world: &World) -> Vec<String> {
    world.records().map(|record| ndjson::line(&record)).collect()
}

#[tokio::test]
async fn nobody_gets_in_without_the_token() {
    let rig = Rig::start().await;
    for (method, path) in [
        ("GET", "/__admin/audit"),
        ("GET", "/__admin/webhooks"),
        ("GET", "/__admin/digests"),
        ("GET", "/__admin/truth"),
        ("GET", "/__admin/pools"),
        ("GET", "/__admin/profile"),
        ("PUT", "/__admin/profile"),
        ("POST", "/__admin/truth/reset"),
        ("POST", "/__admin/reset-load"),
        ("POST", "/__admin/dataset"),
    ] {
        assert_eq!(rig.sends(method, path, None, None).await.0, 403, "{path}");
        assert_eq!(rig.sends(method, path, None, Some("guess")).await.0, 401, "{path}");
        let longer = format!("{ADMIN_TOKEN}x");
        assert_eq!(rig.sends(method, path, None, Some(&longer)).await.0, 401, "{path}");
    }
    assert_eq!(rig.sends("GET", "/__admin/nothing", None, Some(ADMIN_TOKEN)).await.0, 404);
    assert_eq!(rig.sends("DELETE", "/__admin/audit", None, Some(ADMIN_TOKEN)).await.0, 405);
}

#[tokio::test]
async fn what_is_held_is_the_world_that_was_sent() {
    let rig = Rig::start().await;
    let world = other_world();
    let (status, taken) = rig.send_world(&world).await;
    assert_eq!(status, 200, "{taken}");
    assert_eq!(taken["counts"], json!(world.counts()));
    let held = rig.digests().await;
    assert_eq!(held["counts"], json!(world.counts()));
    assert_eq!(held["digests"], json!(world.digests()));
}

#[tokio::test]
async fn a_world_of_its_own_is_the_one_the_seed_names() {
    let rig = Rig::start().await;
    let held = rig.digests().await;
    assert_eq!(held["digests"], json!(small_world().digests()));
    assert!(rig.audit_holds().await, "a fresh world breaks no rule");
}

/// Sends these lines and expects a refusal that names `line`, and that nothing changed.
async fn refused(rig: &Rig, lines: &[String], line: usize) -> String {
    let before = rig.digests().await;
    let body = lines.join("\n");
    let answer = rig.admin("POST", "/__admin/dataset").body(body).send().await.expect("an answer");
    assert_eq!(answer.status(), 400);
    let refusal: Value = answer.json().await.expect("JSON");
    let sentence = refusal["detail"].as_str().expect("a sentence").to_owned();
    assert!(sentence.starts_with(&format!("line {line}:")), "{sentence}");
    assert_eq!(rig.digests().await, before, "nothing is half applied");
    sentence
}

#[tokio::test]
async fn a_corrupt_line_is_named_and_nothing_is_applied() {
    let rig = Rig::start().await;
    let whole = lines(&other_world());
    for at in [1, 2, 70, whole.len() - 1] {
        let mut corrupt = whole.clone();
        corrupt[at - 1] = corrupt[at - 1].replacen('"', "", 1);
        refused(&rig, &corrupt, at).await;
    }
}

#[tokio::test]
async fn a_cut_world_is_refused() {
    let rig = Rig::start().await;
    let whole = lines(&other_world());
    let cut = &whole[..whole.len() / 2];
    let before = rig.digests().await;
    let answer = rig.admin("POST", "/__admin/dataset").body(cut.join("\n")).send().await.expect("an answer");
    assert_eq!(answer.status(), 400);
    assert_eq!(rig.digests().await, before);
    let nothing = rig.admin("POST", "/__admin/dataset").body("").send().await.expect("an answer");
    assert_eq!(nothing.status(), 400);
}

#[tokio::test]
async fn a_booking_of_an_event_that_is_not_there_is_refused() {
    let rig = Rig::start().await;
    let mut at = 0;
    let dangling: Vec<String> = other_world()
        .records()
        .enumerate()
        .map(|(i, mut record)| {
            if let Record::Rsvp(rsvp) = &mut record
                && at == 0
            {
                at = i + 1;
                "evt_nowhere".clone_into(&mut rsvp.event_id);
            }
            ndjson::line(&record)
        })
        .collect();
    let sentence = refused(&rig, &dangling, at).await;
    assert!(sentence.contains("evt_nowhere"), "{sentence}");
}

#[tokio::test]
async fn an_endless_line_is_refused_before_it_fills_the_memory() {
    let rig = Rig::start().await;
    let answer = rig.admin("POST", "/__admin/dataset").body(vec![b'x'; 3 * 1024 * 1024]).send().await;
    // The refusal comes while the client still sends, so it may see the connection end instead.
    if let Ok(answer) = answer {
        assert_eq!(answer.status(), 413);
    }
    assert!(rig.audit_holds().await, "the mock goes on");
}

#[tokio::test]
async fn the_audit_names_every_invariant() {
    let rig = Rig::start().await;
    let audit: Value =
        rig.admin("GET", "/__admin/audit").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(audit["ok"], true);
    let checks = audit["checks"].as_array().expect("a list");
    let names: Vec<&str> = checks.iter().filter_map(|check| check["name"].as_str()).collect();
    for name in [
        "one_account_per_address",
        "refresh_tokens_work_once",
        "revoked_tokens_are_dead",
        "newest_event_stands",
        "webhooks_applied_exactly_once",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert!(checks.iter().all(|check| check["offenders"] == json!([]) && check["detail"].is_string()));
}

#[tokio::test]
async fn the_truth_is_a_list_of_routes() {
    let rig = Rig::start().await;
    rig.sends("GET", "/api/subscriptions/plans", None, None).await;
    let answer = rig.admin("GET", "/__admin/truth").send().await.expect("an answer");
    let truth: Value = answer.json().await.expect("JSON");
    let plans =
        truth.as_array().expect("a list").iter().find(|row| row["route"] == "GET /api/subscriptions/plans");
    let plans = plans.expect("it was asked for");
    assert_eq!(plans["count"], 1);
    assert!(plans["held"]["hdr"].is_string() && plans["planned"]["hdr"].is_string(), "{plans}");
    let (_, brief) = rig.sends("GET", "/__admin/truth?hdr=false", None, Some(ADMIN_TOKEN)).await;
    assert_eq!(brief[0]["held"]["p99"], plans["held"]["p99"]);
    assert_eq!(brief[0]["held"].get("hdr"), None);
    assert_eq!(rig.sends("GET", "/__admin/truth?hdr=some", None, Some(ADMIN_TOKEN)).await.0, 422);
    assert_eq!(rig.admin("POST", "/__admin/truth/reset").send().await.expect("an answer").status(), 200);
}
