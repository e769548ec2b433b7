//! What a live session loses is in its report: as much as was lost, and for as long as it was gone.

use std::fs;

use serde_json::Value;

use crate::command::{Ran, data, results, run};

/// The live session, with this going wrong.
fn with(faults: &str, args: &[&str]) -> (Ran, Value) {
    let out = results();
    let plan = out.path().join("faults.toml");
    fs::write(&plan, faults).expect("it can be written");
    let plan = plan.to_str().expect("a path that is text");
    let ran = run(&out, &[&["--scenario", "rtc-load", "--faults", plan], args].concat());
    let run = data(&out);
    (ran, run["scenarios"][0]["run"].clone())
}

/// Good and bad of a share.
fn share(run: &Value, name: &str) -> (u64, u64) {
    let shares = run["shares"].as_array().expect("shares");
    let share = shares.iter().find(|share| share["name"] == name).expect("the plan declares it");
    let seconds = share["seconds"].as_array().expect("seconds");
    let sum = |key: &str| seconds.iter().map(|second| second[key].as_u64().expect("a number")).sum();
    (sum("good"), sum("bad"))
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn two_packets_in_a_hundred_that_are_lost_are_two_in_a_hundred_in_the_report() {
    let (_, run) = with(include_str!("../../../mock-server/faults/lossy-media.toml"), &[]);
    let (received, lost) = share(&run, "media_packets_received");
    assert!(received > 50_000, "{received} packets");
    let percent = 100.0 * lost as f64 / (received + lost) as f64;
    assert!((1.7..=2.3).contains(&percent), "{percent} %");
    assert_eq!(share(&run, "message_delivery_success").1, 0, "chat is not media");
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn a_server_that_is_gone_for_five_seconds_costs_at_least_as_much_and_fails() {
    let cut = "seed = 7\n[[fault]]\nkind = \"down\"\nfrom_s = 12\nfor_s = 5\n";
    let (ran, run) = with(cut, &["--time-scale", "2"]);
    if ran.code == 97 {
        // What was lost is counted all the same.
        println!("LEFT OUT: the verdict, as the load generator fell short here:\n{}", ran.stdout);
    } else {
        assert_eq!(ran.code, 99, "{}\n{}", ran.stderr, ran.stdout);
        assert!(ran.stdout.contains("missed: rtc-load: participant_time_present"), "{}", ran.stdout);
    }
    assert_eq!(share(&run, "sessions_kept"), (0, 50), "everybody lost the socket");
    let (_, lost_ms) = share(&run, "participant_time_present");
    assert!(lost_ms >= 50 * 4_500, "{lost_ms} ms of fifty people");
    let timings = run["timings"].as_array().expect("timings");
    let back = timings.iter().find(|timing| timing["name"] == "time_to_come_back").expect("it is declared");
    let cells = back["columns"][0]["cells"].as_array().expect("somebody came back");
    let times: u64 = cells.iter().map(|cell| cell["count"].as_u64().expect("a number")).sum();
    assert!(times >= 50, "{times} of fifty people came back");
}
