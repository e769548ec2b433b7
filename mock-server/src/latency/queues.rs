//! The model's whole state: who has booked which pool, how many came, how far the calendars are, how much
//! data there is.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use fixtures::Counts;
use fixtures::profiles::Scope;

use super::bucket::{Bucket, BucketSpec};
use super::calendar::Calendar;
use super::disturbances::inflation;
use super::model::{Arrival, Model, RouteId};
use super::pools::{Denied, Grant, Lasting, Moment, Occupancy, Pool, PoolSpec};

/// Keyed pools (one per event) kept before idle ones are dropped. Keys that find no place then share one pool:
/// keys come from outside, and whoever makes them up must not make the mock grow.
const MAX_KEYED: usize = 1024;

/// What a pool is made from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spec {
    Servers(PoolSpec),
    Tokens(BucketSpec),
}

/// The bookings of every pool, how many came to each route, and where cron jobs and stalls are.
#[derive(Debug, Clone)]
pub struct Queues {
    pools: Vec<Instances>,
    ordinals: Vec<u64>,
    /// Per job, which of its runs was booked last.
    cron_runs: Vec<u64>,
    calendar: Calendar,
    rows: Counts,
}

#[derive(Debug, Clone)]
enum Instances {
    Shared(Station),
    Keyed(Keyed),
}

/// A pool of which there is one per key.
#[derive(Debug, Clone, Default)]
struct Keyed {
    /// By the key's hash, so that a long key costs no more than a short one.
    stations: HashMap<u64, Station>,
    /// For keys that come when there are [`MAX_KEYED`] at work.
    overflow: Option<Station>,
    seized: Vec<Seized>,
}

/// Servers that somebody holds in every instance of a pool, also in those that are still to come.
#[derive(Debug, Clone, Copy)]
struct Seized {
    servers: usize,
    until: Moment,
}

/// One pool's bookings.
#[derive(Debug, Clone)]
enum Station {
    Servers(Pool),
    Tokens(Bucket),
}

impl Queues {
    pub(super) fn new(model: &Model, routes: usize) -> Self {
        let pools = model.pools.iter().map(|pool| match pool.scope {
            Scope::Process => Instances::Shared(Station::new(pool.spec)),
            Scope::Event => Instances::Keyed(Keyed::default()),
        });
        Self {
            pools: pools.collect(),
            ordinals: vec![0; routes],
            cron_runs: vec![0; model.cron.len()],
            calendar: Calendar::default(),
            rows: Counts::default(),
        }
    }

    /// Counts an arrival at a route: how many came before it.
    pub fn next_ordinal(&mut self, route: RouteId) -> u64 {
        let ordinal = self.ordinals[route.0];
        self.ordinals[route.0] += 1;
        ordinal
    }

    /// How much data there is from now on.
    pub fn set_rows(&mut self, rows: Counts) {
        self.rows = rows;
    }

    /// How much data there is.
    pub fn rows(&self) -> &Counts {
        &self.rows
    }

    /// How full each pool is at `now`, in the order of [`Model::pool_names`]; those of which there is one per
    /// event are added up.
    pub fn occupancy(&self, now: Moment) -> Vec<Occupancy> {
        let add =
            |a: Occupancy, b: Occupancy| Occupancy { held: a.held + b.held, waiting: a.waiting + b.waiting };
        let of = |instances: &Instances| match instances {
            Instances::Shared(station) => station.occupancy(now),
            Instances::Keyed(keyed) => {
                keyed.stations().map(|station| station.occupancy(now)).fold(Occupancy::default(), add)
            }
        };
        self.pools.iter().map(of).collect()
    }

    /// Has somebody outside the requests hold `servers` of a pool from `now` until `until`, each as soon as it
    /// is free, or until [`Queues::release`]. A token bucket gives out nothing in that time, however many.
    pub fn seize(&mut self, now: Moment, pool: usize, servers: usize, until: Moment) {
        let seized = Seized { servers, until };
        match &mut self.pools[pool] {
            Instances::Shared(station) => station.brown_out(now, seized),
            Instances::Keyed(keyed) => {
                keyed.seized.retain(|seized| seized.until > now);
                keyed.seized.push(seized);
                keyed.stations_mut().for_each(|station| station.brown_out(now, seized));
            }
        }
    }

    /// Gives back everything that was [seized](Queues::seize). Requests that have booked behind it keep their
    /// bookings.
    pub fn release(&mut self, now: Moment) {
        for instances in &mut self.pools {
            match instances {
                Instances::Shared(station) => station.release(now),
                Instances::Keyed(keyed) => {
                    keyed.seized.clear();
                    keyed.stations_mut().for_each(|station| station.release(now));
                }
            }
        }
    }

