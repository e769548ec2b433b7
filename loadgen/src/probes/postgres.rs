//! A Postgres: who is at work and what they wait for at every turn; the work of the whole run, the plans of its slowest
//! statements and the indexes those miss at the end.
//!
//! Strictly read-only: its transactions cannot write, statements are planned and never run, nothing is reset, and
//! nothing is left in a session that a pooler gives to others. Its own sessions and statements are left out of what it
//! tells; the transaction and the few catalogue blocks of each reading are in the server's own counters.

mod condition;
mod explain;
mod missing;
mod plan;
mod session;
mod work;

use std::collections::BTreeMap;

use sqlx::{Row as _, postgres::PgConnection};

use self::{
    session::{Privileges, Server},
    work::Work,
};
use super::{
    address::PostgresAddress,
    clock::{self, Moment, Offset},
    series::{Figure, Share, Shelf},
    source::{Notes, Reader},
};
use crate::run::{Database, ResourceKind as Kind, Source, Unit, Wait};

/// Backends at work, by what they wait for.
const ACTIVITY: &str = "
    SELECT /* loadgen-probe */ coalesce(wait_event_type, '') AS kind, coalesce(wait_event, '') AS event, count(*) AS n
    FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND backend_type = 'client backend'
      AND application_name <> 'loadgen-probe'
    GROUP BY 1, 2";

/// Figures of the server and of this database.
const FIGURES: &str = "
    SELECT /* loadgen-probe */
        (SELECT count(*) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND application_name <> 'loadgen-probe')::float8 AS connections,
        current_setting('max_connections')::float8 AS max_connections,
        xact_commit::float8 AS commits, xact_rollback::float8 AS rollbacks,
        blks_hit::float8 AS hits, blks_read::float8 AS misses,
        (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables)::float8 AS scanned,
        extract(epoch FROM clock_timestamp())::float8 * 1000 AS now
    FROM pg_stat_database WHERE datname = current_database()";

/// The reader of one Postgres.
pub(super) struct Postgres {
    address: PostgresAddress,
    session: Option<PgConnection>,
    known: Option<(Server, Privileges)>,
    offset: Offset,
    shelf: Shelf,
    cache: Share,
    waits: BTreeMap<String, u64>,
    samples: u64,
    first: Option<Work>,
    database: Option<Database>,
}

impl Postgres {
    pub(super) fn new(address: PostgresAddress) -> Self {
        Self {
            address,
            session: None,
            known: None,
            offset: Offset::default(),
            shelf: Shelf::default(),
            cache: Share::default(),
            waits: BTreeMap::new(),
            samples: 0,
            first: None,
            database: None,
        }
    }

    /// Reads over this session; the first time also all that is compared with the end.
    async fn read_over(&mut self, session: &mut PgConnection, notes: &mut Notes) -> Result<(), sqlx::Error> {
        if self.first.is_none() {
            let server = session::server(session).await?;
            let privileges = session::privileges(session, &server, notes).await?;
            self.first = Some(work::read(session, &privileges, notes).await?);
            self.known = Some((server, privileges));
        }
        session::within(session, async |session| self.take(session).await).await
    }

    /// One reading, within its transaction.
    async fn take(&mut self, session: &mut PgConnection) -> Result<(), sqlx::Error> {
        let asked = Moment::now();
        let figures = sqlx::raw_sql(FIGURES).fetch_one(&mut *session).await?;
        let answered = Moment::now();
        let at = clock::between(&asked, &answered);
        self.offset.heard(&asked, &answered, figures.try_get("now")?);
        self.put_figures(at, &figures)?;
        let mut by_wait = Vec::new();
        for row in sqlx::raw_sql(ACTIVITY).fetch_all(session).await? {
            let wait: (String, String, i64) =
                (row.try_get("kind")?, row.try_get("event")?, row.try_get("n")?);
            by_wait.push(wait);
        }
        self.put_activity(at, &by_wait);
        Ok(())
    }

    fn put_figures(&mut self, at: u64, row: &sqlx::postgres::PgRow) -> Result<(), sqlx::Error> {
        let figure = |kind, unit| Figure { kind, unit };
        let get = |name| row.try_get::<f64, _>(name);
        let connections = figure(Kind::Connections, Unit::Count);
        let most = Some(get("max_connections")?);
        self.shelf.gauge(at, "connections", connections, get("connections")?, most);
        let rates = [
            ("transactions committed", Kind::Throughput, "commits"),
            ("transactions rolled back", Kind::Other, "rollbacks"),
            ("rows read sequentially", Kind::RowsScanned, "scanned"),
        ];
        for (name, kind, column) in rates {
            self.shelf.counter(at, name, figure(kind, Unit::PerSecond), get(column)?, None);
        }
        if let Some(share) = self.cache.of(get("hits")?, get("misses")?) {
            let hit = figure(Kind::CacheHit, Unit::Share);
            self.shelf.gauge(at, "blocks found in shared_buffers", hit, share, Some(1.0));
        }
        Ok(())
    }

