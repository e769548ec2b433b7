//! What the page computes with: the run's seconds as `run.json` has them, without what no chart needs.
//!
//! The page is no second source of truth: its tables are written here. What it computes itself (a window somebody marks,
//! another run laid over this one) it computes from these histograms, by the engine's own rule of ranks.

mod merged;
mod readings;

use std::time::Duration;

use engine::{
    goal::Claim,
    load::{Flow, Grid, Load},
    record::{Column, Role},
    run::{Cell, ScenarioRun, TimingRun},
};
use serde::Serialize;

use self::readings::Reading;
use crate::{
    report::view::View,
    run::{Measured, Run},
};

/// Most that the histograms of all series, warm-up included, and what was read of the target's side may take in the page.
const BUDGET: usize = 6_000_000;
/// Lengths of a window's steps, seconds; the shortest within [`BUDGET`] is taken.
const STEPS_S: [i64; 7] = [1, 2, 5, 10, 15, 30, 60];

/// Everything the page's script reads.
#[derive(Debug, Serialize)]
pub(super) struct Data<'a> {
    id: &'a str,
    started: &'a str,
    preset: &'a str,
    seed: u64,
    world_seed: u64,
    time_scale: f64,
    target: &'a str,
    environment: &'a str,
    load: f64,
    /// Seconds a window is cut to.
    step_s: i64,
    scenarios: Vec<Scenario<'a>>,
}

#[derive(Debug, Serialize)]
struct Scenario<'a> {
    name: &'a str,
    title: &'a str,
    duration_s: f64,
    /// Seconds from the beginning of the warm-up to second 0; absent where that is not known.
    warm_up_s: Option<f64>,
    /// Seconds in which every flow was at its full height.
    steady: Option<(f64, f64)>,
    bands: Vec<Band>,
    /// Starts due by the plan, second by second; absent where a flow is a closed loop.
    planned_starts: Option<Vec<f64>>,
    /// Starts that were made.
    starts: Vec<(i64, u64)>,
    /// Heads due by the plan, second by second; absent where no flow says how many.
    planned_users: Option<Vec<f64>>,
    users: &'a [(i64, u64)],
    /// What was read of the target's side meanwhile.
    readings: Vec<Reading<'a>>,
    series: Vec<Series<'a>>,
}

/// Something that was scheduled to go wrong.
#[derive(Debug, Serialize)]
struct Band {
    label: String,
    from_s: f64,
    to_s: f64,
}

#[derive(Debug, Serialize)]
struct Series<'a> {
    name: &'a str,
    role: Role,
    limits: Vec<Limit>,
    /// Second, went well, failed.
    outcomes: Vec<(i64, u64, u64)>,
    /// Second, count, unanswered, smallest and largest in nanoseconds, histogram.
    cells: Vec<Row>,
    /// The same of the warm-up, by seconds from its own beginning.
    warm_up: Vec<Row>,
}

type Row = (i64, u64, u64, u64, u64, String);

/// What was promised of a series' time.
#[derive(Debug, Serialize)]
struct Limit {
    percent: f64,
    ms: f64,
}

impl<'a> Data<'a> {
    pub(super) fn new(view: &View<'a>) -> Self {
        Self::within(view.run, BUDGET)
    }

    fn within(run: &'a Run, budget: usize) -> Self {
        let readings: Vec<_> = run.scenarios.iter().map(|measured| readings::of_run(run, measured)).collect();
        let read: usize = readings.iter().flatten().map(Reading::size).sum();
        let step_s = step(run, budget.saturating_sub(read));
        let meta = &run.meta;
        let scenario = |(measured, readings)| Scenario::new(run, measured, readings, step_s);
        Self {
            id: &meta.id,
            started: &meta.started,
            preset: meta.preset.name(),
            seed: meta.seed,
            world_seed: meta.world_seed,
            time_scale: meta.time_scale,
            target: &meta.target,
            environment: &meta.environment,
            load: meta.load,
            step_s,
            scenarios: run.scenarios.iter().zip(readings).map(scenario).collect(),
        }
    }

    /// JSON that cannot end the element it is written into.
    pub(super) fn inert(&self) -> String {
        let json = serde_json::to_string(self).expect("the data have string keys only");
        json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    }

    /// Whether anything was read of the target's side while a scenario ran.
    pub(super) fn has_readings(&self, scenario: &str) -> bool {
        self.scenarios.iter().any(|of| of.name == scenario && !of.readings.is_empty())
    }

    /// What a window is cut to.
    pub(super) fn step_s(&self) -> i64 {
        self.step_s
    }
}

/// The shortest step whose histograms are small enough; the longest where none is.
fn step(run: &Run, budget: usize) -> i64 {
    let timings = || {
        let scenarios = run.scenarios.iter().map(|measured| &measured.run);
        scenarios.flat_map(|scenario| scenario.timings.iter().chain(&scenario.warm_up))
    };
    let fits = |step: i64| {
        let mut size = 0;
        timings().all(|timing| {
            size += cells(timing, step).iter().map(|cell| cell.hdr.len() + 40).sum::<usize>();
            size <= budget
        })
    };
    let last = STEPS_S[STEPS_S.len() - 1];
    STEPS_S.into_iter().find(|&step| step == last || fits(step)).unwrap_or(last)
}

