//! A generator that fell short measures itself: no other recommendation of that scenario counts before this one.

use super::{Advice, Facts};
use crate::judgement;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let judged = judgement::judge(facts.run).scenarios;
    let invalid = judged.iter().filter(|scenario| !scenario.is_valid());
    let (evidence, prove_with): (Vec<String>, Vec<String>) = invalid
        .flat_map(|scenario| scenario.invalid.iter().map(move |why| (scenario, why)))
        .map(|(scenario, why)| (format!("{} is INVALID: {why}", scenario.name), scenario.name.clone()))
        .unzip();
    if evidence.is_empty() {
        return Vec::new();
    }
    let machine = &facts.run.meta.machine;
    vec![Advice {
        title: "Give the load generator a machine of its own, more cores or more processes".to_owned(),
        change: Some(format!(
            "The load came from {} ({} processes); `loadgen run --processes N` spreads it.",
            machine, machine.processes
        )),
        evidence,
        prove_with,
    }]
}
