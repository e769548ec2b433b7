//! Paced users: a held number of users, each acting on its own clock, so that the rate is held too.

use std::{pin::pin, time::Duration};

use crate::{
    clock::{self, Instant},
    curve::{Curve, Open},
    driver::{
        Turn, VirtualUser,
        crew::{Books, Crew, late},
    },
    ends::{Ends, Stage},
    load::Grid,
};

/// Brings in this shard's users when their seats open; each then keeps its own clock.
pub(super) async fn start<U: VirtualUser>(
    crew: &mut Crew,
    users: &Curve,
    every: Duration,
    mut make: impl FnMut(u64) -> U,
) {
    let grid = Grid::new(users.seats(), every);
    let seats = crew.shard.pieces(users.seats()).map(|seat| {
        let turns = users.open(seat).iter().flat_map(|open| due(grid, seat, *open)).collect();
        Seat {
            number: seat,
            begin: crew.begin,
            turns,
            books: crew.books.clone(),
            next: 0,
            opens: users.open(seat),
        }
    });
    let mut seats: Vec<Seat> = seats.collect();
    let planned = seats.iter().map(|seat| seat.turns.len() as u64).sum();
    crew.books.count(|tally| tally.planned = planned);
    seats.sort_by(|a, b| a.opens_at().total_cmp(&b.opens_at()));
    let ends = crew.ends.clone();
    let mut closing = pin!(ends.reached(Stage::Closing));
    for seat in seats {
        tokio::select! {
            biased;
            // Seats that never opened count their turns as cut short when they are dropped.
            () = &mut closing => return,
            () = clock::sleep_until(crew.at(seat.opens_at())) => {}
        }
        let user = make(seat.number);
        crew.tasks.spawn_local(seat.sit(user, crew.ends.clone()));
    }
}

/// The turns of a seat while it is open, seconds.
fn due(grid: Grid, seat: u64, open: Open) -> impl Iterator<Item = f64> {
    (grid.first(seat, open.from)..grid.first(seat, open.to)).map(move |j| grid.at(seat, j))
}

/// One user's plan, and how far it has come.
struct Seat {
    number: u64,
    begin: Instant,
    opens: Vec<Open>,
    /// When each turn is due, seconds.
    turns: Vec<f64>,
    next: usize,
    books: Books,
}

impl Seat {
    fn opens_at(&self) -> f64 {
        self.opens.first().map_or(0.0, |open| open.from)
    }

    /// Takes every turn, each when it is due or as soon after as the last answer allows.
    async fn sit<U: VirtualUser>(mut self, mut user: U, ends: Ends) {
        let closing_ends = ends.clone();
        let mut closing = pin!(closing_ends.reached(Stage::Closing));
        let books = self.books.clone();
        for open in std::mem::take(&mut self.opens) {
            let at = |seconds: f64| self.begin + Duration::from_secs_f64(seconds);
            let (opens, closes) = (at(open.from), at(open.to));
            tokio::select! {
                biased;
                () = &mut closing => return,
                () = clock::sleep_until(opens) => {}
            }
            let _here = books.arrive();
            while let Some(&due) = self.turns.get(self.next).filter(|&&due| due < open.to) {
                let (at, free) = (self.begin + Duration::from_secs_f64(due), clock::now());
                tokio::select! {
                    biased;
                    () = &mut closing => return,
                    () = clock::sleep_until(at) => {}
                }
                let turn = Turn {
                    user: self.number,
                    number: self.next as u64,
                    due: late(at, free),
                    ends: ends.clone(),
                };
                self.next += 1;
                books.count(|tally| tally.started += 1);
                books.turn(&mut user, turn).await;
            }
            tokio::select! {
                biased;
                () = &mut closing => return,
                () = clock::sleep_until(closes) => {}
            }
        }
    }
}

impl Drop for Seat {
    /// What was not started: was it due, or had its time not come?
    fn drop(&mut self) {
        let elapsed = clock::now().saturating_duration_since(self.begin).as_secs_f64();
        let left = &self.turns[self.next.min(self.turns.len())..];
        let was_due = left.partition_point(|&due| due <= elapsed) as u64;
        self.books.count(|tally| {
            tally.held_back += was_due;
            tally.cut_short += left.len() as u64 - was_due;
        });
    }
}
