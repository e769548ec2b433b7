//! What is offered: a curve read as arrivals or as heads, where it starts, how it is shared out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::curve::Curve;

/// How one flow of users is offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// Open: the curve's height is starts per second, its area how many are due. Independent of
    /// how the target answers.
    Arrivals(Curve),
    /// A number of users, each taking a turn every interval on its own clock; phases are spread
    /// evenly, so the rate is held as well as the number.
    Paced {
        /// Head-count over time.
        users: Curve,
        /// From one turn of a user to its next.
        every: Duration,
    },
    /// A head-count over time; a turn is a whole visit, and a visitor who has gone is replaced
    /// while the head-count asks for it. A closed loop, and the report says so.
    Visitors(Curve),
}

impl Load {
    /// The curve, whichever way it is read.
    pub fn curve(&self) -> &Curve {
        match self {
            Self::Arrivals(curve) | Self::Visitors(curve) | Self::Paced { users: curve, .. } => curve,
        }
    }

    /// The same shape over `factor` times the time. Heights and intervals stay.
    #[must_use]
    pub fn stretched(&self, factor: f64) -> Self {
        let mut load = self.clone();
        match &mut load {
            Self::Arrivals(curve) | Self::Visitors(curve) | Self::Paced { users: curve, .. } => {
                *curve = curve.stretched(factor);
            }
        }
        load
    }

    /// Turns this load starts by its plan. Exact for arrivals and paced users; for visitors the
    /// first visitor of every seat (how often one is replaced depends on how long visits take).
    pub fn planned_starts(&self) -> u64 {
        match self {
            Self::Arrivals(rate) => rate.total(),
            Self::Paced { users, every } => {
                let grid = Grid::new(users.seats(), *every);
                (0..users.seats())
                    .map(|seat| {
                        users.open(seat).iter().map(|open| grid.turns(seat, open.from, open.to)).sum::<u64>()
                    })
                    .sum()
            }
            Self::Visitors(heads) => (0..heads.seats()).map(|seat| heads.open(seat).len() as u64).sum(),
        }
    }

    /// Turns due in the first `seconds` of this load by its plan; none for visitors, whose pace depends on the answers.
    pub(crate) fn planned_by(&self, seconds: f64) -> Option<u64> {
        let seconds = seconds.max(0.0);
        match self {
            Self::Arrivals(rate) => Some((rate.area(seconds).round() as u64).min(rate.total())),
            Self::Paced { users, every } => {
                let grid = Grid::new(users.seats(), *every);
                let turns = |seat| {
                    let open = users.open(seat);
                    open.iter().map(|open| grid.turns(seat, open.from, open.to.min(seconds))).sum::<u64>()
                };
                Some((0..users.seats()).map(turns).sum())
            }
            Self::Visitors(_) => None,
        }
    }

    /// The most users at it at once; for arrivals unknown, since it depends on the answers.
    pub fn peak_users(&self) -> Option<u64> {
        match self {
            Self::Arrivals(_) => None,
            Self::Paced { users: curve, .. } | Self::Visitors(curve) => Some(curve.seats()),
        }
    }
}

/// When each of a number of paced users takes its turns: user `seat` at `phase + j · every` for
/// every integer `j ≥ 0`, seconds since the flow began.
///
/// Phases are the multiples of `every / seats`, dealt out in strides of about the golden ratio
/// (coprime to the number of seats): all together are spread exactly evenly, and so, nearly, are
/// the first few while users are still joining.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    seats: u64,
    stride: u64,
    every_s: f64,
}

impl Grid {
    /// The grid for `seats` users acting once per `every`.
    pub fn new(seats: u64, every: Duration) -> Self {
        let seats = seats.max(1);
        let golden = (seats as f64 * 0.618_033_988_749_895).round().max(1.0) as u64;
        let stride = (golden..golden + seats).find(|&stride| coprime(stride, seats)).unwrap_or(1);
        Self { seats, stride, every_s: every.as_secs_f64() }
    }

    /// Offset of a user's turns within the interval, in seconds.
    pub fn phase(&self, seat: u64) -> f64 {
        let slot = u128::from(seat) * u128::from(self.stride) % u128::from(self.seats);
        self.every_s * slot as f64 / self.seats as f64
    }

