//! A database of a test's own with nothing in it but the seeder's ledger.

use seeder::stores::objects::Objects;
use sqlx::Row as _;

use crate::servers::Database;

pub(crate) struct Ledger(Database);

impl Ledger {
    pub(crate) async fn fresh() -> Self {
        Self(Database::with_ledger().await)
    }

    /// The books of `ZeroDB`, over a connection of their own.
    pub(crate) async fn objects(&self) -> Objects {
        Objects::new(self.0.connect().await, "zerodb")
    }

    /// Every line of the books: kind, key and the store's name for it.
    pub(crate) async fn lines(&self) -> Vec<(String, String, Option<String>)> {
        let sql = "SELECT kind, seed_key, remote_id FROM wwmaa_seed.objects ORDER BY kind, seed_key";
        let rows = sqlx::query(sql).fetch_all(&mut self.0.connect().await).await.expect("the books");
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }

    /// Where they say that the objects are, and the transaction that wrote it.
    pub(crate) async fn place(&self) -> Option<(String, String)> {
        let sql = "SELECT place, xmin::text FROM wwmaa_seed.places WHERE store = 'zerodb'";
        sqlx::query_as(sql).fetch_optional(&mut self.0.connect().await).await.expect("the books")
    }

    /// Makes the books say something else than they do.
    pub(crate) async fn tamper(&self, sql: &str) {
        self.0.execute(sql).await;
    }
}
