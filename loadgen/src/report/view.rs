//! What every format shows, computed once from the run: a report's sentences have no other source.

use std::{collections::BTreeMap, time::Duration};

use engine::{
    gate,
    goal::{Claim, Goal, Kind},
    histogram::{Distribution, Quantile},
    record::{Column, Phase, Role},
    run::{ScenarioRun, TimingRun},
    verdict::{DesignEffect, Judged, ScenarioVerdict, Verdict},
};

use super::words::{duration, number, percent, proportion};
use crate::{
    judgement::{self, Judgement},
    run::{Measured, Run},
};

/// A run with its verdicts, ready to be written down.
pub(super) struct View<'a> {
    pub(super) run: &'a Run,
    pub(super) judgement: Judgement,
    pub(super) scenarios: Vec<ScenarioView<'a>>,
    pub(super) overall: Vec<GoalRow>,
}

/// One scenario.
pub(super) struct ScenarioView<'a> {
    pub(super) measured: &'a Measured,
    pub(super) verdict: &'a str,
    pub(super) goals: Vec<GoalRow>,
    /// Why it is INVALID.
    pub(super) invalid: Vec<String>,
    /// What else is worth saying: trends, dependence of samples.
    pub(super) findings: Vec<String>,
    pub(super) latencies: Vec<LatencyRow>,
    pub(super) phases: Vec<PhaseRow>,
    pub(super) faults: Vec<FaultRow>,
    pub(super) shares: Vec<[String; 3]>,
    pub(super) counters: Vec<CounterRow>,
    pub(super) health: Vec<[String; 2]>,
    pub(super) seconds: Vec<Second>,
    pub(super) truth: Vec<TruthRow>,
}

/// One goal and what became of it.
pub(super) struct GoalRow {
    pub(super) name: String,
    /// What is claimed, in words.
    pub(super) claim: String,
    pub(super) kind: &'static str,
    /// What was observed, with its confidence interval.
    pub(super) observed: String,
    /// What it rests on.
    pub(super) basis: String,
    pub(super) word: &'static str,
    /// What more there is to say of the verdict.
    pub(super) reason: String,
}

/// Latency of one series.
pub(super) struct LatencyRow {
    pub(super) name: String,
    pub(super) requests: u64,
    pub(super) failed: u64,
    /// p50, p95, p99 and maximum, since due.
    pub(super) since_due: [String; 4],
    /// p50, p95 and p99, since sent.
    pub(super) since_sent: [String; 3],
    /// p99 of the generator's own lateness.
    pub(super) lateness: String,
}

/// The parts of requests to one endpoint: p95 of each.
pub(super) struct PhaseRow {
    pub(super) name: String,
    pub(super) p95: [String; 6],
}

/// Failures of one kind.
pub(super) struct FaultRow {
    pub(super) series: String,
    pub(super) kind: String,
    pub(super) count: u64,
    pub(super) evidence: Vec<String>,
}

/// A counter that counted something.
pub(super) struct CounterRow {
    pub(super) name: String,
    pub(super) total: u64,
    pub(super) evidence: Vec<String>,
}

/// One second of a scenario, over all endpoints.
pub(super) struct Second {
    pub(super) second: i64,
    pub(super) requests: u64,
    pub(super) failed: u64,
    pub(super) p50_ms: Option<f64>,
    pub(super) p95_ms: Option<f64>,
}

/// One percentile of a route: measured beside held.
pub(super) struct TruthRow {
    pub(super) route: String,
    pub(super) percentile: String,
    pub(super) measured: String,
    pub(super) held: String,
    pub(super) allowed: String,
    pub(super) word: &'static str,
}

/// The parts of a request, in the order of a table.
pub(super) const PHASES: [(Phase, &str); 6] = [
    (Phase::Blocked, "blocked"),
    (Phase::Connecting, "connecting"),
    (Phase::Tls, "TLS"),
    (Phase::Sending, "sending"),
    (Phase::Waiting, "waiting"),
    (Phase::Receiving, "receiving"),
];

