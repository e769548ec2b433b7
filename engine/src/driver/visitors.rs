//! Visitors: a head-count over time. A visit is a turn; whoever has gone is replaced while the
//! head-count asks for it.

use std::{cell::RefCell, collections::HashMap, pin::pin, rc::Rc, time::Duration};

use crate::{
    clock::{self, Instant},
    curve::{Curve, Open},
    driver::{
        Turn, VirtualUser,
        crew::{Books, Crew, late},
    },
    ends::{Ends, Stage},
};

/// A seat is taken at most once in this time: a target that turns everybody away at the door must
/// not be met by a storm of newcomers that no plan asked for.
const SHORTEST_STAY: Duration = Duration::from_secs(1);

/// Opens this shard's seats when the head-count reaches them.
pub(super) async fn start<U: VirtualUser>(
    crew: &mut Crew,
    heads: &Curve,
    make: impl FnMut(u64) -> U + 'static,
) {
    let mut openings: Vec<(u64, Open)> = crew
        .shard
        .pieces(heads.seats())
        .flat_map(|seat| heads.open(seat).into_iter().map(move |open| (seat, open)))
        .collect();
    openings.sort_by(|a, b| a.1.from.total_cmp(&b.1.from));
    let planned = openings.len() as u64;
    crew.books.count(|tally| tally.planned = planned);
    let make = Rc::new(RefCell::new(make));
    let ends = crew.ends.clone();
    let mut closing = pin!(ends.reached(Stage::Closing));
    let mut times_opened: HashMap<u64, u64> = HashMap::new();
    for (opened, (number, open)) in (0..).zip(openings) {
        tokio::select! {
            biased;
            () = &mut closing => {
                crew.books.count(|tally| tally.cut_short = planned - opened);
                return;
            }
            () = clock::sleep_until(crew.at(open.from)) => {}
        }
        crew.reap();
        let earlier = times_opened.entry(number).or_default();
        let seat = Seat {
            number,
            seats: heads.seats(),
            // A seat that opens again goes on counting far from where its last visitors may be.
            generation: *earlier << 24,
            opens: crew.at(open.from),
            closes: crew.at(open.to),
            books: crew.books.clone(),
            ends: crew.ends.clone(),
        };
        *earlier += 1;
        crew.books.count(|tally| tally.started += 1);
        crew.tasks.spawn_local(seat.keep_taken(make.clone()));
    }
}

/// One place in the head-count.
struct Seat {
    number: u64,
    seats: u64,
    generation: u64,
    opens: Instant,
    closes: Instant,
    books: Books,
    ends: Ends,
}

impl Seat {
    /// Sends in one visitor after another until the seat closes; the last may stay on.
    async fn keep_taken<U: VirtualUser>(mut self, make: Rc<RefCell<impl FnMut(u64) -> U>>) {
        let ends = self.ends.clone();
        let mut closing = pin!(ends.reached(Stage::Closing));
        let mut due = late(self.opens, self.opens);
        loop {
            let came = clock::now();
            let user = self.number + self.seats * self.generation;
            let mut visitor = (make.borrow_mut())(user);
            let here = self.books.arrive();
            let turn = Turn { user, number: 0, due, ends: self.ends.clone() };
            self.books.turn(&mut visitor, turn).await;
            drop((here, visitor));
            let (left, at) = (clock::now(), clock::now().max(came + SHORTEST_STAY));
            if at >= self.closes {
                return;
            }
            tokio::select! {
                biased;
                () = &mut closing => return,
                () = clock::sleep_until(at) => {}
            }
            self.generation += 1;
            self.books.count(|tally| tally.replaced += 1);
            due = late(at, left);
        }
    }
}
