//! What the database could not keep in memory.

use super::{super::level::bytes, Advice, Facts, locks::often};
use crate::{
    run::{Database, Source},
    words::{number, percent},
};

/// Below this, more of what is read should fit in its cache.
const HIT: f64 = 0.99;
/// Below this, it hardly does.
const HIT_LOW: f64 = 0.9;
/// Of fewer blocks (80 MiB, as they usually are) the share says little: a cache has to be filled once.
const BLOCKS: u64 = 10_000;
/// A few small sorts on disk are nothing.
const TEMP_BYTES: u64 = 16 << 20;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    facts
        .databases()
        .flat_map(|(source, database)| [cache(source, database), sorts(database)])
        .flatten()
        .collect()
}

fn cache(source: &Source, database: &Database) -> Option<Advice> {
    let hit = database.cache_hit.filter(|hit| *hit < HIT)?;
    let blocks = database.blocks.filter(|blocks| *blocks >= BLOCKS)?;
    let depth = if hit < HIT_LOW { "hardly fits" } else { "does not quite fit" };
    let mut evidence = vec![format!(
        "{} of the {} blocks that {} was asked for, by whomever, were found in its cache",
        percent(hit),
        number(blocks),
        source.name
    )];
    evidence.extend(setting(database, "shared_buffers"));
    evidence.extend(often(database, "IO"));
    Some(Advice {
        title: format!("Give the database more memory, or less to read: its working set {depth}"),
        evidence,
        change: Some(
            "ALTER SYSTEM SET shared_buffers = …; (a quarter of the machine's memory; needs a restart)"
                .to_owned(),
        ),
        prove_with: Vec::new(),
    })
}

fn sorts(database: &Database) -> Option<Advice> {
    let written = database.temp_bytes.filter(|written| *written >= TEMP_BYTES)?;
    let mut evidence = vec![format!("{} were written to temporary files", bytes(written as f64))];
    evidence.extend(setting(database, "work_mem"));
    Some(Advice {
        title: "Let sorts and hashes fit in memory".to_owned(),
        evidence,
        change: Some(
            "ALTER ROLE … SET work_mem = …; (each sort of each connection may take so much)".to_owned(),
        ),
        prove_with: Vec::new(),
    })
}

fn setting(database: &Database, name: &str) -> Option<String> {
    let (name, value) = database.settings.iter().find(|(known, _)| known == name)?;
    Some(format!("{name} is {value}"))
}
