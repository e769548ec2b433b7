//! The rows that caches are made from, put into the tables in plain SQL.

use fixtures::World;
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;

/// Instructors, events and content of a world.
pub(super) async fn insert(db: &mut PgConnection, world: &World) {
    let instructors = world.instructors().map(|row| {
        let mut value = json!(row);
        value["password_hash"] = json!(fixtures::PASSWORD_BCRYPT);
        value["created_at"] = value["joined_at"].clone();
        value
    });
    fill(
        db,
        "INSERT INTO instructors SELECT * FROM jsonb_populate_recordset(null::instructors, $1)",
        instructors,
    )
    .await;
    let events = world.events().map(|row| json!(row));
    fill(db, "INSERT INTO events SELECT * FROM jsonb_populate_recordset(null::events, $1)", events).await;
    let contents = world.contents().map(|row| json!(row));
    fill(db, "INSERT INTO content SELECT * FROM jsonb_populate_recordset(null::content, $1)", contents).await;
}

async fn fill(db: &mut PgConnection, sql: &'static str, rows: impl Iterator<Item = Value>) {
    sqlx::query(sql).bind(Value::Array(rows.collect())).execute(db).await.expect("the world fits the tables");
}
