//! Visitors: a head-count, kept by replacing whoever goes.

use std::{cell::RefCell, collections::HashSet, rc::Rc};

use engine::{clock, curve::Curve, ends::Ends, load::Flow, load::Load};

use crate::stage::{observe, secs};

fn crowd() -> Curve {
    let points = vec![
        (0.0, 0.0),
        (180.0, 1_000.0),
        (300.0, 5_000.0),
        (420.0, 10_000.0),
        (720.0, 10_000.0),
        (900.0, 0.0),
    ];
    Curve::new(points).expect("a curve")
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_visitors_come_stay_and_go() {
    let flow = Flow::new("crowd", Load::Visitors(crowd()));
    // Each visit is one long thought of 75 s, about what ten pages take.
    let visit = |turn: engine::driver::Turn| async move {
        let _ = turn.ends.think(secs(75.0)).await;
    };
    let (tally, seen) = observe(&flow, &Ends::new(), visit).await;
    assert_eq!((tally.planned, tally.started, tally.peak_users), (10_000, 10_000, 10_000));
    assert_eq!(tally.finished, tally.started + tally.replaced);
    assert_eq!((tally.unfinished, tally.cut_short, tally.panicked), (0, 0, 0));
    let users: HashSet<u64> = seen.iter().map(|turn| turn.user).collect();
    assert_eq!(users.len() as u64, tally.started + tally.replaced, "every visitor is somebody else");
    // Present at a moment: those who came in the 75 s before it.
    let present =
        |at: f64| seen.iter().filter(|turn| turn.began <= at && turn.began + 75.0 > at).count() as f64;
    for at in [90.0, 180.0, 300.0, 420.0, 600.0, 719.0] {
        let asked = crowd().height(at);
        assert!((present(at) - asked).abs() <= 0.01 * asked + 2.0, "{} of {asked} at {at} s", present(at));
    }
    // On the way down nobody is replaced, so the count lags by at most a visit.
    assert!(present(850.0) <= crowd().height(850.0 - 75.0) + 2.0);
    assert!(present(899.0) < 5_000.0);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_turns_everybody_away_meets_no_storm() {
    let flow = Flow::new("crowd", Load::Visitors(Curve::flat(10.0, 60.0)));
    let (tally, _) = observe(&flow, &Ends::new(), |_| async {}).await;
    assert_eq!(tally.started, 10);
    assert!(tally.replaced <= 600, "at most one visitor per seat and second: {}", tally.replaced);
}

#[tokio::test(start_paused = true)]
async fn the_curve_s_end_sends_thinkers_home() {
    let flow = Flow::new("crowd", Load::Visitors(Curve::flat(10.0, 60.0)));
    let left = Rc::new(RefCell::new(Vec::new()));
    let book = left.clone();
    let epoch = clock::now();
    let visit = move |turn: engine::driver::Turn| {
        let book = book.clone();
        async move {
            while turn.ends.think(secs(1_000.0)).await.is_ok() {}
            book.borrow_mut().push((clock::now() - epoch).as_secs());
        }
    };
    let (tally, _) = observe(&flow, &Ends::new(), visit).await;
    assert_eq!((tally.finished, tally.unfinished), (10, 0));
    assert_eq!(*left.borrow(), vec![60; 10]);
}
