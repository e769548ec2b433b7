//! Goals against data made for them.

use std::time::Duration;

use engine::{
    goal::{self, Claim, Goal, Standing},
    record::{Column, Registry, Role, TimingId},
    run::{Cell, ColumnRun, CounterRun, Health, Outcomes, ScenarioRun, ShareRun, ShareSecond, TimingRun},
    verdict::{DesignEffect, Judged, Verdict, judge, judge_errors_overall, judge_goal},
};

use crate::stage::ms;

/// A run of one endpoint: so many requests a second, of which so many were at or over 100 ms.
pub(crate) fn run_of(seconds: &[(u64, u64)]) -> ScenarioRun {
    let cell = |(second, &(n, slow)): (i64, &(u64, u64))| {
        let values = [vec![10_000_000; (n - slow) as usize], vec![100_000_000; slow as usize]].concat();
        engine::histogram::Encoder::new().cell(second, &values, 0, &[100_000_000])
    };
    let cells: Vec<Cell> = (0..).zip(seconds).map(cell).collect();
    let outcomes = (0..)
        .zip(seconds)
        .map(|(second, &(n, slow))| Outcomes { second, ok: n - slow, failed: slow })
        .collect();
    let empty = |column| ColumnRun { column, limits_ns: Vec::new(), cells: Vec::new() };
    let shares = (0..).zip(seconds).map(|(second, &(n, bad))| ShareSecond { second, good: n - bad, bad });
    ScenarioRun {
        name: "made up".into(),
        started_unix_ms: 0,
        duration: Duration::from_secs(seconds.len() as u64),
        steady: None,
        interrupted: false,
        flows: Vec::new(),
        timings: vec![TimingRun {
            name: "GET /".into(),
            role: Role::Endpoint,
            columns: vec![ColumnRun { column: Column::SinceDue, limits_ns: vec![100_000_000], cells }],
            outcomes,
            faults: Vec::new(),
        }],
        warm_up: Vec::new(),
        shares: vec![ShareRun { name: "good".into(), seconds: shares.collect() }],
        counters: vec![CounterRun {
            name: "bad".into(),
            total: seconds.iter().map(|second| second.1).sum(),
            evidence: Vec::new(),
        }],
        health: Health {
            starts: empty(Column::Lateness),
            users: Vec::new(),
            cpu: Vec::new(),
            cores: 2.0,
            workers: 1,
            lost: Vec::new(),
        },
        goals: Vec::new(),
    }
}

fn endpoint() -> TimingId {
    Registry::new().endpoint("GET /")
}

fn p95() -> Claim {
    goal::p95(endpoint()).below(ms(100))
}

/// All in one second, so that no design effect applies.
fn sampled(n: u64, slow: u64, planned: u64) -> Verdict {
    judge_goal(&run_of(&[(n, slow)]), &Goal::sampled("p95", p95(), planned)).verdict
}

#[test]
fn a_sampled_goal_passes_fails_or_is_open_by_its_bounds() {
    assert_eq!(sampled(59, 0, 59), Verdict::Pass);
    assert_eq!((sampled(1_000, 38, 1_000), sampled(30_000, 1_437, 30_000)), (Verdict::Pass, Verdict::Pass));
    assert!(matches!(sampled(1_000, 39, 1_000), Verdict::Inconclusive { more: Some(_) }));
    // The lower bound passes 5 % at 63 of 1 000.
    assert!(matches!(sampled(1_000, 61, 1_000), Verdict::Inconclusive { .. }));
    assert_eq!(sampled(1_000, 65, 1_000), Verdict::Fail);
    assert_eq!(sampled(1_000, 50, 1_000), Verdict::Inconclusive { more: None });
}

#[test]
fn a_plan_too_small_is_not_judged_but_can_fail() {
    assert_eq!(sampled(58, 0, 58), Verdict::NotJudged { n: 58, needed: 59 });
    assert_eq!(sampled(58, 3, 58), Verdict::NotJudged { n: 58, needed: 59 });
    assert_eq!(sampled(58, 20, 58), Verdict::Fail);
    assert_eq!(sampled(0, 0, 20), Verdict::NotJudged { n: 20, needed: 59 });
}

#[test]
fn a_plan_large_enough_that_fell_short_is_inconclusive() {
    assert_eq!(sampled(40, 0, 1_000), Verdict::Inconclusive { more: Some(19) });
    assert_eq!(sampled(0, 0, 1_000), Verdict::Inconclusive { more: Some(59) });
}

