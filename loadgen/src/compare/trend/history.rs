//! Reading a folder of runs: each run's own folder, and rows of `history.csv` for those and for runs no longer there.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{Found, Group, Measure, Point};
use crate::{
    preset::Preset,
    report::history,
    run::{self, ReadError, Run},
};

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
    /// None of them can.
    #[error("none of the runs in {dir} can be read: {}", why.join("; "))]
    Unreadable {
        /// Where they are.
        dir: String,
        /// Each of them, and why not.
        why: Vec<String>,
    },
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
    environment: String,
    preset: Preset,
    time_scale: f64,
    #[serde(default = "once")]
    load: f64,
}

fn once() -> f64 {
    1.0
}

/// The runs in a folder, in no order. A run's figures are those of its row in history.csv, where it has one: they are
/// the same, and need no decoding. One that cannot be read, damaged or of another version, is no reason to say nothing of
/// the others.
pub fn read(dir: &Path) -> Result<Found, TrendError> {
    let mut rows = rows(&dir.join(history::FILE))?;
    let mut found = Found::default();
    for folder in folders(dir)? {
        match point(&folder, &mut rows) {
            Ok(point) => found.points.push(point),
            Err(e) => found.unreadable.push(e.to_string()),
        }
    }
    found.points.extend(rows.into_values());
    let Found { points, unreadable } = &found;
    match (points.as_slice(), unreadable.as_slice()) {
        ([], []) => Err(TrendError::Empty(dir.display().to_string())),
        ([], why) => Err(TrendError::Unreadable { dir: dir.display().to_string(), why: why.to_vec() }),
        _ => Ok(found),
    }
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
    let head: Head = match serde_json::from_reader(BufReader::new(open)) {
        Ok(head) => head,
        // Whoever reads all of it knows best what is wrong: that it is of another version, say.
        Err(e) => {
            Run::read(folder)?;
            return Err(TrendError::Form { path: path(), message: format!("line {}: {e}", e.line()) });
        }
    };
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
    let group =
        Group::new(run::line(&meta.target, &meta.environment), meta.preset, meta.time_scale, meta.load);
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
    let scaled = ["time_scale", "load"].map(|name| header.iter().position(|known| known == name));
    let mut points = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| form(e.to_string()))?;
        let field = |place: usize| record.get(place).unwrap_or_default();
        let line = record.position().map_or(0, csv::Position::line);
        let (mut figures, mut missing) = (BTreeMap::new(), Vec::new());
        for (name, text) in header.iter().zip(record.iter()) {
            if history::ATTRIBUTES.contains(&name) {
                continue;
            }
            match text.parse::<f64>() {
                Ok(value) if value.is_finite() => drop(figures.insert(name.to_owned(), value)),
                // Not measured, INVALID, cut short or no answer: our rows say `nan`, a spreadsheet leaves it empty.
                Ok(value) if value.is_nan() => missing.extend(Measure::of(name)),
                _ if text.is_empty() => missing.extend(Measure::of(name)),
                _ => return Err(form(format!("line {line}: `{text}` in column {name} is no number"))),
            }
        }
        // Where failures were counted, percentiles were looked for: theirs fell among requests without an answer.
        let failures = |name: &str| figures.get(&format!("{name}.failed")).is_some_and(|share| *share > 0.0);
        let no_answer = missing.iter().filter(|(of, name)| *of == Measure::P95 && failures(name)).count();
        let factor = |place: Option<usize>| match place.map(field).unwrap_or_default() {
            // Rows of before there was such a column.
            "" => Ok(1.0),
            text => text.parse::<f64>().map_err(|_| form(format!("line {line}: `{text}` is no number"))),
        };
        let group = Group {
            target: field(target).to_owned(),
            preset: field(preset).to_owned(),
            time_scale: factor(scaled[0])?,
            load: factor(scaled[1])?,
        };
        points.push(Point {
            run: field(run).to_owned(),
            time: field(time).to_owned(),
            group,
            left_out: missing.len() - no_answer,
            no_answer,
            figures,
            interrupted: false,
        });
    }
    Ok(points)
}
