//! Figures of a scenario, each set in the rows every format shows.

use std::time::Duration;

use engine::{
    gate,
    histogram::Distribution,
    record::{Column, Phase, Role},
    run::{FlowRun, Health, ScenarioRun, TimingRun},
    verdict::ScenarioVerdict,
};

use super::{goals::quantile, traced};
use crate::{
    run::Measured,
    words::{duration, limit, number, percent},
};

/// Latency of one series.
pub(in crate::report) struct LatencyRow {
    pub(in crate::report) name: String,
    pub(in crate::report) requests: u64,
    pub(in crate::report) failed: u64,
    /// p50, p95, p99, each with its 95 % interval, and maximum, since due.
    pub(in crate::report) since_due: [String; 4],
    /// p50, p95 and p99, since sent.
    pub(in crate::report) since_sent: [String; 3],
    /// p99 of the generator's own lateness.
    pub(in crate::report) lateness: String,
}

/// The parts of requests to one endpoint: p95 of each.
pub(in crate::report) struct PhaseRow {
    pub(in crate::report) name: String,
    pub(in crate::report) p95: [String; 6],
}

/// Failures of one kind.
pub(in crate::report) struct FaultRow {
    pub(in crate::report) series: String,
    pub(in crate::report) kind: String,
    pub(in crate::report) count: u64,
    pub(in crate::report) evidence: Vec<String>,
    /// Traces of the first few.
    pub(in crate::report) traces: Vec<String>,
}

/// A counter that counted something.
pub(in crate::report) struct CounterRow {
    pub(in crate::report) name: String,
    pub(in crate::report) total: u64,
    pub(in crate::report) evidence: Vec<String>,
}

/// What one endpoint did before the start.
pub(in crate::report) struct WarmUpRow {
    pub(in crate::report) name: String,
    pub(in crate::report) requests: u64,
    pub(in crate::report) failed: u64,
    /// p50 and p95 since due.
    pub(in crate::report) since_due: [String; 2],
}

/// The parts of a request, in the order of a table.
pub(in crate::report) const PHASES: [(Phase, &str); 6] = [
    (Phase::Blocked, "blocked"),
    (Phase::Connecting, "connecting"),
    (Phase::Tls, "TLS"),
    (Phase::Sending, "sending"),
    (Phase::Waiting, "waiting"),
    (Phase::Receiving, "receiving"),
];

pub(super) fn endpoints(timings: &[TimingRun]) -> impl Iterator<Item = &TimingRun> {
    timings.iter().filter(|timing| timing.role == Role::Endpoint)
}

pub(super) fn or_dash(value: Option<Duration>) -> String {
    value.map_or_else(|| "–".to_owned(), duration)
}

pub(super) fn at(all: &Distribution, percent: f64) -> String {
    or_dash(all.percentile(percent).value)
}

/// A percentile with its 95 % interval.
pub(super) fn within(all: &Distribution, percent: f64) -> String {
    quantile(&all.percentile(percent)).unwrap_or_else(|| "–".to_owned())
}

/// Samples of a series; a value has no outcome, only latencies.
pub(super) fn samples(timing: &TimingRun) -> (u64, u64) {
    let (ok, failed) = timing.counts();
    let due = timing.distribution(Column::SinceDue);
    ((ok + failed).max(due.count() + due.unanswered()), failed)
}

pub(super) fn findings(measured: &Measured, judged: &ScenarioVerdict) -> Vec<String> {
    let trends = judged.trends.iter().map(|(name, trend)| {
        format!(
            "latency of {name} drifted by {:+.0} ms over {} s of steady load ({:+.2} ms/s, p = {:.4})",
            trend.change_ms, trend.seconds, trend.slope_ms_per_s, trend.p_value
        )
    });
    cut_short(measured).into_iter().chain(trends).chain(measured.notes.iter().cloned()).collect()
}

/// Why a scenario did not come to its planned end; nothing where it did.
pub(in crate::report) fn cut_short(measured: &Measured) -> Option<String> {
    match &measured.ended_early {
        Some(ended) => Some(format!("aborted in second {}: {}", ended.second, ended.why)),
        None => {
            measured.run.interrupted.then(|| "interrupted: it did not come to its planned end".to_owned())
        }
    }
}

pub(super) fn latencies(run: &ScenarioRun) -> Vec<LatencyRow> {
    let row = |timing: &TimingRun| {
        let (requests, failed) = samples(timing);
        let due = timing.distribution(Column::SinceDue);
        let sent = timing.distribution(Column::SinceSent);
        LatencyRow {
            name: timing.name.clone(),
            requests,
            failed,
            since_due: [within(&due, 50.0), within(&due, 95.0), within(&due, 99.0), or_dash(due.max())],
            since_sent: [50.0, 95.0, 99.0].map(|percent| at(&sent, percent)),
            lateness: at(&timing.distribution(Column::Lateness), 99.0),
        }
    };
    run.timings.iter().map(row).filter(|row| row.requests > 0).collect()
}

