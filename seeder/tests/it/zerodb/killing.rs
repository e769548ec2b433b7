//! Ended at any moment, and run again.

use fixtures::{Size, World};

use super::place::Place;

/// A world of so few items that it can be put in place hundreds of times.
fn handful(seed: u64) -> World {
    World::new(seed, Size { members: 4, instructors: 1, events: 2, content: 9, ..Size::default() })
}

/// Turns of the runtime that go by between a request's arrival and the end: the moments in which answers are on their
/// way and the ledger is written.
const TURNS: [usize; 4] = [0, 1, 5, 25];

/// Runs until this many requests have come and so many turns have gone by, then lets go of everything. Whether it
/// ended by itself before.
async fn killed(place: &Place, requests: usize, turns: usize, doing: impl Future<Output = ()>) -> bool {
    let end = async {
        place.server.has_been_asked(requests).await;
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = end => false,
        () = doing => true,
    }
}

#[tokio::test]
async fn an_apply_killed_at_any_moment_is_completed_by_the_next() {
    for turns in TURNS {
        let place = Place::new().await;
        for requests in 1.. {
            place.server.change(|held| *held = super::state::Held::default());
            place.ledger.tamper("TRUNCATE wwmaa_seed.objects").await;
            place.server.heal();
            let apply = async { drop(place.apply(handful(1)).await.expect("nothing goes wrong")) };
            let ended = killed(&place, requests, turns, apply).await;
            place.apply(handful(1)).await.expect("it goes on");
            place.holds_and_knows(handful(1)).await;
            if ended {
                assert!(requests > 20, "{requests}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_change_of_worlds_killed_at_any_moment_is_completed_by_the_next() {
    let place = Place::new().await;
    for requests in 1.. {
        place.apply(handful(1)).await.expect("it is put in place");
        place.server.heal();
        let apply = async { drop(place.apply(handful(2)).await.expect("nothing goes wrong")) };
        let ended = killed(&place, requests, requests % 7, apply).await;
        place.apply(handful(2)).await.expect("it goes on");
        place.holds_and_knows(handful(2)).await;
        if ended {
            break;
        }
    }
}

#[tokio::test]
async fn what_a_killed_apply_left_is_removed_whole() {
    let place = Place::new().await;
    for requests in 1.. {
        place.server.heal();
        let apply = async { drop(place.apply(handful(1)).await.expect("nothing goes wrong")) };
        let ended = killed(&place, requests, requests % 5, apply).await;
        place.destroy().await.expect("it goes");
        assert!(place.server.held().tables.is_empty(), "after {requests}: {:?}", place.server.held().tables);
        assert!(place.ledger.lines().await.is_empty());
        if ended {
            break;
        }
    }
}

#[tokio::test]
async fn a_destroy_killed_at_any_moment_is_completed_by_the_next() {
    let place = Place::new().await;
    for requests in 1.. {
        place.apply(handful(1)).await.expect("it is put in place");
        place.server.heal();
        let destroy = async { drop(place.destroy().await.expect("nothing goes wrong")) };
        let ended = killed(&place, requests, requests % 5, destroy).await;
        place.destroy().await.expect("it goes on");
        assert!(place.server.held().tables.is_empty(), "after {requests}: {:?}", place.server.held().tables);
        assert!(place.ledger.lines().await.is_empty());
        if ended {
            break;
        }
    }
}
