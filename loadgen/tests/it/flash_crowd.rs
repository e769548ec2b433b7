//! event-rsvp-load as it is planned.

use crate::scopes::{full, plan, smoke};

#[test]
fn half_of_five_hundred_come_in_the_first_two_minutes() {
    let plan = plan("event-rsvp-load", &full());
    let curve = plan.flows[0].load.curve();
    assert_eq!(plan.flows[0].load.planned_starts(), 500);
    let rush = (0..500).filter(|n| curve.due(*n).is_some_and(|due| due < 120.0)).count();
    assert_eq!(rush, 250);
    assert!((curve.height(60.0) - 2.083).abs() < 0.001);
    assert!((curve.height(300.0) - 0.521).abs() < 0.001);
}

#[test]
fn smoke_keeps_the_five_hundred_and_their_shape() {
    let plan = plan("event-rsvp-load", &smoke());
    let curve = plan.flows[0].load.curve();
    assert_eq!(plan.flows[0].load.planned_starts(), 500);
    assert!((curve.duration() - 10.0).abs() < 1e-9);
    let rush = (0..500).filter(|n| curve.due(*n).is_some_and(|due| due < 2.0)).count();
    assert_eq!(rush, 250);
}

#[test]
fn some_pay_some_decline_some_click_twice() {
    let plan = plan("event-rsvp-load", &full());
    let intents: Vec<String> = plan.script.intents().collect();
    let count = |what: &str| intents.iter().filter(|line| line.contains(what)).count();
    assert!((360..440).contains(&count("evt_load_test_001 ")), "{}", count("evt_load_test_001 "));
    assert!(count("evt_load_test_small ") > 50, "more than there are seats");
    assert!((115..185).contains(&(count("Good") + count("Declined"))));
    assert!(count("Declined") > 0);
    let doubles = intents.iter().filter(|line| line.split(' ').rev().nth(1) == Some("true")).count();
    assert!((1..30).contains(&doubles), "{doubles}");
}

#[test]
fn the_baseline_has_an_event_of_its_own() {
    let scenario = loadgen::scenarios::find("event-rsvp-load").expect("it exists");
    let plan = scenario.baseline(&full(), std::time::Duration::from_mins(1)).expect("it has one");
    assert!(plan.goals.is_empty());
    assert!(plan.script.intents().all(|line| line.starts_with("evt_load_test_baseline ")));
    assert!(!plan.needs.empty_load_events);
}
