//! From what was measured of a target to a latency profile that gives it back, and how far a mock is from it.

mod csv;
mod drift;
mod ladder;
mod measured;
mod prometheus;
mod table;
mod write;

use std::path::{Path, PathBuf};

pub use drift::{Drift, Row, Verdict, drift};
pub use measured::Measured;
pub use prometheus::DEFAULT_METRIC;
pub use write::{Written, write};

/// The file in a results directory that holds a run's percentiles.
const IN_RUN: &str = "percentiles.csv";

/// Why measurements cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{}, line {line}: {message}", path.display())]
    At {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// A sentence.
        message: String,
    },
    /// Nothing was measured.
    #[error("{} holds no measurement of any route", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
}

/// What is wrong, and in which line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    line: usize,
    message: String,
}

/// How a file of measurements is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<'a> {
    /// The routes there are.
    pub known: &'a [&'a str],
    /// Name of the Prometheus histogram, in seconds.
    pub metric: &'a str,
    /// How many seconds a Prometheus histogram counted; its rates are unknown without.
    pub over_seconds: Option<f64>,
}

/// Reads measurements: of a results directory its `percentiles.csv`; else a file, a TOML table by its ending, a
/// Prometheus exposition by its buckets, a CSV table otherwise.
pub fn read(path: &Path, reading: &Reading<'_>) -> Result<Vec<Measured>, ReadError> {
    let path = if path.is_dir() { path.join(IN_RUN) } else { path.to_owned() };
    let text =
        std::fs::read_to_string(&path).map_err(|source| ReadError::Io { path: path.clone(), source })?;
    let is_toml = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let measured = if is_toml {
        table::read(&text, reading.known)
    } else if text.contains("_bucket{") {
        prometheus::read(&text, reading)
    } else {
        csv::read(&text, reading.known)
    };
    match measured {
        Ok(measured) if measured.is_empty() => Err(ReadError::Empty { path }),
        Ok(measured) => Ok(measured),
        Err(Fault { line, message }) => Err(ReadError::At { path, line, message }),
    }
}
