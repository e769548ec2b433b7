//! What was read of the target's side, in Markdown: the facts that bottlenecks and recommendations come from.

use super::{cell, code_cell, plain};
use crate::{
    report::view::View,
    run::{Cache, Database, Source, SourceKind},
    words::{number, percent},
};

/// Statements, tables and waits in a table.
const ROWS: usize = 10;

pub(super) fn part(out: &mut String, view: &View<'_>) {
    let Some(evidence) = &view.run.evidence else { return };
    put!(out, "## What was read of the target's side\n");
    if evidence.sources.is_empty() {
        put!(out, "No place to read was named.\n");
        return;
    }
    put!(out, "| source | kind | every | readings | failed | figures |\n|---|---|--:|--:|--:|--:|");
    for source in &evidence.sources {
        put!(
            out,
            "| {} | {} | {} ms | {} | {} | {} |",
            cell(&source.name),
            kind(source.kind),
            number(source.every_ms),
            number(source.reads),
            number(source.failed),
            source.resources.len()
        );
    }
    put!(out, "");
    evidence.sources.iter().for_each(|it| source(out, it));
}

fn kind(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Metrics => "metrics endpoint",
        SourceKind::Prometheus => "Prometheus",
        SourceKind::Postgres => "Postgres",
        SourceKind::Redis => "Redis",
    }
}

fn source(out: &mut String, source: &Source) {
    if source.troubles.is_empty() && source.database.is_none() && source.cache.is_none() {
        return;
    }
    put!(out, "### {}\n", plain(&source.name));
    source.troubles.iter().for_each(|trouble| put!(out, "- not read: {}", plain(trouble)));
    source.database.iter().for_each(|it| database(out, it));
    source.cache.iter().for_each(|it| cache(out, it));
    put!(out, "");
}

fn database(out: &mut String, it: &Database) {
    put!(out, "- version {}; {}", plain(&it.version), whole(it));
    for wait in it.waits.iter().take(ROWS) {
        let (event, samples, all) = (plain(&wait.event), number(wait.samples), number(it.samples));
        put!(out, "- waited for {event}: {samples} of {all} samples of a backend at work");
    }
    for missing in it.missing.iter().take(ROWS) {
        let columns = missing.columns.join(", ");
        let (table, query) = (plain(&missing.table), super::code(&missing.query));
        put!(out, "- no index on {table} ({}) for `{query}`", plain(&columns));
    }
    if it.deadlocks.is_some() {
        statements(out, it);
    }
    if it.tables.is_empty() {
        return;
    }
    put!(out, "\n| table | rows | read from end to end | rows that gave | by index |\n|---|--:|--:|--:|--:|");
    for table in it.tables.iter().take(ROWS) {
        put!(
            out,
            "| {} | {} | {} | {} | {} |",
            cell(&table.table),
            number(table.rows),
            number(table.sequential_scans),
            number(table.rows_scanned),
            number(table.index_scans)
        );
    }
}

/// What it did over the whole run, in a few words.
fn whole(it: &Database) -> String {
    let Some((deadlocks, written)) = it.deadlocks.zip(it.temp_bytes) else {
        return "what it did over the whole run is not known: its last reading failed".to_owned();
    };
    let hit = it.cache_hit.map_or_else(|| "nothing was read".to_owned(), percent);
    let (deadlocks, written) = (number(deadlocks), number(written));
    format!(
        "reads answered from its cache: {hit}; deadlocks: {deadlocks}; written to temporary files: {written} bytes"
    )
}

fn statements(out: &mut String, it: &Database) {
    let Some(statements) = &it.statements else {
        put!(out, "- statements: not known, see above");
        return;
    };
    if let Some(plans) = it.planning.as_ref().filter(|plans| plans.had < plans.asked) {
        let (had, asked) = (number(plans.had), number(plans.asked));
        put!(
            out,
            "- plans: {had} of {asked} could be had, so that an index may be missing that is not named"
        );
    }
    if statements.is_empty() {
        return;
    }
    put!(out, "\n| statement | calls | in all | on average | rows |\n|---|--:|--:|--:|--:|");
    for statement in statements.iter().take(ROWS) {
        put!(
            out,
            "| {} | {} | {:.0} ms | {:.2} ms | {} |",
            code_cell(&statement.query),
            number(statement.calls),
            statement.total_ms,
            statement.mean_ms,
            number(statement.rows)
        );
    }
}

fn cache(out: &mut String, it: &Cache) {
    let all = it.hits + it.misses;
    let hit = if all == 0 {
        "nothing was looked up".to_owned()
    } else {
        format!("{} of {} look-ups found something", number(it.hits), number(all))
    };
    let limit = it.memory_limit.map_or_else(|| "none".to_owned(), |bytes| format!("{} bytes", number(bytes)));
    put!(
        out,
        "- version {}; {hit}; evicted: {}; connections refused: {}; memory limit: {limit}",
        plain(&it.version),
        number(it.evicted),
        number(it.rejected)
    );
    for slow in it.slow.iter().take(ROWS) {
        put!(out, "- slow: {} took {} µs", plain(&slow.command), number(slow.took_us));
    }
}

#[cfg(test)]
mod tests;
