//! Statements that run many times for one request: what a join or one `= ANY($1)` does in one.

use super::{Advice, Facts, facts::quoted};
use crate::{
    run::Statement,
    words::{count, number},
};

/// So many times a request.
const TIMES: f64 = 5.0;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let requests = facts.requests();
    let of = |statement: &Statement| {
        let each = statement.calls as f64 / requests as f64;
        (requests > 0 && each >= TIMES).then(|| Advice {
            title: "Ask once for all rows of an answer".to_owned(),
            evidence: vec![format!(
                "{} ran {} while this run sent {} requests, those of its baseline and warm-up among them: {each:.1} \
                 times each, if nobody else asked for it",
                quoted(&statement.query),
                count(statement.calls, "time", "times"),
                number(requests)
            )],
            change: None,
            prove_with: Vec::new(),
        })
    };
    let statements = facts.databases().filter_map(|(_, database)| database.statements.as_ref()).flatten();
    statements.filter_map(of).collect()
}