pub(super) fn phases(run: &ScenarioRun) -> Vec<PhaseRow> {
    let row = |timing: &TimingRun| PhaseRow {
        name: timing.name.clone(),
        p95: PHASES.map(|(phase, _)| at(&timing.distribution(Column::Phase(phase)), 95.0)),
    };
    endpoints(&run.timings).map(row).filter(|row| row.p95.iter().any(|text| text != "–")).collect()
}

pub(super) fn faults(measured: &Measured) -> Vec<FaultRow> {
    let run = &measured.run;
    let of = |timing: &TimingRun| {
        let row = |fault: &engine::run::FaultRun| FaultRow {
            series: timing.name.clone(),
            kind: fault.kind.to_string(),
            count: fault.count,
            evidence: fault.evidence.clone(),
            traces: traced::of(&measured.traces, &timing.name, &fault.kind),
        };
        timing.faults.iter().map(row).collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = endpoints(&run.timings).flat_map(of).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}

pub(super) fn shares(run: &ScenarioRun) -> Vec<[String; 3]> {
    let row = |share: &engine::run::ShareRun| {
        let (good, bad) = share.counts();
        let all = good + bad;
        let part = if all == 0 { "–".to_owned() } else { percent(good as f64 / all as f64) };
        [share.name.clone(), part, format!("{} of {}", number(good), number(all))]
    };
    run.shares.iter().map(row).collect()
}

pub(super) fn counters(run: &ScenarioRun) -> Vec<CounterRow> {
    let row = |counter: &engine::run::CounterRun| CounterRow {
        name: counter.name.clone(),
        total: counter.total,
        evidence: counter.evidence.clone(),
    };
    run.counters.iter().filter(|counter| counter.total > 0).map(row).collect()
}

/// The generator's own figures, each with what the gate allows: they are shown whether or not it fell short.
pub(super) fn health(run: &ScenarioRun) -> Vec<[String; 2]> {
    let users = run.health.users.iter().map(|(_, users)| *users).max();
    let users = users.map_or_else(|| "–".to_owned(), |most| format!("{} at most", number(most)));
    let lost = run.health.lost.len() as u64;
    let flows = run.flows.iter().map(|flow| [format!("flow {}", flow.flow.name), starts(flow)]);
    flows
        .chain(lateness(run))
        .chain([
            ["processor".to_owned(), processor(&run.health)],
            ["users at it".to_owned(), users],
            [
                "threads".to_owned(),
                format!("{}, {} lost (none may be)", number(run.health.workers), number(lost)),
            ],
        ])
        .collect()
}

/// Starts that were made, of those that were due: what an interruption cut short was not.
fn starts(flow: &FlowRun) -> String {
    let tally = &flow.tally;
    let (achieved, due) = (tally.started + tally.held_back, tally.planned.saturating_sub(tally.cut_short));
    let part = if due == 0 { "–".to_owned() } else { percent((achieved as f64 / due as f64).min(1.0)) };
    format!(
        "{} of {} planned starts made ({part}; at least {} needed), {} replaced, {} dropped (none may be), {} held \
         back, {} unfinished",
        number(tally.started),
        number(tally.planned),
        percent(gate::ACHIEVED),
        number(tally.replaced),
        number(tally.dropped),
        number(tally.held_back),
        number(tally.unfinished)
    )
}

fn lateness(run: &ScenarioRun) -> Vec<[String; 2]> {
    let starts = run.health.starts.distribution();
    let late = format!("p50 {}, p99 {}, max {}", at(&starts, 50.0), at(&starts, 99.0), or_dash(starts.max()));
    let allowed = gate::lateness_allowed(run).map_or_else(
        || "no limit on a response time to hold it against".to_owned(),
        |most| format!("at most {} allowed: a tenth of the tightest limit", limit(most)),
    );
    let all = gate::lateness_p99(run).map(|p99| {
        ["lateness, starts or later steps".to_owned(), format!("p99 {} ({allowed})", duration(p99))]
    });
    [["lateness of starts".to_owned(), late]].into_iter().chain(all).collect()
}

fn processor(health: &Health) -> String {
    let length: f64 = health.cpu.iter().map(|look| look.length_s).sum();
    if length <= 0.0 {
        return "not measured".to_owned();
    }
    let mean = health.cpu.iter().map(|look| look.cores * look.length_s).sum::<f64>() / length;
    let busiest = health.cpu.iter().map(|look| look.cores).fold(0.0, f64::max);
    format!(
        "{mean:.2} cores on average, {busiest:.2} at most, of {:.2} allowed (at most {} of them for {:.0} s or longer)",
        health.cores,
        percent(gate::BUSY),
        gate::BUSY_S
    )
}

pub(super) fn warm_up(run: &ScenarioRun) -> Vec<WarmUpRow> {
    let row = |timing: &TimingRun| {
        let (requests, failed) = samples(timing);
        let due = timing.distribution(Column::SinceDue);
        WarmUpRow { name: timing.name.clone(), requests, failed, since_due: [at(&due, 50.0), at(&due, 95.0)] }
    };
    endpoints(&run.warm_up).map(row).filter(|row| row.requests > 0).collect()
}
