//! File and port arithmetic: what a plan takes, what there is, what to do about it.

use std::process::{Command, Output};

use expect_test::expect;
use loadgen::machine::{Allowance, Demand, Spread, TooSmall, ports};

const ALONE: Spread = Spread { processes: 1, sources: 0 };

fn crowd(sockets: u64) -> Demand {
    Demand { scenario: "page-load", sockets, splits: true }
}

#[test]
fn ports_are_counted_inclusively() {
    assert_eq!(ports("32768\t60999\n"), 28_232);
    assert_eq!(ports("nonsense"), 28_232);
}

#[test]
fn a_plan_that_does_not_fit_says_what_it_takes_and_what_to_do() {
    let small = Allowance { open_files: Some(1024), ports: 28_232 };
    assert_eq!(small.carries(&[crowd(960)], ALONE), Ok(()));
    let refusal = small.carries(&[crowd(10), crowd(10_004)], ALONE).expect_err("10 004 sockets are too many");
    expect!["page-load needs 10068 open files in one process (10004 sockets and 64 others), and the hard limit is 1024 (the soft one is raised to it): raise it where you may (`ulimit -n 10068`), split the load with `--processes 11`, or choose a smaller preset"].assert_eq(&refusal.to_string());
}

#[test]
fn the_processes_it_names_are_enough_and_no_fewer_are() {
    let small = Allowance { open_files: Some(1024), ports: 28_232 };
    let with = |processes| small.carries(&[crowd(10_004)], Spread { processes, sources: 0 });
    assert_eq!(with(11), Ok(()));
    let Err(TooSmall::OpenFiles { processes, .. }) = with(10) else { panic!("ten are too few") };
    assert_eq!(processes, Some(11));
}

#[test]
fn more_processes_are_no_way_out_for_what_cannot_be_split() {
    let small = Allowance { open_files: Some(128), ports: 28_232 };
    let session = Demand { scenario: "rtc-load", sockets: 154, splits: false };
    let refusal = small.carries(&[session], Spread { processes: 8, sources: 0 });
    let said = refusal.expect_err("one process has them all").to_string();
    assert!(said.starts_with("rtc-load needs") && !said.contains("--processes"), "{said}");
}

#[test]
fn an_address_without_enough_ports_wants_others_beside_it() {
    let roomy = Allowance { open_files: None, ports: 28_232 };
    assert_eq!(roomy.carries(&[crowd(28_232)], ALONE), Ok(()));
    let refusal = roomy.carries(&[crowd(30_000)], Spread { processes: 4, sources: 1 });
    expect!["page-load needs 30000 connections at once, and one source address has 28232 local ports (1 in use): name 3 addresses of this machine with --sources (on loopback 127.0.0.1,127.0.0.2 and so on), widen net.ipv4.ip_local_port_range, or choose a smaller preset"].assert_eq(&refusal.expect_err("too few ports").to_string());
    assert_eq!(roomy.carries(&[crowd(30_000)], Spread { processes: 1, sources: 2 }), Ok(()));
    assert_eq!((roomy.addresses_for(28_232), roomy.addresses_for(100_000)), (1, 8));
}

/// `loadgen` with these limits of open files.
fn limited(ulimit: &str, args: &str) -> Output {
    let script = format!("{ulimit} && exec \"$0\" {args}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_loadgen")]);
    for name in ["LOADGEN_TARGET", "LOADGEN_PRESET", "LOADGEN_PROCESSES", "LOADGEN_SOURCES"] {
        shell.env_remove(name);
    }
    shell.output().expect("a shell")
}

#[test]
fn a_run_beyond_the_hard_limit_is_refused_before_it_begins() {
    let output =
        limited("ulimit -n 200", "run --scenario page-load --browsers 0 --target http://127.0.0.1:1");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("limit is 200") && said.contains("--processes "), "{said}");
    let processes = said.split_once("--processes ").and_then(|(_, rest)| rest.split_once('`'));
    let processes = processes.expect("a number is named").0;
    let output =
        limited("ulimit -n 200", &format!("plan --scenario page-load --browsers 0 --processes {processes}"));
    let plan = String::from_utf8(output.stdout).expect("text");
    assert!(plan.ends_with("this machine carries it\n"), "{plan}");
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let output = limited("ulimit -Sn 100 && ulimit -Hn 2000", "plan --scenario page-load --browsers 0");
    let plan = String::from_utf8(output.stdout).expect("text");
    assert!(plan.ends_with("this machine carries it\n"), "{plan}");
}
