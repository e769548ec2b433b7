//! `loadgen readiness` as one types it.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::report::made;

fn readiness(dir: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.arg("readiness").arg(dir).args(more).output().expect("the binary runs")
}

#[test]
fn a_rehearsal_against_the_mock_is_told_that_it_proves_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    made::there_and_back(&made::good(), dir.path());
    let [text, markdown, json] = ["text", "md", "json"].map(|format| {
        let output = readiness(dir.path(), &["--format", format]);
        assert_eq!(output.status.code(), Some(99));
        String::from_utf8(output.stdout).expect("text")
    });
    for told in [&text, &markdown] {
        assert!(
            told.contains("This run does not prove that anybody can launch: it was preset smoke"),
            "{told}"
        );
        assert!(told.contains("backups are taken and were restored once"));
    }
    let read: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((&read["exit_code"], &read["preset"]), (&99.into(), &"smoke".into()));
}

#[test]
fn a_directory_without_a_run_is_a_usage_error_that_says_what_to_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let output = readiness(dir.path(), &[]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("name a folder that a run left"), "{said}");
}
