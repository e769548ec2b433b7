use std::time::Duration;

use engine::{
    clock,
    curve::Curve,
    load::{Flow, Load},
    record::{Collector, Plan, Registry},
};

use super::*;

fn milestones(away_since: Option<Instant>) -> Milestones {
    let mut registry = Registry::new();
    let series = MediaSeries::declare(&mut registry);
    let flow = Flow::new("participants", Load::Arrivals(Curve::flat(1.0, 1.0)));
    let collector = Collector::start(Plan::new("rtc-load", registry, Vec::new(), vec![flow]));
    Milestones::new(collector.tap().recorder(clock::now()), series, true, away_since)
}

#[test]
fn whoever_loses_the_path_is_away_since_the_last_datagram_not_since_it_was_noticed() {
    let (start, s) = (clock::now(), Duration::from_secs);
    let mut path = milestones(None);
    assert_eq!(path.away_since(), None, "nothing ever came");
    path.reached(start);
    assert_eq!(path.away_since(), Some(start));
    path.lost(start + s(5));
    path.reached(start + s(6));
    path.lost(start + s(10));
    assert_eq!(path.away_since(), Some(start), "the first moment counts");
    path.up(start + s(11));
    path.reached(start + s(12));
    assert_eq!(path.away_since(), Some(start + s(12)));
}

#[test]
fn a_path_that_replaces_a_lost_one_is_away_as_long_as_that() {
    let (start, s) = (clock::now(), Duration::from_secs);
    let mut path = milestones(Some(start));
    path.reached(start + s(1));
    path.lost(start + s(2));
    assert_eq!(path.away_since(), Some(start));
}
