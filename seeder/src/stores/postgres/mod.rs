//! An environment's Postgres: the proof of what it is, the ledger, and the rows.

mod apply;
pub mod connect;
mod copy;
pub(crate) mod fault;
mod guard;
mod invariants;
mod ledger;
mod load;
mod marker;
mod plan;
mod references;
mod remove;
mod reset;
mod schema;
mod shape;
mod sql;
mod tables;
mod verify;

use fixtures::World;
use sqlx::postgres::PgConnection;

use self::apply::Run;
use self::connect::Address;
use self::guard::Guard;
use self::schema::Target;
pub use self::verify::Comparison;
use crate::check::Check;
use crate::environment::Environment;
use crate::error::{Fault, SeedError};
use crate::progress::Progress;
use crate::tally::{Line, Tally};

/// The schema of the marker and the ledger; planting it again changes nothing.
const LEDGER: &str = include_str!("ledger.sql");

/// What is meant to be done, which decides how much must be proved and prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// To look, or to remove: an empty database is left as it is.
    Look,
    /// To put something in place.
    Fill,
}

/// A database that has proved to be its environment's.
#[derive(Debug)]
pub struct Postgres {
    address: Address,
    conn: PgConnection,
    /// Whether it holds no tables and no marker: then there is nothing to look at and nothing to harm.
    untouched: bool,
}

impl Postgres {
    /// Opens the environment's database once it has proved what it is: its address is on the list, it carries the
    /// marker, and few of its users are strangers. A local database that is empty needs no marker; the first write
    /// plants it.
    pub async fn open(environment: Environment, url: &str, intent: Intent) -> Result<Self, SeedError> {
        let address = Address::prove(environment, url)?;
        let mut conn = address.connect("work").await?;
        let mut untouched = false;
        if environment == Environment::Local && marker::is_untouched(&mut conn).await? {
            untouched = intent == Intent::Look;
            if intent == Intent::Fill {
                marker::plant(&mut conn, environment).await?;
            }
        }
        if !untouched {
            marker::check(&mut conn, environment, &address.describe()).await?;
            marker::few_strangers(&mut conn, environment).await?;
        }
        Ok(Self { address, conn, untouched })
    }

    /// Plants the environment's marker in this database, if what `ask` answers, told where it is, is its name: that shows
    /// that a person has looked. All that can be refused before the question is.
    pub async fn adopt(
        environment: Environment,
        url: &str,
        ask: impl AsyncFnOnce(&str) -> Result<String, SeedError>,
    ) -> Result<String, SeedError> {
        let address = Address::prove(environment, url)?;
        let mut conn = address.connect("adopt").await?;
        let identity = marker::identity(&mut conn).await?;
        identity.prove_names(environment)?;
        marker::none_yet(&mut conn).await?;
        marker::few_strangers(&mut conn, environment).await?;
        let typed = ask(&address.describe()).await?;
        if identity.database != typed {
            let missing = format!("`{typed}` was typed, and the database is `{}`", identity.database);
            return Err(SeedError::Unproven { environment, missing });
        }
        marker::plant(&mut conn, environment).await?;
        Ok(address.describe())
    }

    /// Where it is, for a person.
    pub fn describe(&self) -> String {
        self.address.describe()
    }

    /// Another connection to it, for the ledgers of other stores.
    pub async fn connect(&self, purpose: &str) -> Result<PgConnection, SeedError> {
        self.address.connect(purpose).await
    }

    /// The connection rows are read over.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    /// Whether there are tables to look at; the first `apply` makes them.
    pub async fn has_tables(&mut self) -> Result<bool, SeedError> {
        Ok(!self.untouched && !schema::is_empty(&mut self.conn).await?)
    }

    /// What `apply` would do; writes nothing.
    pub async fn plan(&mut self, world: World, progress: &mut Progress) -> Result<Vec<Line>, SeedError> {
        if !self.has_tables().await? {
            return Ok(plan::all_new(world));
        }
        let targets = schema::look(&mut self.conn).await?;
        plan::plan(&mut self.conn, &targets, world, progress).await
    }

    /// Whether the seeder was ever here: then there is a ledger.
    pub const fn has_ledger(&self) -> bool {
        !self.untouched
    }

    /// Makes the tables that are missing, if the database is empty or `migrate` says so.
    pub async fn make_tables(&mut self, migrate: bool) -> Result<(), SeedError> {
        if migrate {
            schema::look_at_those_there(&mut self.conn).await?;
        }
        if migrate || schema::is_empty(&mut self.conn).await? {
            schema::migrate(&mut self.conn).await?;
        }
        Ok(())
    }

    /// The worlds that the ledger has chunks of.
    pub async fn worlds(&mut self) -> Result<Vec<World>, SeedError> {
        let mut worlds: Vec<World> = Vec::new();
        for entry in ledger::read(&mut self.conn).await? {
            if !worlds.contains(&entry.world) {
                worlds.push(entry.world);
            }
        }
        Ok(worlds)
    }