impl<'a> View<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        let judgement = judgement::judge(run);
        let scenarios = run
            .scenarios
            .iter()
            .zip(&judgement.scenarios)
            .map(|(measured, judged)| scenario(measured, judged));
        let scenarios = scenarios.collect();
        let overall = judgement.overall.iter().map(|judged| goal_row(None, judged)).collect();
        Self { run, judgement, scenarios, overall }
    }

    /// Whether the team can launch, as far as this run says.
    pub(super) fn answer(&self) -> &'static str {
        let count = self.judgement.headline();
        if self.run.interrupted {
            "INTERRUPTED: this report is a partial one"
        } else if self.judgement.audit_failed {
            "FAIL: the target's own books are not in order"
        } else if count.fail > 0 {
            "FAIL: goals were missed"
        } else if count.invalid_scenarios > 0 {
            "INVALID: the load generator itself fell short"
        } else if count.inconclusive > 0 {
            "INCONCLUSIVE: the sample does not decide every goal"
        } else {
            "PASS: every goal that was judged held"
        }
    }

    /// The goals counted by verdict: "31 PASS, 14 not judged at smoke".
    pub(super) fn headline(&self) -> String {
        let count = self.judgement.headline();
        let mut parts = vec![format!("{} PASS", count.pass)];
        let mut add = |n: usize, text: String| {
            if n > 0 {
                parts.push(format!("{n} {text}"));
            }
        };
        add(count.fail, "FAIL".into());
        add(count.inconclusive, "inconclusive".into());
        add(count.not_judged, format!("not judged at {}", self.run.meta.preset));
        add(count.not_measured, "not measured".into());
        add(count.not_applicable, "not applicable".into());
        add(count.invalid_scenarios, "INVALID scenarios".into());
        parts.join(", ")
    }

    /// Goals that were missed, with the scenario's title, in order.
    pub(super) fn missed(&self) -> Vec<(&str, &GoalRow)> {
        let of_scenarios = self.scenarios.iter().flat_map(|scenario| {
            let name = scenario.measured.run.name.as_str();
            scenario.goals.iter().map(move |goal| (name, goal))
        });
        let overall = self.overall.iter().map(|goal| ("suite", goal));
        of_scenarios.chain(overall).filter(|(_, goal)| goal.word == "FAIL").collect()
    }

    /// Invariants of the target's own books that do not hold.
    pub(super) fn broken(&self) -> Vec<String> {
        let checks = self.run.audit.iter().flat_map(|audit| &audit.checks).filter(|check| !check.ok);
        checks.map(|check| format!("{}: {}", check.name, check.offenders.join(", "))).collect()
    }
}

fn scenario<'a>(measured: &'a Measured, judged: &ScenarioVerdict) -> ScenarioView<'a> {
    let run = &measured.run;
    let goals: Vec<_> = judged.goals.iter().map(|goal| goal_row(Some(run), goal)).collect();
    ScenarioView {
        measured,
        verdict: verdict_of(judged),
        goals,
        invalid: judged.invalid.iter().map(ToString::to_string).collect(),
        findings: findings(judged),
        latencies: run.timings.iter().filter_map(latency_row).collect(),
        phases: run
            .timings
            .iter()
            .filter(|timing| timing.role == Role::Endpoint)
            .filter_map(phase_row)
            .collect(),
        faults: faults(run),
        shares: run.shares.iter().map(|share| share_row(&share.name, share.counts())).collect(),
        counters: run
            .counters
            .iter()
            .filter(|counter| counter.total > 0)
            .map(|counter| CounterRow {
                name: counter.name.clone(),
                total: counter.total,
                evidence: counter.evidence.clone(),
            })
            .collect(),
        health: health(run),
        seconds: seconds(run),
        truth: truth(measured),
    }
}

