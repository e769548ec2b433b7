//! Which resources moved with latency. Never which caused it: that takes a change and a second run.
//!
//! A resource is named when all of this holds in one scenario: the p95 of a route rose, the resource was nearly used
//! up (or clearly busier than at its idlest, where its capacity is not known, which is said), both moved together, and
//! chance does that in fewer than one of twenty runs. What chance does is measured by [`engine::correlation`], over all routes that
//! rose, all resources that were high and all lags together; where several scenarios were looked at, Holm's correction
//! allows for that. Two that swing evenly at the same pace are never named: chance aligns them, too.

use engine::{
    correlation::{self, Match, Search},
    record::Role,
    run::ScenarioRun,
};

use super::{
    Bottleneck,
    align::{Blocks, low_and_high},
    level::Level,
};
use crate::{
    run::{Evidence, Run},
    words::percent,
};

/// What a claim may err by, over all scenarios of a run.
const ALPHA: f64 = 0.05;
/// Latency rose when the p95 of its slowest quarter of the time is so many times that of its fastest, and so much more.
const ROSE: f64 = 1.5;
/// See [`ROSE`]; milliseconds.
const ROSE_MS: f64 = 10.0;
/// A weaker correlation is not worth a sentence, however sure.
const WEAK: f64 = 0.5;
/// Latency may come so much later than what it moved with, or sooner, seconds.
const MOST_LAG_S: u64 = 10;
/// Of few blocks, lags take no more than this part away.
const MOST_LAG_PART: usize = 12;
/// Worlds of chance, enough for six scenarios' correction: 1/200 < 0.05/6.
const WORLDS: u32 = 199;

/// Routes and resources of a scenario that are compared, each with each: a report is made in moments. Which are left out
/// where there are more is decided by how far they rose and how full they were, hence not by what is to be found out.
const MOST_ROUTES: usize = 16;
/// See [`MOST_ROUTES`].
const MOST_RESOURCES: usize = 32;

/// What came of looking at one scenario.
#[derive(Debug)]
pub(super) enum Looked {
    /// It was too short.
    Short,
    /// Its resources were read too seldom for its blocks.
    ReadTooSeldom,
    /// Latency rose nowhere.
    Flat,
    /// Latency rose, and no resource was high.
    NothingHigh,
    /// Latency rose and resources were high: whether they moved together is among the matches.
    Tried(Tried),
}

/// Routes and resources that were compared.
#[derive(Debug)]
pub(super) struct Tried {
    matches: Vec<Candidate>,
    /// Routes and resources that found no place among them.
    pub(super) left_out: usize,
}

/// A resource beside a route, and how both moved.
#[derive(Debug)]
struct Candidate {
    it: Match,
    bottleneck: Bottleneck,
    lacks_capacity: bool,
}

/// Looks at every scenario.
pub(super) fn look<'a>(run: &'a Run, evidence: &Evidence) -> Vec<(&'a str, Looked)> {
    run.scenarios
        .iter()
        .map(|measured| (measured.run.name.as_str(), scenario(&measured.run, evidence, run.meta.seed)))
        .collect()
}

/// A resource that was full all the time: nothing can move with it, and it may be what holds all back.
#[derive(Debug)]
pub(super) struct Full {
    scenario: String,
    named: String,
}

impl Full {
    pub(super) fn sentence(&self) -> String {
        format!("Full throughout {}: {}.", self.scenario, self.named)
    }
}

/// Resources that were full all the time, scenario by scenario.
pub(super) fn full_throughout(run: &Run, evidence: &Evidence) -> Vec<Full> {
    let of = |scenario: &ScenarioRun| {
        let levels = Blocks::of(scenario).map(|blocks| levels(evidence, blocks)).unwrap_or_default();
        let full = levels.into_iter().filter(Level::is_full_throughout);
        full.map(|level| Full { scenario: scenario.name.clone(), named: named(&level) }).collect::<Vec<_>>()
    };
    run.scenarios.iter().flat_map(|measured| of(&measured.run)).collect()
}

fn levels(evidence: &Evidence, blocks: Blocks) -> Vec<Level<'_>> {
    let all = evidence.sources.iter().flat_map(|source| source.resources.iter().map(move |it| (source, it)));
    all.filter_map(|(source, resource)| Level::of(&source.name, resource, blocks)).collect()
}

