//! Statements that take long, or most of the database's time.

use super::{Advice, Facts, facts::quoted};
use crate::{
    run::Statement,
    words::{count, number, percent},
};

/// A statement that takes longer on average is slow whatever it does, milliseconds.
const SLOW_MS: f64 = 100.0;
/// One that takes this share of the time of all is worth a look, if it is not merely frequent.
const DEAR: f64 = 0.3;
/// See [`DEAR`]; milliseconds.
const NOT_QUICK_MS: f64 = 10.0;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let of = |statements: &Vec<Statement>| {
        let all: f64 = statements.iter().map(|it| it.total_ms).sum();
        statements.iter().filter_map(|it| slow(it, all)).collect::<Vec<_>>()
    };
    facts.databases().filter_map(|(_, database)| database.statements.as_ref()).flat_map(of).collect()
}

fn slow(statement: &Statement, all_ms: f64) -> Option<Advice> {
    let share = statement.total_ms / all_ms;
    let wanting = statement.mean_ms >= SLOW_MS || share >= DEAR && statement.mean_ms >= NOT_QUICK_MS;
    wanting.then(|| Advice {
        title: "Make a slow statement cheaper".to_owned(),
        evidence: vec![format!(
            "{} ran {}, {:.1} ms each, {} ms in all: {} of the time of all statements listed",
            quoted(&statement.query),
            count(statement.calls, "time", "times"),
            statement.mean_ms,
            number(statement.total_ms.round() as u64),
            percent(share)
        )],
        change: statement.plan.as_ref().map(|plan| format!("Its plan:\n{plan}")),
        prove_with: Vec::new(),
    })
}