#[test]
fn shares_and_errors_are_judged_alike() {
    let mut registry = Registry::new();
    let share = registry.share("good");
    let verdict =
        |n, bad, claim: Claim| judge_goal(&run_of(&[(n, bad)]), &Goal::sampled("share", claim, n)).verdict;
    assert_eq!(verdict(299, 0, goal::share(share).above(0.99)), Verdict::Pass);
    assert_eq!(verdict(298, 0, goal::share(share).above(0.99)), Verdict::NotJudged { n: 298, needed: 299 });
    assert_eq!(verdict(149, 0, goal::share(share).bad_below(0.02)), Verdict::Pass);
    assert_eq!(verdict(2_995, 0, goal::errors(endpoint()).below(0.001)), Verdict::Pass);
    assert_eq!(verdict(2_995, 0, goal::errors(endpoint()).success_above(0.999)), Verdict::Pass);
    assert_eq!(verdict(2_995, 20, goal::request_errors_below(0.001)), Verdict::Fail);
}

#[test]
fn a_census_is_decided_by_what_was_seen() {
    let verdict =
        |n, slow, planned| judge_goal(&run_of(&[(n, slow)]), &Goal::census("p95", p95(), planned)).verdict;
    // The 95th percentile of 50 is the 48th value: two may be slow.
    assert_eq!((verdict(50, 2, 50), verdict(50, 3, 50)), (Verdict::Pass, Verdict::Fail));
    // Planned and not seen: good enough even if all were slow, or not.
    assert_eq!(verdict(49, 1, 50), Verdict::Pass);
    assert_eq!(verdict(45, 0, 50), Verdict::Inconclusive { more: Some(5) });
    assert_eq!(verdict(45, 3, 50), Verdict::Fail);
    assert_eq!(verdict(0, 0, 0), Verdict::Inconclusive { more: Some(1) });
    let share = Registry::new().share("good");
    let verdict = |n, bad| {
        judge_goal(&run_of(&[(n, bad)]), &Goal::census("share", goal::share(share).above(0.99), n)).verdict
    };
    assert_eq!(
        (verdict(101, 1), verdict(100, 1), verdict(50, 0)),
        (Verdict::Pass, Verdict::Fail, Verdict::Pass)
    );
}

#[test]
fn seven_of_a_hundred_are_not_below_seven_percent() {
    let share = Registry::new().share("good");
    let claim = goal::share(share).bad_below(0.07);
    assert_eq!(judge_goal(&run_of(&[(100, 7)]), &Goal::census("share", claim, 100)).verdict, Verdict::Fail);
}

#[test]
fn one_counterexample_refutes_an_exact_goal() {
    let mut registry = Registry::new();
    let (share, counter) = (registry.share("good"), registry.counter("bad"));
    let verdict = |bad, goal: &Goal| judge_goal(&run_of(&[(100, bad)]), goal).verdict;
    let (never, always) =
        (Goal::exact("never", goal::never(counter)), Goal::exact("always", goal::always(share)));
    assert_eq!((verdict(0, &never), verdict(1, &never)), (Verdict::Pass, Verdict::Fail));
    assert_eq!((verdict(0, &always), verdict(1, &always)), (Verdict::Pass, Verdict::Fail));
    let many = always.of_at_least(150);
    assert_eq!(
        (verdict(0, &many), verdict(1, &many)),
        (Verdict::Inconclusive { more: Some(50) }, Verdict::Fail)
    );
}

#[test]
fn a_plan_that_makes_none_of_them_has_nothing_to_show() {
    let share = Registry::new().share("good");
    let of = |planned| {
        let goal = Goal::exact("all", goal::always(share)).of_those_planned(planned, "none planned");
        judge_goal(&run_of(&[(100, 0)]), &goal).verdict
    };
    assert_eq!(of(0), Verdict::NotApplicable("none planned".into()));
    assert_eq!(of(100), Verdict::Pass);
    assert_eq!(of(101), Verdict::Inconclusive { more: Some(1) });
}

#[test]
fn what_cannot_be_judged_says_why() {
    let run = run_of(&[(100, 0)]);
    let goal = Goal::sampled("TLS", p95(), 100).not_applicable("no TLS here");
    assert_eq!(judge_goal(&run, &goal).verdict, Verdict::NotApplicable("no TLS here".into()));
    let goal = Goal::exact("LCP", p95()).not_measured("no browser");
    assert_eq!(goal.standing, Standing::NotMeasured("no browser".into()));
    assert_eq!(judge_goal(&run, &goal).verdict, Verdict::NotMeasured("no browser".into()));
    // What measured it fell short: nothing is said of it, unless its plan was too small anyway.
    let starved = |planned| Goal::sampled("LCP", p95(), planned).invalid("starved");
    assert_eq!(judge_goal(&run, &starved(100)).verdict, Verdict::Invalid("starved".into()));
    assert_eq!(judge_goal(&run, &starved(58)).verdict, Verdict::NotJudged { n: 58, needed: 59 });
    let slow = run_of(&[(100, 100)]);
    assert_eq!(judge_goal(&slow, &starved(100)).verdict, Verdict::Invalid("starved".into()), "not FAIL");
    // A limit that was not counted against while it ran cannot be judged from buckets afterwards.
    let goal = Goal::sampled("p95", goal::p95(endpoint()).below(ms(70)), 100);
    assert!(matches!(judge_goal(&run, &goal).verdict, Verdict::NotMeasured(_)));
}

