//! Reports: pure functions of a run.

use std::{fs, io, path::Path};

use crate::run::{self, Run};

/// Writes every file of a run's report into `dir`, which exists.
pub fn write_all(run: &Run, dir: &Path) -> io::Result<()> {
    fs::write(dir.join(run::FILE), run.to_json())
}
