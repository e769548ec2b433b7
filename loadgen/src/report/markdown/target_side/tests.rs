use super::*;
use crate::run::Planning;

fn told(it: &Database) -> String {
    let mut out = String::new();
    database(&mut out, it);
    out
}

fn read() -> Database {
    Database { deadlocks: Some(0), temp_bytes: Some(0), ..Database::default() }
}

#[test]
fn what_was_not_read_is_no_nought() {
    let said = told(&Database::default());
    assert!(said.contains("is not known: its last reading failed"), "{said}");
    assert!(!said.contains("deadlocks") && !said.contains("temporary"), "{said}");
    let said = told(&read());
    assert!(said.contains("deadlocks: 0; written to temporary files: 0 bytes"), "{said}");
    assert!(said.contains("statements: not known"), "{said}");
}

#[test]
fn plans_that_could_not_be_had_are_counted() {
    let planned = |had| {
        let planning = Some(Planning { asked: 20, had, refused: Vec::new() });
        told(&Database { statements: Some(Vec::new()), planning, ..read() })
    };
    assert!(planned(14).contains("plans: 14 of 20 could be had"), "{}", planned(14));
    assert!(!planned(20).contains("plans:"), "{}", planned(20));
}
