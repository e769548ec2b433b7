//! What was read of the target's side, held against the checklist's limits.

use super::{Line, Mark, trust::is_mock};
use crate::{
    run::{Cache, Database, Evidence, Resource, ResourceKind, Run, Source, SourceKind, Unit},
    words::{count, number, percent, proportion},
};

/// Blocks found in the database's cache.
const DATABASE_HIT: f64 = 0.9;
/// Connections of those there may be.
const CONNECTIONS: f64 = 0.8;
/// What a statement may take on average, milliseconds.
const STATEMENT_MS: f64 = 100.0;
/// Look-ups a cache answers.
const CACHE_HIT: f64 = 0.7;
/// Of fewer look-ups no rate says anything.
const LOOK_UPS: u64 = 100;
/// Readings in which all of a pool may be taken: a burst is none.
const POOL_FULL: f64 = 0.1;
const CPU: f64 = 0.9;
const MEMORY: f64 = 0.85;

pub(super) fn lines(run: &Run) -> Vec<Line> {
    let nothing = Evidence::default();
    let sources = &run.evidence.as_ref().unwrap_or(&nothing).sources;
    let mut lines = vec![tls(run)];
    lines.extend(capacity(run));
    lines.extend(database(sources));
    lines.extend(cache(sources));
    lines.extend(resources(sources));
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

fn capacity(run: &Run) -> Vec<Line> {
    let claim = |name: &str| format!("{name} carries more than launch day's load");
    if run.headroom.is_empty() {
        let why = "no search for the limit was made: `loadgen limit --scenario NAME` does";
        return vec![Line::unknown("Capacity", claim("every scenario"), why)];
    }
    let one = |found: &crate::run::Headroom| {
        let fails = found.fails.map_or_else(
            || "nothing higher failed".to_owned(),
            |fails| format!("{fails} times did not hold"),
        );
        let because = format!("{} times launch day's load held, {fails} ({})", found.holds, found.found_in);
        Line::new("Capacity", claim(&found.scenario), Mark::of(found.holds > 1.0), because)
    };
    run.headroom.iter().map(one).collect()
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
    let used = shares(sources, ResourceKind::Connections, Some(SourceKind::Postgres));
    lines.extend(below(
        SECTION,
        "connections stay below",
        CONNECTIONS,
        &used,
        "no database's connections were read",
    ));
    lines
}

fn of_database(name: &str, database: &Database) -> [Line; 4] {
    const SECTION: &str = "Database";
    let hit_claim = format!("more than {} of what {name} reads is found in its cache", percent(DATABASE_HIT));
    let hit = match database.cache_hit {
        Some(hit) => {
            Line::new(SECTION, hit_claim, Mark::of(hit > DATABASE_HIT), format!("{} was", percent(hit)))
        }
        None => Line::unknown(SECTION, hit_claim, "it read nothing"),
    };
    let index_claim = format!("no index is missing in {name}");
    let missing: Vec<String> =
        database.missing.iter().map(|it| format!("{} ({})", it.table, it.columns.join(", "))).collect();
    let index = match (&database.statements, missing.is_empty()) {
        (_, false) => Line::new(SECTION, index_claim, Mark::NotMet, missing.join("; ")),
        (None, true) => {
            Line::unknown(SECTION, index_claim, "it takes pg_stat_statements to know the statements")
        }
        (Some(seen), true) => {
            let seen = count(seen.len() as u64, "statement was", "statements were");
            Line::new(SECTION, index_claim, Mark::Met, format!("{seen} looked at, the dearest"))
        }
    };
    let slow_claim = format!("no statement of {name} takes {STATEMENT_MS} ms on average");
    let slowest = database.statements.iter().flatten().max_by(|a, b| a.mean_ms.total_cmp(&b.mean_ms));
    let slow = match slowest {
        Some(it) => {
            let because = format!("{:.1} ms at most", it.mean_ms);
            Line::new(SECTION, slow_claim, Mark::of(it.mean_ms < STATEMENT_MS), because)
        }
        None => Line::unknown(SECTION, slow_claim, "no statement was seen: it takes pg_stat_statements"),
    };
    let locks = Line::new(
        SECTION,
        format!("{name} has no deadlock"),
        Mark::of(database.deadlocks == 0),
        format!("it counted {}", number(database.deadlocks)),
    );
    [hit, index, slow, locks]
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

fn resources(sources: &[Source]) -> Vec<Line> {
    const SECTION: &str = "Resources";
    let unread =
        "no such figure with a known capacity was read (`loadgen run --probe-metrics`, `--probe-prometheus`)";
    let [cpu, memory] = [ResourceKind::Cpu, ResourceKind::Memory].map(|kind| shares(sources, kind, None));
    let mut lines = below(SECTION, "processors stay below", CPU, &cpu, unread);
    lines.extend(below(SECTION, "memory stays below", MEMORY, &memory, unread));
    let pools: Vec<Line> = sources
        .iter()
        .flat_map(|source| source.resources.iter().map(move |it| (source, it)))
        .filter(|(_, it)| it.kind == ResourceKind::Pool)
        .filter_map(|(source, it)| pool(source, it))
        .collect();
    if pools.is_empty() {
        lines.push(Line::unknown(SECTION, "no pool is exhausted", unread));
    }
    lines.extend(pools);
    lines
}

fn pool(source: &Source, pool: &Resource) -> Option<Line> {
    let capacity = pool.capacity.filter(|capacity| *capacity > 0.0)?;
    let full = pool.points.iter().filter(|(_, taken)| *taken >= capacity).count() as u64;
    let all = pool.points.len() as u64;
    let share = full as f64 / all.max(1) as f64;
    let claim = format!("{} of {} is not exhausted", pool.name, source.name);
    let because = format!("all places were taken in {} readings", proportion(share, full, all));
    (all > 0).then(|| Line::new("Resources", claim, Mark::of(share < POOL_FULL), because))
}

/// The most of its capacity that each resource of a kind had in use, where that is known.
fn shares(sources: &[Source], kind: ResourceKind, of: Option<SourceKind>) -> Vec<(String, f64)> {
    let all = sources.iter().filter(|source| of.is_none_or(|kind| source.kind == kind));
    let all = all.flat_map(|source| source.resources.iter().map(move |it| (source, it)));
    let share = |(source, it): (&Source, &Resource)| {
        let capacity = it.capacity.or((it.unit == Unit::Share).then_some(1.0)).filter(|it| *it > 0.0)?;
        let most =
            it.points.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).reduce(f64::max)?;
        Some((format!("{} of {}", it.name, source.name), most / capacity))
    };
    all.filter(|(_, it)| it.kind == kind).filter_map(share).collect()
}

/// A line for each, or one that says that there is none.
fn below(section: &'static str, claim: &str, limit: f64, used: &[(String, f64)], unread: &str) -> Vec<Line> {
    let claim = format!("{claim} {}", percent(limit));
    if used.is_empty() {
        return vec![Line::unknown(section, claim, unread)];
    }
    let one = |(name, share): &(String, f64)| {
        Line::new(
            section,
            format!("{claim}: {name}"),
            Mark::of(*share < limit),
            format!("{} at most", percent(*share)),
        )
    };
    used.iter().map(one).collect()
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
