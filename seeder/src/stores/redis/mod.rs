//! An environment's Redis: its caches warmed from the database as the platform would, and the rate limits of load users
//! cleared.
//!
//! Everything goes over one connection, in steps of at most 500 keys. The keyspace is never flushed and never listed at
//! once: what is the seeder's is on a list of its own (see [`owned`]), and is removed by it, exactly.

mod connect;
mod fault;
mod kind;
mod owned;
mod rate_limits;
mod reading;
mod warmth;

use std::collections::HashSet;

use ::redis::aio::MultiplexedConnection;
use fixtures::World;
use sqlx::postgres::PgConnection;

use self::connect::Address;
use self::kind::Kind;
use self::owned::{Mode, Standing, Walk};
use self::warmth::Warmth;
use crate::check::Check;
use crate::environment::Environment;
use crate::error::{Fault, SeedError};
use crate::progress::Progress;
use crate::tally::{self, Line, Tally};

/// Its name in tables.
const STORE: &str = "redis";
/// The line of keys that the platform has written itself, which are left alone.
const FOREIGN: &str = "the platform's own";
/// The line of rate limits that were cleared.
const RATE_LIMITS: &str = "rate limits";

/// An environment's Redis.
pub struct Redis {
    address: Address,
    connection: MultiplexedConnection,
}

impl Redis {
    /// Connects, once the address has proved to be of this environment.
    pub async fn open(environment: Environment, url: &str) -> Result<Self, SeedError> {
        let address = Address::prove(environment, url)?;
        let connection = address.connect().await?;
        Ok(Self { address, connection })
    }

    /// Host, port and database, for a person; never the password.
    pub fn describe(&self) -> String {
        self.address.describe()
    }

    /// What [`Redis::apply`] would do; writes nothing.
    pub async fn plan(&mut self, db: &mut PgConnection, world: World) -> Result<Vec<Line>, SeedError> {
        let warmth = Warmth::of(db, world).await?;
        let mut work = Work::new(&mut self.connection, Mode::Look);
        work.warm(&warmth, &mut Progress::Quiet).await?;
        work.clear_rate_limits(world).await?;
        Ok(work.lines)
    }

    /// Warms the caches with what the database says now, removes what was warmed before and would not be now, and
    /// clears the rate limits of load users.
    pub async fn apply(
        &mut self,
        db: &mut PgConnection,
        world: World,
        progress: &mut Progress,
    ) -> Result<Vec<Line>, SeedError> {
        let warmth = Warmth::of(db, world).await?;
        let mut work = Work::new(&mut self.connection, Mode::Write);
        let result = match work.warm(&warmth, progress).await {
            Ok(()) => work.clear_rate_limits(world).await,
            failed => failed,
        };
        work.finish(result)
    }

    /// Whether what is held is what was written, would expire, and is what the database says now.
    pub async fn verify(&mut self, db: &mut PgConnection, world: World) -> Result<Vec<Check>, SeedError> {
        let warmth = Warmth::of(db, world).await?;
        let all = self.standing().await?;
        let mut work = Work::new(&mut self.connection, Mode::Look);
        work.warm(&warmth, &mut Progress::Quiet).await?;
        let found = work.lines.iter().fold(Tally::default(), |mut sum, line| {
            sum += line.tally;
            sum
        });
        Ok(vec![in_place(all), up_to_date(all, found), left_out(&warmth)])
    }

    /// Deletes what the seeder wrote and nobody has written anew, then the list of it.
    pub async fn destroy(&mut self) -> Result<Vec<Line>, SeedError> {
        let mut work = Work::new(&mut self.connection, Mode::Write);
        let result = work.release_all_but(&HashSet::new()).await;
        work.finish(result)
    }

    /// Clears the rate limits of load users.
    pub async fn reset_load(&mut self, world: World) -> Result<Vec<Line>, SeedError> {
        let mut work = Work::new(&mut self.connection, Mode::Write);
        let result = work.clear_rate_limits(world).await;
        work.finish(result)
    }

    /// What the owned keys hold.
    async fn standing(&mut self) -> Result<Standing, SeedError> {
        let mut walk = Walk::begin(Mode::Look);
        let mut sum = Standing::default();
        while let Some(chunk) = walk.next(&mut self.connection, &HashSet::new()).await? {
            for standing in chunk.into_values() {
                sum.held += standing.held;
                sum.replaced += standing.replaced;
                sum.gone += standing.gone;
                sum.endless += standing.endless;
            }
        }
        Ok(sum)
    }
}

/// Something under way, with its lines of the closing table: when it breaks they tell what was done by then.
struct Work<'a> {
    connection: &'a mut MultiplexedConnection,
    mode: Mode,
    lines: Vec<Line>,
}