/// A scenario's verdict: what counts most of its goals'.
fn verdict_of(judged: &ScenarioVerdict) -> &'static str {
    let any = |wanted: fn(&Verdict) -> bool| judged.goals.iter().any(|goal| wanted(&goal.verdict));
    if judged.has_failed() {
        "FAIL"
    } else if !judged.is_valid() {
        "INVALID"
    } else if any(|verdict| matches!(verdict, Verdict::Inconclusive { .. })) {
        "INCONCLUSIVE"
    } else if any(|verdict| *verdict == Verdict::Pass) {
        "PASS"
    } else {
        "NOT JUDGED"
    }
}

fn goal_row(run: Option<&ScenarioRun>, judged: &Judged) -> GoalRow {
    let (word, reason) = match &judged.verdict {
        Verdict::Pass => ("PASS", String::new()),
        Verdict::Fail => ("FAIL", String::new()),
        Verdict::Inconclusive { more: Some(more) } => {
            ("INCONCLUSIVE", format!("needs about {} more", number(*more)))
        }
        Verdict::Inconclusive { more: None } => ("INCONCLUSIVE", "too close to the limit to tell".to_owned()),
        Verdict::NotJudged { n, needed } => {
            ("NOT JUDGED", format!("{} of {} needed", number(*n), number(*needed)))
        }
        Verdict::NotApplicable(why) => ("n/a", why.clone()),
        Verdict::NotMeasured(why) => ("NOT MEASURED", why.clone()),
    };
    let reason = match judged.design_effect {
        DesignEffect::Applied { factor, .. } if factor > 1.0 && reason.is_empty() => {
            format!("neighbouring samples depend on each other: counted as n / {factor:.1}")
        }
        _ => reason,
    };
    GoalRow {
        name: judged.goal.name.clone(),
        claim: claim(run, &judged.goal),
        kind: match judged.goal.kind {
            Kind::Exact => "exact",
            Kind::Census => "census",
            Kind::Sampled => "sampled",
        },
        observed: observed(judged),
        basis: basis(judged),
        word,
        reason,
    }
}

fn claim(run: Option<&ScenarioRun>, goal: &Goal) -> String {
    let timing = |id| run.and_then(|run| run.timing(id)).map_or("", |timing| timing.name.as_str());
    match &goal.claim {
        Claim::Percentile { series, column, percent, limit } => {
            format!("p{percent} of {}{} < {}", timing(*series), column_words(*column), duration(*limit))
        }
        Claim::Errors { series, below } => format!("errors of {} < {}", timing(*series), percent(*below)),
        Claim::RequestErrors { below } => format!("errors / requests < {}", percent(*below)),
        Claim::Share { share, below } => {
            let name = run.and_then(|run| run.share(*share)).map_or("", |share| share.name.as_str());
            format!("{name} > {}", percent(1.0 - below))
        }
        Claim::Always(share) => {
            let name = run.and_then(|run| run.share(*share)).map_or("", |share| share.name.as_str());
            format!("{name} = 100 %")
        }
        Claim::Never(counter) => {
            let name = run.and_then(|run| run.counter(*counter)).map_or("", |counter| counter.name.as_str());
            format!("{name} = 0")
        }
    }
}

fn column_words(column: Column) -> &'static str {
    match column {
        Column::SinceDue => "",
        Column::SinceSent => ", since sent,",
        Column::Lateness => ", the generator's own lateness,",
        Column::Phase(wanted) => match wanted {
            Phase::Blocked => ", blocked,",
            Phase::Connecting => ", connecting,",
            Phase::Tls => ", TLS handshake,",
            Phase::Sending => ", sending,",
            Phase::Waiting => ", time to first byte,",
            Phase::Receiving => ", receiving,",
        },
    }
}

