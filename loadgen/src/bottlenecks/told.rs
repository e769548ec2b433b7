//! What was looked at and what came of it, in a few sentences.

use super::{
    Bottleneck,
    align::BLOCKS_NEEDED,
    moved::{Full, Looked},
};
use crate::{run::Run, words::count};

/// There is always something to say.
pub(super) fn summary(run: &Run, looked: &[(&str, Looked)], found: &[Bottleneck], full: &[Full]) -> String {
    let Some(evidence) = &run.evidence else {
        return "Nothing was read of the target's side, so this run cannot say what gave way. `loadgen run` reads it \
                with --probe-metrics, --probe-prometheus, --probe-postgres and --probe-redis."
            .to_owned();
    };
    let resources: usize = evidence.sources.iter().map(|source| source.resources.len()).sum();
    let sources = count(evidence.sources.len() as u64, "source", "sources");
    if resources == 0 {
        return format!("{sources} gave no figures over time, so this run cannot say what gave way.");
    }
    let mut sentences = vec![format!(
        "{} of {sources} over {} looked at: {}.",
        count(resources as u64, "resource", "resources"),
        count(looked.len() as u64, "scenario", "scenarios"),
        match found.len() {
            0 => "none is known to have moved with latency".to_owned(),
            n => format!("{} with latency (which does not say that it was the cause)", moved(n)),
        }
    )];
    sentences.extend(found.first().map(|first| format!("In {}: {}.", first.scenario, first.sentence)));
    sentences.extend(full.iter().map(Full::sentence));
    sentences.extend(looked.iter().filter_map(crowded));
    sentences.extend(silent(looked));
    let failed: u64 = evidence.sources.iter().map(|source| source.failed).sum();
    if failed > 0 {
        sentences.push(format!("{} failed.", count(failed, "reading", "readings")));
    }
    sentences.join(" ")
}

fn moved(n: usize) -> String {
    if n == 1 { "1 moved".to_owned() } else { format!("{n} moved") }
}

/// Whether a scenario had more to compare than is compared.
fn crowded((name, looked): &(&str, Looked)) -> Option<String> {
    let Looked::Tried(tried) = looked else { return None };
    (tried.left_out > 0).then(|| {
        format!(
            "{name}: more routes rose or resources were high than are compared; {} that did so least were left out.",
            tried.left_out
        )
    })
}

/// Whether what was found is of one kind.
type Is = fn(&Looked) -> bool;

/// Scenarios that could not say anything, by why.
fn silent(looked: &[(&str, Looked)]) -> Vec<String> {
    let kinds: [(Is, String); 4] = [
        (
            |it| matches!(it, Looked::Short),
            format!("too short to tell ({BLOCKS_NEEDED} blocks of at least 1 s are needed)"),
        ),
        (|it| matches!(it, Looked::ReadTooSeldom), "read too seldom to tell".to_owned()),
        (|it| matches!(it, Looked::Flat), "latency did not rise".to_owned()),
        (
            |it| matches!(it, Looked::NothingHigh),
            "latency rose, but nothing that was read was high".to_owned(),
        ),
    ];
    let sentence = |(is, why): (Is, String)| {
        let names: Vec<&str> = looked.iter().filter(|(_, it)| is(it)).map(|(name, _)| *name).collect();
        (!names.is_empty()).then(|| format!("{}: {why}.", names.join(", ")))
    };
    kinds.into_iter().filter_map(sentence).collect()
}