impl<'a> Work<'a> {
    const fn new(connection: &'a mut MultiplexedConnection, mode: Mode) -> Self {
        Self { connection, mode, lines: Vec::new() }
    }

    fn add(&mut self, table: &str, tally: Tally) {
        tally::add(&mut self.lines, STORE, table, tally);
    }

    fn add_foreign(&mut self, count: u64) {
        if count > 0 {
            self.add(FOREIGN, Tally { unchanged: count, ..Tally::default() });
        }
    }

    /// Entries first, then whatever is owned and not among them: it is out of date.
    async fn warm(&mut self, warmth: &Warmth, progress: &mut Progress) -> Result<(), SeedError> {
        let mut count = 0;
        let mut foreign = 0;
        for kind in Kind::ALL {
            self.add(kind.table(), Tally::default());
            for chunk in warmth.of_kind(kind).chunks(owned::CHUNK) {
                let warmed = owned::warm(self.connection, self.mode, kind, chunk).await?;
                self.add(kind.table(), warmed.tally);
                foreign += warmed.foreign;
                count += chunk.len() as u64;
                progress.at(count);
            }
        }
        self.add_foreign(foreign);
        let kept: HashSet<&str> = warmth.entries.iter().map(|entry| entry.key.as_str()).collect();
        self.release_all_but(&kept).await?;
        self.say_left_out(warmth.left_out());
        Ok(())
    }

    /// The line of the searches says how many are missing from it.
    fn say_left_out(&mut self, count: u64) {
        if count > 0 {
            for line in self.lines.iter_mut().filter(|line| line.table == Kind::Search.table()) {
                line.table = format!("{} ({count} left out)", line.table);
            }
        }
    }

    async fn release_all_but(&mut self, kept: &HashSet<&str>) -> Result<(), SeedError> {
        let mut walk = Walk::begin(self.mode);
        while let Some(chunk) = walk.next(self.connection, kept).await? {
            for (table, standing) in chunk {
                self.add(table, Tally { deleted: standing.held, ..Tally::default() });
                self.add_foreign(standing.replaced);
            }
        }
        Ok(())
    }

    async fn clear_rate_limits(&mut self, world: World) -> Result<(), SeedError> {
        let mut deleted = 0;
        let result = rate_limits::clear(self.connection, self.mode, world, &mut deleted).await;
        self.add(RATE_LIMITS, Tally { deleted, ..Tally::default() });
        result
    }

    /// The lines, or the error with what was done by then.
    fn finish(self, result: Result<(), SeedError>) -> Result<Vec<Line>, SeedError> {
        match result {
            Ok(()) => Ok(self.lines),
            Err(error) => Err(having_done(error, &self.lines)),
        }
    }
}

/// What an error of this store leaves behind. Each step happens whole or not at all, but when the connection goes away
/// nobody knows which of the two.
fn having_done(error: SeedError, lines: &[Line]) -> SeedError {
    let cut = matches!(&error, SeedError::Store(error) if error.fault == Fault::Cut);
    let (written, deleted) = lines.iter().fold((0, 0), |(written, deleted), line| {
        (written + line.tally.created + line.tally.updated, deleted + line.tally.deleted)
    });
    if !cut && written + deleted == 0 {
        return error;
    }
    error.having_done(|| {
        let step = if cut { " The step under way may have been taken, whole, or not." } else { "" };
        format!(
            "{written} cache entries were written and {deleted} keys deleted before; the rest was not.{step} What is \
             the seeder's is on its list, `{}`.",
            owned::LIST
        )
    })
}

fn in_place(all: Standing) -> Check {
    let name = "cache entries as written, until they expire";
    let Standing { held, replaced, gone, endless } = all;
    if held + replaced + gone == 0 {
        return Check::not_judged(STORE, name, "none of the seeder's are there, or all have expired");
    }
    let mut found = format!("{held} held, {gone} expired, {replaced} written anew by the platform");
    if endless > 0 {
        found = format!("{found}; {endless} would never expire");
    }
    Check::new(STORE, name, endless == 0, found)
}

/// `found` is what applying would do: it would update or delete what is out of date.
fn up_to_date(all: Standing, found: Tally) -> Check {
    let name = "cache entries agree with the database";
    if all.held == 0 {
        return Check::not_judged(STORE, name, "none of the seeder's are held");
    }
    let stale = found.updated + found.deleted;
    Check::new(STORE, name, stale == 0, format!("{} agree, {stale} do not", all.held.saturating_sub(stale)))
}

fn left_out(warmth: &Warmth) -> Check {
    let warmed = warmth.of_kind(Kind::Search).len();
    let found = format!(
        "{warmed} popular searches answered; left out: {} without their known answer, {} with too many matches to rank",
        warmth.wrong, warmth.too_common
    );
    Check::new(STORE, "no wrong answer is cached", true, found)
}
