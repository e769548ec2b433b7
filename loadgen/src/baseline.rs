//! Figures to compare a run with: another run of ours, or what k6 wrote of one.
//!
//! k6 writes three kinds of files, and each is known by what is in it:
//!
//! | written by | is read as |
//! |---|---|
//! | `--summary-export FILE` | [`Baseline::Summary`]: figures of each metric |
//! | `handleSummary`'s data as JSON; our own `NAME.json` | [`Baseline::Summary`] |
//! | `--out json=FILE`, also with `.gz` | [`Baseline::Points`]: times and shares, second by second |
//!
//! Metrics keep the names they have there; [`crate::report::k6_trend`] says what of our own run is the same. Times and
//! shares are kept; sums and gauges, which nothing is compared with, are not.

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
pub use summary::{Figure, Figures};

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

/// Whether a document begins as a run of ours does: no file of k6's begins with its format.
fn is_ours(beginning: &[u8]) -> bool {
    let rest = beginning.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    rest.is_some_and(|rest| rest.starts_with(b"\"format\""))
}

impl Baseline {
    /// Reads the folder of a run of ours, its `run.json` under whatever name, or a file of k6's.
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

    /// Reads what k6 wrote, or a run of ours, packed with gzip or not. `named` is what messages call it.
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
        let ours = is_ours(&first);
        let mut whole = first.as_slice().chain(file);
        if ours {
            let mut text = String::new();
            whole.read_to_string(&mut text).map_err(|source| BaselineError::io(named, source))?;
            return Ok(Self::Run(Box::new(Run::of(&text, named)?)));
        }
        Ok(if points {
            Self::Points(points::read(whole, named)?)
        } else {
            Self::Summary(summary::read(whole, named)?)
        })
    }
}
