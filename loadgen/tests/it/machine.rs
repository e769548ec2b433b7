//! File and port arithmetic, from the texts of `/proc`.

use loadgen::machine::{Allowance, TooSmall, open_files, ports};

const LIMITS: &str = "\
Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            1024                 20000                files
";

#[test]
fn the_soft_limit_counts() {
    assert_eq!(open_files(LIMITS), Some(1024));
    assert_eq!(open_files(&LIMITS.replace("1024 ", "unlimited ")), None);
    assert_eq!(open_files(""), None);
}

#[test]
fn ports_are_counted_inclusively() {
    assert_eq!(ports("32768\t60999\n"), 28_232);
    assert_eq!(ports("nonsense"), 28_232);
}

#[test]
fn a_plan_that_does_not_fit_says_what_it_takes() {
    let small = Allowance { open_files: Some(1024), ports: 28_232 };
    assert_eq!(small.carries(960), Ok(()));
    let refusal = small.carries(10_004).expect_err("10 004 sockets are too many");
    assert_eq!(refusal, TooSmall::OpenFiles { needed: 10_068, sockets: 10_004, allowed: 1024 });
    assert!(refusal.to_string().contains("ulimit -n 10068"));
    let portless = Allowance { open_files: None, ports: 28_232 };
    assert_eq!(portless.carries(30_000), Err(TooSmall::Ports { needed: 30_000, allowed: 28_232 }));
}
