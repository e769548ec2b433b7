//! Searches that take too long.

use engine::{record::Column, verdict::Verdict};

use super::{Advice, Facts};
use crate::{judgement, report, words::duration};

const SCENARIO: &str = "search-load";
const KINDS: [&str; 4] = ["simple", "filtered", "semantic", "complex"];

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let Some(run) = facts.scenarios().find(|scenario| scenario.name == SCENARIO) else { return Vec::new() };
    let judged = judgement::judge(facts.run).scenarios;
    let goals =
        judged.iter().filter(|scenario| scenario.name == SCENARIO).flat_map(|scenario| &scenario.goals);
    let missed = goals.filter(|judged| {
        judged.verdict == Verdict::Fail && judged.goal.claim.response_time_limit().is_some()
    });
    let mut evidence: Vec<String> = missed.map(|judged| report::goal(run, judged)).collect();
    if evidence.is_empty() {
        return Vec::new();
    }
    let kinds = KINDS.into_iter().filter_map(|kind| {
        let p95 = run.timing_named(kind)?.distribution(Column::SinceDue).percentile(95.0).value?;
        Some(format!("{kind} {}", duration(p95)))
    });
    let kinds: Vec<String> = kinds.collect();
    if !kinds.is_empty() {
        evidence.push(format!("p95 by kind of search: {}", kinds.join(", ")));
    }
    vec![Advice {
        title: "Answer repeated searches from a cache, and the rest from an index".to_owned(),
        evidence,
        change: None,
        prove_with: vec![SCENARIO.to_owned()],
    }]
}
