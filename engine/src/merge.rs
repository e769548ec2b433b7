//! Parts of one scenario, recorded by several processes, put together: what one process with as many
//! workers would have recorded.
//!
//! Counts, exceedances and histograms add up exactly. Cells are laid side by side, so a second may
//! have one of each part.

use std::collections::BTreeMap;

use crate::{
    record::{Column, EVIDENCE, FaultKind, KINDS},
    run::{
        Cell, ColumnRun, CounterRun, CpuSecond, FaultRun, FlowRun, Health, Outcomes, ScenarioRun, ShareRun,
        ShareSecond, TimingRun,
    },
};

mod live;

pub use live::live;

/// Two records that are not parts of one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not parts of one run: their {what} differ")]
pub struct Unlike {
    /// What they do not have in common.
    pub what: &'static str,
}

/// Adds a part to what there is; both must be of one plan and count from one epoch. When they are not,
/// nothing is added.
pub fn add(whole: &mut ScenarioRun, part: ScenarioRun) -> Result<(), Unlike> {
    alike(whole, &part)?;
    whole.started_unix_ms = whole.started_unix_ms.min(part.started_unix_ms);
    whole.duration = whole.duration.max(part.duration);
    whole.interrupted |= part.interrupted;
    pairs(&mut whole.flows, part.flows).for_each(|(flow, part)| add_flow(flow, &part));
    pairs(&mut whole.timings, part.timings).for_each(|(timing, part)| add_timing(timing, part));
    for part in part.warm_up {
        match whole.warm_up.iter_mut().find(|timing| timing.name == part.name) {
            Some(timing) => add_timing(timing, part),
            None => whole.warm_up.push(part),
        }
    }
    pairs(&mut whole.shares, part.shares).for_each(|(share, part)| add_share(share, &part));
    pairs(&mut whole.counters, part.counters).for_each(|(counter, part)| add_counter(counter, part));
    add_health(&mut whole.health, part.health);
    Ok(())
}

fn alike(a: &ScenarioRun, b: &ScenarioRun) -> Result<(), Unlike> {
    let timings =
        |run: &ScenarioRun| run.timings.iter().map(|t| (t.name.clone(), t.role)).collect::<Vec<_>>();
    let shares = |run: &ScenarioRun| run.shares.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    let counters = |run: &ScenarioRun| run.counters.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    let flows = |run: &ScenarioRun| run.flows.iter().map(|flow| flow.flow.clone()).collect::<Vec<_>>();
    let same = [
        ("names", a.name == b.name),
        ("flows", flows(a) == flows(b)),
        ("series", timings(a) == timings(b)),
        ("shares", shares(a) == shares(b)),
        ("counters", counters(a) == counters(b)),
        ("limits", limits_agree(&a.timings, &b.timings)),
    ];
    same.into_iter().find(|(_, same)| !same).map_or(Ok(()), |(what, _)| Err(Unlike { what }))
}

/// A column without a value is left out of a run, so only those that both have can differ.
fn limits_agree(a: &[TimingRun], b: &[TimingRun]) -> bool {
    let agrees = |a: &TimingRun, b: &TimingRun| {
        let with =
            |column: &ColumnRun| b.column(column.column).is_none_or(|b| b.limits_ns == column.limits_ns);
        a.columns.iter().all(with)
    };
    a.iter().zip(b).all(|(a, b)| agrees(a, b))
}

fn pairs<T>(whole: &mut [T], part: Vec<T>) -> impl Iterator<Item = (&mut T, T)> {
    whole.iter_mut().zip(part)
}

/// What was planned is the whole plan, however many parts it was played in.
fn add_flow(whole: &mut FlowRun, part: &FlowRun) {
    whole.tally += part.tally;
    whole.tally.planned = whole.flow.load.planned_starts();
}

fn add_timing(whole: &mut TimingRun, part: TimingRun) {
    let mut columns: BTreeMap<Column, ColumnRun> =
        std::mem::take(&mut whole.columns).into_iter().map(|column| (column.column, column)).collect();
    for part in part.columns {
        match columns.get_mut(&part.column) {
            Some(column) => add_cells(&mut column.cells, part.cells),
            None => drop(columns.insert(part.column, part)),
        }
    }
    whole.columns = columns.into_values().collect();
    let counts = |o: &Outcomes| (o.second, (o.ok, o.failed));
    let outcomes = add_seconds(whole.outcomes.iter().map(counts), part.outcomes.iter().map(counts));
    whole.outcomes =
        outcomes.into_iter().map(|(second, (ok, failed))| Outcomes { second, ok, failed }).collect();
    add_faults(&mut whole.faults, part.faults);
}

fn add_cells(whole: &mut Vec<Cell>, part: Vec<Cell>) {
    whole.extend(part);
    whole.sort_by_key(|cell| cell.second);
}

fn add_seconds(
    whole: impl Iterator<Item = (i64, (u64, u64))>,
    part: impl Iterator<Item = (i64, (u64, u64))>,
) -> BTreeMap<i64, (u64, u64)> {
    let mut seconds: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for (second, (a, b)) in whole.chain(part) {
        let sum = seconds.entry(second).or_default();
        *sum = (sum.0 + a, sum.1 + b);
    }
    seconds
}

