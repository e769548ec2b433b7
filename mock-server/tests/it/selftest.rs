//! `mock-server selftest`, and that each of its checks can fail.

use std::process::{Command, Stdio};
use std::time::Duration;

use fixtures::profiles::{self, Profile, Route};
use mock_server::latency::pools::{Pool, PoolSpec};
use mock_server::latency::proof::{self, Effort};
use serde_json::Value;

const LOGIN: &str = "POST /api/auth/login";

type MakePool = fn() -> Pool;

fn healthy() -> Profile {
    let known: Vec<&str> = contract::measured_routes().collect();
    profiles::parse(profiles::HEALTHY, &known).expect("it ships")
}

/// A pool of `servers` that refuses whom it has no room for.
fn pool(servers: usize, queue: usize) -> Pool {
    Pool::new(PoolSpec { servers, queue, acquire_timeout: Duration::from_secs(1 << 32) })
}

#[test]
fn every_check_on_the_virtual_clock_holds_and_the_exit_code_says_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_mock-server"))
        .args(["selftest", "--quick", "--json"])
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let checks: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a JSON array");
    // Real timers may be late on a busy machine: that is for `selftest` to say, not for this test.
    let (timers, others): (Vec<&Value>, Vec<&Value>) = checks
        .iter()
        .partition(|check| check["name"].as_str().is_some_and(|name| name.starts_with("timers")));
    assert_eq!(timers.len(), 1);
    assert!(others.len() > 100, "two per route and profile, the queues, the seeds");
    for check in &others {
        assert_eq!(check["ok"], true, "{check}");
    }
    let held = checks.iter().all(|check| check["ok"] == true);
    assert_eq!(output.status.code(), Some(if held { 0 } else { 99 }));
}

#[test]
fn erlangs_formula_gives_the_published_waits() {
    for (rho, exact) in [(0.7, 0.074), (0.8, 0.205), (0.9, 0.669), (0.95, 1.65)] {
        let erlang = proof::erlang_c_wait(10, rho);
        assert!((erlang / exact - 1.0).abs() < 0.01, "{erlang} at {rho}");
    }
}

#[test]
fn a_curve_that_is_not_its_tables_is_noticed() {
    let profile = healthy();
    let table = profile.route(LOGIN).expect("it is listed").clone();
    assert!(proof::follows(&profile, LOGIN, &table).ok());
    let doctored = [
        Route { p50: table.p50 * 1.03, ..table.clone() },
        Route { p95: table.p95 * 0.9, ..table.clone() },
        Route { p99: table.p99 * 0.9, ..table.clone() },
    ];
    for wrong in doctored {
        let mut profile = profile.clone();
        profile.routes.insert(LOGIN.to_owned(), wrong.clone());
        let sample = proof::follows(&profile, LOGIN, &table);
        assert!(!sample.ok(), "{wrong:?} passes for {table:?}: {sample:?}");
    }
}

#[test]
fn a_queue_that_is_not_erlangs_is_noticed() {
    let right = proof::waits(0.7, Effort::Quick, proof::queue);
    assert!(right.ok, "{right:?}");
    let wrong: [(&str, MakePool); 3] = [
        ("a server too many", || pool(11, usize::MAX)),
        ("a server too few", || pool(9, usize::MAX)),
        ("a short queue", || pool(10, 4)),
    ];
    for (what, queue) in wrong {
        let check = proof::waits(0.7, Effort::Quick, queue);
        assert!(!check.ok, "{what}: {check:?}");
    }
}
