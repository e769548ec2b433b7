//! An environment and its stores, worked on together: the database first, since it proves what the environment is and
//! the others are filled from it or keep their ledgers in it.

use fixtures::World;

use crate::check::Check;
use crate::environment::Environment;
use crate::error::SeedError;
use crate::progress::Progress;
use crate::stores::objects::Objects;
use crate::stores::postgres::{Comparison, Intent, Loss, Postgres};
use crate::stores::redis::Redis;
#[cfg(feature = "stripe")]
use crate::stores::stripe::{self, Stripe};
use crate::stores::zerodb::{self, ZeroDb};
use crate::tally::Line;

/// A store, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Store {
    /// Rows.
    Postgres,
    /// Warm caches.
    Redis,
    /// Customers and subscriptions in test mode.
    Stripe,
    /// Searchable documents and vectors.
    Zerodb,
}

impl Store {
    /// Its name in sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "Postgres",
            Self::Redis => "Redis",
            Self::Stripe => "Stripe",
            Self::Zerodb => "ZeroDB",
        }
    }
}

/// What it takes to reach an environment's stores.
#[derive(Debug)]
pub struct Access {
    /// Which environment.
    pub environment: Environment,
    /// Its stores that are meant, in their order.
    pub stores: Vec<Store>,
    /// Address of the database, which is opened whichever stores are meant.
    pub database_url: String,
    /// Address of Redis, if it is meant.
    pub redis_url: Option<String>,
    /// Stripe's key and, in place of Stripe itself, the address of another, if it is meant.
    pub stripe: Option<(String, Option<String>)>,
    /// What it takes to reach `ZeroDB`, if it is meant.
    pub zerodb: Option<zerodb::Access>,
}

/// An environment whose meant stores are open and have proved what they are.
pub struct Site {
    meant: Vec<Store>,
    postgres: Postgres,
    redis: Option<Redis>,
    #[cfg(feature = "stripe")]
    stripe: Option<Stripe>,
    zerodb: Option<ZeroDb>,
}

/// What `apply` is told besides the world.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// Remove what is there first.
    pub clean: bool,
    /// Make missing tables also where there are others.
    pub migrate: bool,
}

/// What a run of a verb made of the stores, so far: kept by the caller, so that it can be shown when a later store
/// fails.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By store and table.
    pub lines: Vec<Line>,
    /// What else there is to say.
    pub notes: Vec<&'static str>,
    /// Calls to Stripe that `plan` foresees, and the minutes they take.
    pub stripe_calls: Option<(u64, f64)>,
    /// What `destroy` removed, proved by counting the tables before and afterwards.
    pub losses: Vec<Loss>,
}

/// What `verify` found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Postgres' tables against the world.
    pub tables: Vec<Comparison>,
    /// Everything else that was looked at.
    pub checks: Vec<Check>,
}

impl Site {
    /// Opens the stores that are meant; all of them have proved what they are before anything is done with one.
    pub async fn open(access: &Access, intent: Intent) -> Result<Self, SeedError> {
        let environment = access.environment;
        let postgres = Postgres::open(environment, &access.database_url, intent).await?;
        let redis = match &access.redis_url {
            Some(url) => Some(Redis::open(environment, url).await?),
            None => None,
        };
        #[cfg(feature = "stripe")]
        let stripe = match &access.stripe {
            Some((key, base)) => {
                let objects = Objects::new(postgres.connect("Stripe's ledger").await?, "stripe");
                Some(Stripe::open(environment, key, base.as_deref(), objects).await?)
            }
            None => None,
        };
        let zerodb = match &access.zerodb {
            Some(zerodb) => {
                let objects = Objects::new(postgres.connect("ZeroDB's ledger").await?, "zerodb");
                Some(ZeroDb::open(environment, zerodb, objects).await?)
            }
            None => None,
        };
        Ok(Self {
            meant: access.stores.clone(),
            postgres,
            redis,
            #[cfg(feature = "stripe")]
            stripe,
            zerodb,
        })
    }

    /// Its stores, for a person.
    pub fn describe(&self) -> Vec<String> {
        let mut stores = vec![self.postgres.describe()];
        stores.extend(self.redis.as_ref().map(Redis::describe));
        #[cfg(feature = "stripe")]
        stores.extend(self.stripe.as_ref().map(Stripe::describe));
        stores.extend(self.zerodb.as_ref().map(ZeroDb::describe));
        stores
    }

    fn means(&self, store: Store) -> bool {
        self.meant.contains(&store)
    }

    /// Whether putting this world in place would remove rows: of another seed, or of a larger world.
    pub async fn would_lose_rows(&mut self, world: World) -> Result<bool, SeedError> {
        if !self.means(Store::Postgres) || !self.postgres.has_ledger() {
            return Ok(false);
        }
        let there = self.postgres.worlds().await?;
        Ok(there.into_iter().any(|there| !grows_into(there, world)))
    }

