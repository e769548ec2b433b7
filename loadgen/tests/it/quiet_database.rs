//! A real Postgres that does not tell everything: what it keeps back costs that and nothing else, and nothing is ticked for
//! it.

use loadgen::{
    readiness::{self, Line, Mark},
    run::{Evidence, Run, Statement},
};

use crate::{
    missing_index::{DROPPED, Seeded, begin, database},
    report::made,
};

#[test]
fn a_role_that_may_not_read_the_tables_ticks_no_index() {
    let seeded = Seeded::new();
    seeded.execute(&format!("{DROPPED}; REVOKE pg_read_all_data FROM {}", seeded.name));
    let evidence = seeded.read_beside_the_workload();
    let (source, database) = database(&evidence);
    let planning = database.planning.as_ref().expect("statements were seen");
    assert!(planning.asked > 0 && planning.had < planning.asked, "{planning:?}");
    assert!(planning.refused.iter().any(|why| why.contains("permission denied")), "{planning:?}");
    let grant = "GRANT pg_read_all_data TO";
    assert!(source.troubles.iter().any(|trouble| trouble.contains(grant)), "{source:?}");
    let line = of_readiness(evidence, "no index is missing");
    assert_eq!(line.mark, Mark::NotMeasurable, "{line:?}");
    assert!(line.because.contains("could not be had: it says: permission denied"), "{line:?}");
}

#[test]
fn a_database_that_is_gone_at_the_end_is_not_said_to_be_well() {
    let seeded = Seeded::new();
    let name = &seeded.name;
    let probing = begin(seeded.readers()).expect("it is read");
    seeded.execute(&format!("ALTER ROLE {name} NOLOGIN"));
    seeded.execute(&format!(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = '{name}'"
    ));
    let evidence = probing.end(false).expect("something was to be read");
    let (source, database) = database(&evidence);
    assert_eq!((database.deadlocks, database.temp_bytes), (None, None));
    assert_eq!((&database.statements, &database.planning), (&None, &None));
    let said = "what it did over the whole run is not known: it says: ";
    assert!(source.troubles.iter().any(|trouble| trouble.starts_with(said)), "{source:?}");
    let line = of_readiness(evidence, "no deadlock");
    assert_eq!(line.mark, Mark::NotMeasurable, "{line:?}");
}

#[test]
fn an_extension_that_was_not_updated_costs_no_more_than_it_must() {
    let seeded = Seeded::new();
    let older = |version: &str| {
        seeded.execute(&format!(
            "DROP EXTENSION pg_stat_statements; CREATE EXTENSION pg_stat_statements VERSION '{version}'"
        ));
        seeded.read_beside_the_workload()
    };
    // As PostgreSQL 13 had it, without `toplevel`.
    let evidence = older("1.8");
    let (source, read) = database(&evidence);
    assert_eq!((source.failed, source.troubles.as_slice()), (0, &[][..]), "{source:?}");
    let asked = |statement: &Statement| statement.query.contains("event_rsvps WHERE status = $2");
    assert!(read.statements.iter().flatten().any(asked), "{read:#?}");
    let evidence = older("1.7");
    let (source, read) = database(&evidence);
    assert!(source.failed == 0 && read.deadlocks.is_some() && read.statements.is_none(), "{source:#?}");
    assert!(source.troubles[0].contains("ALTER EXTENSION pg_stat_statements UPDATE"), "{source:?}");
}

#[test]
fn statements_that_cannot_be_read_cost_nothing_else() {
    let seeded = Seeded::new();
    // In its place stands something else, and the version is as it was.
    seeded.execute("ALTER FUNCTION pg_stat_statements(boolean) RENAME TO moved_away");
    let evidence = seeded.read_beside_the_workload();
    let (source, read) = database(&evidence);
    assert!(source.failed == 0 && source.reads >= 2, "{source:?}");
    assert!(read.deadlocks.is_some() && read.statements.is_none() && !read.tables.is_empty(), "{read:#?}");
    let said = "its statements cannot be read: it says: function";
    assert!(source.troubles.iter().any(|trouble| trouble.starts_with(said)), "{source:?}");
}

/// The line of readiness that says so, of a run that read this.
fn of_readiness(evidence: Evidence, claim: &str) -> Line {
    let lines = readiness::walk(&Run { evidence: Some(evidence), ..made::good() });
    let mut of_it = lines.into_iter().filter(|line| line.claim.contains(claim));
    let line = of_it.next().expect("it is on the list");
    assert_eq!(of_it.next(), None);
    line
}