    /// Takes the lock against other seeders. What is done through the answer is done alone.
    pub async fn work(&mut self) -> Result<Work<'_>, SeedError> {
        let guard = Guard::take(&self.address).await?;
        Ok(Work { postgres: self, guard })
    }

    /// Holds every row against the world's.
    pub async fn compare(
        &mut self,
        world: World,
        progress: &mut Progress,
    ) -> Result<Vec<Comparison>, SeedError> {
        let targets = self.look().await?;
        verify::compare(&mut self.conn, &targets, world, progress).await
    }

    /// What must hold of the rows, and the shape they have.
    pub async fn check(&mut self, world: World) -> Result<Vec<Check>, SeedError> {
        self.look().await?;
        let others = self.worlds().await?.iter().filter(|there| **there != world).count();
        let found = if others == 0 { "none".to_owned() } else { format!("of {others} other worlds") };
        let mut checks = vec![Check::new(
            apply::STORE,
            "the seeder has no rows of another world here",
            others == 0,
            found,
        )];
        checks.extend(invariants::check(&mut self.conn).await?);
        checks.extend(shape::check(&mut self.conn, world).await?);
        Ok(checks)
    }

    async fn look(&mut self) -> Result<Vec<Target>, SeedError> {
        if self.untouched {
            let cause = "the database is empty: nothing was seeded yet";
            return Err(SeedError::store(fault::STORE, Fault::Schema, "looking at the schema", cause));
        }
        schema::look(&mut self.conn).await
    }
}

/// A database in which this seeder alone is at work.
#[derive(Debug)]
pub struct Work<'a> {
    postgres: &'a mut Postgres,
    guard: Guard,
}

impl Work<'_> {
    /// Makes the tables that are missing, if the database is empty or `migrate` says so; then all must be there.
    pub async fn make_tables(&mut self, migrate: bool) -> Result<(), SeedError> {
        self.postgres.make_tables(migrate).await?;
        self.postgres.look().await.map(drop)
    }

    /// Puts a world in place, and removes what the ledger knows of others.
    pub async fn apply(&mut self, world: World, progress: &mut Progress) -> Result<Vec<Line>, SeedError> {
        let targets = self.postgres.look().await?;
        apply::apply(self.run(&targets), world, progress).await
    }

    /// Removes all that the ledger knows, and proves by count that it was that and nothing else.
    pub async fn destroy(&mut self) -> Result<Destroyed, SeedError> {
        let mut lines = apply::empty_lines();
        if !self.postgres.has_tables().await? {
            return Ok(Destroyed { lines, counts: Vec::new() });
        }
        let known = ledger::read(&mut self.postgres.conn).await?;
        let mut progress = Progress::on_stderr("removing rows", "chunks", known.len() as u64);
        let targets = self.postgres.look().await?;
        let mut run = self.run(&targets);
        let before = remove::row_counts(&mut run).await?;
        for line in remove::chunks(&mut run, known, None, &mut progress).await? {
            crate::tally::add(&mut lines, apply::STORE, &line.table, line.tally);
        }
        let after = remove::row_counts(&mut run).await?;
        if lines.iter().any(|line| line.tally != Tally::default()) {
            let done = || "All rows are gone; the planner does not know it yet.".to_owned();
            apply::analyze(run.conn, run.targets).await.map_err(|error| error.having_done(done))?;
        }
        let counts =
            before.into_iter().zip(after).map(|((table, before), (_, after))| (table, before, after));
        Ok(Destroyed { lines, counts: counts.collect() })
    }

    /// Removes what load left.
    pub async fn reset_load(&mut self) -> Result<Vec<Line>, SeedError> {
        if !self.postgres.has_tables().await? {
            return Ok(Vec::new());
        }
        reset::reset_load(&mut self.postgres.conn).await
    }

    /// The connection rows are read over.
    pub const fn connection(&mut self) -> &mut PgConnection {
        &mut self.postgres.conn
    }

    /// Lets others in.
    pub async fn done(self) -> Result<(), SeedError> {
        let done = || "All that was asked for is done.".to_owned();
        self.guard.release().await.map_err(|error| error.having_done(done))
    }

    fn run<'a>(&'a mut self, targets: &'a [Target]) -> Run<'a> {
        Run { conn: &mut self.postgres.conn, guard: &self.guard, targets }
    }
}

/// What `destroy` removed.
#[derive(Debug)]
pub struct Destroyed {
    /// By table.
    pub lines: Vec<Line>,
    /// Rows before and after by table, whoever put them there.
    counts: Vec<(&'static str, u64, u64)>,
}

/// How many rows a table lost, held against how many were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Loss {
    /// The table.
    pub table: &'static str,
    /// Its rows before, whoever put them there.
    pub before: u64,
    /// Its rows afterwards.
    pub after: u64,
    /// The rows that were removed.
    pub removed: u64,
}

impl Loss {
    /// Whether what was removed is all that is missing. If not, somebody else wrote to the table meanwhile.
    pub const fn is_proved(&self) -> bool {
        self.before == self.after + self.removed
    }
}

impl Destroyed {
    /// The proof by count, table by table.
    pub fn losses(&self) -> Vec<Loss> {
        let removed = |table: &str| {
            let line = self.lines.iter().find(|line| line.table == table);
            line.map_or(0, |line| line.tally.deleted)
        };
        let losses = self.counts.iter();
        losses.map(|&(table, before, after)| Loss { table, before, after, removed: removed(table) }).collect()
    }
}
