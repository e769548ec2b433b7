//! Figures to compare a run with: another run of ours, or what k6 wrote of one.
//!
//! k6 writes three kinds of files, and each is known by what is in it:
//!
//! | written by | is read as |
//! |---|---|
//! | `--summary-export FILE` | [`Baseline::Summary`]: figures of each metric |
//! | `handleSummary`'s data as JSON; our own `NAME.json` | [`Baseline::Summary`] |
//! | `--out json=FILE`, also with `.gz` | [`Baseline::Points`]: every metric, second by second |
//!
//! Metrics keep the names they have there; [`crate::report::k6_trend`] and [`crate::report::k6_rate`] say what of our
//! own run is the same.

mod error;
mod points;
mod summary;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

pub use error::BaselineError;
pub use points::{Measure, Points};
pub use summary::{Figure, Figures, Form};

use crate::run::{self, Run};

/// What a run can be compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Baseline {
    /// A run of ours, with everything that was measured.
    Run(Box<Run>),
    /// k6's figures at the end of a test: no distributions, so nothing can be drawn from them again.
    Summary(Figures),
    /// k6's points, kept as distributions per second: as good as a run of ours.
    Points(Points),
}

/// A file that holds points says so in its first line; a longer one is a document.
const FIRST_LINE: u64 = 1 << 20;

impl Baseline {
    /// Reads the folder of a run of ours, its `run.json`, or a file of k6's.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        if path.is_dir() {
            return Ok(Self::Run(Box::new(Run::read(path)?)));
        }
        if path.file_name().is_some_and(|name| name == run::FILE) {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            return Ok(Self::Run(Box::new(Run::read(dir.unwrap_or(Path::new(".")))?)));
        }
        let named = path.display().to_string();
        let file = File::open(path).map_err(|source| BaselineError::io(&named, source))?;
        Self::of(BufReader::new(file), &named)
    }

    /// Reads what k6 wrote, packed with gzip or not. `named` is what messages call it.
    pub fn of(mut file: impl BufRead, named: &str) -> Result<Self, BaselineError> {
        let packed =
            file.fill_buf().map_err(|source| BaselineError::io(named, source))?.starts_with(&[0x1f, 0x8b]);
        if packed {
            Self::unpacked(BufReader::new(MultiGzDecoder::new(file)), named)
        } else {
            Self::unpacked(file, named)
        }
    }

    fn unpacked(mut file: impl BufRead, named: &str) -> Result<Self, BaselineError> {
        let mut first = Vec::new();
        let read = file.by_ref().take(FIRST_LINE).read_until(b'\n', &mut first);
        read.map_err(|source| BaselineError::io(named, source))?;
        let points = points::begins(&first);
        let whole = first.as_slice().chain(file);
        Ok(if points {
            Self::Points(points::read(whole, named)?)
        } else {
            Self::Summary(summary::read(whole, named)?)
        })
    }
}