/// The cells of what was felt, cut to steps.
fn cells(timing: &TimingRun, step_s: i64) -> Vec<Cell> {
    let cells = timing.column(Column::SinceDue).map_or(&[][..], |column| &column.cells);
    if step_s == 1 { cells.to_vec() } else { merged::cells(cells, step_s) }
}

impl<'a> Scenario<'a> {
    fn new(run: &'a Run, measured: &'a Measured, readings: Vec<Reading<'a>>, step_s: i64) -> Self {
        let scenario = &measured.run;
        let duration_s = scenario.duration.as_secs_f64();
        let flows = || scenario.flows.iter().map(|flow| &flow.flow);
        let seconds = 0..duration_s.ceil().clamp(1.0, 1e6) as i64;
        let over_time = |at: &dyn Fn(&Flow, i64) -> Option<f64>| -> Option<Vec<f64>> {
            let sum = |second| flows().map(|flow| at(flow, second)).sum::<Option<f64>>();
            (!scenario.flows.is_empty()).then(|| seconds.clone().map(sum).collect::<Option<_>>()).flatten()
        };
        Self {
            name: &scenario.name,
            title: &measured.title,
            duration_s,
            warm_up_s: measured.warm_up_s.filter(|_| measured.warm_up_requests > 0),
            steady: scenario.steady,
            bands: bands(run, duration_s),
            planned_starts: over_time(&planned_starts),
            starts: starts(scenario),
            planned_users: over_time(&planned_users),
            users: &scenario.health.users,
            readings,
            series: scenario
                .timings
                .iter()
                .enumerate()
                .map(|(place, timing)| Series::new(scenario, place, timing, step_s))
                .filter(|series| !series.cells.is_empty())
                .collect(),
        }
    }
}

/// Windows of scheduled faults, as far as they are within the scenario.
fn bands(run: &Run, duration_s: f64) -> Vec<Band> {
    let faults = run.faults.iter().flat_map(|plan| &plan.faults);
    let bands = faults.map(|fault| Band {
        label: format!("{}: {}", fault.kind, fault.strikes),
        from_s: fault.from_s.max(0.0),
        to_s: fault.for_s.map_or(duration_s, |lasting| (fault.from_s + lasting).min(duration_s)),
    });
    bands.filter(|band| band.from_s < band.to_s).collect()
}

/// Starts a flow's plan has due in a second; nothing for a closed loop, which starts when somebody left.
fn planned_starts(flow: &Flow, second: i64) -> Option<f64> {
    let from = second as f64 - flow.starts_at.as_secs_f64();
    match &flow.load {
        Load::Arrivals(curve) => Some(curve.area(from + 1.0) - curve.area(from)),
        Load::Paced { users, every } => {
            let grid = Grid::new(users.seats(), *every);
            let due = |seat| {
                let open = users.open(seat).into_iter();
                open.map(|open| grid.turns(seat, open.from.max(from), open.to.min(from + 1.0))).sum::<u64>()
            };
            Some((0..users.seats()).map(due).sum::<u64>() as f64)
        }
        Load::Visitors(_) => None,
    }
}

/// Heads a flow's plan has at it at a second's beginning; of arrivals nobody knows.
fn planned_users(flow: &Flow, second: i64) -> Option<f64> {
    let at = second as f64 - flow.starts_at.as_secs_f64();
    match &flow.load {
        Load::Arrivals(_) => None,
        Load::Paced { users: curve, .. } | Load::Visitors(curve) => Some(curve.height(at)),
    }
}

/// Starts that were made, by the second they were due in.
fn starts(scenario: &ScenarioRun) -> Vec<(i64, u64)> {
    let mut starts: Vec<(i64, u64)> = Vec::new();
    for cell in &scenario.health.starts.cells {
        match starts.last_mut().filter(|(second, _)| *second == cell.second) {
            Some((_, count)) => *count += cell.count,
            None => starts.push((cell.second, cell.count)),
        }
    }
    starts
}

impl<'a> Series<'a> {
    fn new(scenario: &ScenarioRun, place: usize, timing: &'a TimingRun, step_s: i64) -> Self {
        let row = |cell: Cell| -> Row {
            (cell.second, cell.count, cell.unanswered, cell.min_ns, cell.max_ns, cell.hdr)
        };
        let before = scenario.warm_up.iter().find(|before| before.name == timing.name);
        Self {
            name: &timing.name,
            role: timing.role,
            limits: limits(scenario, place),
            outcomes: timing.outcomes.iter().map(|sum| (sum.second, sum.ok, sum.failed)).collect(),
            cells: cells(timing, step_s).into_iter().map(row).collect(),
            warm_up: before
                .map_or_else(Vec::new, |before| cells(before, step_s).into_iter().map(row).collect()),
        }
    }
}

/// Limits on the time of the series at this place.
fn limits(scenario: &ScenarioRun, place: usize) -> Vec<Limit> {
    let limits = scenario.goals.iter().filter_map(|goal| match &goal.claim {
        Claim::Percentile { series, column: Column::SinceDue, percent, limit } if series.index() == place => {
            Some(Limit { percent: *percent, ms: millis(*limit) })
        }
        _ => None,
    });
    limits.collect()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests;