fn add_faults(whole: &mut Vec<FaultRun>, part: Vec<FaultRun>) {
    let mut kinds: BTreeMap<FaultKind, FaultRun> =
        std::mem::take(whole).into_iter().map(|fault| (fault.kind.clone(), fault)).collect();
    for part in part {
        let room = kinds.len() < KINDS || kinds.contains_key(&part.kind);
        let kind = if room { part.kind } else { FaultKind::further() };
        let none = || FaultRun { kind: kind.clone(), count: 0, seconds: Vec::new(), evidence: Vec::new() };
        let fault = kinds.entry(kind.clone()).or_insert_with(none);
        fault.count += part.count;
        let counts = |&(second, n): &(i64, u64)| (second, (n, 0));
        let seconds = add_seconds(fault.seconds.iter().map(counts), part.seconds.iter().map(counts));
        fault.seconds = seconds.into_iter().map(|(second, (n, _))| (second, n)).collect();
        add_evidence(&mut fault.evidence, part.evidence);
    }
    *whole = kinds.into_values().collect();
}

fn add_evidence(whole: &mut Vec<String>, part: Vec<String>) {
    let room = EVIDENCE.saturating_sub(whole.len());
    whole.extend(part.into_iter().take(room));
}

fn add_share(whole: &mut ShareRun, part: &ShareRun) {
    let counts = |s: &ShareSecond| (s.second, (s.good, s.bad));
    let seconds = add_seconds(whole.seconds.iter().map(counts), part.seconds.iter().map(counts));
    whole.seconds =
        seconds.into_iter().map(|(second, (good, bad))| ShareSecond { second, good, bad }).collect();
}

fn add_counter(whole: &mut CounterRun, part: CounterRun) {
    whole.total += part.total;
    add_evidence(&mut whole.evidence, part.evidence);
}

/// The processes share the machine: its cores are counted once, what they used of them is added.
fn add_health(whole: &mut Health, part: Health) {
    add_cells(&mut whole.starts.cells, part.starts.cells);
    whole.users = add_users(&whole.users, &part.users);
    whole.cpu = add_cpu(&whole.cpu, &part.cpu);
    whole.cores = whole.cores.max(part.cores);
    whole.workers += part.workers;
    whole.lost.extend(part.lost);
}

/// Both per second; where a part says nothing between its first and its last second, nothing has changed.
fn add_users(whole: &[(i64, u64)], part: &[(i64, u64)]) -> Vec<(i64, u64)> {
    let at = |users: &[(i64, u64)], second: i64| {
        let last = users.last().filter(|(last, _)| second <= *last);
        let newest = last.and_then(|_| users.iter().rev().find(|(at, _)| *at <= second));
        newest.map_or(0, |(_, users)| *users)
    };
    let firsts = whole.first().into_iter().chain(part.first()).map(|(second, _)| *second).min();
    let lasts = whole.last().into_iter().chain(part.last()).map(|(second, _)| *second).max();
    let Some((first, last)) = firsts.zip(lasts) else { return Vec::new() };
    (first..=last).map(|second| (second, at(whole, second) + at(part, second))).collect()
}

/// Each process looks about once a second at a moment of its own: one second may have two of its looks,
/// and the next none. Two are averaged, and a second without one is part of what the next look saw.
fn add_cpu(whole: &[CpuSecond], part: &[CpuSecond]) -> Vec<CpuSecond> {
    let (whole, part) = (by_second(whole), by_second(part));
    let Some((first, last)) = whole.keys().chain(part.keys()).fold(None, |ends, &second| {
        let (first, last) = ends.unwrap_or((second, second));
        Some((second.min(first), second.max(last)))
    }) else {
        return Vec::new();
    };
    let at = |looks: &BTreeMap<i64, (f64, f64)>, second: i64| {
        let begun = looks.first_key_value().is_some_and(|(first, _)| *first <= second);
        looks.range(second..).next().filter(|_| begun).map(|(_, look)| *look)
    };
    let sum = |second: i64| {
        let looks = [at(&whole, second), at(&part, second)].into_iter().flatten();
        let (length_s, cores) = looks.reduce(|a, b| (a.0.max(b.0), a.1 + b.1))?;
        Some(CpuSecond { second, length_s, cores })
    };
    (first..=last).filter_map(sum).collect()
}

/// Length and cores of each second.
fn by_second(looks: &[CpuSecond]) -> BTreeMap<i64, (f64, f64)> {
    let same = looks.chunk_by(|a, b| a.second == b.second);
    same.map(|looks| {
        let length_s: f64 = looks.iter().map(|look| look.length_s).sum();
        let used: f64 = looks.iter().map(|look| look.cores * look.length_s).sum();
        let cores = if length_s > 0.0 { used / length_s } else { 0.0 };
        (looks[0].second, (length_s / looks.len() as f64, cores))
    })
    .collect()
}
