//! Plans of faults: read strictly, replaced, started, stopped.

use std::fmt::Write as _;

use expect_test::expect;
use fixtures::profiles;
use mock_server::faults::{Known, parse};
use serde_json::{Value, json};

use crate::rig::{ADMIN_TOKEN, Rig};

fn complaint(plan: &str) -> String {
    let routes = ["GET /api/events", "POST /api/auth/login"];
    let known = Known { routes: &routes, pools: &["db", "cpu"] };
    parse(plan, known).map_or_else(|error| error.to_string(), |_| "it is good".to_owned())
}

#[test]
fn mistakes_are_named_by_their_line() {
    let faults = [
        "",
        "kind = \"latency\"\nms = 10\njitter_ms = 11",
        "kind = \"latency\"",
        "kind = \"latency\"\nms = \"ten\"",
        "kind = \"lateness\"",
        "kind = 7",
        "kind = \"reset\"\nroute = \"GET /api/evnets\"",
        "kind = \"reset\"\nsahre = 0.5",
        "kind = \"reset\"\nshare = 1.5",
        "kind = \"reset\"\nshare = nan",
        "kind = \"reset\"\nfrom_s = -1",
        "kind = \"reset\"\nfor_s = 0",
        "kind = \"error\"\nstatus = 200",
        "kind = \"error\"\nstatus = 500.5",
        "kind = \"brown-out\"\npool = \"db\"\nservers = 2",
        "kind = \"brown-out\"\nfor_s = 5\npool = \"bd\"\nservers = 2",
        "kind = \"stall\"",
        "kind = \"chat-lost\"\nroute = \"GET /api/events\"",
        "kind = \"webhook-5xx\"\nstatus = 404",
        "kind = \"bandwidth\"\nbytes_per_s = 0",
        "kind = \"media\"\nuser = \"ann\"",
        "kind = \"media\"\nloss = 1.1",
        "kind = \"media\"\ndelay_ms = 10\njitter_ms = 11",
        "kind = \"media\"\nloss = 1\ndirection = \"sideways\"",
        "kind = \"down\"\nshare = 0.5",
        "kind = \"down\"\nroute = \"GET /api/events\"",
    ];
    let mut all = String::new();
    for fault in faults {
        let plan = format!("seed = 1\n\n[[fault]]\n{fault}\n");
        writeln!(all, "{}", complaint(&plan)).expect("a string takes text");
    }
    for plan in
        ["", "seed = -1", "seed = 1\nsede = 2", "seed = 1\n[[fault]", "seed = 1\n[fault]\nkind = \"reset\""]
    {
        writeln!(all, "{}", complaint(plan)).expect("a string takes text");
    }
    let many = format!("seed = 1\n{}", "[[fault]]\nkind = \"reset\"\n".repeat(65));
    writeln!(all, "{}", complaint(&many)).expect("a string takes text");
    expect![[r#"
        line 3: kind is missing
        line 6: jitter_ms = 11 must be from 0 to 10
        line 3: ms is missing
        line 5: ms must be a number, not a value of type string
        line 4: unknown kind "lateness"; known are latency, error, reset, empty-reply, truncate, slow-drip, bandwidth, stall, brown-out, ws-cut, chat-lost, chat-duplicated, chat-reordered, media, down, webhook-5xx, webhook-store-fails
        line 4: kind must be a text, not a value of type integer
        line 5: unknown route "GET /api/evnets"; known are GET /api/events, POST /api/auth/login
        line 5: unknown key "sahre"; known are kind, route, from_s, for_s, share
        line 5: share = 1.5 must be from 0 to 1
        line 5: share = NaN must be from 0 to 1
        line 5: from_s = -1 must be from 0 to 86400
        line 5: for_s = 0 must be from 0.001 to 86400
        line 5: status = 200 must be from 400 to 599
        line 5: status must be a whole number, not a value of type float
        line 3: for_s is missing: it has to end
        line 6: unknown pool "bd"; known are db, cpu
        line 3: for_s is missing: it has to end
        line 5: unknown key "route"; known are kind, from_s, for_s, share
        line 5: status = 404 must be from 500 to 599
        line 5: bytes_per_s = 0 must be from 1 to 1073741824
        line 3: it needs loss or delay_ms, or nothing happens
        line 5: loss = 1.1 must be from 0 to 1
        line 6: jitter_ms = 11 must be from 0 to 10
        line 6: unknown direction "sideways"; known are down, up, both
        line 5: unknown key "share"; known are kind, from_s, for_s
        line 5: unknown key "route"; known are kind, from_s, for_s
        line 1: missing field `seed`
        line 1: seed = -1 must not be negative
        line 2: unknown field `sede`, expected `seed` or `fault`
        line 2: unclosed array table, expected `]`
        line 2: invalid type: map, expected a sequence
        line 130: more than 64 faults
    "#]].assert_eq(&all);
}

#[test]
fn the_plans_that_ship_are_good() {
    let routes: Vec<&str> = contract::measured_routes().collect();
    let profile = profiles::parse(profiles::HEALTHY, &routes).expect("it ships");
    let pools: Vec<&str> = profile.pools.keys().map(String::as_str).collect();
    for plan in [
        include_str!("../../faults/every-kind.toml"),
        include_str!("../../faults/bad-evening.toml"),
        include_str!("../../faults/lossy-media.toml"),
        include_str!("../../faults/missing-hero.toml"),
        include_str!("../../faults/server-cut.toml"),
        include_str!("../../faults/slow-hero.toml"),
        include_str!("../../faults/stripe-store-outage.toml"),
    ] {
        parse(plan, Known { routes: &routes, pools: &pools }).expect("a plan that ships");
    }
}

async fn faults(rig: &Rig, method: &str, path: &str) -> Value {
    let (status, report) = rig.sends(method, path, None, Some(ADMIN_TOKEN)).await;
    assert_eq!(status, 200, "{report}");
    report
}

#[tokio::test]
async fn a_plan_is_put_looked_at_stopped_started_and_taken_away() {
    let rig = Rig::start().await;
    let none = json!({ "toml": null, "seed": null, "started_at": null, "running_for_s": null, "faults": [] });
    assert_eq!(faults(&rig, "GET", "/__admin/faults").await, none);
    assert_eq!(faults(&rig, "POST", "/__admin/faults/start").await, none, "there is nothing to start");
    let plan = "seed = 7\n[[fault]]\nkind = \"error\"\nstatus = 500\nfor_s = 600\n";
    let put = rig.admin("PUT", "/__admin/faults").body(plan).send().await.expect("an answer");
    assert_eq!(put.status(), 200);
    assert_eq!(rig.get("/").send().await.expect("an answer").status(), 500);
    let report = faults(&rig, "GET", "/__admin/faults").await;
    assert_eq!((&report["toml"], &report["seed"]), (&json!(plan), &json!(7)));
    assert!(report["started_at"].is_string());
    let expected = json!([{
        "kind": "error", "strikes": "every route", "from_s": 0.0, "for_s": 600.0, "share": 1.0,
        "settings": { "kind": "error", "status": 500, "for_s": 600 },
        "met": 1, "struck": 1, "unscored": false,
    }]);
    assert_eq!(report["faults"], expected);
    assert_eq!(faults(&rig, "POST", "/__admin/faults/stop").await["started_at"], Value::Null);
    assert_eq!(rig.get("/").send().await.expect("an answer").status(), 200);
    faults(&rig, "POST", "/__admin/faults/start").await;
    assert_eq!(rig.get("/").send().await.expect("an answer").status(), 500);
    assert_eq!(faults(&rig, "GET", "/__admin/faults").await["faults"][0]["struck"], 2);
    assert_eq!(faults(&rig, "DELETE", "/__admin/faults").await, none);
    assert_eq!(rig.get("/").send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_plan_that_is_refused_leaves_the_one_there_is() {
    let rig = Rig::start().await;
    let put = |plan: &'static [u8]| rig.admin("PUT", "/__admin/faults").body(plan).send();
    put(b"seed = 7").await.expect("an answer");
    let refused =
        put(b"seed = 8\n[[fault]]\nkind = \"brown-out\"\npool = \"db\"\nservers = 1\nfor_s = 1").await;
    let refused = refused.expect("an answer");
    assert_eq!(refused.status(), 400);
    let said = refused.json::<Value>().await.expect("JSON");
    assert_eq!(said, json!({ "detail": "line 4: unknown pool \"db\": there are none" }));
    assert_eq!(put(b"\xff").await.expect("an answer").status(), 400);
    assert_eq!(faults(&rig, "GET", "/__admin/faults").await["seed"], 7);
    assert_eq!(rig.sends("GET", "/__admin/faults", None, None).await.0, 403);
}

#[tokio::test]
async fn a_plan_given_at_the_start_runs_once_it_listens() {
    let plan = "seed = 1\n[[fault]]\nkind = \"error\"\nstatus = 503\nroute = \"GET /\"\n";
    let plan = parse(plan, Known { routes: &["GET /"], pools: &[] }).expect("a plan");
    let rig = Rig::with(|config| config.faults = Some(plan)).await;
    assert_eq!(rig.get("/").send().await.expect("an answer").status(), 503);
}
