//! What is shown at the end: tables for people, one JSON object for programs. Pure: text from values.

pub mod tables;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fixtures::World;

use crate::plan::Plan;
use crate::rows;
use crate::stores::mock::{Applied, Held};

/// A kind whose rows in the store are not the world's.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Comparison {
    /// Kind of row.
    pub kind: &'static str,
    /// Rows the world has.
    pub planned: u64,
    /// Rows the store holds.
    pub held: u64,
    /// Whether the digests agree.
    pub equal: bool,
}

/// Holds what a store says against the world it should hold, kind by kind.
pub fn compare(world: World, held: &Held) -> Vec<Comparison> {
    let digests = world.digests();
    rows::by_kind(&world.counts())
        .into_iter()
        .zip(rows::by_kind(&held.counts))
        .map(|((kind, planned), (_, held_rows))| {
            let same_digest =
                digests.get(kind).map(String::as_str) == held.digests.get(kind).map(String::as_str);
            let both_empty = planned == 0 && held_rows == 0;
            Comparison {
                kind,
                planned,
                held: held_rows,
                equal: planned == held_rows && (same_digest || both_empty),
            }
        })
        .collect()
}

/// The closing table of `apply`.
pub fn applied(store: &str, applied: &Applied, rows_per_second: f64) -> String {
    let mut text = format!("\n{:<14}{:>10}{:>10}\n", "kind", "sent", "accepted");
    for ((kind, sent), (_, accepted)) in
        rows::by_kind(&applied.sent).into_iter().zip(rows::by_kind(&applied.accepted))
    {
        line(&mut text, format_args!("{kind:<14}{sent:>10}{accepted:>10}"));
    }
    let (sent, accepted) = (applied.sent.total(), applied.accepted.total());
    line(&mut text, format_args!("{:<14}{sent:>10}{accepted:>10}", "total"));
    line(&mut text, format_args!("\n{store} holds this world ({rows_per_second:.0} rows/s)."));
    text
}

/// What to do once a mock is seeded.
pub fn next_steps(url: &str) -> String {
    format!(
        "\nNext:\n  \
         cargo seed verify --environment=mock --url {url}        does it hold exactly this world?\n  \
         cargo loadgen run --target {url} --preset smoke         put load on it\n  \
         cargo seed reset-load --environment=mock --url {url}    before the next run\n"
    )
}

/// The table of `plan`.
pub fn planned(plan: &Plan) -> String {
    let mut text = format!("\n{:<14}{:>10}\n", "kind", "rows");
    for (kind, count) in rows::by_kind(&plan.rows) {
        line(&mut text, format_args!("{kind:<14}{count:>10}"));
    }
    line(&mut text, format_args!("{:<14}{:>10}", "total", plan.rows.total()));
    line(&mut text, format_args!("\nWorld of seed {}. Nothing was written.", plan.seed));
    text
}

/// The table of `verify`.
pub fn verified(store: &str, comparisons: &[Comparison]) -> String {
    let mut text = format!("\n{:<14}{:>10}{:>10}  {}\n", "kind", "world", "held", "digest");
    for Comparison { kind, planned, held, equal } in comparisons {
        let word = if *equal { "equal" } else { "DIFFERS" };
        line(&mut text, format_args!("{kind:<14}{planned:>10}{held:>10}  {word}"));
    }
    let verdict = if comparisons.iter().all(|comparison| comparison.equal) {
        "holds exactly this world."
    } else {
        "does not hold this world. Load changes rows, and another --seed or size is another world: \
         `seed apply` puts this one in place."
    };
    line(&mut text, format_args!("\n{store} {verdict}"));
    text
}

/// The table of `reset-load`.
pub fn reset(store: &str, removed: &BTreeMap<String, u64>) -> String {
    let mut text = format!("\n{:<24}{:>10}\n", "left by load", "removed");
    for (kind, count) in removed {
        line(&mut text, format_args!("{kind:<24}{count:>10}"));
    }
    line(&mut text, format_args!("\n{store} is ready for the next run."));
    text
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("writing to a string cannot fail");
}
