//! Waiting for moments: the books of those who wait, and a worker's timer over real time.

use std::{collections::BTreeSet, future::poll_fn, pin::pin, task::Poll, time::Duration};

use engine::{
    clock::{self, Instant, Waiting},
    workers,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Add(u64),
    Remove(usize),
    Take(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        (0..20_u64).prop_map(Act::Add),
        (0..40_usize).prop_map(Act::Remove),
        (0..20_u64).prop_map(Act::Take)
    ];
    prop::collection::vec(act, 0..80)
}

proptest! {
    /// Against a list that is searched: nobody leaves early, nobody is kept, the earliest goes first and of
    /// equals the one who came first.
    #[test]
    fn everybody_leaves_in_order_and_nobody_who_left_is_kept(acts in acts()) {
        let zero = clock::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let mut waiting = Waiting::default();
        let mut list: BTreeSet<(u64, usize)> = BTreeSet::new();
        let mut places = Vec::new();
        for act in acts {
            match act {
                Act::Add(ms) => {
                    let n = places.len();
                    places.push((waiting.add(at(ms), n), (ms, n)));
                    list.insert((ms, n));
                }
                Act::Remove(n) => {
                    if let Some((place, key)) = places.get(n) {
                        prop_assert_eq!(waiting.get_mut(*place).is_some(), list.contains(key));
                        prop_assert_eq!(waiting.remove(*place), list.remove(key).then_some(n));
                    }
                }
                Act::Take(now) => {
                    let due = list.first().copied().filter(|first| first.0 <= now);
                    due.is_some().then(|| list.pop_first());
                    prop_assert_eq!(waiting.take_due(at(now)), due.map(|first| first.1));
                }
            }
            prop_assert_eq!(waiting.len(), list.len());
            prop_assert_eq!(waiting.is_empty(), list.is_empty());
            prop_assert_eq!(waiting.next(), list.first().map(|(ms, _)| at(*ms)));
        }
    }
}

/// What a worker finds, which is alone.
fn on_a_worker<T: Send>(job: impl AsyncFn() -> T + Sync) -> T {
    workers::run(1, |_| job()).remove(0).expect("the worker comes to its end")
}

#[test]
fn a_worker_wakes_everybody_and_nobody_early() {
    let in_time = on_a_worker(async || {
        let zero = clock::now();
        // Later ones first, two at each moment.
        let waits = (0..200_u32).rev().map(|n| {
            let at = zero + Duration::from_micros(90) * (n / 2);
            tokio::task::spawn_local(async move {
                clock::sleep_until(at).await;
                clock::now() >= at
            })
        });
        let mut in_time = 0;
        for wait in waits.collect::<Vec<_>>() {
            in_time += u32::from(wait.await.expect("it does not panic"));
        }
        in_time
    });
    assert_eq!(in_time, 200);
}

#[test]
fn a_wait_that_is_given_up_or_moved_to_another_task_does_not_lose_a_wake() {
    on_a_worker(async || {
        let zero = clock::now();
        let far = zero + Duration::from_hours(1);
        for _ in 0..1_000 {
            // Polled once, then dropped: the timer was set to it, and must not stay so.
            let mut never = pin!(clock::sleep_until(far));
            let first = poll_fn(|context| Poll::Ready(never.as_mut().poll(context))).await;
            assert!(first.is_pending());
        }
        let mut soon = Box::pin(clock::sleep_until(clock::now() + Duration::from_millis(3)));
        poll_fn(|context| Poll::Ready(soon.as_mut().poll(context).is_pending())).await;
        // Another task polls it from here on: that one is woken.
        tokio::task::spawn_local(soon).await.expect("it does not panic");
    });
}

#[test]
fn the_timer_is_the_workers_own_and_gone_with_it() {
    on_a_worker(async || clock::sleep_until(clock::now() + Duration::from_millis(1)).await);
    // Here tokio's paused clock is waited by, which jumps an hour.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let at: Instant = clock::now() + Duration::from_hours(1);
        clock::sleep_until(at).await;
        assert!(clock::now() >= at);
    });
}
