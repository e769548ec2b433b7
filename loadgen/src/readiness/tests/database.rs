//! What is said of a database that did not tell everything: nothing is ticked because nobody looked.

use super::*;
use crate::run::MissingIndex;

fn spoiled(spoil: impl FnOnce(&mut Database)) -> Vec<Line> {
    let mut run = ready();
    let source = &mut run.evidence.as_mut().expect("it was read").sources[1];
    spoil(source.database.as_mut().expect("it was read"));
    walk(&run)
}

fn unknown(lines: &[Line], claim: &str, why: &str) {
    let line = mark(lines, claim);
    assert_eq!((line.mark, line.because.as_str()), (Mark::NotMeasurable, why), "{claim}");
}

#[test]
fn an_index_can_only_be_missed_where_plans_were_had() {
    let index = |planning: Option<Planning>, why: &str| {
        unknown(&spoiled(|database| database.planning = planning), "no index is missing", why);
    };
    let refused = vec!["it says: permission denied for table users".to_owned()];
    index(
        Some(Planning { asked: 20, had: 14, refused }),
        "6 of 20 plans could not be had: it says: permission denied for table users",
    );
    index(
        Some(Planning { asked: 1, had: 0, refused: Vec::new() }),
        "1 of 1 plan could not be had: there was no time left",
    );
    index(Some(Planning::default()), "1 statement was seen, and none that has a plan");
    index(None, "nothing says whether its plans could be had");
}

#[test]
fn one_that_is_missing_is_told_whatever_the_others_plans_say() {
    let lines = spoiled(|database| {
        database.planning = Some(Planning { asked: 2, had: 1, refused: Vec::new() });
        database.missing = vec![MissingIndex {
            table: "public.events".into(),
            columns: vec!["status".into()],
            query: String::new(),
            calls: 1,
            total_ms: 1.0,
            sequential_scans: 1,
            rows_scanned: 1,
        }];
    });
    assert_eq!(mark(&lines, "no index is missing").mark, Mark::NotMet);
}

#[test]
fn statements_without_a_plan_are_told_beside_those_with_one() {
    let lines = spoiled(|database| {
        let statements = database.statements.as_mut().expect("seen");
        let commit = Statement { query: "COMMIT".into(), plan: None, ..statements[0].clone() };
        statements.push(commit);
    });
    let line = mark(&lines, "no index is missing");
    let because = "1 statement was looked at, the dearest; 1 more has no plan";
    assert_eq!((line.mark, line.because.as_str()), (Mark::Met, because));
}

#[test]
fn a_database_that_did_not_answer_at_the_end_is_neither_well_nor_ill() {
    let lines = spoiled(|database| *database = Database { version: "15.7".into(), ..Database::default() });
    for claim in ["is found in its cache", "no index is missing", "100 ms on average", "no deadlock"] {
        unknown(&lines, claim, "what it did over the whole run is not known: its last reading failed");
    }
}

#[test]
fn what_an_older_run_wrote_is_read() {
    let old = r#"{"version":"15.7","settings":[],"cache_hit":0.9,"deadlocks":2,"temp_bytes":0,"statements":[],
        "tables":[],"waits":[],"samples":0,"missing":[]}"#;
    let read: Database = serde_json::from_str(old).expect("it is read");
    assert_eq!((read.deadlocks, read.temp_bytes, read.planning), (Some(2), Some(0), None));
}
