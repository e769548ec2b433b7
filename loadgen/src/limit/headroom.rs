//! What a search for a limit says in a later run's report: how much more than launch day the target carries.

use std::{fs, path::Path};

use super::{FILE, FORMAT, Limit};
use crate::{preset::Preset, run::Headroom};

/// Why a limit says nothing of a run.
#[derive(Debug, thiserror::Error)]
pub enum HeadroomError {
    /// There is no limit there, or none that this version reads.
    #[error(
        "{path}: {why}; name a directory that `loadgen limit` left, such as results/limit_20270101_090000"
    )]
    Unread {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is another target's.
    #[error("{id} is the limit of {theirs}, and this run's target is {ours}: headroom is one target's")]
    OtherTarget {
        /// Which limit.
        id: String,
        /// Its target.
        theirs: String,
        /// The run's.
        ours: String,
    },
    /// Its factor 1 is not launch day.
    #[error(
        "{id} counts in multiples of the plan at {preset}, and headroom is counted in multiples of launch day: search \
         with --preset full"
    )]
    OtherBasis {
        /// Which limit.
        id: String,
        /// Its preset.
        preset: Preset,
    },
    /// It found no load that holds.
    #[error(
        "{id} found no load at which {scenario} holds, so there is no headroom to show (see its LIMIT.md)"
    )]
    NothingHolds {
        /// Which limit.
        id: String,
        /// Its scenario.
        scenario: String,
    },
    /// Another limit of the same scenario was named, too.
    #[error("{first} and {second} are both limits of {scenario}: name one of them")]
    Twice {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// Of what.
        scenario: String,
    },
}

/// The headroom that these directories of limits give a run against `origin`.
pub fn read<'a>(
    dirs: impl IntoIterator<Item = &'a Path>,
    origin: &str,
) -> Result<Vec<Headroom>, HeadroomError> {
    let mut all: Vec<Headroom> = Vec::new();
    for dir in dirs {
        let found = of(limit(dir)?, origin)?;
        if let Some(first) = all.iter().find(|known| known.scenario == found.scenario) {
            let (first, second) = (first.found_in.clone(), found.found_in);
            return Err(HeadroomError::Twice { first, second, scenario: found.scenario });
        }
        all.push(found);
    }
    Ok(all)
}

/// Reads the limit kept in a directory.
fn limit(dir: &Path) -> Result<Limit, HeadroomError> {
    let file = dir.join(FILE);
    let unread = |why: String| HeadroomError::Unread { path: file.display().to_string(), why };
    let text = fs::read_to_string(&file).map_err(|e| unread(e.to_string()))?;
    let limit: Limit = serde_json::from_str(&text).map_err(|e| unread(format!("line {}: {e}", e.line())))?;
    if limit.format == FORMAT {
        Ok(limit)
    } else {
        Err(unread(format!("format {}; this version reads {FORMAT}", limit.format)))
    }
}

fn of(limit: Limit, origin: &str) -> Result<Headroom, HeadroomError> {
    let Limit { id, scenario, preset, origin: theirs, holds, breaks, .. } = limit;
    if theirs != origin {
        return Err(HeadroomError::OtherTarget { id, theirs, ours: origin.to_owned() });
    }
    if preset != Preset::Full {
        return Err(HeadroomError::OtherBasis { id, preset });
    }
    let Some(holds) = holds else { return Err(HeadroomError::NothingHolds { id, scenario }) };
    Ok(Headroom { scenario, holds, fails: breaks, found_in: id })
}

#[cfg(test)]
mod tests;
