//! Reading a folder of runs: each run's own folder, and rows of `history.csv` for those and for runs no longer there.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{Group, Point};
use crate::{
    preset::Preset,
    report::history,
    run::{self, ReadError, Run},
};

/// Columns of a row that are no figures.
const ATTRIBUTES: [&str; 5] = ["time", "run", "commit", "target", "preset"];

/// Why a history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TrendError {
    /// A file or folder cannot be read.
    #[error("{path} cannot be read ({source}): name a folder that holds run_… folders or a history.csv")]
    Io {
        /// Which.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A history is none.
    #[error("{path}: {message}")]
    Form {
        /// Which file.
        path: String,
        /// Where and what.
        message: String,
    },
    /// A run cannot be read.
    #[error(transparent)]
    Run(#[from] ReadError),
    /// There is nothing in it.
    #[error("{0} holds neither run_… folders with a run.json nor a history.csv")]
    Empty(String),
}

/// What of a run.json says which line a run belongs to; its seconds are not decoded for that.
#[derive(Deserialize)]
struct Head {
    meta: HeadMeta,
    interrupted: bool,
}

#[derive(Deserialize)]
struct HeadMeta {
    id: String,
    started: String,
    target: String,
    preset: Preset,
    time_scale: f64,
    #[serde(default = "once")]
    load: f64,
}

fn once() -> f64 {
    1.0
}

/// The runs in a folder, in no order. A run's figures are those of its row in history.csv, where it has one: they are
/// the same, and need no decoding.
pub fn read(dir: &Path) -> Result<Vec<Point>, TrendError> {
    let mut rows = rows(&dir.join(history::FILE))?;
    let mut points = Vec::new();
    for folder in folders(dir)? {
        points.push(point(&folder, &mut rows)?);
    }
    points.extend(rows.into_values());
    if points.is_empty() {
        return Err(TrendError::Empty(dir.display().to_string()));
    }
    Ok(points)
}

/// Folders with a run.json.
fn folders(dir: &Path) -> Result<Vec<PathBuf>, TrendError> {
    let failed = |source| TrendError::Io { path: dir.display().to_string(), source };
    let mut folders = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.join(run::FILE).is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// The run of a folder; takes its row out of `rows`.
fn point(folder: &Path, rows: &mut BTreeMap<String, Point>) -> Result<Point, TrendError> {
    let file = folder.join(run::FILE);
    let path = || file.display().to_string();
    let open = fs::File::open(&file).map_err(|source| TrendError::Io { path: path(), source })?;
    let head: Head = serde_json::from_reader(BufReader::new(open))
        .map_err(|e| TrendError::Form { path: path(), message: format!("line {}: {e}", e.line()) })?;
    let meta = head.meta;
    let known = if let Some(row) = rows.remove(&meta.id) {
        row
    } else {
        let document = history::row(&Run::read(folder)?, None).document();
        let read = parse(document.as_bytes(), &path())?;
        read.into_iter()
            .next()
            .ok_or_else(|| TrendError::Form { path: path(), message: "a run without a row".to_owned() })?
    };
    let group = Group::new(&meta.target, meta.preset, meta.time_scale, meta.load);
    Ok(Point { run: meta.id, time: meta.started, group, interrupted: head.interrupted, ..known })
}

/// The rows of a history, by run; none where there is no such file.
fn rows(file: &Path) -> Result<BTreeMap<String, Point>, TrendError> {
    let path = file.display().to_string();
    match fs::read(file) {
        Ok(bytes) => Ok(parse(&bytes, &path)?.into_iter().map(|point| (point.run.clone(), point)).collect()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(source) => Err(TrendError::Io { path, source }),
    }
}

/// Rows of a history: a header, then a row per run.
fn parse(bytes: &[u8], path: &str) -> Result<Vec<Point>, TrendError> {
    let form = |message: String| TrendError::Form { path: path.to_owned(), message };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = reader.headers().map_err(|e| form(e.to_string()))?.clone();
    let column = |name: &str| {
        let place = header.iter().position(|known| known == name);
        place.ok_or_else(|| form(format!("line 1: no column `{name}`; expected the header of a history.csv")))
    };
    let (time, run, target, preset) = (column("time")?, column("run")?, column("target")?, column("preset")?);
    let mut points = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| form(e.to_string()))?;
        let field = |place: usize| record.get(place).unwrap_or_default();
        let line = record.position().map_or(0, csv::Position::line);
        let (mut figures, mut left_out) = (BTreeMap::new(), 0);
        for (name, text) in header.iter().zip(record.iter()) {
            if ATTRIBUTES.contains(&name) {
                continue;
            }
            match text.parse::<f64>() {
                Ok(value) if value.is_finite() => drop(figures.insert(name.to_owned(), value)),
                // Not measured, or INVALID: our rows say `nan`, a spreadsheet leaves it empty.
                Ok(value) if value.is_nan() => left_out += usize::from(super::Measure::of(name).is_some()),
                _ if text.is_empty() => left_out += usize::from(super::Measure::of(name).is_some()),
                _ => return Err(form(format!("line {line}: `{text}` in column {name} is no number"))),
            }
        }
        points.push(Point {
            run: field(run).to_owned(),
            time: field(time).to_owned(),
            group: Group::of_row(field(target), field(preset)),
            figures,
            left_out,
            interrupted: false,
        });
    }
    Ok(points)
}