#[test]
fn bursts_of_slow_answers_need_more_evidence() {
    // 100 seconds of 30: 3 000 with 2 % slow, spread out, is a clear pass …
    let spread = run_of(&[vec![(30, 1); 60], vec![(30, 0); 40]].concat());
    let judged = |run: &ScenarioRun| judge_goal(run, &Goal::sampled("p95", p95(), 3_000));
    assert_eq!(judged(&spread).verdict, Verdict::Pass);
    // … and in two bad seconds it is less than it seems.
    let burst = run_of(&[vec![(30, 30); 2], vec![(30, 0); 98]].concat());
    let burst = judged(&burst);
    let DesignEffect::Applied { factor, blocks, block_s } = burst.design_effect else { panic!("{burst:?}") };
    assert_eq!((blocks, block_s, burst.n, burst.bad), (20, 5, 3_000, 60));
    assert!(factor > 20.0, "{factor}");
    assert!(matches!(burst.verdict, Verdict::Inconclusive { more: Some(_) }), "{:?}", burst.verdict);
    let (low, high) = burst.bounds.expect("it is a sample");
    assert!(low < 0.02 && high > 0.05);
}

#[test]
fn blocks_are_as_long_as_leaves_twenty() {
    let effect = |seconds: usize| {
        judge_goal(&run_of(&vec![(30, 0); seconds]), &Goal::sampled("p95", p95(), 59)).design_effect
    };
    let applied = |blocks, block_s| DesignEffect::Applied { factor: 1.0, blocks, block_s };
    assert_eq!(effect(19), DesignEffect::TooFewBlocks { blocks: 19 });
    assert_eq!((effect(20), effect(60), effect(300)), (applied(20, 1), applied(20, 3), applied(60, 5)));
}

#[test]
fn a_verdict_comes_with_its_figures() {
    let judged: Judged = judge_goal(&run_of(&[(1_000, 30)]), &Goal::sampled("p95", p95(), 1_000));
    assert_eq!((judged.n, judged.bad, judged.share()), (1_000, 30, Some(0.03)));
    let (low, high) = judged.bounds.expect("it is a sample");
    assert!(low < 0.03 && 0.03 < high && high < 0.05);
    let observed = judged.observed.expect("it is a percentile");
    assert_eq!(observed.value.map(|p95| p95.as_millis()), Some(10));
    assert!(observed.low <= observed.value && observed.value <= observed.high);
}

#[test]
fn errors_over_the_suite_pool_every_request() {
    let (a, b) = (run_of(&[(2_000, 0)]), run_of(&[(1_000, 0)]));
    let both = judge_errors_overall(&[&a, &b], 0.001, 3_000);
    assert_eq!((both.n, both.bad, both.verdict), (3_000, 0, Verdict::Pass));
    let one = judge_errors_overall(&[&b], 0.001, 1_000);
    assert_eq!(one.verdict, Verdict::NotJudged { n: 1_000, needed: 2_995 });
}

#[test]
fn a_goal_s_limit_is_free_of_rounding() {
    let share = Registry::new().share("good");
    let needed = |claim: Claim| Goal::sampled("any", claim, 0).needed();
    assert_eq!(needed(goal::share(share).above(0.999)), 2_995);
    assert_eq!(needed(goal::p99(endpoint()).below(ms(1))), 299);
    assert_eq!(needed(goal::percentile(endpoint(), 99.9).below(ms(1))), 2_995);
}

#[test]
fn verdicts_read_as_the_report_writes_them() {
    let text = |verdict: Verdict| verdict.to_string();
    let lines = [
        text(Verdict::Pass),
        text(Verdict::Fail),
        text(Verdict::Inconclusive { more: Some(120) }),
        text(Verdict::Inconclusive { more: None }),
        text(Verdict::NotJudged { n: 30, needed: 59 }),
        text(Verdict::NotApplicable("no TLS".into())),
        text(Verdict::NotMeasured("no browser".into())),
        text(Verdict::Invalid("starved".into())),
    ];
    expect_test::expect![[r"
        PASS
        FAIL
        INCONCLUSIVE (needs about 120 more)
        INCONCLUSIVE (too close to the limit to tell)
        NOT JUDGED (30 of 59 needed)
        not applicable (no TLS)
        not measured (no browser)
        INVALID (starved)"]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn judging_a_run_judges_all_its_goals() {
    let mut run = run_of(&[(1_000, 0)]);
    run.goals = vec![Goal::sampled("p95", p95(), 1_000), Goal::census("p95 of all", p95(), 1_000)];
    let judged = judge(&run);
    assert!(judged.goals.iter().all(|goal| goal.verdict == Verdict::Pass));
    assert!(judged.is_valid() && !judged.has_failed() && judged.trends.is_empty());
}
