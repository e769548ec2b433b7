//! What was read of the target's side, held against the checklist's limits.

use super::{Line, Mark, levels, trust::is_mock};
use crate::{
    run::{Cache, Database, Evidence, Headroom, Run, Source},
    scenarios,
    words::{count, number, percent, proportion},
};

/// Blocks found in the database's cache.
const DATABASE_HIT: f64 = 0.9;
/// What a statement may take on average, milliseconds.
const STATEMENT_MS: f64 = 100.0;
/// Look-ups a cache answers.
const CACHE_HIT: f64 = 0.7;
/// Of fewer look-ups no rate says anything.
const LOOK_UPS: u64 = 100;

pub(super) fn lines(run: &Run) -> Vec<Line> {
    let nothing = Evidence::default();
    let sources = &run.evidence.as_ref().unwrap_or(&nothing).sources;
    let mut lines = vec![tls(run)];
    lines.extend(capacity(run));
    lines.extend(database(sources));
    lines.extend(levels::connections(run, sources));
    lines.extend(cache(sources));
    lines.extend(levels::resources(run, sources));
    lines.extend([traces(run), read(sources)]);
    lines
}

fn tls(run: &Run) -> Line {
    let claim = "the target is reached over TLS";
    let scheme = run.meta.origin.split(':').next().unwrap_or_default();
    let because = format!("it was reached at {}", run.meta.origin);
    match scheme {
        "https" => Line::new("Security", claim, Mark::Met, because),
        _ if is_mock(run) => Line::unknown("Security", claim, format!("{because}, and it is a mock")),
        _ => Line::new("Security", claim, Mark::NotMet, because),
    }
}

/// A line for each scenario: that of one says nothing of the others.
/// One for each scenario of which there can be more: a limit of the others is not to be searched for.
fn capacity(run: &Run) -> Vec<Line> {
    let searchable = scenarios::ALL.into_iter().filter(|scenario| scenario.fixed().is_none());
    searchable.map(|scenario| carries(scenario.name(), &run.headroom)).collect()
}

fn carries(scenario: &str, known: &[Headroom]) -> Line {
    let claim = format!("{scenario} carries more than launch day's load");
    let Some(found) = known.iter().find(|found| found.scenario == scenario) else {
        let why = format!("nobody searched for its limit: `loadgen limit --scenario {scenario}` does");
        return Line::unknown("Capacity", claim, why);
    };
    let fails = found
        .fails
        .map_or_else(|| "nothing higher failed".to_owned(), |fails| format!("{fails} times did not hold"));
    let because = format!("{} times launch day's load held, {fails} ({})", found.holds, found.found_in);
    Line::new("Capacity", claim, Mark::of(found.holds > 1.0), because)
}

fn database(sources: &[Source]) -> Vec<Line> {
    const SECTION: &str = "Database";
    let read: Vec<(&Source, &Database)> =
        sources.iter().filter_map(|source| Some((source, source.database.as_ref()?))).collect();
    let mut lines: Vec<Line> = read.iter().flat_map(|(source, it)| of_database(&source.name, it)).collect();
    if read.is_empty() {
        let why = "no Postgres was read (`loadgen run --probe-postgres`)";
        let claims =
            ["enough is found in its cache", "no index is missing", "no statement is slow", "no deadlock"];
        lines.extend(claims.map(|claim| Line::unknown(SECTION, claim, why)));
    }
    lines
}

/// Why nothing can be said of a database that did not answer at the end.
const UNREAD: &str = "what it did over the whole run is not known: its last reading failed";

fn of_database(name: &str, database: &Database) -> [Line; 4] {
    const SECTION: &str = "Database";
    let is_read = database.deadlocks.is_some();
    let why = |why: &'static str| if is_read { why } else { UNREAD };
    let hit_claim = format!("more than {} of what {name} reads is found in its cache", percent(DATABASE_HIT));
    let hit = match database.cache_hit {
        Some(hit) => {
            Line::new(SECTION, hit_claim, Mark::of(hit > DATABASE_HIT), format!("{} was", percent(hit)))
        }
        None => Line::unknown(SECTION, hit_claim, why("it read nothing")),
    };
    let (mark, because) = match indexes(database) {
        Ok(told) => told,
        Err(unknown) => (Mark::NotMeasurable, if is_read { unknown } else { UNREAD.to_owned() }),
    };
    let index = Line::new(SECTION, format!("no index is missing in {name}"), mark, because);
    let slow_claim = format!("no statement of {name} takes {STATEMENT_MS} ms on average");
    let slowest = database.statements.iter().flatten().max_by(|a, b| a.mean_ms.total_cmp(&b.mean_ms));
    let slow = match slowest {
        Some(it) => {
            let because = format!("{:.1} ms at most", it.mean_ms);
            Line::new(SECTION, slow_claim, Mark::of(it.mean_ms < STATEMENT_MS), because)
        }
        None if database.statements.is_some() => {
            Line::unknown(SECTION, slow_claim, why("no statement was seen"))
        }
        None => Line::unknown(SECTION, slow_claim, why(NO_STATEMENTS)),
    };
    let locks_claim = format!("{name} has no deadlock");
    let locks = match database.deadlocks {
        Some(seen) => {
            Line::new(SECTION, locks_claim, Mark::of(seen == 0), format!("it counted {}", number(seen)))
        }
        None => Line::unknown(SECTION, locks_claim, UNREAD),
    };
    [hit, index, slow, locks]
}

