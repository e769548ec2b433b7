//! What is compared: the series of a run, of k6's points, of the slices of an experiment; decoded once.

use engine::{
    compare::Timeline,
    goal::Claim,
    load::Load,
    record::{Column, Role},
    run::{Cell, ColumnRun, Outcomes, ScenarioRun, ShareSecond, TimingRun},
    verdict::ScenarioVerdict,
};
use serde::{Deserialize, Serialize};

use crate::{
    baseline::{Figure as K6Figure, Figures, Measure, Points},
    judgement,
    preset::Preset,
    report,
    run::{Measured, NotRun, Run},
};

/// k6's name for a request's time.
const DURATION: &str = "http_req_duration";
/// And for whether it failed.
const FAILED: &str = "http_req_failed";

/// What was run, as far as it bears on whether two runs are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// What it is called.
    pub name: String,
    /// When it started, RFC 3339, where that is known.
    pub started: String,
    /// The target's origin.
    pub target: String,
    /// How much was rehearsed; `None` where it was no run of ours.
    pub size: Option<SizeOf>,
    /// Where the load came from.
    pub machine: String,
}

/// How much a run rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SizeOf {
    /// The preset.
    pub preset: Preset,
    /// By how much its durations were stretched.
    pub time_scale: f64,
    /// How many times the plan's load.
    pub load: f64,
    /// Seed of the world.
    pub world_seed: u64,
}

/// A run, ready to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// What was run.
    pub subject: Subject,
    /// Its scenarios.
    pub scenarios: Vec<Recorded>,
    /// Those that were chosen and did not run.
    pub not_run: Vec<NotRun>,
}

/// One scenario of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its name.
    pub name: String,
    /// How long it was, seconds; of an experiment, each slice.
    pub seconds: f64,
    /// True when a "second" of its series is a whole slice.
    pub sliced: bool,
    /// True when the load waits for answers, so that slower answers are fewer requests.
    pub closed_loop: bool,
    /// Why the generator fell short, if it did.
    pub invalid: Option<String>,
    /// Why it did not come to its planned end, if it did not.
    pub unfinished: Option<String>,
    /// Its series: every endpoint, and what has a goal on its response time.
    pub series: Vec<Heard>,
}

/// One series of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub role: Role,
    /// What it saw.
    pub timeline: Timeline,
    /// Where percentiles are all that is known: these.
    pub figures: Option<Percentiles>,
}

/// Percentiles of a series of which nothing else is known: they cannot be drawn again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentiles {
    /// p50, p95 and p99, milliseconds.
    pub ms: [Option<f64>; 3],
    /// Of how many values, where that is said.
    pub n: Option<u64>,
}

impl Heard {
    /// How many values there are, unanswered ones among them.
    pub fn n(&self) -> u64 {
        match self.figures {
            Some(figures) => figures.n.unwrap_or(self.timeline.samples().0),
            None => self.timeline.values(),
        }
    }

    /// False for a series nobody asked.
    pub fn is_something(&self) -> bool {
        self.figures.is_some() || self.n() > 0
    }

    /// A series nobody asked.
    pub fn nothing(name: &str, role: Role) -> Self {
        Self { name: name.to_owned(), role, timeline: Timeline::default(), figures: None }
    }

    /// Cells of k6's, or of ours under k6's name.
    fn of_cells(name: &str, cells: Vec<Cell>, outcomes: Vec<Outcomes>) -> Self {
        let column = ColumnRun { column: Column::SinceDue, limits_ns: Vec::new(), cells };
        let timing = TimingRun {
            name: name.to_owned(),
            role: Role::Endpoint,
            columns: vec![column],
            outcomes,
            faults: Vec::new(),
        };
        let timeline = Timeline::of(&timing, Column::SinceDue);
        Self { name: name.to_owned(), role: Role::Endpoint, timeline, figures: None }
    }
}

impl Recording {
    /// A run of ours.
    pub fn of(run: &Run) -> Self {
        let judged = judgement::judge(run).scenarios;
        let meta = &run.meta;
        Self {
            subject: Subject {
                name: meta.id.clone(),
                started: meta.started.clone(),
                target: meta.origin.clone(),
                size: Some(SizeOf {
                    preset: meta.preset,
                    time_scale: meta.time_scale,
                    load: meta.load,
                    world_seed: meta.world_seed,
                }),
                machine: meta.machine.to_string(),
            },
            scenarios: run
                .scenarios
                .iter()
                .zip(&judged)
                .map(|(of, judged)| Recorded::of(of, judged))
                .collect(),
            not_run: run.not_run.clone(),
        }
    }

    /// The points k6 wrote of a test: each of its times is a series.
    pub fn of_points(points: &Points, name: &str, scenario: &str) -> Self {
        let times = || {
            points.metrics.iter().filter_map(|(metric, measure)| match measure {
                Measure::Trend(cells) => Some((metric, cells)),
                Measure::Rate(_) => None,
            })
        };
        let failed = match points.metrics.get(FAILED) {
            Some(Measure::Rate(seconds)) => seconds.as_slice(),
            _ => &[],
        };
        // The metric is "failed": what is good of it is a failure.
        let outcome = |of: &ShareSecond| Outcomes { second: of.second, ok: of.bad, failed: of.good };
        let series = times().map(|(metric, cells)| {
            let outcomes = if metric == DURATION { failed.iter().map(outcome).collect() } else { Vec::new() };
            Heard::of_cells(metric, cells.clone(), outcomes)
        });
        let last = times().filter_map(|(_, cells)| cells.last()).map(|cell| cell.second).max();
        let started = chrono::DateTime::from_timestamp_millis(points.started_unix_ms);
        let started = started.map(|at| at.to_rfc3339()).unwrap_or_default();
        let seconds = last.unwrap_or_default() as f64 + 1.0;
        Self::of_k6(name, started, Recorded::new(scenario, seconds, series.collect()))
    }

