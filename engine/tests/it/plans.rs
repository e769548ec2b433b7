//! Whole plans: minutes of load, on a clock that stands still while anybody is awake.

use std::{cell::Cell, rc::Rc};

use engine::{
    clock,
    curve::Curve,
    driver::Tally,
    ends::Ends,
    load::{Flow, Load, Shard},
};

use crate::stage::{observe, observe_shard, secs};

fn registrations() -> Flow {
    let rate = Curve::new(vec![
        (0.0, 250.0 / 120.0),
        (120.0, 250.0 / 120.0),
        (120.0, 250.0 / 480.0),
        (600.0, 250.0 / 480.0),
    ]);
    Flow::new("registrations", Load::Arrivals(rate.expect("a curve")))
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_of_registrations_start_on_time() {
    let (tally, seen) =
        observe(&registrations(), &Ends::new(), |_| clock::sleep_until(clock::now() + secs(2.0))).await;
    assert_eq!(
        tally,
        Tally { planned: 500, started: 500, finished: 500, peak_users: tally.peak_users, ..Tally::default() }
    );
    assert_eq!(seen.iter().filter(|turn| turn.due < 120.0).count(), 250);
    // Two seconds of stay at 2.08 a second.
    assert!((4..=5).contains(&tally.peak_users), "{}", tally.peak_users);
    for turn in seen {
        assert!(turn.began >= turn.due && turn.began - turn.due < 0.001, "{turn:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn shards_of_a_flow_start_its_arrivals_once_each() {
    let mut users = Vec::new();
    for index in 0..3 {
        let shard = Shard { index, of: 3 };
        let (tally, seen) = observe_shard(&registrations(), shard, &Ends::new(), |_| async {}).await;
        assert_eq!(tally.started, tally.planned);
        users.extend(seen.iter().map(|turn| turn.user));
    }
    users.sort_unstable();
    assert_eq!(users, (0..500).collect::<Vec<u64>>());
}

#[tokio::test(start_paused = true)]
async fn a_flow_may_start_late() {
    let flow = Flow::new("late", Load::Arrivals(Curve::flat(10.0, 10.0))).starting_at(secs(60.0));
    let (tally, seen) = observe(&flow, &Ends::new(), |_| async {}).await;
    assert_eq!(tally.started, 100);
    assert!((seen[0].due - 60.05).abs() < 1e-6 && seen[99].due < 70.0);
}

#[tokio::test(start_paused = true)]
async fn arrivals_too_many_in_flight_are_dropped_not_delayed() {
    let flow = Flow::new("crowded", Load::Arrivals(Curve::flat(10.0, 10.0))).max_in_flight(5);
    let (tally, seen) = observe(&flow, &Ends::new(), |_| clock::sleep_until(clock::now() + secs(1.0))).await;
    assert_eq!((tally.started + tally.dropped, tally.peak_users), (100, 5));
    assert!(tally.dropped >= 49, "{tally:?}");
    assert!(seen.iter().all(|turn| turn.began - turn.due < 0.001));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_paced_users_act_a_thousand_times_a_minute() {
    let users = Curve::new(vec![(0.0, 0.0), (120.0, 100.0), (420.0, 100.0), (540.0, 0.0)]).expect("a curve");
    let flow = Flow::new("searchers", Load::Paced { users, every: secs(6.0) });
    let planned = flow.load.planned_starts();
    let (tally, seen) = observe(&flow, &Ends::new(), |_| clock::sleep_until(clock::now() + secs(0.3))).await;
    let whole = Tally { planned, started: planned, finished: planned, peak_users: 100, ..Tally::default() };
    assert_eq!(tally, whole);
    for minute in 2..7 {
        let (from, to) = (f64::from(minute) * 60.0, f64::from(minute + 1) * 60.0);
        let turns = seen.iter().filter(|turn| turn.due >= from - 1e-6 && turn.due < to - 1e-6).count();
        assert_eq!(turns, 1_000, "minute {minute}");
    }
    // And evenly within it: one every 60 ms.
    let mut hold: Vec<f64> =
        seen.iter().map(|turn| turn.due).filter(|due| (180.0..240.0).contains(due)).collect();
    hold.sort_by(f64::total_cmp);
    assert!(hold.windows(2).all(|pair| (pair[1] - pair[0] - 0.06).abs() < 1e-6));
}

#[tokio::test(start_paused = true)]
async fn paced_users_number_their_turns() {
    let flow = Flow::new("two", Load::Paced { users: Curve::flat(2.0, 30.0), every: secs(10.0) });
    let (_, seen) = observe(&flow, &Ends::new(), |_| async {}).await;
    let numbers =
        |user| seen.iter().filter(|turn| turn.user == user).map(|turn| turn.number).collect::<Vec<_>>();
    assert_eq!((numbers(0), numbers(1)), (vec![0, 1, 2], vec![0, 1, 2]));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_outlasts_the_interval_makes_the_next_turn_late_not_lost() {
    let flow = Flow::new("slow", Load::Paced { users: Curve::flat(1.0, 60.0), every: secs(6.0) });
    let first = Rc::new(Cell::new(true));
    let act = move |_| {
        let stay = if first.replace(false) { 15.0 } else { 0.5 };
        clock::sleep_until(clock::now() + secs(stay))
    };
    let (tally, seen) = observe(&flow, &Ends::new(), act).await;
    assert_eq!((tally.started, tally.finished, tally.held_back), (10, 10, 0));
    let due: Vec<f64> = seen.iter().map(|turn| turn.due).collect();
    assert_eq!(due, (0..10).map(|j| 6.0 * f64::from(j)).collect::<Vec<_>>());
    // Turns 1 and 2 were due at 6 and 12 s and begin at 15 and 15.5 s; at 18 s all is well again.
    let began: Vec<f64> = seen.iter().map(|turn| turn.began).collect();
    assert!(
        (began[1] - 15.0).abs() < 0.01 && (began[2] - 15.5).abs() < 0.01 && (began[3] - 18.0).abs() < 0.01
    );
}

#[tokio::test(start_paused = true)]
async fn turns_that_never_could_start_are_held_back_not_short() {
    let flow =
        Flow::new("frozen", Load::Paced { users: Curve::flat(1.0, 60.0), every: secs(6.0) }).grace(secs(5.0));
    let (tally, seen) = observe(&flow, &Ends::new(), |_| std::future::pending()).await;
    assert_eq!(seen.len(), 1);
    assert_eq!((tally.planned, tally.started, tally.held_back, tally.unfinished), (10, 1, 9, 1));
    assert_eq!(tally.cut_short, 0);
}
