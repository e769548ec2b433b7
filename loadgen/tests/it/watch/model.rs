//! What is shown now, as a fold of the stream.

use std::time::Duration;

use engine::{
    goal::{self, Goal},
    record::{Live, Registry, Standing},
};
use loadgen::watch::{
    gauge::{Gauge, Health, Level},
    model::{Model, State, TRAIL_S},
    stream::{Entry, Event, ScenarioBegan},
};
use proptest::prelude::*;

use super::made::{Teller, ended, goals, live, over, planned, run, under_way};

fn gauge(goal: Goal, n: u64, bad: u64) -> (Level, &'static str) {
    let card = ScenarioBegan::new(planned("search-load", 1.0), &[goal]);
    let gauge = Gauge::new(&card.goals[0], Standing { n, bad });
    (gauge.level, gauge.word)
}

fn p95() -> Goal {
    let search = Registry::new().group("search");
    Goal::sampled("p95", goal::p95(search).below(Duration::from_millis(1_200)), 7_000)
}

#[test]
fn a_gauge_says_how_much_of_the_allowance_is_used() {
    // p95 allows one in twenty.
    assert_eq!(gauge(p95(), 0, 0), (Level::Unseen, "nothing yet"));
    assert_eq!(gauge(p95(), 1_000, 34), (Level::Fine, "fine"));
    assert_eq!(gauge(p95(), 1_000, 35), (Level::Near, "near"));
    assert_eq!(gauge(p95(), 1_000, 49), (Level::Near, "near"));
    assert_eq!(gauge(p95(), 1_000, 50), (Level::Over, "over"), "limits are exclusive");
}

#[test]
fn an_exact_goal_is_ok_or_broken() {
    let mut registry = Registry::new();
    let exact = Goal::exact("never", goal::never(registry.counter("twice")));
    assert_eq!(gauge(exact.clone(), 0, 0), (Level::Fine, "ok"));
    assert_eq!(gauge(exact, 1, 1), (Level::Over, "broken"));
}

#[test]
fn a_goal_that_is_not_judged_says_why_whatever_was_seen() {
    let said = [p95().not_applicable("no TLS"), p95().not_measured("no books"), Goal { planned: 3, ..p95() }]
        .map(|goal| gauge(goal, 10, 10));
    let aside = |word| (Level::Aside, word);
    assert_eq!(said, [aside("not applicable"), aside("not measured"), aside("too few planned")]);
}

#[test]
fn the_generator_is_measured_against_a_tenth_of_the_tightest_limit() {
    let card = ScenarioBegan::new(planned("search-load", 1.0), &goals());
    // 200 ms for TLS is tighter, but does not apply.
    assert_eq!(card.tightest_ms, Some(800.0));
    let late = |ms| {
        let live =
            Live { lateness_p99: Some(Duration::from_millis(ms)), cores: Some(1.9), ..Live::default() };
        Health::new(&live, card.tightest_ms, 2.0)
    };
    let levels = [10, 60, 81].map(|ms| late(ms).lateness_level());
    assert_eq!(levels, [Level::Fine, Level::Near, Level::Over]);
    assert_eq!(late(1).cores_level(), Level::Over, "1.9 of 2 is more than nine tenths");
    assert_eq!(Health::default().lateness_level(), Level::Unseen);
}

#[test]
fn scenarios_are_to_come_then_run_then_are_over() {
    let model = under_way().model();
    let states: Vec<_> = model.scenarios.iter().map(|row| row.state.clone()).collect();
    assert_eq!(states[..2], [State::Done(ended("search-load", "PASS")), State::Running]);
    assert!(states[2..].iter().all(|state| *state == State::Pending));
    let current = model.current.as_ref().expect("one runs");
    assert_eq!(current.card.planned.name, "rtc-load");
    assert_eq!(current.live, live(4));
    assert_eq!(current.trail.len(), 5, "the trail is this scenario's");
}

#[test]
fn what_is_left_is_the_rest_of_this_one_and_those_to_come() {
    let model = under_way().model();
    // Load began at 13.4 s and takes 18 s; 10 + 10 + 13 + 11 s come after.
    let left = model.left_s(19_400);
    assert!((left - (12.0 + 44.0)).abs() < 1e-9, "{left}");
    let overdue = model.left_s(40_000);
    assert!((overdue - 44.0).abs() < 1e-9, "never negative: {overdue}");
}

#[test]
fn a_baseline_leaves_the_scenario_of_its_name_to_come() {
    let mut teller = Teller::default();
    teller.tell(0, Event::RunBegan(run()));
    teller.tell(1, Event::ScenarioBegan(ScenarioBegan::new(planned("search-load", 60.0), &[])));
    let model = teller.model();
    assert_eq!(model.scenarios[0].state, State::Pending);
    assert!(model.current.is_some_and(|current| current.baseline()));
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut teller = under_way();
    for n in 0..1_000 {
        teller.second(20_000 + n * 1_000, live(5 + n.cast_signed()));
        teller.say(20_000 + n * 1_000, &format!("sentence {n}"));
    }
    let model = teller.model();
    assert_eq!(model.current.expect("one runs").trail.len(), TRAIL_S);
    assert_eq!(model.said.len(), 200);
    assert_eq!(model.said.back().map(String::as_str), Some("sentence 999"));
}

#[test]
fn the_stream_survives_being_written_and_read() {
    let mut teller = under_way();
    teller.tell(30_000, over());
    let written = serde_json::to_string(&teller.entries).expect("JSON");
    let read: Vec<Entry> = serde_json::from_str(&written).expect("the same");
    assert_eq!(read, teller.entries);
}

proptest! {
    /// Whatever order things come in, a fold ends.
    #[test]
    fn any_order_of_entries_can_be_shown(order in prop::collection::vec(0_usize..19, 0..60), now in 0_u64..100_000) {
        let entries = under_way().entries;
        let mut model = Model::default();
        for place in order {
            model.apply(&entries[place % entries.len()]);
            prop_assert!(model.left_s(now) >= 0.0);
        }
    }
}
