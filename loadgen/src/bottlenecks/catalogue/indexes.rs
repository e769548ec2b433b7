//! Indexes that plans would have used, and tables that are read from end to end.

use super::{Advice, Facts, facts::quoted};
use crate::{
    run::{Database, MissingIndex, TableUse},
    words::{count, number},
};

/// A table that gave so many rows to scans from end to end is worth a look, even where no plan names the columns.
const ROWS_SCANNED: u64 = 1_000_000;
/// Smaller tables are read from end to end whatever indexes they have.
const ROWS: u64 = 1_000;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    facts.databases().flat_map(|(_, database)| of(database)).collect()
}

fn of(database: &Database) -> Vec<Advice> {
    let known = |table: &TableUse| database.missing.iter().any(|missing| missing.table == table.table);
    let scanned = database.tables.iter().filter(|table| {
        table.rows >= ROWS
            && table.rows_scanned >= ROWS_SCANNED
            && table.sequential_scans > table.index_scans
            && !known(table)
    });
    database.missing.iter().map(missing).chain(scanned.map(read_through)).collect()
}

fn missing(index: &MissingIndex) -> Advice {
    let columns = index.columns.join(", ");
    let calls = count(index.calls, "time", "times");
    Advice {
        title: format!("Index {} ({columns})", index.table),
        evidence: vec![
            format!(
                "{} ran {calls} and took {} ms in all; a plan for whatever its parameters may be reads {} \
                 from end to end",
                quoted(&index.query),
                number(index.total_ms.round() as u64),
                index.table
            ),
            format!(
                "{} was read from end to end {} meanwhile, by all statements, {} in all",
                index.table,
                count(index.sequential_scans, "time", "times"),
                count(index.rows_scanned, "row", "rows")
            ),
        ],
        change: Some(create(index)),
        prove_with: Vec::new(),
    }
}

/// The statement that makes it while people go on writing. Both names are as SQL takes them; Postgres finds one for the
/// index, which is neither too long nor there already.
fn create(index: &MissingIndex) -> String {
    format!("CREATE INDEX CONCURRENTLY ON {} ({});", index.table, index.columns.join(", "))
}

fn read_through(table: &TableUse) -> Advice {
    Advice {
        title: format!("Look at what reads {} from end to end", table.table),
        evidence: vec![format!(
            "{} ({}) was read from end to end {}, {} in all; an index led into it {}",
            table.table,
            count(table.rows, "row", "rows"),
            count(table.sequential_scans, "time", "times"),
            count(table.rows_scanned, "row", "rows"),
            count(table.index_scans, "time", "times")
        )],
        change: None,
        prove_with: Vec::new(),
    }
}
