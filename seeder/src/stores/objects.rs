//! The ledger of what lies in stores that cannot be asked in SQL (Stripe, `ZeroDB`): which object of theirs stands
//! for which row of the world, kept in Postgres beside the ledger of its rows.
//!
//! Nothing is created there unless the ledger says first that it will be (`intended`), and what it is called there is
//! written down as soon as it is known (`present`). So after a crash at any moment, what may exist without a name in
//! the ledger is among the intended: whoever resumes looks for those, and for nothing else.
//!
//! Ids mean something in one place only, so the ledger also says where its objects are ([`Place`]): written down in the
//! transaction of the first, gone with the last. Nothing is looked up, written or removed for another place.
//!
//! Transactions are short and their statements unnamed, as a transaction-mode pooler requires.

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};

use crate::error::{Fault, SeedError};
use crate::stores::postgres::fault;

/// The ledger of one remote store.
#[derive(Debug)]
pub struct Objects {
    conn: PgConnection,
    store: &'static str,
    place: Option<Place>,
}

/// Where a store's objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The store's name in messages.
    pub store: &'static str,
    /// The host.
    pub host: String,
    /// The project or account there; none while it has not been asked for, and then only the host is compared.
    pub account: Option<String>,
}

impl Place {
    /// As the ledger records it, once it is known in full.
    fn recorded(&self) -> Option<String> {
        self.account.is_some().then(|| self.to_string())
    }

    /// Whether the ledger's record is of this place, as far as it is known.
    fn is(&self, recorded: &str) -> bool {
        match self.recorded() {
            Some(place) => place == recorded,
            None => recorded.split('/').next() == Some(self.host.as_str()),
        }
    }

