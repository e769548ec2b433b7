//! The file that keeps a row of each run.

use std::{
    collections::HashMap,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{FILE, Row, absent, csv};

/// How often and how long one waits for another run that is writing its row: five seconds in all.
const TRIES: u32 = 100;
const PATIENCE: Duration = Duration::from_millis(50);

/// Why a run is not in the history.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// It cannot be read or written.
    #[error("{file}: {source}")]
    Io {
        /// Which file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// What lies there is something else.
    #[error("{file} is no history of runs ({why}): move it away, and the next run begins a new one")]
    Form {
        /// Which file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Another run holds it.
    #[error("{file}: another run has been writing to it for five seconds")]
    Busy {
        /// Which file.
        file: String,
    },
}

/// Adds a run to the history in `dir`, which exists. Runs that end at the same time wait for each other; whoever reads
/// meanwhile sees the file without the row or with it. A row of the same run is replaced.
pub fn append(dir: &Path, row: &Row) -> Result<PathBuf, AppendError> {
    let path = dir.join(FILE);
    let named = || path.display().to_string();
    let io = |source| AppendError::Io { file: named(), source };
    // The folder itself is what is locked: no file is left over.
    let folder = File::open(dir).map_err(io)?;
    lock(&folder).map_err(io)?.then_some(()).ok_or_else(|| AppendError::Busy { file: named() })?;
    let old = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(io(e)),
    };
    let new = joined(&old, row).map_err(|why| AppendError::Form { file: named(), why })?;
    let fresh = dir.join(format!("{FILE}.fresh"));
    fs::write(&fresh, new).and_then(|()| fs::rename(&fresh, &path)).map_err(io)?;
    Ok(path)
}

/// Whether it is held now; it is let go with the file.
fn lock(folder: &File) -> io::Result<bool> {
    for _ in 0..TRIES {
        match folder.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => thread::sleep(PATIENCE),
            Err(TryLockError::Error(e)) => return Err(e),
        }
    }
    Ok(false)
}

/// A history with one more row. Columns that are new come last, and older rows have no value in them.
fn joined(old: &str, row: &Row) -> Result<String, String> {
    let mut reader = ::csv::ReaderBuilder::new().flexible(false).from_reader(old.as_bytes());
    let header = reader.headers().map_err(|e| e.to_string())?;
    let mut columns: Vec<String> = header.iter().map(str::to_owned).collect();
    if !old.is_empty() && !["time", "run"].iter().all(|name| columns.iter().any(|column| column == name)) {
        return Err("it has no columns `time` and `run`".to_owned());
    }
    let place = columns.iter().position(|column| column == "run");
    let known: HashMap<&str, &str> =
        row.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        if place.and_then(|place| record.get(place)) != known.get("run").copied() {
            rows.push(record.iter().map(str::to_owned).collect());
        }
    }
    let fresh = row.fields.iter().map(|(name, _)| name).filter(|name| !columns.contains(name)).cloned();
    let fresh: Vec<String> = fresh.collect();
    columns.extend(fresh);
    for row in &mut rows {
        row.extend(columns[row.len()..].iter().map(|column| absent(column).to_owned()));
    }
    let value = |column: &String| known.get(column.as_str()).copied().unwrap_or(absent(column)).to_owned();
    let added = columns.iter().map(value).collect();
    Ok(csv::document(std::iter::once(columns).chain(rows).chain([added])))
}
