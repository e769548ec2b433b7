//! `training_sessions`: live training sessions.

use fixtures::Session;

use super::super::copy::{Id, Tuples};
use super::{Columns, Kind, Table, column};

pub(super) static TABLE: Table = Table {
    name: "training_sessions",
    kind: "session",
    columns: &[
        column("id", Kind::Text),
        column("title", Kind::Text),
        column("capacity", Kind::Integer),
        column("instructor_id", Kind::Uuid),
        column("starts_at", Kind::Timestamp),
    ],
    lookup: None,
};

pub(super) fn write(row: &Session, to: &mut Tuples) {
    to.put(&*row.id)
        .put(&*row.title)
        .put(row.capacity)
        .put(row.instructor_id.as_deref().map(Id))
        .put(row.starts_at);
}

pub(super) fn read(columns: &mut Columns<'_>) -> Result<Session, sqlx::Error> {
    Ok(Session {
        id: columns.get()?,
        title: columns.get()?,
        capacity: columns.count()?,
        instructor_id: columns.id_if_any()?,
        starts_at: columns.get()?,
    })
}