/// What was observed, in the words of the claim.
fn observed(judged: &Judged) -> String {
    let bad = judged.bad;
    match &judged.goal.claim {
        Claim::Percentile { .. } => judged.observed.map_or_else(|| "–".to_owned(), |seen| quantile(&seen)),
        Claim::Errors { .. } | Claim::RequestErrors { .. } => {
            judged.share().map_or_else(|| "–".to_owned(), |share| proportion(share, bad, judged.n))
        }
        Claim::Share { .. } | Claim::Always(_) => judged
            .share()
            .map_or_else(|| "–".to_owned(), |share| proportion(1.0 - share, judged.n - bad, judged.n)),
        Claim::Never(_) => number(bad),
    }
}

/// A percentile with its 95 % interval.
fn quantile(seen: &Quantile) -> String {
    let or_more = |value: Option<Duration>| value.map_or_else(|| "no answer".to_owned(), duration);
    if seen.value.is_none() && seen.low.is_none() {
        return "–".to_owned();
    }
    match (seen.low, seen.high) {
        (None, None) => or_more(seen.value),
        (low, high) => {
            let end = |end: Option<Duration>| end.map_or_else(|| "?".to_owned(), duration);
            format!("{} ({}–{})", or_more(seen.value), end(low), end(high))
        }
    }
}

/// What a verdict rests on: the bad ones of all, and the bound of their share.
fn basis(judged: &Judged) -> String {
    if matches!(judged.goal.claim, Claim::Never(_)) {
        return String::new();
    }
    let of = format!("{} of {}", number(judged.bad), number(judged.n));
    match judged.bounds {
        Some((_, high)) => format!("{of} over; share ≤ {} at 95 %", percent(high)),
        None => format!("{of} over"),
    }
}

fn findings(judged: &ScenarioVerdict) -> Vec<String> {
    judged
        .trends
        .iter()
        .map(|(name, trend)| {
            format!(
                "latency of {name} drifted by {:+.0} ms over {} s of steady load ({:+.2} ms/s, p = {:.4})",
                trend.change_ms, trend.seconds, trend.slope_ms_per_s, trend.p_value
            )
        })
        .collect()
}

fn latency_row(timing: &TimingRun) -> Option<LatencyRow> {
    let (ok, failed) = timing.counts();
    let due = timing.distribution(Column::SinceDue);
    let sent = timing.distribution(Column::SinceSent);
    let at = |all: &Distribution, p: f64| all.percentile(p).value.map_or_else(|| "–".to_owned(), duration);
    let count = (ok + failed).max(due.count() + due.unanswered());
    (count > 0).then(|| LatencyRow {
        name: timing.name.clone(),
        requests: count,
        failed,
        since_due: [
            at(&due, 50.0),
            at(&due, 95.0),
            at(&due, 99.0),
            due.max().map_or_else(|| "–".to_owned(), duration),
        ],
        since_sent: [at(&sent, 50.0), at(&sent, 95.0), at(&sent, 99.0)],
        lateness: at(&timing.distribution(Column::Lateness), 99.0),
    })
}

fn phase_row(timing: &TimingRun) -> Option<PhaseRow> {
    let p95 = PHASES.map(|(phase, _)| {
        timing
            .column(Column::Phase(phase))
            .and_then(|column| column.distribution().percentile(95.0).value)
            .map_or_else(|| "–".to_owned(), duration)
    });
    p95.iter().any(|text| text != "–").then(|| PhaseRow { name: timing.name.clone(), p95 })
}

fn faults(run: &ScenarioRun) -> Vec<FaultRow> {
    let endpoints = run.timings.iter().filter(|timing| timing.role == Role::Endpoint);
    endpoints
        .flat_map(|timing| {
            timing.faults.iter().map(|fault| FaultRow {
                series: timing.name.clone(),
                kind: fault.kind.to_string(),
                count: fault.count,
                evidence: fault.evidence.clone(),
            })
        })
        .collect()
}

