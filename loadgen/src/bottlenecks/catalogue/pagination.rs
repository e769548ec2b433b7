//! Statements that give more rows than a page shows.

use super::{Advice, Facts, facts::quoted};
use crate::{
    run::Statement,
    words::{count, number},
};

/// Rows a call; pages of the API hold at most a hundred.
const ROWS: f64 = 200.0;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let statements = facts.databases().filter_map(|(_, database)| database.statements.as_ref()).flatten();
    statements.filter_map(of).collect()
}

fn of(statement: &Statement) -> Option<Advice> {
    let each = statement.rows as f64 / statement.calls.max(1) as f64;
    let reads = statement.query.trim_start().to_ascii_uppercase();
    let reads = reads.starts_with("SELECT") || reads.starts_with("WITH");
    (reads && statement.calls > 0 && each >= ROWS).then(|| Advice {
        title: "Read a page, not a list".to_owned(),
        evidence: vec![format!(
            "{} gave {} rows in {}: {} rows each",
            quoted(&statement.query),
            number(statement.rows),
            count(statement.calls, "call", "calls"),
            number(each.round() as u64)
        )],
        change: Some(
            "ORDER BY … LIMIT 20, going on after the last row's key (WHERE (start_date, id) > ($1, $2))."
                .to_owned(),
        ),
        prove_with: Vec::new(),
    })
}
