//! Open load: every arrival starts when it is due, whatever became of those before it.

use std::pin::pin;

use crate::{
    clock,
    curve::Curve,
    driver::{
        Turn, VirtualUser,
        crew::{Crew, late},
    },
    ends::Stage,
};

/// Starts due at once are made in runs of this many before other tasks get their turn.
const RUN: u64 = 32;

/// Starts this shard's arrivals. One that would be too many in flight is dropped and counted: to
/// start it later would hide the delay.
pub(super) async fn start<U: VirtualUser>(crew: &mut Crew, rate: &Curve, mut make: impl FnMut(u64) -> U) {
    let planned = crew.shard.pieces(rate.total()).count() as u64;
    crew.books.count(|tally| tally.planned = planned);
    let ends = crew.ends.clone();
    let mut closing = pin!(ends.reached(Stage::Closing));
    let shard = crew.shard;
    for (gone, n) in (0..).zip(shard.pieces(rate.total())) {
        let Some(due) = rate.due(n) else { break };
        let at = crew.at(due);
        tokio::select! {
            biased;
            () = &mut closing => {
                crew.books.count(|tally| tally.cut_short = planned - gone);
                return;
            }
            () = clock::sleep_until(at) => {}
        }
        if gone % RUN == RUN - 1 {
            tokio::task::yield_now().await;
        }
        crew.reap();
        if crew.tasks.len() >= crew.most {
            crew.books.give_up();
            continue;
        }
        crew.books.count(|tally| tally.started += 1);
        let (books, ends, mut user) = (crew.books.clone(), crew.ends.clone(), make(n));
        crew.tasks.spawn_local(async move {
            let _here = books.arrive();
            let turn = Turn { user: n, number: 0, due: late(at, at), ends };
            books.turn(&mut user, turn).await;
        });
    }
}