fn scenario(run: &ScenarioRun, evidence: &Evidence, seed: u64) -> Looked {
    let Some(blocks) = Blocks::of(run) else { return Looked::Short };
    let mut levels = levels(evidence, blocks);
    if levels.is_empty() {
        return Looked::ReadTooSeldom;
    }
    let endpoints = run.timings.iter().filter(|timing| timing.role == Role::Endpoint);
    let mut routes: Vec<(&str, Vec<f64>)> = endpoints
        .filter_map(|timing| Some((timing.name.as_str(), blocks.latency(timing)?)))
        .filter(|(_, latency)| rose(latency))
        .collect();
    if routes.is_empty() {
        return Looked::Flat;
    }
    levels.retain(Level::is_high);
    if levels.is_empty() {
        return Looked::NothingHigh;
    }
    let rise = |(_, latency): &(&str, Vec<f64>)| {
        let (low, high) = low_and_high(latency);
        (true, high / low)
    };
    let left_out =
        keep_most(&mut routes, MOST_ROUTES, rise) + keep_most(&mut levels, MOST_RESOURCES, Level::pressure);
    let (names, latencies): (Vec<&str>, Vec<Vec<f64>>) = routes.into_iter().unzip();
    let used: Vec<Vec<f64>> = levels.iter().map(|level| level.used.clone()).collect();
    let most_lag =
        usize::try_from(MOST_LAG_S / blocks.seconds).unwrap_or(0).min(blocks.count / MOST_LAG_PART);
    let found = correlation::matches(&latencies, &used, Search { most_lag, worlds: WORLDS, seed });
    let told = |it: Match| {
        let (series, latency) = (names[it.follower], &latencies[it.follower]);
        let level = &levels[it.leader];
        let bottleneck = bottleneck(&run.name, series, latency, level, it, blocks);
        Candidate { it, bottleneck, lacks_capacity: level.lacks_capacity() }
    };
    Looked::Tried(Tried { matches: found.into_iter().map(told).collect(), left_out })
}

/// Keeps those that rank highest, in their order where there is place for all; how many had to go.
fn keep_most<T>(all: &mut Vec<T>, most: usize, rank: impl Fn(&T) -> (bool, f64)) -> usize {
    let left_out = all.len().saturating_sub(most);
    if left_out > 0 {
        all.sort_by(|a, b| {
            let (a, b) = (rank(a), rank(b));
            b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
        });
        all.truncate(most);
    }
    left_out
}

fn rose(latency: &[f64]) -> bool {
    let (low, high) = low_and_high(latency);
    low.is_finite() && high >= ROSE * low && high >= low + ROSE_MS
}

fn bottleneck(
    scenario: &str,
    series: &str,
    latency: &[f64],
    level: &Level<'_>,
    it: Match,
    blocks: Blocks,
) -> Bottleneck {
    let (low, high) = low_and_high(latency);
    let lead_s = it.lead as f64 * blocks.seconds as f64;
    let when = match lead_s {
        lead if lead > 0.0 => format!("{lead:.0} s ahead of it"),
        lead if lead < 0.0 => format!("{:.0} s behind it", -lead),
        _ => "at the same time".to_owned(),
    };
    let sentence = format!(
        "{}; moved with the p95 of {series}, which rose from {} to {}: rank correlation {:.2}, {when} (blocks of {} s; \
         chance does as well in at most {} of runs)",
        named(level),
        milliseconds(low),
        milliseconds(high),
        it.rho,
        blocks.seconds,
        percent(it.chance),
    );
    Bottleneck {
        scenario: scenario.to_owned(),
        series: series.to_owned(),
        source: level.source.to_owned(),
        resource: level.resource.name.clone(),
        correlation: it.rho,
        lead_s,
        sentence,
    }
}

/// `db pool of metrics at …: full (10 of 10) …`.
fn named(level: &Level<'_>) -> String {
    format!("{} of {}: {}", level.resource.name, level.source, level.words())
}

fn milliseconds(ms: f64) -> String {
    if ms.is_finite() {
        crate::words::duration(std::time::Duration::from_secs_f64(ms / 1e3))
    } else {
        "no answer".to_owned()
    }
}

/// The resources that moved with latency, the strongest first, those whose capacity is not known last: of each scenario
/// and resource, the route that moved with it most.
pub(super) fn moved(looked: &[(&str, Looked)]) -> Vec<Bottleneck> {
    let mut tried: Vec<&Tried> = looked
        .iter()
        .filter_map(|(_, looked)| match looked {
            Looked::Tried(tried) => Some(tried),
            _ => None,
        })
        .collect();
    let least = |tried: &Tried| tried.matches.iter().map(|candidate| candidate.it.chance).fold(1.0, f64::min);
    tried.sort_by(|a, b| least(a).total_cmp(&least(b)));
    let mut found: Vec<&Candidate> = Vec::new();
    for (place, scenario) in tried.iter().enumerate() {
        let allowed = ALPHA / (tried.len() - place) as f64;
        if least(scenario) > allowed {
            break;
        }
        let is_sure = |it: &Match| it.chance <= allowed && it.rho >= WEAK;
        for candidate in scenario.matches.iter().filter(|candidate| is_sure(&candidate.it)) {
            let new = &candidate.bottleneck;
            let known = found.iter().map(|known| &known.bottleneck).any(|known| {
                (&known.scenario, &known.source, &known.resource)
                    == (&new.scenario, &new.source, &new.resource)
            });
            if !known {
                found.push(candidate);
            }
        }
    }
    found.sort_by(|a, b| a.lacks_capacity.cmp(&b.lacks_capacity).then_with(|| b.it.rho.total_cmp(&a.it.rho)));
    found.into_iter().map(|candidate| candidate.bottleneck.clone()).collect()
}
