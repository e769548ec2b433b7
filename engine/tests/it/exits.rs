use engine::{
    exit::{Exit, Inconclusive, Outcome, decide},
    gate::Reason,
    goal::{self, Goal, Kind},
    record::Registry,
    verdict::{DesignEffect, Judged, ScenarioVerdict, Verdict},
};

use crate::stage::ms;

fn judged(kind: Kind, verdict: Verdict) -> Judged {
    let mut registry = Registry::new();
    let (id, counter) = (registry.endpoint("GET /"), registry.counter("duplicates"));
    let goal = match kind {
        Kind::Exact => Goal::exact("exact", goal::never(counter)),
        Kind::Census => Goal::census("census", goal::p95(id).below(ms(1)), 50),
        Kind::Sampled => Goal::sampled("sampled", goal::p95(id).below(ms(1)), 500),
    };
    Judged {
        goal,
        verdict,
        n: 0,
        bad: 0,
        bounds: None,
        observed: None,
        design_effect: DesignEffect::NotNeeded,
    }
}

fn scenario(valid: bool, goals: Vec<Judged>) -> ScenarioVerdict {
    let dropped = Reason::Dropped { flow: "arrivals".into(), dropped: 1 };
    let invalid = if valid { Vec::new() } else { vec![dropped] };
    ScenarioVerdict { name: "any".into(), goals, invalid, trends: Vec::new() }
}

fn code(scenarios: &[ScenarioVerdict]) -> u8 {
    decide(Outcome { scenarios, ..Outcome::default() }, Inconclusive::Own).code()
}

const OPEN: Verdict = Verdict::Inconclusive { more: None };

#[test]
fn the_first_that_applies_is_the_code() {
    let failed = scenario(true, vec![judged(Kind::Sampled, Verdict::Fail)]);
    let invalid = scenario(false, vec![]);
    let open = scenario(true, vec![judged(Kind::Sampled, OPEN)]);
    let all = [failed, invalid, open];
    let mut outcome = Outcome {
        interrupted: true,
        usage: true,
        unreachable: true,
        scenarios: &all,
        overall: &[],
        audit_failed: true,
    };
    let decided = |outcome| decide(outcome, Inconclusive::Own);
    assert_eq!(decided(outcome).code(), 130);
    outcome.interrupted = false;
    assert_eq!(decided(outcome).code(), 2);
    outcome.usage = false;
    assert_eq!(decided(outcome).code(), 3);
    outcome.unreachable = false;
    assert_eq!(decided(outcome).code(), 99);
    outcome.audit_failed = false;
    assert_eq!(decided(outcome).code(), 99);
    outcome.scenarios = &all[1..];
    assert_eq!(decided(outcome).code(), 97);
    outcome.scenarios = &all[2..];
    assert_eq!(decided(outcome).code(), 98);
    outcome.scenarios = &[];
    assert_eq!(decided(outcome).code(), 0);
}

#[test]
fn a_missed_goal_counts_in_a_valid_scenario_and_an_exact_one_in_any() {
    assert_eq!(code(&[scenario(true, vec![judged(Kind::Census, Verdict::Fail)])]), 99);
    assert_eq!(code(&[scenario(false, vec![judged(Kind::Census, Verdict::Fail)])]), 97);
    assert_eq!(code(&[scenario(false, vec![judged(Kind::Sampled, Verdict::Fail)])]), 97);
    assert_eq!(code(&[scenario(false, vec![judged(Kind::Exact, Verdict::Fail)])]), 99);
}

#[test]
fn goals_not_judged_leave_the_code_alone() {
    let goals = [
        Verdict::Pass,
        Verdict::NotJudged { n: 1, needed: 59 },
        Verdict::NotApplicable("no TLS".into()),
        Verdict::NotMeasured("no browser".into()),
    ];
    assert_eq!(code(&[scenario(true, goals.map(|verdict| judged(Kind::Sampled, verdict)).to_vec())]), 0);
}

#[test]
fn a_goal_whose_measuring_fell_short_says_so_unless_another_was_missed() {
    let void = || judged(Kind::Sampled, Verdict::Invalid("starved".into()));
    let with = |other| code(&[scenario(true, vec![void(), judged(Kind::Sampled, other)])]);
    assert_eq!([with(Verdict::Pass), with(OPEN), with(Verdict::Fail)], [97, 97, 99]);
}

#[test]
fn an_open_goal_means_what_was_asked() {
    let scenarios = [scenario(true, vec![judged(Kind::Sampled, OPEN)])];
    let outcome = Outcome { scenarios: &scenarios, ..Outcome::default() };
    let codes = ["pass", "fail", "98"].map(|word| decide(outcome, word.parse().expect("a known word")));
    assert_eq!(codes, [Exit::Ok, Exit::Failed, Exit::Inconclusive]);
    let unknown = "maybe".parse::<Inconclusive>().expect_err("no such word");
    assert_eq!(unknown.to_string(), "`maybe` is none of pass, fail, 98");
}

#[test]
fn goals_over_the_suite_count_while_every_scenario_is_valid() {
    let overall = [judged(Kind::Sampled, Verdict::Fail)];
    let with = |valid| {
        let scenarios = [scenario(valid, vec![])];
        decide(Outcome { scenarios: &scenarios, overall: &overall, ..Outcome::default() }, Inconclusive::Own)
    };
    assert_eq!((with(true), with(false)), (Exit::Failed, Exit::Invalid));
}