const NO_STATEMENTS: &str =
    "its statements could not be read (that takes pg_stat_statements); the report says what to do";

/// What the plans of the dearest statements say, or why they say nothing: nothing is missing only where each was had.
fn indexes(database: &Database) -> Result<(Mark, String), String> {
    if !database.missing.is_empty() {
        let missing = database.missing.iter().map(|it| format!("{} ({})", it.table, it.columns.join(", ")));
        return Ok((Mark::NotMet, missing.collect::<Vec<_>>().join("; ")));
    }
    let seen = database.statements.as_ref().ok_or(NO_STATEMENTS)?.len() as u64;
    let plans = database.planning.as_ref().ok_or("nothing says whether its plans could be had")?;
    if plans.had < plans.asked {
        let none = "there was no time left".to_owned();
        let why = if plans.refused.is_empty() { none } else { plans.refused.join("; ") };
        let (lost, all) = (number(plans.asked - plans.had), count(plans.asked, "plan", "plans"));
        return Err(format!("{lost} of {all} could not be had: {why}"));
    }
    if plans.asked == 0 {
        return Err(format!(
            "{} seen, and none that has a plan",
            count(seen, "statement was", "statements were")
        ));
    }
    let others = match seen.saturating_sub(plans.asked) {
        0 => String::new(),
        others => format!("; {} no plan", count(others, "more has", "more have")),
    };
    let looked_at = count(plans.had, "statement was", "statements were");
    Ok((Mark::Met, format!("{looked_at} looked at, the dearest{others}")))
}

fn cache(sources: &[Source]) -> Vec<Line> {
    const SECTION: &str = "Cache";
    let read: Vec<(&str, &Cache)> =
        sources.iter().filter_map(|source| Some((source.name.as_str(), source.cache.as_ref()?))).collect();
    if read.is_empty() {
        let why = "no Redis was read (`loadgen run --probe-redis`)";
        let claims = ["enough look-ups find something", "no key goes for want of memory"];
        return claims.map(|claim| Line::unknown(SECTION, claim, why)).into();
    }
    let of = |(name, cache): (&str, &Cache)| {
        let look_ups = cache.hits + cache.misses;
        let rate = cache.hits as f64 / look_ups.max(1) as f64;
        let claim = format!("at least {} of the look-ups in {name} find something", percent(CACHE_HIT));
        let seen = proportion(rate, cache.hits, look_ups);
        let hit = if look_ups < LOOK_UPS {
            Line::unknown(SECTION, claim, format!("{}: too few", count(look_ups, "look-up", "look-ups")))
        } else {
            Line::new(SECTION, claim, Mark::of(rate >= CACHE_HIT), seen)
        };
        let (evicted, refused) = (cache.evicted, cache.rejected);
        let kept = Line::new(
            SECTION,
            format!("{name} loses no key for want of memory and refuses no connection"),
            Mark::of(evicted == 0 && refused == 0),
            format!("{} evicted, {} refused", number(evicted), number(refused)),
        );
        [hit, kept]
    };
    read.into_iter().flat_map(of).collect()
}

fn traces(run: &Run) -> Line {
    let claim = "slow and failed requests can be looked up as traces";
    let kept: usize = run.scenarios.iter().map(|it| it.traces.len()).sum();
    match kept {
        0 => Line::unknown("Observability", claim, "no trace was kept in this run"),
        kept => Line::new(
            "Observability",
            claim,
            Mark::Met,
            format!("{} kept", count(kept as u64, "trace", "traces")),
        ),
    }
}

fn read(sources: &[Source]) -> Line {
    let claim = "the target's side can be read while load is on";
    if sources.is_empty() {
        return Line::unknown(
            "Observability",
            claim,
            "nothing was read in this run (`loadgen run --probe-metrics`)",
        );
    }
    let told = |source: &Source| {
        format!(
            "{}: {} of {} readings",
            source.name,
            number(source.reads),
            number(source.reads + source.failed)
        )
    };
    let told: Vec<String> = sources.iter().map(told).collect();
    let well = sources.iter().all(|source| source.reads > source.failed);
    Line::new("Observability", claim, Mark::of(well), told.join("; "))
}
