//! Every end is bounded: natural, asked for, and forced.

use std::rc::Rc;

use engine::{
    clock,
    curve::Curve,
    driver::{Tally, Turn},
    ends::{Ends, Leave, Stage},
    load::{Flow, Load},
};

use crate::stage::{local, observe, secs};

/// Ten starts a second for a minute.
fn arrivals() -> Flow {
    Flow::new("arrivals", Load::Arrivals(Curve::flat(10.0, 60.0)))
}

/// Drives a flow while `change` is done to the run's ends 30 s in; gives the tally and how long it took.
async fn ended_by<R: Future<Output = ()> + 'static>(
    flow: &Flow,
    change: impl FnOnce(&Ends),
    act: impl Fn(Turn) -> R + Clone + 'static,
) -> (Tally, f64) {
    let (ends, epoch) = (Ends::new(), clock::now());
    let driven = observe(flow, &ends, act);
    let changed = async {
        clock::sleep_until(epoch + secs(30.0)).await;
        change(&ends);
    };
    let ((tally, _), ()) = tokio::join!(driven, changed);
    (tally, (clock::now() - epoch).as_secs_f64())
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_waits_for_answers_but_not_for_thoughts() {
    let turn = |turn: Turn| async move {
        clock::sleep_until(clock::now() + secs(2.0)).await;
        let _ = turn.ends.think(secs(100.0)).await;
    };
    let (tally, took) = ended_by(&arrivals(), Ends::interrupt, turn).await;
    assert_eq!((tally.started, tally.cut_short, tally.finished, tally.unfinished), (300, 300, 300, 0));
    assert!((took - 32.0).abs() < 0.2, "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_closed_run_lets_turns_think_to_their_end() {
    let turn = |turn: Turn| async move {
        turn.ends.think(secs(20.0)).await.expect("nobody was sent home");
    };
    let (tally, took) = ended_by(&arrivals(), Ends::close, turn).await;
    assert_eq!((tally.started, tally.cut_short, tally.finished), (300, 300, 300));
    assert!((took - 50.0).abs() < 0.2, "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_second_interrupt_drops_everything_at_once() {
    let (tally, took) = ended_by(&arrivals(), Ends::abort, |_| std::future::pending()).await;
    assert_eq!((tally.started, tally.finished, tally.unfinished), (300, 0, 300));
    assert!((took - 30.0).abs() < 0.1, "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_never_answers_cannot_hold_the_run() {
    let flow = arrivals().grace(secs(5.0)).linger(secs(3.0));
    let epoch = clock::now();
    let (tally, _) = observe(&flow, &Ends::new(), |_| std::future::pending()).await;
    assert_eq!((tally.started, tally.finished, tally.unfinished), (600, 0, 600));
    let took = (clock::now() - epoch).as_secs_f64();
    assert!((took - 68.0).abs() < 0.1, "60 s of plan, 5 of grace, 3 of lingering: {took}");
}

#[tokio::test(start_paused = true)]
async fn every_load_ends_when_it_is_interrupted() {
    let loads = [
        Load::Arrivals(Curve::flat(5.0, 600.0)),
        Load::Paced { users: Curve::flat(50.0, 600.0), every: secs(6.0) },
        Load::Visitors(Curve::flat(50.0, 600.0)),
    ];
    for load in loads {
        let flow = Flow::new("any", load.clone());
        let act = |turn: Turn| async move {
            let _ = turn.ends.think(secs(4.0)).await;
        };
        let (tally, took) = ended_by(&flow, Ends::interrupt, act).await;
        assert!(took < 30.1, "{load:?} took {took}");
        assert_eq!(tally.started + tally.cut_short + tally.held_back, tally.planned, "{load:?}");
        assert_eq!((tally.unfinished, tally.finished), (0, tally.started + tally.replaced), "{load:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn users_who_have_not_come_yet_do_not_come_after_the_end() {
    let users = Curve::new(vec![(0.0, 0.0), (100.0, 100.0), (200.0, 100.0)]).expect("a curve");
    let flow = Flow::new("joining", Load::Paced { users, every: secs(6.0) });
    let (tally, _) = ended_by(&flow, Ends::interrupt, |_| async {}).await;
    assert_eq!(tally.peak_users, 30);
    assert_eq!(tally.started + tally.cut_short, tally.planned);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_user_takes_nobody_along() {
    let flow = Flow::new("brittle", Load::Arrivals(Curve::flat(1.0, 10.0)));
    let act = |turn: Turn| async move {
        assert!(turn.user != 3, "user 3 is a defect planted here");
    };
    let (tally, _) = observe(&flow, &Ends::new(), act).await;
    assert_eq!((tally.started, tally.finished, tally.panicked, tally.unfinished), (10, 9, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn thinking_says_when_it_should_have_ended() {
    let (ends, began) = (Ends::new(), clock::now());
    let due = ends.think(secs(3.0)).await.expect("nothing ends");
    assert_eq!(due.at, began + secs(3.0));
    // A moment gone by is not waited for, and the delay is somebody else's.
    let past = ends.until(began).await.expect("nothing ends");
    assert_eq!((past.at, past.lateness.as_nanos()), (began, 0));
    ends.leave();
    assert_eq!(ends.think(secs(3.0)).await, Err(Leave));
}

#[tokio::test(start_paused = true)]
async fn ends_only_move_forward() {
    let ends = Ends::new();
    assert_eq!((ends.stage(), ends.interrupted()), (Stage::Running, false));
    ends.interrupt();
    ends.close();
    assert_eq!((ends.stage(), ends.interrupted()), (Stage::Leaving, true));
    ends.abort();
    assert_eq!(ends.stage(), Stage::Aborted);
    ends.reached(Stage::Closing).await;
}

#[tokio::test(start_paused = true)]
async fn a_thinker_wakes_when_the_run_leaves() {
    let ends = Rc::new(Ends::new());
    let began = clock::now();
    let thinker = ends.clone();
    let outcome = local(async {
        let thought = tokio::task::spawn_local(async move { thinker.think(secs(60.0)).await });
        clock::sleep_until(began + secs(1.0)).await;
        ends.leave();
        thought.await.expect("it does not panic")
    });
    assert_eq!(outcome.await, Err(Leave));
    assert_eq!(clock::now(), began + secs(1.0));
}

#[tokio::test(start_paused = true)]
async fn a_part_ends_alone_and_with_the_whole() {
    let whole = Ends::new();
    let (one, other) = (whole.part(), whole.part().part());
    one.leave();
    assert_eq!((one.stage(), whole.stage(), other.stage()), (Stage::Leaving, Stage::Running, Stage::Running));
    assert!(!one.interrupted());
    one.reached(Stage::Closing).await;
    let told = async {
        clock::sleep_until(clock::now() + secs(1.0)).await;
        whole.interrupt();
    };
    tokio::join!(told, other.reached(Stage::Leaving));
    assert!(other.interrupted() && one.interrupted());
}

#[tokio::test(start_paused = true)]
async fn a_flow_driven_by_a_part_ends_with_the_whole() {
    let (whole, epoch) = (Ends::new(), clock::now());
    let part = whole.part();
    let (flow, ends) = (arrivals(), whole.clone());
    let driven = observe(&flow, &part, |_| async {});
    let told = async {
        clock::sleep_until(epoch + secs(30.0)).await;
        ends.interrupt();
    };
    let ((tally, _), ()) = tokio::join!(driven, told);
    assert_eq!((tally.started, tally.cut_short), (300, 300));
}
