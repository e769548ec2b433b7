//! Which resources moved with latency. Never which caused it: that takes a change and a second run.
//!
//! A resource is named when all of this holds in one scenario: the p95 of a route rose, the resource was nearly used
//! up (or clearly busier than at its idlest, where its capacity is not known), both moved together, and chance does
//! that in fewer than one of twenty runs. What chance does is measured by [`engine::correlation`], over all routes that
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
    matches: Vec<(Match, Bottleneck)>,
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
    let (names, latencies): (Vec<&str>, Vec<Vec<f64>>) = endpoints
        .filter_map(|timing| Some((timing.name.as_str(), blocks.latency(timing)?)))
        .filter(|(_, latency)| rose(latency))
        .unzip();
    if names.is_empty() {
        return Looked::Flat;
    }
    levels.retain(Level::is_high);
    if levels.is_empty() {
        return Looked::NothingHigh;
    }
    let used: Vec<Vec<f64>> = levels.iter().map(|level| level.used.clone()).collect();
    let most_lag =
        usize::try_from(MOST_LAG_S / blocks.seconds).unwrap_or(0).min(blocks.count / MOST_LAG_PART);
    let found = correlation::matches(&latencies, &used, Search { most_lag, worlds: WORLDS, seed });
    let told = |it: Match| {
        let (series, latency) = (names[it.follower], &latencies[it.follower]);
        (it, bottleneck(&run.name, series, latency, &levels[it.leader], it, blocks))
    };
    Looked::Tried(Tried { matches: found.into_iter().map(told).collect() })
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

/// The resources that moved with latency, the strongest first: of each scenario and resource, the route that moved
/// with it most.
pub(super) fn moved(looked: &[(&str, Looked)]) -> Vec<Bottleneck> {
    let mut tried: Vec<&Tried> = looked
        .iter()
        .filter_map(|(_, looked)| match looked {
            Looked::Tried(tried) => Some(tried),
            _ => None,
        })
        .collect();
    let least = |tried: &Tried| tried.matches.iter().map(|(it, _)| it.chance).fold(1.0, f64::min);
    tried.sort_by(|a, b| least(a).total_cmp(&least(b)));
    let mut found: Vec<&(Match, Bottleneck)> = Vec::new();
    for (place, scenario) in tried.iter().enumerate() {
        let allowed = ALPHA / (tried.len() - place) as f64;
        if least(scenario) > allowed {
            break;
        }
        let sure = scenario.matches.iter().filter(|(it, _)| it.chance <= allowed && it.rho >= WEAK);
        for candidate in sure {
            let (.., new) = candidate;
            let known = found.iter().any(|(_, known)| {
                (&known.scenario, &known.source, &known.resource)
                    == (&new.scenario, &new.source, &new.resource)
            });
            if !known {
                found.push(candidate);
            }
        }
    }
    found.sort_by(|(a, _), (b, _)| b.rho.total_cmp(&a.rho));
    found.into_iter().map(|(_, bottleneck)| bottleneck.clone()).collect()
}