    /// The figures k6 gave of a test when it was over: percentiles, which cannot be drawn again, and how many requests
    /// failed, which can be judged.
    pub fn of_figures(figures: &Figures, name: &str, scenario: &str) -> Self {
        let series = figures.metrics.iter().filter_map(|(metric, figure)| {
            let K6Figure::Trend { count, percentiles, .. } = figure else { return None };
            let at = |wanted: f64| {
                percentiles.iter().find(|(at, _)| (at - wanted).abs() < 1e-9).map(|(_, ms)| *ms)
            };
            let known = Percentiles { ms: [at(50.0), at(95.0), at(99.0)], n: *count };
            let mut heard = Heard { figures: Some(known), ..Heard::nothing(metric, Role::Endpoint) };
            if let (DURATION, Some((n, failed))) = (metric.as_str(), failed(figures)) {
                heard.timeline.count(0, n, failed);
            }
            Some(heard)
        });
        let seconds = figures.duration.unwrap_or_default().as_secs_f64();
        Self::of_k6(name, String::new(), Recorded::new(scenario, seconds, series.collect()))
    }

    fn of_k6(name: &str, started: String, scenario: Recorded) -> Self {
        let subject = Subject {
            name: name.to_owned(),
            started,
            target: "what k6 tested".to_owned(),
            size: None,
            machine: String::new(),
        };
        Self { subject, scenarios: vec![scenario], not_run: Vec::new() }
    }

    /// This run's scenario under the names k6 has for what it measures, so that it can be held against k6's; `None`
    /// where it has no such scenario.
    pub fn under_k6_names(run: &Run, scenario: &str, metrics: &[String]) -> Option<Self> {
        let all = Self::of(run);
        let measured = run.scenarios.iter().find(|measured| measured.run.name == scenario)?;
        let judged = all.scenarios.into_iter().find(|recorded| recorded.name == scenario)?;
        let series = metrics.iter().filter_map(|metric| {
            let cells: Vec<Cell> = report::k6_trend(&measured.run, metric).into_iter().cloned().collect();
            let outcomes = if metric == DURATION { outcomes(&measured.run) } else { Vec::new() };
            (!cells.is_empty()).then(|| Heard::of_cells(metric, cells, outcomes))
        });
        let series = series.collect();
        Some(Self {
            subject: all.subject,
            scenarios: vec![Recorded { series, closed_loop: false, ..judged }],
            not_run: Vec::new(),
        })
    }
}

/// How many requests k6 counted, and how many of them failed: those are what passes its rate.
fn failed(figures: &Figures) -> Option<(u64, u64)> {
    match figures.metrics.get(FAILED)? {
        K6Figure::Rate { passes: Some(failed), fails: Some(good), .. } => Some((failed + good, *failed)),
        _ => None,
    }
}

/// The outcomes of all requests of a scenario.
fn outcomes(run: &ScenarioRun) -> Vec<Outcomes> {
    let endpoints = run.timings.iter().filter(|timing| timing.role == Role::Endpoint);
    endpoints.flat_map(|timing| &timing.outcomes).copied().collect()
}

impl Recorded {
    /// A scenario that came to its end, with these series.
    fn new(name: &str, seconds: f64, series: Vec<Heard>) -> Self {
        let name = name.to_owned();
        Self { name, seconds, sliced: false, closed_loop: false, invalid: None, unfinished: None, series }
    }

    /// A scenario of a run of ours.
    pub fn of(measured: &Measured, judged: &ScenarioVerdict) -> Self {
        let run = &measured.run;
        let unfinished = match &measured.ended_early {
            Some(ended) => Some(ended.why.clone()),
            None => run.interrupted.then(|| "interrupted".to_owned()),
        };
        let invalid = judged.invalid.first().map(ToString::to_string);
        let heard = |timing: &TimingRun| Heard {
            name: timing.name.clone(),
            role: timing.role,
            timeline: Timeline::of(timing, Column::SinceDue),
            figures: None,
        };
        Self {
            name: run.name.clone(),
            seconds: run.duration.as_secs_f64(),
            sliced: false,
            closed_loop: run.flows.iter().any(|flow| matches!(flow.flow.load, Load::Visitors(_))),
            invalid,
            unfinished,
            series: compared(run).map(heard).collect(),
        }
    }
}

/// Every endpoint, and what has a goal on its response time.
fn compared(run: &ScenarioRun) -> impl Iterator<Item = &TimingRun> {
    let promised = |timing: &TimingRun| {
        run.goals.iter().any(|goal| match &goal.claim {
            Claim::Percentile { series, column, .. } => {
                column.is_response_time() && run.timing(*series).is_some_and(|of| of.name == timing.name)
            }
            _ => false,
        })
    };
    run.timings.iter().filter(move |timing| timing.role == Role::Endpoint || promised(timing))
}
