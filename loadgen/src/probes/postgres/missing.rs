//! Which index a plan would have used, had it been there. A rule, not an oracle: it names an index only for a table that
//! is large and was really read from end to end, for conditions that leave few of its rows, on columns it has, when no
//! index begins with them already.

use std::collections::HashMap;

use super::{condition::How, plan::Scan};
use crate::run::TableUse;

/// Tables of fewer rows are read from end to end gladly.
const LEAST_ROWS: u64 = 1_000;
/// Rows that must have been read in vain before anything is said.
const LEAST_SCANNED: u64 = 10_000;
/// Where more of a table is wanted than this, an index does not help.
const MOST_OF_IT: f64 = 0.2;
/// Columns of an index.
const MOST_COLUMNS: usize = 3;

/// What the catalogue says of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Catalogue {
    /// Its columns, by name.
    pub(super) columns: HashMap<String, Column>,
    /// The columns of each of its valid indexes that is over plain columns and over all rows.
    pub(super) indexes: Vec<Vec<String>>,
}

/// A column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Column {
    /// How many values it has; as a share of the rows when negative, as `pg_stats` has it.
    pub(super) distinct: f64,
    /// Whether a cast to text changes nothing.
    pub(super) is_varchar: bool,
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
        // Rows come sorted and few are taken: how many the conditions leave does not matter.
        None if sorted && !scan.sorted_by.is_empty() => {
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
