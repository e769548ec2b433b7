//! The folder a report is kept in: each file is there as it was, or as it is meant to be, and never a part of it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Puts files into a folder. All are written beside their places first, and only then put there: where one cannot be
/// written, as on a full disk, every older one stays as it was.
pub(super) fn place(dir: &Path, files: &[(String, String)]) -> io::Result<()> {
    let placed = files
        .iter()
        .try_for_each(|(name, text)| fs::write(beside(dir, name), text))
        .and_then(|()| files.iter().try_for_each(|(name, _)| fs::rename(beside(dir, name), dir.join(name))));
    if placed.is_err() {
        // Those that were put in their place are no longer there; of a folder that is gone nothing is left either.
        for (name, _) in files {
            drop(fs::remove_file(beside(dir, name)));
        }
    }
    placed
}

/// Where a file is while it is being written.
fn beside(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!(".{name}.fresh"))
}