    /// Books what cron jobs that have started by `now` hold. They come before requests that arrive after their
    /// start, and after those that came before it, also for a later stage.
    pub fn run_cron(&mut self, model: &Model, now: Moment) {
        for (cron, booked) in model.cron.iter().zip(&mut self.cron_runs) {
            let run = cron.run_at(now);
            if run > *booked {
                *booked = run;
                let (from, until) = cron.span(run);
                if let Instances::Shared(station) = &mut self.pools[cron.pool]
                    && until > now
                {
                    station.seize(now, cron.servers, from, until, Lasting::ToItsEnd);
                }
            }
        }
    }

    /// Books a stage of a request; its hold grows with the servers held.
    pub(super) fn book(
        &mut self,
        model: &Model,
        pool: usize,
        arrival: Arrival<'_>,
        ready: Moment,
        hold: Duration,
    ) -> Result<Grant, Denied> {
        let station = self.station(pool, model.pools[pool].spec, arrival);
        let hold = match (model.usl, station.servers_held(ready)) {
            (Some(usl), Some(n)) => hold.mul_f64(inflation(usl, n)),
            _ => hold,
        };
        station.book(arrival.now, ready, hold)
    }

    pub(super) fn end_of_stall(&mut self, model: &Model, now: Moment, at: Moment) -> Moment {
        model.stalls.as_ref().map_or(at, |stalls| self.calendar.end_of_stall(stalls, now, at))
    }

    fn station(&mut self, index: usize, spec: Spec, arrival: Arrival<'_>) -> &mut Station {
        match &mut self.pools[index] {
            Instances::Shared(station) => station,
            Instances::Keyed(keyed) => keyed.station(spec, arrival),
        }
    }
}

impl Keyed {
    fn station(&mut self, spec: Spec, Arrival { now, key, .. }: Arrival<'_>) -> &mut Station {
        let Self { stations, overflow, seized } = self;
        let fresh = || {
            let mut station = Station::new(spec);
            for seized in seized.iter() {
                station.brown_out(now, *seized);
            }
            station
        };
        let key = hash(key);
        if stations.len() >= MAX_KEYED && !stations.contains_key(&key) {
            stations.retain(|_, station| !station.is_idle(now));
            if stations.len() >= MAX_KEYED {
                return overflow.get_or_insert_with(fresh);
            }
        }
        stations.entry(key).or_insert_with(fresh)
    }

    fn stations(&self) -> impl Iterator<Item = &Station> {
        self.stations.values().chain(&self.overflow)
    }

    fn stations_mut(&mut self) -> impl Iterator<Item = &mut Station> {
        self.stations.values_mut().chain(&mut self.overflow)
    }
}

/// The same for the same key in every process of a build, as `DefaultHasher::new` promises.
fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl Station {
    fn new(spec: Spec) -> Self {
        match spec {
            Spec::Servers(spec) => Self::Servers(Pool::new(spec)),
            Spec::Tokens(spec) => Self::Tokens(Bucket::new(spec)),
        }
    }

    fn book(&mut self, now: Moment, ready: Moment, hold: Duration) -> Result<Grant, Denied> {
        match self {
            Self::Servers(pool) => pool.book(now, ready, hold),
            Self::Tokens(bucket) => bucket.book(now, ready, hold),
        }
    }

    fn brown_out(&mut self, now: Moment, Seized { servers, until }: Seized) {
        self.seize(now, servers, now, until, Lasting::UntilReleased);
    }

    fn seize(&mut self, now: Moment, servers: usize, from: Moment, until: Moment, lasting: Lasting) {
        match self {
            Self::Servers(pool) => pool.seize(now, servers, from, until, lasting),
            Self::Tokens(bucket) if servers > 0 => bucket.close(until, lasting),
            Self::Tokens(_) => {}
        }
    }

    fn release(&mut self, now: Moment) {
        match self {
            Self::Servers(pool) => pool.release(now),
            Self::Tokens(bucket) => bucket.open(),
        }
    }

    /// How many servers are held when one more books at `at`; nothing is held in a bucket.
    fn servers_held(&self, at: Moment) -> Option<usize> {
        match self {
            Self::Servers(pool) => Some(pool.held_by_the_next(at)),
            Self::Tokens(_) => None,
        }
    }

    fn occupancy(&self, now: Moment) -> Occupancy {
        match self {
            Self::Servers(pool) => pool.occupancy(now),
            Self::Tokens(bucket) => bucket.occupancy(now),
        }
    }

    fn is_idle(&self, now: Moment) -> bool {
        match self {
            Self::Servers(pool) => pool.is_idle(now),
            Self::Tokens(bucket) => bucket.is_idle(now),
        }
    }
}