    /// The settings lead elsewhere than the ledger does.
    fn refuse(&self, recorded: &str) -> SeedError {
        let cause = format!(
            "the ledger's objects are at `{recorded}`, and the settings now lead to `{self}`. Destroy them there first, \
             with the old settings (`seed destroy`); then run the same command again"
        );
        SeedError::store(
            self.store,
            Fault::Collision,
            "comparing the ledger's place with the settings",
            cause,
        )
        .having_done(|| "Nothing was written or removed in either place.".to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.account {
            Some(account) => write!(f, "{}/{account}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

/// An object as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The row of the world it stands for, such as `customer/loadtest_user_7@wwmaa.com`.
    pub seed_key: String,
    /// What the store calls it; none while it is only intended.
    pub remote_id: Option<String>,
    /// Digest of what it was made from, so that a change is noticed without asking the store.
    pub digest: String,
    /// When this was written down; of an intended one: since when it is.
    pub changed_at: DateTime<Utc>,
}

impl Objects {
    /// The ledger of `store` over a connection of its own. It takes no object before [`Self::locate`].
    pub const fn new(conn: PgConnection, store: &'static str) -> Self {
        Self { conn, store, place: None }
    }

    /// Says where the store is, and proves that what the ledger holds is there. Nothing is written.
    pub async fn locate(&mut self, place: Place) -> Result<(), SeedError> {
        self.place = Some(place);
        self.prove_place().await
    }

    /// Proves it again: another seeder may have been at work since.
    pub async fn prove_place(&mut self) -> Result<(), SeedError> {
        let Some(place) = &self.place else { return Ok(()) };
        let mut tx = self.conn.begin().await.map_err(fault::ledger)?;
        prove(&mut tx, self.store, place).await?;
        tx.commit().await.map_err(fault::ledger)
    }

    /// Those of `kind` among these keys, by key.
    pub async fn among(&mut self, kind: &str, keys: &[String]) -> Result<HashMap<String, Object>, SeedError> {
        let sql = "SELECT seed_key, remote_id, digest, changed_at FROM wwmaa_seed.objects
                   WHERE store = $1 AND kind = $2 AND seed_key = ANY ($3)";
        let found = self.fetch(sql, kind, |query| query.bind(keys)).await?;
        Ok(found.into_iter().map(|object| (object.seed_key.clone(), object)).collect())
    }

    /// Up to `limit` of `kind` whose keys come after `key`, in the order of keys.
    pub async fn after(&mut self, kind: &str, key: &str, limit: i64) -> Result<Vec<Object>, SeedError> {
        let sql = "SELECT seed_key, remote_id, digest, changed_at FROM wwmaa_seed.objects
                   WHERE store = $1 AND kind = $2 AND seed_key > $3 ORDER BY seed_key LIMIT $4";
        self.fetch(sql, kind, |query| query.bind(key).bind(limit)).await
    }

    /// Those of `kind` that may exist without a name here, at most `limit`, in the order of keys.
    pub async fn intended(&mut self, kind: &str, limit: i64) -> Result<Vec<Object>, SeedError> {
        let sql = "SELECT seed_key, remote_id, digest, changed_at FROM wwmaa_seed.objects
                   WHERE store = $1 AND kind = $2 AND remote_id IS NULL ORDER BY seed_key LIMIT $3";
        self.fetch(sql, kind, |query| query.bind(limit)).await
    }

    /// How many of `kind` there are, the intended included.
    pub async fn count(&mut self, kind: &str) -> Result<u64, SeedError> {
        let mut tx = self.conn.begin().await.map_err(fault::ledger)?;
        let sql = "SELECT count(*) FROM wwmaa_seed.objects WHERE store = $1 AND kind = $2";
        let count: i64 = sqlx::query_scalar(sql)
            .bind(self.store)
            .bind(kind)
            .persistent(false)
            .fetch_one(&mut *tx)
            .await
            .map_err(fault::ledger)?;
        tx.commit().await.map_err(fault::ledger)?;
        Ok(count.unsigned_abs())
    }

    /// Says that these will be created: key and digest. What is there already is left alone.
    pub async fn intend(&mut self, kind: &str, objects: &[(String, String)]) -> Result<(), SeedError> {
        if objects.is_empty() {
            return Ok(());
        }
        let (keys, digests): (Vec<&str>, Vec<&str>) =
            objects.iter().map(|(key, digest)| (key.as_str(), digest.as_str())).unzip();
        let sql = "INSERT INTO wwmaa_seed.objects (store, kind, seed_key, digest)
                   SELECT $1, $2, * FROM unnest($3::text[], $4::text[]) ON CONFLICT DO NOTHING";
        self.put(sql, kind, |query| query.bind(keys).bind(digests)).await
    }

    /// Says what these are called there and what they were made from: key, the store's id, digest.
    pub async fn settle(
        &mut self,
        kind: &str,
        objects: &[(String, String, String)],
    ) -> Result<(), SeedError> {
        if objects.is_empty() {
            return Ok(());
        }
        let keys: Vec<&str> = objects.iter().map(|object| object.0.as_str()).collect();
        let ids: Vec<&str> = objects.iter().map(|object| object.1.as_str()).collect();
        let digests: Vec<&str> = objects.iter().map(|object| object.2.as_str()).collect();
        let sql = "INSERT INTO wwmaa_seed.objects AS o (store, kind, seed_key, remote_id, digest)
                   SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[])
                   ON CONFLICT (store, kind, seed_key) DO UPDATE
                   SET remote_id = excluded.remote_id, digest = excluded.digest, changed_at = now()
                   WHERE (o.remote_id, o.digest) IS DISTINCT FROM (excluded.remote_id, excluded.digest)";
        self.put(sql, kind, |query| query.bind(keys).bind(ids).bind(digests)).await
    }

    /// Says that these are gone; with the last goes the place.
    pub async fn forget(&mut self, kind: &str, keys: &[String]) -> Result<(), SeedError> {
        let sql = "DELETE FROM wwmaa_seed.objects WHERE store = $1 AND kind = $2 AND seed_key = ANY ($3)";
        let mut tx = self.conn.begin().await.map_err(fault::ledger)?;
        let query = sqlx::query(sql).bind(self.store).bind(kind).bind(keys).persistent(false);
        query.execute(&mut *tx).await.map_err(fault::ledger)?;
        let sql = "DELETE FROM wwmaa_seed.places
                   WHERE store = $1 AND NOT EXISTS (SELECT FROM wwmaa_seed.objects WHERE store = $1)";
        let query = sqlx::query(sql).bind(self.store).persistent(false);
        query.execute(&mut *tx).await.map_err(fault::ledger)?;
        tx.commit().await.map_err(fault::ledger)
    }

    async fn fetch<'q>(
        &mut self,
        sql: &'static str,
        kind: &'q str,
        bind: impl FnOnce(Query<'q>) -> Query<'q>,
    ) -> Result<Vec<Object>, SeedError> {
        let mut tx = self.conn.begin().await.map_err(fault::ledger)?;
        let query = bind(sqlx::query(sql).bind(self.store).bind(kind)).persistent(false);
        let rows = query.fetch_all(&mut *tx).await.map_err(fault::ledger)?;
        tx.commit().await.map_err(fault::ledger)?;
        rows.iter()
            .map(|row| {
                Ok(Object {
                    seed_key: row.try_get(0)?,
                    remote_id: row.try_get(1)?,
                    digest: row.try_get(2)?,
                    changed_at: row.try_get(3)?,
                })
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(fault::ledger)
    }

    /// Writes objects, and the place they are in.
    async fn put<'q>(
        &mut self,
        sql: &'static str,
        kind: &'q str,
        bind: impl FnOnce(Query<'q>) -> Query<'q>,
    ) -> Result<(), SeedError> {
        let mut tx = self.conn.begin().await.map_err(fault::ledger)?;
        record(&mut tx, self.store, self.place.as_ref()).await?;
        let query = bind(sqlx::query(sql).bind(self.store).bind(kind)).persistent(false);
        query.execute(&mut *tx).await.map_err(fault::ledger)?;
        tx.commit().await.map_err(fault::ledger)
    }
}

/// Records a place, unless it is recorded or objects of another are left. One that is not known in full the table does
/// not take.
async fn record(
    conn: &mut PgConnection,
    store: &'static str,
    place: Option<&Place>,
) -> Result<(), SeedError> {
    let sql = "INSERT INTO wwmaa_seed.places AS p (store, place) VALUES ($1, $2)
               ON CONFLICT (store) DO UPDATE SET place = excluded.place
               WHERE p.place <> excluded.place
                 AND NOT EXISTS (SELECT FROM wwmaa_seed.objects AS o WHERE o.store = excluded.store)";
    let query = sqlx::query(sql).bind(store).bind(place.and_then(Place::recorded)).persistent(false);
    query.execute(&mut *conn).await.map_err(fault::ledger)?;
    match place {
        Some(place) => prove(conn, store, place).await,
        None => Ok(()),
    }
}

/// The place recorded must be this one, or nothing be left there.
async fn prove(conn: &mut PgConnection, store: &'static str, place: &Place) -> Result<(), SeedError> {
    let sql = "SELECT place FROM wwmaa_seed.places
               WHERE store = $1 AND EXISTS (SELECT FROM wwmaa_seed.objects WHERE store = $1)";
    let query = sqlx::query_scalar(sql).bind(store).persistent(false);
    let recorded: Option<String> = query.fetch_optional(conn).await.map_err(fault::ledger)?;
    match recorded {
        Some(recorded) if !place.is(&recorded) => Err(place.refuse(&recorded)),
        _ => Ok(()),
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;
