//! The Redis store against a real Redis, warmed from a real Postgres.

mod faults;
mod rate_limits;
mod rows;
mod taking_away;
mod warming;

use std::sync::LazyLock;

use fixtures::{Size, World};
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use seeder::check::{Check, Verdict};
use seeder::progress::Progress;
use seeder::stores::redis::Redis;
use seeder::tally::{Line, Tally};
use seeder::{Environment, SeedError};
use sqlx::postgres::PgConnection;

use crate::servers::{Database, RedisServer};

/// Small, and with every query's known answers in it.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    World::new(42, Size { members: 60, instructors: 20, events: 60, content: 500, ..Size::scaled(1) })
});

/// A database with the world's rows that caches are made from, a Redis, and the store.
struct Site {
    db: PgConnection,
    redis: MultiplexedConnection,
    store: Redis,
    server: RedisServer,
    // Dropped last, after whoever is connected to it.
    _database: Database,
}

impl Site {
    /// Without rows.
    async fn empty() -> Self {
        let (database, server) = (Database::migrated().await, RedisServer::start(&[]));
        Self {
            db: database.connect().await,
            redis: server.connect().await,
            store: open(&server.url()).await.expect("it is ready"),
            server,
            _database: database,
        }
    }

    async fn filled() -> Self {
        let mut site = Self::empty().await;
        rows::insert(&mut site.db, &WORLD).await;
        site
    }

    async fn plan(&mut self) -> Vec<Line> {
        self.store.plan(&mut self.db, *WORLD).await.expect("planned")
    }

    async fn apply(&mut self) -> Vec<Line> {
        self.store.apply(&mut self.db, *WORLD, &mut Progress::Quiet).await.expect("applied")
    }

    async fn verify(&mut self) -> Vec<Check> {
        self.store.verify(&mut self.db, *WORLD).await.expect("verified")
    }

    async fn sql(&mut self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.db).await.expect("good SQL");
    }

    /// All keys, in order. Tests may ask that way; the seeder may not.
    async fn keys(&mut self) -> Vec<String> {
        let mut keys: Vec<String> = self.redis.keys("*").await.expect("keys");
        keys.sort();
        keys
    }
}

async fn open(url: &str) -> Result<Redis, SeedError> {
    Redis::open(Environment::Local, url).await
}

/// The line of a table; all zero when there is none.
fn tally(lines: &[Line], table: &str) -> Tally {
    assert!(lines.iter().all(|line| line.store == "redis"), "{lines:?}");
    lines.iter().find(|line| line.table == table).map_or_else(Tally::default, |line| line.tally)
}

fn sum(lines: &[Line]) -> Tally {
    let mut sum = Tally::default();
    for line in lines {
        sum += line.tally;
    }
    sum
}

fn verdicts(checks: &[Check]) -> Vec<Verdict> {
    checks.iter().map(|check| check.verdict).collect()
}
