//! The percentile table as CSV, which `loadgen profile` writes: a header, then a row per route.
//!
//! Columns, in any order: `route`, `count`, `rate_per_s`, then in ms `min`, `p50`, `p95`, `p99`, `p999`, `max`.
//! `route`, `p50`, `p95` and `p99` must be there and be filled; the others may be left out or empty.

use ::csv::{ReaderBuilder, StringRecord};

use super::{Fault, Measured};

/// The columns there may be.
const COLUMNS: [&str; 9] = ["route", "count", "rate_per_s", "min", "p50", "p95", "p99", "p999", "max"];
/// Those there must be.
const NEEDED: [&str; 4] = ["route", "p50", "p95", "p99"];

/// Reads a table.
pub(super) fn read(text: &str, known: &[&str]) -> Result<Vec<Measured>, Fault> {
    let mut reader = ReaderBuilder::new().trim(::csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| broken(&error))?.clone();
    check_header(&header)?;
    let mut rows: Vec<Measured> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let row = Row { header: &header, record: &record };
        let measured = row.measured()?;
        let twice = rows.iter().any(|other| other.route == measured.route);
        if twice {
            return Err(row.fault(format!("column route: {:?} is there twice", measured.route)));
        }
        measured.check(known).map_err(|message| row.fault(message))?;
        rows.push(measured);
    }
    Ok(rows)
}

fn check_header(header: &StringRecord) -> Result<(), Fault> {
    let fault = |message| Fault { line: 1, message };
    if let Some(stranger) = header.iter().find(|name| !COLUMNS.contains(name)) {
        let message = format!("the header names a column {stranger:?}; columns are {}", COLUMNS.join(","));
        return Err(fault(message));
    }
    match NEEDED.iter().find(|needed| !header.iter().any(|name| name == **needed)) {
        Some(missing) => {
            Err(fault(format!("the header lacks the column {missing}; columns are {}", COLUMNS.join(","))))
        }
        None => Ok(()),
    }
}

/// What the CSV reader refuses: rows of the wrong length, bytes that are no text.
fn broken(error: &::csv::Error) -> Fault {
    let line = error.position().map_or(1, |position| position.line() as usize);
    let message = match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} columns, the header has {expected_len}")
        }
        _ => error.to_string(),
    };
    Fault { line, message }
}

/// A row with its header.
struct Row<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
}

impl Row<'_> {
    fn measured(&self) -> Result<Measured, Fault> {
        Ok(Measured {
            route: self.text("route").unwrap_or_default().to_owned(),
            count: self.number("count")?,
            rate_per_s: self.number("rate_per_s")?,
            min: self.number("min")?,
            p50: self.needed("p50")?,
            p95: self.needed("p95")?,
            p99: self.needed("p99")?,
            p999: self.number("p999")?,
            max: self.number("max")?,
            remark: None,
        })
    }

    fn text(&self, column: &str) -> Option<&str> {
        let at = self.header.iter().position(|name| name == column)?;
        self.record.get(at).filter(|text| !text.is_empty())
    }

    fn number<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>, Fault> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let number =
            text.parse().map_err(|_| self.fault(format!("column {column}: {text:?} is no number")))?;
        Ok(Some(number))
    }

    fn needed(&self, column: &str) -> Result<f64, Fault> {
        self.number(column)?.ok_or_else(|| {
            self.fault(format!(
                "column {column} is empty: so many were never answered, or it was not measured"
            ))
        })
    }

    fn fault(&self, message: String) -> Fault {
        Fault { line: self.record.position().map_or(0, |position| position.line() as usize), message }
    }
}