fn share_row(name: &str, (good, bad): (u64, u64)) -> [String; 3] {
    let all = good + bad;
    let share = if all == 0 { "–".to_owned() } else { percent(good as f64 / all as f64) };
    [name.to_owned(), share, format!("{} of {}", number(good), number(all))]
}

fn health(run: &ScenarioRun) -> Vec<[String; 2]> {
    let tallies = run.flows.iter().map(|flow| {
        let tally = &flow.tally;
        let text = format!(
            "{} of {} planned starts made, {} replaced, {} dropped, {} held back, {} unfinished",
            number(tally.started),
            number(tally.planned),
            number(tally.replaced),
            number(tally.dropped),
            number(tally.held_back),
            number(tally.unfinished)
        );
        [format!("flow {}", flow.flow.name), text]
    });
    let mut rows: Vec<_> = tallies.collect();
    let starts = run.health.starts.distribution();
    let late = |p| starts.percentile(p).value.map_or_else(|| "–".to_owned(), duration);
    rows.push(["lateness of starts".to_owned(), format!("p50 {}, p99 {}", late(50.0), late(99.0))]);
    if let Some(p99) = gate::lateness_p99(run) {
        rows.push(["lateness, starts or later steps".to_owned(), format!("p99 {}", duration(p99))]);
    }
    let busiest = run.health.cpu.iter().map(|look| look.cores).fold(0.0, f64::max);
    let mean = run.health.cpu.iter().map(|look| look.cores * look.length_s).sum::<f64>()
        / run.health.cpu.iter().map(|look| look.length_s).sum::<f64>().max(f64::MIN_POSITIVE);
    let cores = run.health.cores;
    let looks = run.health.cpu.len();
    let cpu = if looks == 0 {
        "not measured".to_owned()
    } else {
        format!("{mean:.2} cores on average, {busiest:.2} at most, of {cores:.2} allowed")
    };
    rows.push(["processor".to_owned(), cpu]);
    let users = run.health.users.iter().map(|(_, users)| *users).max();
    rows.push([
        "users at it".to_owned(),
        users.map_or_else(|| "–".to_owned(), |most| format!("{} at most", number(most))),
    ]);
    rows.push(["threads".to_owned(), run.health.workers.to_string()]);
    rows
}

/// The seconds of a scenario, all endpoints together.
fn seconds(run: &ScenarioRun) -> Vec<Second> {
    let mut cells: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    let mut outcomes: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for timing in run.timings.iter().filter(|timing| timing.role == Role::Endpoint) {
        for cell in timing.column(Column::SinceDue).into_iter().flat_map(|column| &column.cells) {
            cells.entry(cell.second).or_default().push(cell);
        }
        for outcome in &timing.outcomes {
            let counts = outcomes.entry(outcome.second).or_default();
            counts.0 += outcome.ok + outcome.failed;
            counts.1 += outcome.failed;
        }
    }
    outcomes
        .into_iter()
        .map(|(second, (requests, failed))| {
            let all = Distribution::of(cells.remove(&second).unwrap_or_default());
            let at = |p| all.percentile(p).value.map(|value| value.as_secs_f64() * 1e3);
            Second { second, requests, failed, p50_ms: at(50.0), p95_ms: at(95.0) }
        })
        .collect()
}

fn truth(measured: &Measured) -> Vec<TruthRow> {
    let routes = measured.truth.iter().flat_map(|score| &score.routes);
    routes
        .flat_map(|route| {
            route.quantiles.iter().map(|quantile| TruthRow {
                route: route.route.clone(),
                percentile: format!("p{}", quantile.percent),
                measured: duration(Duration::from_micros(quantile.measured_us)),
                held: duration(Duration::from_micros(quantile.held_us)),
                allowed: format!("±{}", duration(Duration::from_micros(quantile.tolerance_us))),
                word: match (quantile.holds(), quantile.decides) {
                    (true, _) => "agrees",
                    (false, true) => "DIFFERS",
                    (false, false) => "differs (advisory)",
                },
            })
        })
        .collect()
}
