//! Which index a plan would have used, had it been there. A rule, not an oracle: it names an index only for a table that
//! is large and was really read from end to end, by this very statement as far as its blocks say, for conditions that
//! leave few of its rows, on columns it has, when no index begins with them already.

use std::collections::HashMap;

use super::{condition::How, plan::Scan};
use crate::run::{Statement, TableUse};

/// Tables of fewer rows are read from end to end gladly.
const LEAST_ROWS: u64 = 1_000;
/// Rows that must have been read in vain before anything is said.
const LEAST_SCANNED: u64 = 10_000;
/// Where more of a table is wanted than this, an index does not help.
const MOST_OF_IT: f64 = 0.2;
/// Share of a table's blocks that a statement must have read each time: some of its calls may have stopped early.
const LEAST_OF_IT: f64 = 0.5;
/// Columns of an index.
const MOST_COLUMNS: usize = 3;

/// What the catalogue says of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Catalogue {
    /// Its name with its schema's, quoted where SQL wants it.
    pub(super) name: String,
    /// How many blocks it has.
    pub(super) blocks: u64,
    /// Its columns, by name.
    pub(super) columns: HashMap<String, Column>,
    /// The columns of each of its valid indexes that is over plain columns and over all rows.
    pub(super) indexes: Vec<Vec<String>>,
}

impl Catalogue {
    /// These columns, quoted where SQL wants it.
    pub(super) fn quoted(&self, columns: &[String]) -> Vec<String> {
        let quoted =
            |name: &String| self.columns.get(name).map_or_else(|| name.clone(), |it| it.quoted.clone());
        columns.iter().map(quoted).collect()
    }
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Column {
    /// Its name, quoted where SQL wants it.
    pub(super) quoted: String,
    /// How many values it has; as a share of the rows when negative, as `pg_stats` has it.
    pub(super) distinct: f64,
    /// Whether a cast to text changes nothing.
    pub(super) is_varchar: bool,
}

/// Whether a statement read about all of a table whenever it ran. What was explained is a plan for whatever its
/// parameters may be: what really ran may have been planned for what they were, and have had an index that serves it.
pub(super) fn is_read_by(statement: &Statement, catalogue: &Catalogue) -> bool {
    let read = (statement.blocks_hit + statement.blocks_read) as f64 / statement.calls.max(1) as f64;
    catalogue.blocks > 0 && read >= catalogue.blocks as f64 * LEAST_OF_IT
}

/// The columns of the index that a scan lacks, in order: those that are to be equal, the most telling first, then one that
/// lies in a range, or those the rows are sorted by.
pub(super) fn columns(scan: &Scan, used: &TableUse, catalogue: &Catalogue) -> Option<Vec<String>> {
    if used.rows < LEAST_ROWS || used.rows_scanned < LEAST_SCANNED {
        return None;
    }
    let telling = scan.rows <= used.rows as f64 * MOST_OF_IT;
    let served = |how: How| {
        let known = move |column: &String, as_text: bool| {
            catalogue.columns.get(column).is_some_and(|column| column.is_varchar || !as_text)
        };
        scan.asked(how).filter(move |asked| known(&asked.column, asked.as_text)).map(|asked| &asked.column)
    };
    let mut columns: Vec<String> = served(How::Equal).cloned().collect();
    let distinct = |column: &String| {
        let distinct = catalogue.columns.get(column).map_or(0.0, |column| column.distinct);
        if distinct < 0.0 { -distinct * used.rows as f64 } else { distinct }
    };
    columns.sort_by(|a, b| distinct(b).total_cmp(&distinct(a)));
    let equal = columns.len();
    let range = served(How::Range).next();
    let sorted = scan.sorted_by.iter().all(|column| catalogue.columns.contains_key(column));
    match range {
        Some(range) if telling => columns.push(range.clone()),
        // Rows come sorted and few are taken: how many the conditions leave does not matter, unless one is among them
        // that no index serves, for which rows would be read in vain.
        None if sorted && !scan.sorted_by.is_empty() && !scan.passed_over && equal == scan.asked.len() => {
            let new: Vec<_> =
                scan.sorted_by.iter().filter(|column| !columns.contains(column)).cloned().collect();
            columns.extend(new);
        }
        _ if !telling => return None,
        _ => {}
    }
    columns.truncate(MOST_COLUMNS);
    let there = catalogue.indexes.iter().any(|index| begins_with(index, &columns, equal));
    (!columns.is_empty() && !there).then_some(columns)
}

/// Whether an index begins with these columns; the first `equal` of them may be in any order.
fn begins_with(index: &[String], columns: &[String], equal: usize) -> bool {
    let Some(beginning) = index.get(..columns.len()) else { return false };
    let equal = equal.min(columns.len());
    columns[..equal].iter().all(|column| beginning[..equal].contains(column))
        && beginning[equal..] == columns[equal..]
}

#[cfg(test)]
mod tests;
