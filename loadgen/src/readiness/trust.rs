//! Whether what was measured says anything of launch day.

use std::fmt::Write as _;

use engine::verdict::ScenarioVerdict;

use super::{Line, Mark, TRUST};
use crate::{judgement::Judgement, preset::Preset, run::Run, scenarios, words::count};

/// What the target says of itself when it is the mock.
const MOCK: &str = "mock";
/// What it says when it is built as production is.
const STAGING: &str = "staging";

pub(super) fn lines(run: &Run, judgement: &Judgement) -> Vec<Line> {
    vec![as_written(run), against_staging(run), complete(run), generator(judgement), truth(run), healthy(run)]
}

/// Whether the target says it is a mock.
pub(super) fn is_mock(run: &Run) -> bool {
    run.meta.environment.split_whitespace().next() == Some(MOCK)
}

fn as_written(run: &Run) -> Line {
    let meta = &run.meta;
    let whole = meta.preset == Preset::Full && meta.time_scale >= 1.0 && meta.load >= 1.0;
    let because = format!(
        "preset {}, time scale {}, {} times launch day's load",
        meta.preset, meta.time_scale, meta.load
    );
    let because = if whole { because } else { format!("{because}: less than launch day was rehearsed") };
    Line::new(TRUST, "launch day was rehearsed as written (preset full)", Mark::of(whole), because)
}

fn against_staging(run: &Run) -> Line {
    let says = &run.meta.environment;
    let staging = says.split_whitespace().next() == Some(STAGING);
    let because = if is_mock(run) {
        format!("the target says it is {says}: this proves the scenarios, not the platform")
    } else {
        format!("the target says it is {says}")
    };
    Line::new(TRUST, "the rehearsal ran against staging, not a stand-in", Mark::of(staging), because)
}

fn complete(run: &Run) -> Line {
    let ran = run.scenarios.len();
    let of = scenarios::ALL.len();
    let cut = run.scenarios.iter().filter(|it| it.ended_early.is_some() || it.run.interrupted);
    let cut: Vec<&str> = cut.map(|it| it.run.name.as_str()).collect();
    let mut because = format!("{ran} of {of} scenarios ran");
    if run.interrupted {
        because.push_str("; the run was interrupted");
    }
    if !cut.is_empty() {
        let _ = write!(because, "; ended early: {}", cut.join(", "));
    }
    let whole = ran == of && cut.is_empty() && !run.interrupted;
    Line::new(TRUST, "all six scenarios ran to their end", Mark::of(whole), because)
}

fn generator(judgement: &Judgement) -> Line {
    let claim = "the load generator did what it should";
    let invalid: Vec<String> = judgement
        .scenarios
        .iter()
        .flat_map(|scenario| scenario.invalid.iter().map(move |why| format!("{}: {why}", scenario.name)))
        .collect();
    let valid = judgement.scenarios.iter().filter(|it| ScenarioVerdict::is_valid(it)).count();
    let of = count(judgement.scenarios.len() as u64, "scenario", "scenarios");
    match (judgement.scenarios.is_empty(), invalid.is_empty()) {
        (true, _) => Line::unknown(TRUST, claim, "nothing ran"),
        (_, true) => Line::new(TRUST, claim, Mark::Met, format!("{valid} of {of} valid")),
        (_, false) => Line::new(TRUST, claim, Mark::NotMet, invalid.join("; ")),
    }
}

fn truth(run: &Run) -> Line {
    let claim = "percentiles agree with what the target says it did";
    let scores: Vec<_> =
        run.scenarios.iter().filter_map(|it| it.truth.as_ref()).filter(|it| it.scored()).collect();
    let misses: Vec<String> = scores.iter().flat_map(|score| score.misses()).collect();
    let routes: usize = scores.iter().map(|score| score.routes.len()).sum();
    let told = count(routes as u64, "route was scored", "routes were scored");
    match (scores.is_empty(), misses.is_empty()) {
        // Nothing of a launch depends on what no other target can say.
        (true, _) if !is_mock(run) => {
            Line::new("Observability", claim, Mark::NotMeasurable, "only the mock says what it did")
        }
        (true, _) => Line::unknown(
            TRUST,
            claim,
            "no route has samples enough to be scored, or no admin token was given",
        ),
        (_, true) => Line::new(TRUST, claim, Mark::Met, told),
        (_, false) => Line::new(TRUST, claim, Mark::NotMet, format!("{told}; {}", misses.join("; "))),
    }
}

fn healthy(run: &Run) -> Line {
    let claim = "the target was not told to go wrong";
    let faults = run.faults.iter().flat_map(|plan| &plan.faults);
    let struck: u64 = faults.clone().map(|fault| fault.struck).sum();
    match faults.count() {
        0 => Line::new(TRUST, claim, Mark::Met, "no fault was scheduled"),
        n => {
            let scheduled = count(n as u64, "fault was scheduled", "faults were scheduled");
            let because = format!("{scheduled} and struck {}", count(struck, "time", "times"));
            Line::new(TRUST, claim, Mark::NotMet, because)
        }
    }
}
