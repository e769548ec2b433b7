//! The checklist as people and programs read it.

use super::ready;
use crate::readiness::{json, markdown, text, walk};

#[test]
fn programs_read_the_same_as_people() {
    let run = ready();
    let lines = walk(&run);
    let read: serde_json::Value = serde_json::from_str(&json(&run, &lines)).expect("it is JSON");
    assert_eq!(read["exit_code"], 0);
    assert_eq!(read["lines"].as_array().map(Vec::len), Some(lines.len()));
    let told = text(&run, &lines);
    for line in &lines {
        assert!(told.contains(&line.claim) && told.contains(&line.because), "{line:?}");
    }
}

#[test]
fn a_targets_words_break_no_table() {
    let mut run = ready();
    run.meta.environment = "staging <script>alert(1)</script> | `a`\n[x](y)".into();
    let lines = walk(&run);
    let told = markdown(&run, &lines);
    assert!(!told.contains("<script>") && !told.contains("[x]"), "{told}");
    assert!(
        told.lines().filter(|line| line.starts_with('|')).all(|line| line
            .replace("\\|", "")
            .matches('|')
            .count()
            == 4)
    );
}