    /// What `apply` would do; writes nothing.
    pub async fn plan(&mut self, world: World, outcome: &mut Outcome) -> Result<(), SeedError> {
        if self.means(Store::Postgres) {
            let mut progress = rows("comparing rows", world);
            outcome.lines.extend(self.postgres.plan(world, &mut progress).await?);
        }
        if let Some(redis) = &mut self.redis {
            let unwritten = outcome.lines.iter().any(|line| line.tally.changed() > 0);
            if !unwritten && self.postgres.has_tables().await? {
                outcome.lines.extend(redis.plan(self.postgres.connection(), world).await?);
            } else {
                let note = "Redis is warmed from the tables: what that makes is known once they are filled.";
                outcome.notes.push(note);
            }
        }
        #[cfg(feature = "stripe")]
        if let Some(stripe) = &mut self.stripe {
            let stripe::Plan { lines, calls, minutes } = stripe.plan(world).await?;
            outcome.lines.extend(lines);
            outcome.stripe_calls = Some((calls, minutes));
        }
        if let Some(zerodb) = &mut self.zerodb {
            outcome.lines.extend(zerodb.plan(world).await?);
        }
        Ok(())
    }

    /// Puts a world in place.
    pub async fn apply(&mut self, world: World, how: How, outcome: &mut Outcome) -> Result<(), SeedError> {
        if how.clean {
            self.destroy(outcome).await?;
        }
        let mut work = self.postgres.work().await?;
        if self.meant.iter().any(|store| matches!(store, Store::Postgres | Store::Redis)) {
            work.make_tables(how.migrate).await?;
        }
        if self.meant.contains(&Store::Postgres) {
            outcome.lines.extend(work.apply(world, &mut rows("seeding Postgres", world)).await?);
        }
        if let Some(redis) = &mut self.redis {
            // A second's work, and how many keys it is shows only on the way.
            outcome.lines.extend(redis.apply(work.connection(), world, &mut Progress::Quiet).await?);
        }
        #[cfg(feature = "stripe")]
        if let Some(stripe) = &mut self.stripe {
            let mut progress =
                Progress::on_stderr("filling Stripe", "calls", stripe.plan(world).await?.calls);
            outcome.lines.extend(stripe.apply(world, &mut progress).await?);
        }
        if let Some(zerodb) = &mut self.zerodb {
            let mut progress = Progress::on_stderr("filling ZeroDB", "documents", 0);
            outcome.lines.extend(zerodb.apply(world, &mut progress).await?);
        }
        work.done().await
    }

    /// Holds everything against the world.
    pub async fn verify(&mut self, world: World) -> Result<Findings, SeedError> {
        let mut findings = Findings::default();
        if self.means(Store::Postgres) {
            findings.tables = self.postgres.compare(world, &mut rows("reading rows", world)).await?;
            findings.checks = self.postgres.check(world).await?;
        }
        if let Some(redis) = &mut self.redis {
            findings.checks.extend(redis.verify(self.postgres.connection(), world).await?);
        }
        #[cfg(feature = "stripe")]
        if let Some(stripe) = &mut self.stripe {
            findings.checks.extend(stripe.verify(world).await?);
        }
        if let Some(zerodb) = &mut self.zerodb {
            findings.checks.extend(zerodb.verify(world).await?);
        }
        Ok(findings)
    }

    /// Removes what the ledgers own, in the stores that are meant; the last that was filled first.
    pub async fn destroy(&mut self, outcome: &mut Outcome) -> Result<(), SeedError> {
        if !self.postgres.has_ledger() {
            outcome.notes.push("The seeder never put anything here: nothing to remove.");
            return Ok(());
        }
        let mut work = self.postgres.work().await?;
        if let Some(zerodb) = &mut self.zerodb {
            let mut progress = Progress::on_stderr("emptying ZeroDB", "documents", 0);
            outcome.lines.extend(zerodb.destroy(&mut progress).await?);
        }
        #[cfg(feature = "stripe")]
        if let Some(stripe) = &mut self.stripe {
            let mut progress = Progress::on_stderr("emptying Stripe", "objects", 0);
            outcome.lines.extend(stripe.destroy(&mut progress).await?);
        }
        if let Some(redis) = &mut self.redis {
            outcome.lines.extend(redis.destroy().await?);
        }
        if self.meant.contains(&Store::Postgres) {
            let destroyed = work.destroy().await?;
            outcome.losses = destroyed.losses();
            outcome.lines.extend(destroyed.lines);
        }
        work.done().await
    }

    /// Removes what load runs left.
    pub async fn reset_load(&mut self, world: World, outcome: &mut Outcome) -> Result<(), SeedError> {
        if !self.postgres.has_ledger() {
            outcome.notes.push("The seeder never put anything here: nothing to remove.");
            return Ok(());
        }
        let mut work = self.postgres.work().await?;
        if self.meant.contains(&Store::Postgres) {
            outcome.lines.extend(work.reset_load().await?);
        }
        if let Some(redis) = &mut self.redis {
            outcome.lines.extend(redis.reset_load(world).await?);
        }
        work.done().await
    }
}

fn rows(doing: &str, world: World) -> Progress {
    Progress::on_stderr(doing, "rows", world.rows_expected().total())
}

/// Whether a world keeps every row when it becomes another: a larger world of the same seed begins with the smaller one.
fn grows_into(there: World, world: World) -> bool {
    let (old, new) = (there.size(), world.size());
    there == world
        || (there.seed() == world.seed()
            && (old.rsvps, old.subscriptions) == (new.rsvps, new.subscriptions)
            && old.members <= new.members
            && old.instructors <= new.instructors
            && old.events <= new.events
            && old.content <= new.content)
}
