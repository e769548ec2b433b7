//! What is said of a limit.

use engine::exit::Exit;
use expect_test::expect;
use loadgen::{
    limit::{
        self, FORMAT, Limit, Offered, Trial,
        knee::Knee,
        search::{Contradiction, End, Outcome, Rules},
    },
    preset::Preset,
};

fn trial(factor: f64, outcome: Outcome, p95_ms: f64, why: &[&str]) -> Trial {
    let users = (100.0 * factor) as u64;
    Trial {
        factor,
        offered: Offered { per_second: Some(users as f64 / 6.0), acts: "queries".into(), users: Some(users) },
        p95_ms: Some(p95_ms),
        outcome,
        why: why.iter().map(|why| (*why).to_owned()).collect(),
        dir: Some(format!("run_20270101_00{:02}00", factor as u64)),
    }
}

fn found() -> Limit {
    let semantic = "semantic search p95: p95 of semantic < 1 500 ms (1 800 ms; 20 % over the limit)";
    Limit {
        format: FORMAT,
        id: "limit_20270101_000000".into(),
        started: "2027-01-01T00:00:00Z".into(),
        scenario: "search-load".into(),
        preset: Preset::Full,
        trial_s: 240.0,
        seed: 42,
        origin: "http://127.0.0.1:8089".into(),
        rules: Rules::default(),
        not_judged: Vec::new(),
        series: "GET /api/search".into(),
        trials: vec![
            trial(1.0, Outcome::Pass, 210.0, &[]),
            trial(1.5, Outcome::Pass, 215.0, &[]),
            trial(2.25, Outcome::Pass, 260.0, &[]),
            trial(
                3.38,
                Outcome::Fail,
                2_900.0,
                &["errors: errors of GET /api/search < 0.1 % (2 %)", semantic],
            ),
            trial(2.4, Outcome::Fail, 1_300.0, &[semantic]),
            trial(2.25, Outcome::Pass, 262.0, &[]),
        ],
        holds: Some(2.25),
        breaks: Some(2.4),
        end: End::Found,
        contradictions: Vec::new(),
        knee: Knee::Near(2.25),
        notes: Vec::new(),
    }
}

#[test]
fn a_limit_is_told_in_plain_sentences() {
    expect![[r"
        search-load holds up to 2.25 × the launch plan (37.5 queries/s by 225 users); at 2.4 × it does not hold.
        First to break, at 2.4 ×: semantic search p95: p95 of semantic < 1 500 ms (1 800 ms; 20 % over the limit).
        The knee, where p95 of GET /api/search leaves its plateau, is near 2.25 × (Kneedle).
        Headroom over the launch plan: 125 %.
    "]]
    .assert_eq(&limit::closing(&found()));
    assert_eq!(found().exit(), Exit::Ok);
}

#[test]
fn the_report_has_every_trial() {
    expect_test::expect_file!["limit.md"].assert_eq(&limit::markdown(&found()));
}

#[test]
fn what_is_not_a_limit_is_told_as_what_it_is() {
    let said = |limit: &Limit| limit::closing(limit).lines().next().unwrap_or_default().to_owned();
    let at_the_plan = |outcome| Limit {
        end: End::AtThePlan(outcome),
        trials: vec![trial(1.0, outcome, 900.0, &["search p95: too slow"])],
        holds: None,
        breaks: Some(1.0),
        ..found()
    };
    let gave_out = Limit { end: End::GeneratorGaveOut(3.38), breaks: None, ..found() };
    let smoke = Limit { preset: Preset::Smoke, end: End::UpTo, breaks: None, ..found() };
    let all = [
        said(&at_the_plan(Outcome::Fail)),
        said(&at_the_plan(Outcome::Invalid)),
        said(&at_the_plan(Outcome::Inconclusive)),
        said(&gave_out),
        said(&smoke),
        said(&Limit { end: End::OutOfTime, ..found() }),
        said(&Limit { end: End::Interrupted, breaks: None, ..found() }),
    ];
    expect![[r"
        search-load does not hold the launch plan.
        nothing can be said of search-load: the load generator gave out at the launch plan's own load.
        search-load is undecided at the launch plan's own load: longer trials would decide (--trial SECONDS).
        search-load holds at least 2.25 × the launch plan (37.5 queries/s by 225 users): the generator (not the target) gave out at 3.38 ×.
        search-load holds at least 2.25 × the plan at smoke (37.5 queries/s by 225 users), and nothing higher was to be tried.
        search-load holds 2.25 × the launch plan (37.5 queries/s by 225 users); at 2.4 × it does not hold; there was no time to look closer.
        search-load holds at least 2.25 × the launch plan (37.5 queries/s by 225 users): the search was ended before it broke."]]
    .assert_eq(&all.join("\n"));
    let exits = [
        at_the_plan(Outcome::Fail).exit(),
        at_the_plan(Outcome::Invalid).exit(),
        at_the_plan(Outcome::Inconclusive).exit(),
        gave_out.exit(),
        Limit { end: End::Interrupted, ..found() }.exit(),
        Limit { end: End::TargetGone, ..found() }.exit(),
    ];
    let wanted =
        [Exit::Failed, Exit::Invalid, Exit::Inconclusive, Exit::Ok, Exit::Interrupted, Exit::Unreachable];
    assert_eq!(exits, wanted);
}

#[test]
fn a_contradiction_is_told() {
    let pair = Contradiction { broke: 2.25, passed: 2.4 };
    let limit = Limit { contradictions: vec![pair], not_judged: vec!["errors".into()], ..found() };
    let said = limit::closing(&limit);
    assert!(said.contains("A trial at 2.25 × did not pass, though one at 2.4 × did"), "{said}");
    assert!(said.contains("too short to judge: errors."), "{said}");
    let back: Limit = serde_json::from_str(&limit.to_json()).expect("it reads back");
    assert_eq!(back, limit);
}