    /// When turn `j` of the grid is due, in seconds.
    pub fn at(&self, seat: u64, j: u64) -> f64 {
        self.phase(seat) + j as f64 * self.every_s
    }

    /// The first turn due at or after `from`.
    pub fn first(&self, seat: u64, from: f64) -> u64 {
        // A billionth of an interval absorbs rounding, so that a border belongs to one side only.
        ((from - self.phase(seat)) / self.every_s - 1e-9).ceil().max(0.0) as u64
    }

    /// How many turns fall into `from..to`.
    pub fn turns(&self, seat: u64, from: f64, to: f64) -> u64 {
        self.first(seat, to).saturating_sub(self.first(seat, from))
    }
}

fn coprime(a: u64, b: u64) -> bool {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

/// Where a worker stands among its peers: it does every piece of work `n` with `n % of == index`,
/// so that no two need to talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// This worker's place, from 0.
    pub index: u64,
    /// How many share the work.
    pub of: u64,
}

impl Shard {
    /// The whole of it.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// A part of this shard: what is shared out among peers (processes) and, by each of them, once more
    /// (workers). All parts of all shards are again a whole.
    #[must_use]
    pub fn part(self, part: Self) -> Self {
        Self { index: self.index * part.of + part.index, of: self.of * part.of }
    }

    /// True when piece `n` is this shard's.
    pub fn owns(self, n: u64) -> bool {
        n % self.of == self.index
    }

    /// This shard's pieces below `total`, in order.
    pub fn pieces(self, total: u64) -> impl Iterator<Item = u64> {
        (self.index..total).step_by(usize::try_from(self.of).unwrap_or(usize::MAX))
    }
}

/// One stream of like users within a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// What the report calls it.
    pub name: String,
    /// How it is offered.
    pub load: Load,
    /// How long after the scenario's start the load's own time begins.
    pub starts_at: Duration,
    /// Arrivals beyond this many in flight (over all workers) are dropped and counted.
    pub max_in_flight: u64,
    /// After the last start, how long turns may go on, their thinking included.
    pub grace: Duration,
    /// After thinking users were sent home, how long answers are still waited for.
    pub linger: Duration,
}

impl Flow {
    /// A flow that starts with the scenario, with at most 10 000 in flight, 30 s for its last turns
    /// (visitors: none, their last thoughts end with the curve) and 12 s for its last answers: more
    /// than the default time-out of a request.
    pub fn new(name: impl Into<String>, load: Load) -> Self {
        let grace = Duration::from_secs(if matches!(load, Load::Visitors(_)) { 0 } else { 30 });
        Self {
            name: name.into(),
            load,
            starts_at: Duration::ZERO,
            max_in_flight: 10_000,
            grace,
            linger: Duration::from_secs(12),
        }
    }

    /// Begins later.
    #[must_use]
    pub fn starting_at(mut self, starts_at: Duration) -> Self {
        self.starts_at = starts_at;
        self
    }

    /// Allows this many arrivals in flight over all workers.
    #[must_use]
    pub fn max_in_flight(mut self, most: u64) -> Self {
        self.max_in_flight = most;
        self
    }

    /// Lets the last turns go on for this long after the last start (long sessions need it).
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Waits this long for the last answers.
    #[must_use]
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// When the last start is due at the latest, counted from the scenario's start.
    pub fn ends_at(&self) -> Duration {
        self.starts_at + Duration::from_secs_f64(self.load.curve().duration())
    }

    /// The part of the scenario in which this flow is at its full height, in seconds from its start.
    pub fn steady(&self) -> Option<(f64, f64)> {
        let offset = self.starts_at.as_secs_f64();
        self.load.curve().plateau().map(|(from, to)| (from + offset, to + offset))
    }
}

/// The part of a scenario in which all of its flows are at their full height: where a trend in
/// latency means something. In seconds from the start.
pub fn steady_window(flows: &[Flow]) -> Option<(f64, f64)> {
    flows
        .iter()
        .map(Flow::steady)
        .reduce(|a, b| {
            let ((a_from, a_to), (b_from, b_to)) = (a?, b?);
            Some((a_from.max(b_from), a_to.min(b_to)))
        })
        .flatten()
        .filter(|(from, to)| from < to)
}
