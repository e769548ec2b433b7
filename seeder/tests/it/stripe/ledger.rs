//! A database of a test's own with nothing in it but the seeder's ledger.

use seeder::stores::objects::Objects;

use crate::servers::Database;

pub(super) struct Ledger(Database);

impl Ledger {
    pub(super) async fn new() -> Self {
        Self(Database::with_ledger().await)
    }

    pub(super) async fn objects(&self) -> Objects {
        Objects::new(self.0.connect().await, seeder::stores::stripe::STORE)
    }

    /// How many objects it holds, and how many of them without a name.
    pub(super) async fn count(&self) -> (i64, i64) {
        let sql = "SELECT count(*), count(*) FILTER (WHERE remote_id IS NULL) FROM wwmaa_seed.objects";
        sqlx::query_as(sql).fetch_one(&mut self.0.connect().await).await.expect("it answers")
    }

    /// Where they are.
    pub(super) async fn place(&self) -> Option<String> {
        let sql = "SELECT place FROM wwmaa_seed.places WHERE store = 'stripe'";
        sqlx::query_scalar(sql).fetch_optional(&mut self.0.connect().await).await.expect("it answers")
    }

    /// Keys of objects without a name.
    pub(super) async fn unnamed(&self) -> Vec<String> {
        let sql = "SELECT seed_key FROM wwmaa_seed.objects WHERE remote_id IS NULL";
        sqlx::query_scalar(sql).fetch_all(&mut self.0.connect().await).await.expect("it answers")
    }

    /// As if an older seeder, that said other things, had made everything.
    pub(super) async fn age(&self) {
        self.0.execute("UPDATE wwmaa_seed.objects SET digest = 'of an older seeder'").await;
    }
}
