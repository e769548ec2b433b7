use std::time::Duration;

use engine::{
    curve::Curve,
    load::{Flow, Grid, Load, Shard, steady_window},
};
use proptest::prelude::*;

use crate::stage::secs;

/// Members searching: 0 to 100 in two minutes, five minutes' hold, down again.
fn searchers() -> Load {
    let users = Curve::new(vec![(0.0, 0.0), (120.0, 100.0), (420.0, 100.0), (540.0, 0.0)]).expect("a curve");
    Load::Paced { users, every: secs(6.0) }
}

#[test]
fn a_hundred_users_every_six_seconds_are_a_thousand_turns_a_minute() {
    let load = searchers();
    assert_eq!(load.peak_users(), Some(100));
    // Half of 2 × 120 s of ramps and 300 s of hold, at 1 000 a minute.
    let planned = load.planned_starts();
    assert!((6_990..=7_010).contains(&planned), "{planned}");
    let hold = Load::Paced { users: Curve::flat(100.0, 300.0), every: secs(6.0) };
    assert_eq!(hold.planned_starts(), 5_000);
}

#[test]
fn phases_are_the_multiples_of_a_hundredth() {
    let grid = Grid::new(100, secs(6.0));
    let mut slots: Vec<u64> = (0..100).map(|seat| (grid.phase(seat) / 0.06).round() as u64).collect();
    // The first ten who join are spread over the interval already: no gap over twice the mean.
    let mut first = slots[..10].to_vec();
    first.sort_unstable();
    assert!(first.windows(2).all(|pair| pair[1] - pair[0] <= 20), "{first:?}");
    slots.sort_unstable();
    assert_eq!(slots, (0..100).collect::<Vec<u64>>());
}

#[test]
fn stretching_a_load_keeps_its_heights() {
    let stretched = searchers().stretched(0.1);
    assert_eq!(stretched.peak_users(), Some(100));
    assert!((stretched.curve().duration() - 54.0).abs() < 1e-9);
    assert!((690..=710).contains(&stretched.planned_starts()));
}

#[test]
fn the_crowd_needs_ten_thousand_seats() {
    let heads = Curve::new(vec![
        (0.0, 0.0),
        (180.0, 1_000.0),
        (300.0, 5_000.0),
        (420.0, 10_000.0),
        (720.0, 10_000.0),
        (900.0, 0.0),
    ]);
    let load = Load::Visitors(heads.expect("a curve"));
    assert_eq!((load.peak_users(), load.planned_starts()), (Some(10_000), 10_000));
}

#[test]
fn the_steady_window_is_where_every_flow_is_at_its_height() {
    let flow = |name: &str, starts: u64| {
        Flow::new(name, Load::Arrivals(Curve::flat(50.0, 300.0))).starting_at(Duration::from_secs(starts))
    };
    let flows = [flow("auth", 0), flow("events", 30), flow("subscriptions", 60)];
    assert_eq!(steady_window(&flows), Some((60.0, 300.0)));
    assert_eq!(steady_window(&[flow("first", 0), flow("second", 400)]), None);
    assert_eq!(steady_window(&[]), None);
    assert_eq!(flows[2].ends_at(), Duration::from_mins(6));
}

#[test]
fn a_flow_survives_being_written_and_read() {
    let flow = Flow::new("searchers", searchers()).starting_at(secs(1.5)).grace(secs(3.0)).max_in_flight(7);
    let text = serde_json::to_string(&flow).expect("plain data");
    assert_eq!(serde_json::from_str::<Flow>(&text).expect("what was written"), flow);
}

#[test]
fn a_stretched_load_survives_being_written() {
    let curve = Curve::new(vec![(0.0, 0.0), (180.0, 1_000.0), (300.0, 5_000.0), (900.0, 0.0)]);
    let load = Load::Visitors(curve.expect("the points ascend")).stretched(0.013 / 3.0);
    let text = serde_json::to_string(&load).expect("it has string keys");
    assert_eq!(serde_json::from_str::<Load>(&text).expect("what was written"), load);
}

proptest! {
    #[test]
    fn shards_part_the_work_without_overlap(total in 0_u64..500, of in 1_u64..9) {
        let mut all: Vec<u64> = (0..of).flat_map(|index| Shard { index, of }.pieces(total)).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..total).collect::<Vec<u64>>());
        for n in 0..total {
            prop_assert_eq!((0..of).filter(|&index| Shard { index, of }.owns(n)).count(), 1);
        }
    }

    #[test]
    fn parts_of_shards_are_shards(total in 0_u64..500, processes in 1_u64..5, workers in 1_u64..5) {
        let process = |index| Shard { index, of: processes };
        let parts = (0..processes).flat_map(|p| (0..workers).map(move |w| (p, w)));
        let parts = parts.map(|(p, index)| process(p).part(Shard { index, of: workers }));
        let mut all: Vec<u64> = parts.flat_map(|part| part.pieces(total)).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..total).collect::<Vec<u64>>());
    }

    #[test]
    fn phases_are_all_different_and_within_the_interval(seats in 1_u64..400, every in 0.1..60.0) {
        let grid = Grid::new(seats, secs(every));
        let mut phases: Vec<f64> = (0..seats).map(|seat| grid.phase(seat)).collect();
        phases.sort_by(f64::total_cmp);
        for (i, phase) in phases.iter().enumerate() {
            prop_assert!((phase - every * i as f64 / seats as f64).abs() < 1e-6);
        }
    }

    #[test]
    fn turns_of_adjoining_stretches_add_up(seat in 0_u64..50, cut in 0.0..100.0) {
        let grid = Grid::new(50, secs(6.0));
        prop_assert_eq!(grid.turns(seat, 0.0, cut) + grid.turns(seat, cut, 100.0), grid.turns(seat, 0.0, 100.0));
    }
}
