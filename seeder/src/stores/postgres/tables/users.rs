//! `users`: members, all with the one password of the load test.

use fixtures::Member;

use super::super::copy::{Id, Name, Tuples};
use super::{Columns, Kind, Table, column};

pub(super) static TABLE: Table = Table {
    name: "users",
    kind: "member",
    columns: &[
        column("id", Kind::Uuid),
        column("email", Kind::Text),
        column("password_hash", Kind::Text),
        column("first_name", Kind::Text),
        column("last_name", Kind::Text),
        column("phone", Kind::Text),
        column("role", Kind::Text),
        column("tier", Kind::Text),
        column("status", Kind::Text),
        column("belt_rank", Kind::Text),
        column("dojo", Kind::Text),
        column("discipline", Kind::Text),
        column("city", Kind::Text),
        column("state", Kind::Text),
        column("country", Kind::Text),
        column("locale", Kind::Text),
        column("is_verified", Kind::Boolean),
        column("stripe_customer_id", Kind::Text),
        column("created_at", Kind::Timestamp),
    ],
    lookup: None,
};

/// What every account's `status` says.
const ACTIVE: &str = "active";

pub(super) fn write(row: &Member, to: &mut Tuples) {
    to.put(Id(&row.id))
        .put(&*row.email)
        .put(fixtures::PASSWORD_BCRYPT)
        .put(&*row.first_name)
        .put(&*row.last_name)
        .put(&*row.phone)
        .put(Name(row.role))
        .put(Name(row.tier))
        .put(ACTIVE)
        .put(&*row.belt_rank)
        .put(&*row.dojo)
        .put(&*row.discipline)
        .put(&*row.city)
        .put(&*row.state)
        .put(&*row.country)
        .put(&*row.locale)
        .put(row.is_verified)
        .put(row.stripe_customer_id.as_deref())
        .put(row.joined_at);
}

pub(super) fn read(columns: &mut Columns<'_>, index: u32) -> Result<Member, sqlx::Error> {
    let id = columns.id()?;
    let email = columns.get()?;
    columns.always(fixtures::PASSWORD_BCRYPT)?;
    let (first_name, last_name, phone) = (columns.get()?, columns.get()?, columns.get()?);
    let (role, tier) = (columns.named()?, columns.named()?);
    columns.always(ACTIVE)?;
    Ok(Member {
        index,
        id,
        email,
        first_name,
        last_name,
        phone,
        role,
        tier,
        belt_rank: columns.get()?,
        dojo: columns.get()?,
        discipline: columns.get()?,
        city: columns.get()?,
        state: columns.get()?,
        country: columns.get()?,
        locale: columns.get()?,
        is_verified: columns.get()?,
        stripe_customer_id: columns.get()?,
        joined_at: columns.get()?,
    })
}
