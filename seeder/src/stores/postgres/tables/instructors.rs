//! `instructors`: people who teach; they sign in with the same password as the members.

use fixtures::Instructor;

use super::super::copy::{Id, Tuples};
use super::{Columns, Kind, Table, column};

pub(super) static TABLE: Table = Table {
    name: "instructors",
    kind: "instructor",
    columns: &[
        column("id", Kind::Uuid),
        column("email", Kind::Text),
        column("password_hash", Kind::Text),
        column("first_name", Kind::Text),
        column("last_name", Kind::Text),
        column("style", Kind::Text),
        column("rank", Kind::Text),
        column("bio", Kind::Text),
        column("city", Kind::Text),
        column("state", Kind::Text),
        column("years_experience", Kind::Integer),
        column("rating", Kind::Double),
        column("created_at", Kind::Timestamp),
    ],
    lookup: None,
};

pub(super) fn write(row: &Instructor, to: &mut Tuples) {
    to.put(Id(&row.id))
        .put(&*row.email)
        .put(fixtures::PASSWORD_BCRYPT)
        .put(&*row.first_name)
        .put(&*row.last_name)
        .put(&*row.style)
        .put(&*row.rank)
        .put(&*row.bio)
        .put(&*row.city)
        .put(&*row.state)
        .put(row.years_experience)
        .put(row.rating)
        .put(row.joined_at);
}

pub(super) fn read(columns: &mut Columns<'_>, index: u32) -> Result<Instructor, sqlx::Error> {
    let id = columns.id()?;
    let email = columns.get()?;
    columns.always(fixtures::PASSWORD_BCRYPT)?;
    Ok(Instructor {
        index,
        id,
        email,
        first_name: columns.get()?,
        last_name: columns.get()?,
        style: columns.get()?,
        rank: columns.get()?,
        bio: columns.get()?,
        city: columns.get()?,
        state: columns.get()?,
        years_experience: columns.count()?,
        rating: columns.get()?,
        joined_at: columns.get()?,
    })
}
