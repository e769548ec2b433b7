//! `event_rsvps`: bookings and places on waitlists.

use fixtures::Rsvp;

use super::super::copy::{Id, Name, Tuples};
use super::{Columns, Kind, Table, column};

pub(super) static TABLE: Table = Table {
    name: "event_rsvps",
    kind: "rsvp",
    columns: &[
        column("id", Kind::Uuid),
        column("event_id", Kind::Text),
        column("user_id", Kind::Uuid),
        column("email", Kind::Text),
        column("first_name", Kind::Text),
        column("last_name", Kind::Text),
        column("phone", Kind::Text),
        column("status", Kind::Text),
        column("payment_status", Kind::Text),
        column("amount", Kind::BigInt),
        column("waitlisted", Kind::Boolean),
        column("promoted_at", Kind::Timestamp),
        column("canceled_at", Kind::Timestamp),
        column("waitlist_position", Kind::Integer),
        column("created_at", Kind::Timestamp),
    ],
    lookup: None,
};

pub(super) fn write(row: &Rsvp, to: &mut Tuples) {
    to.put(Id(&row.id))
        .put(&*row.event_id)
        .put(Id(&row.member_id))
        .put(&*row.email)
        .put(&*row.first_name)
        .put(&*row.last_name)
        .put(row.phone.as_deref())
        .put(Name(row.status))
        .put(row.payment_status.map(Name))
        .put(row.amount)
        .put(row.waitlisted)
        .put(row.promoted_at)
        .put(row.canceled_at)
        .put(row.position)
        .put(row.created_at);
}

pub(super) fn read(columns: &mut Columns<'_>) -> Result<Rsvp, sqlx::Error> {
    Ok(Rsvp {
        id: columns.id()?,
        event_id: columns.get()?,
        member_id: columns.id_if_any()?.unwrap_or_default(),
        email: columns.get()?,
        first_name: columns.get()?,
        last_name: columns.get()?,
        phone: columns.get()?,
        status: columns.named()?,
        payment_status: columns.named_if_any()?,
        amount: columns.cents_if_any()?,
        waitlisted: columns.get()?,
        promoted_at: columns.get()?,
        canceled_at: columns.get()?,
        position: columns.count_if_any()?,
        created_at: columns.get()?,
    })
}