    fn put_activity(&mut self, at: u64, by_wait: &[(String, String, i64)]) {
        let count = |wanted: Option<&str>| {
            let of = by_wait.iter().filter(|(kind, ..)| wanted.is_none_or(|wanted| wanted == kind));
            of.map(|(.., n)| *n as f64).sum::<f64>()
        };
        let waits = [
            ("backends at work", Kind::Active, None),
            ("backends waiting for a lock", Kind::LockWaits, Some("Lock")),
            ("backends waiting for the disk", Kind::IoWaits, Some("IO")),
        ];
        for (name, kind, wanted) in waits {
            self.shelf.gauge(at, name, Figure { kind, unit: Unit::Count }, count(wanted), None);
        }
        for (kind, event, n) in by_wait {
            let n = n.unsigned_abs();
            self.samples += n;
            if !kind.is_empty() {
                *self.waits.entry(format!("{kind}: {event}")).or_default() += n;
            }
        }
    }

    fn waits(&self) -> Vec<Wait> {
        let of = |(event, samples): (&String, &u64)| Wait { event: event.clone(), samples: *samples };
        let mut waits: Vec<Wait> = self.waits.iter().map(of).collect();
        waits.sort_by(|a, b| b.samples.cmp(&a.samples).then_with(|| a.event.cmp(&b.event)));
        waits
    }

    /// The session, taken out: one that failed or was left in the middle of an answer is of no more use.
    async fn session(&mut self) -> Result<PgConnection, sqlx::Error> {
        match self.session.take() {
            Some(session) => Ok(session),
            None => session::open(&self.address.options).await,
        }
    }

    /// What the whole run did, over this session.
    async fn close_over(&mut self, session: &mut PgConnection, notes: &mut Notes) -> Result<(), sqlx::Error> {
        let (Some((server, privileges)), Some(first)) = (&self.known, &self.first) else { return Ok(()) };
        let last = work::read(session, privileges, notes).await?;
        let mut database = last.since(first, notes);
        database.version.clone_from(&server.version);
        database.settings = session::settings(session).await?;
        if let Some(statements) = last.statements_since(first) {
            database.statements = work::told(session, privileges, statements, notes).await?;
        }
        // From here on, what was read so far is told whatever becomes of the rest.
        self.database = Some(database);
        let Some(database) = &mut self.database else { return Ok(()) };
        explain::explain(session, database, notes).await
    }
}

impl Reader for Postgres {
    async fn read(&mut self, notes: &mut Notes) -> Result<(), String> {
        let mut session = self.session().await.map_err(|e| session::words(&e))?;
        self.read_over(&mut session, notes).await.map_err(|e| session::words(&e))?;
        self.session = Some(session);
        Ok(())
    }

    async fn close(&mut self, notes: &mut Notes) {
        if self.first.is_none() {
            // It never answered, which is told.
            return;
        }
        let closed = match self.session().await {
            Ok(mut session) => self.close_over(&mut session, notes).await,
            Err(e) => Err(e),
        };
        if let Err(e) = closed {
            let known = if self.database.is_some() { "is incomplete" } else { "is not known" };
            notes.say(format!("what it did over the whole run {known}: {}", session::words(&e)));
        }
    }

    fn fill(self, source: &mut Source) {
        let (waits, samples) = (self.waits(), self.samples);
        source.clock_ahead_ms = self.offset.ahead_ms();
        let (resources, trouble) = self.shelf.into_resources();
        source.resources = resources;
        source.troubles.extend(trouble);
        let version = self.known.map(|(server, _)| server.version);
        // Without a last reading, what was sampled meanwhile is all that is known.
        let mut whole = self.database.or_else(|| Some(Database { version: version?, ..Database::default() }));
        for statement in whole.iter_mut().filter_map(|database| database.statements.as_mut()).flatten() {
            statement.query = work::shortened(&statement.query);
        }
        source.database = whole.map(|database| Database { waits, samples, ..database });
    }
}

#[cfg(test)]
mod tests;
