//! Closing tables for an environment of stores. Pure: text from values.

use std::fmt::Write as _;

use crate::check::Verdict;
use crate::environment::Environment;
use crate::site::{Findings, Outcome};
use crate::stores::postgres::Loss;
use crate::tally::{Line, Tally};

/// What became of each table.
pub fn outcome(lines: &[Line]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{:<10}{:<20}{:>10}{:>10}{:>11}{:>10}\n",
        "store", "table", "created", "updated", "unchanged", "deleted"
    );
    let mut total = Tally::default();
    for Line { store, table, tally } in lines {
        total += *tally;
        line(&mut text, store, table, tally);
    }
    line(&mut text, "total", "", &total);
    text.push('\n');
    text
}

fn line(text: &mut String, store: &str, table: &str, tally: &Tally) {
    let Tally { created, updated, unchanged, deleted } = tally;
    writeln!(text, "{store:<10}{table:<20}{created:>10}{updated:>10}{unchanged:>11}{deleted:>10}")
        .expect("writing to a string cannot fail");
}

/// What holds the world now, and how fast it got there.
pub fn filled(stores: &[String], lines: &[Line], seconds: f64) -> String {
    let total: u64 = lines.iter().map(|line| line.tally.total()).sum();
    let rate = total as f64 / seconds.max(1e-3);
    format!("{}\nhold this world ({seconds:.1} s, {rate:.0} rows/s).\n", stores.join("\n"))
}

/// What to do once an environment is seeded with the world of these flags; `command` is what is typed before a verb, if
/// it is not cargo's alias and the environment.
pub fn next(environment: Environment, command: Option<&str>, flags: &str) -> String {
    let verb = |verb: &str| match command {
        Some(command) => format!("{command} {verb}"),
        None => format!("cargo seed {verb} --environment={environment}"),
    };
    format!(
        "\nNext:\n  {verify}{flags}        does it hold exactly this world?\n  \
         {reset}    between two load runs\n  \
         {destroy}       remove it again, and nothing else\n",
        verify = verb("verify"),
        reset = verb("reset-load"),
        destroy = verb("destroy"),
    )
}

/// Whether what was removed is all that is missing now.
pub fn proof(outcome: &Outcome) -> String {
    if outcome.losses.is_empty() {
        return String::new();
    }
    let others: u64 = outcome.losses.iter().map(|loss| loss.after).sum();
    let mut text = String::new();
    for Loss { table, before, after, removed } in outcome.losses.iter().filter(|loss| !loss.is_proved()) {
        writeln!(
            text,
            "{table}: {before} rows before, {after} after, and {removed} were removed: somebody else wrote to it meanwhile"
        )
        .expect("writing to a string cannot fail");
    }
    if text.is_empty() {
        text = format!(
            "Counted before and afterwards: only what was removed is gone; {others} rows of others stay.\n"
        );
    }
    text
}

/// What `verify` found.
pub fn findings(findings: &Findings) -> String {
    let mut text = String::new();
    if !findings.tables.is_empty() {
        text = format!(
            "\n{:<20}{:>10}{:>10}{:>8}{:>10}  {}\n",
            "table", "world", "held", "wrong", "others", "digest"
        );
    }
    for table in &findings.tables {
        let word = if table.equal { "equal" } else { "DIFFERS" };
        let digest = table.digest.as_deref().map_or("-", |digest| &digest[..12]);
        writeln!(
            text,
            "{:<20}{:>10}{:>10}{:>8}{:>10}  {digest:<12}  {word}",
            table.table, table.planned, table.held, table.wrong, table.others
        )
        .expect("writing to a string cannot fail");
    }
    text.push('\n');
    for check in &findings.checks {
        let word = match check.verdict {
            Verdict::Holds => "holds",
            Verdict::Fails => "FAILS",
            Verdict::NotJudged => "not judged",
        };
        writeln!(text, "{word:<11}{:<9} {}: {}", check.store, check.name, check.found)
            .expect("writing to a string cannot fail");
    }
    text.push_str(conclusion(findings));
    text
}

fn conclusion(findings: &Findings) -> &'static str {
    let rows = findings.tables.iter().all(|table| table.equal);
    let checks = findings.checks.iter().all(|check| check.verdict != Verdict::Fails);
    match (rows, checks) {
        (true, true) => "\nIt holds exactly this world.\n",
        (true, false) => {
            "\nEvery row of this world is there as it should be, but not all that must hold does: see FAILS above.\n"
        }
        (false, _) => {
            "\nIt does not hold this world. Load changes rows (`seed reset-load` removes its bookings), and another --seed or \
             size is another world: `seed apply` with the same flags puts this one in place.\n"
        }
    }
}
