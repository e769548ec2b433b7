//! `events`: the name of the instructor is not kept here but read from `instructors`.

use fixtures::Event;

use super::super::copy::{Id, Name, Tuples};
use super::{Column, Columns, INSTRUCTOR, Kind, Table, column};

/// Seats taken, without those of bookings that are not the world's.
const TAKEN: &str = "(t.current_registrations - (SELECT count(*) FROM event_rsvps o WHERE o.event_id = t.id
    AND o.status IN ('confirmed', 'attended', 'no_show') AND o.id::text <> ALL ($2)))::integer";
/// People waiting, likewise.
const WAITING: &str = "(t.waitlist_count - (SELECT count(*) FROM event_rsvps o WHERE o.event_id = t.id
    AND o.status = 'waitlist' AND o.id::text <> ALL ($2)))::integer";

pub(super) static TABLE: Table = Table {
    name: "events",
    kind: "event",
    columns: &[
        column("id", Kind::Text),
        column("title", Kind::Text),
        column("description", Kind::Text),
        column("event_type", Kind::Text),
        column("style", Kind::Text),
        column("start_date", Kind::Timestamp),
        column("end_date", Kind::Timestamp),
        column("timezone", Kind::Text),
        column("location_name", Kind::Text),
        column("location_address", Kind::Text),
        column("city", Kind::Text),
        column("state", Kind::Text),
        column("postal_code", Kind::Text),
        column("is_online", Kind::Boolean),
        column("capacity", Kind::Integer),
        Column { counted: Some(TAKEN), ..column("current_registrations", Kind::Integer) },
        Column { counted: Some(WAITING), ..column("waitlist_count", Kind::Integer) },
        column("price", Kind::BigInt),
        column("currency", Kind::Text),
        column("visibility", Kind::Text),
        column("status", Kind::Text),
        column("instructor_id", Kind::Uuid),
        column("tags", Kind::TextArray),
        column("created_at", Kind::Timestamp),
        column("updated_at", Kind::Timestamp),
    ],
    lookup: Some(INSTRUCTOR),
};

pub(super) fn write(row: &Event, to: &mut Tuples) {
    to.put(&*row.id)
        .put(&*row.title)
        .put(&*row.description)
        .put(Name(row.event_type))
        .put(&*row.style)
        .put(row.start_date)
        .put(row.end_date)
        .put(&*row.timezone)
        .put(&*row.location_name)
        .put(&*row.location_address)
        .put(&*row.city)
        .put(&*row.state)
        .put(&*row.postal_code)
        .put(row.is_online)
        .put(row.capacity)
        .put(row.current_registrations)
        .put(row.waitlist_count)
        .put(row.price)
        .put(&*row.currency)
        .put(Name(row.visibility))
        .put(Name(row.status))
        .put(row.instructor_id.as_deref().map(Id))
        .put(&*row.tags)
        .put(row.created_at)
        .put(row.updated_at);
}

pub(super) fn read(columns: &mut Columns<'_>) -> Result<Event, sqlx::Error> {
    Ok(Event {
        id: columns.get()?,
        title: columns.get()?,
        description: columns.get()?,
        event_type: columns.named()?,
        style: columns.get()?,
        start_date: columns.get()?,
        end_date: columns.get()?,
        timezone: columns.get()?,
        location_name: columns.get()?,
        location_address: columns.get()?,
        city: columns.get()?,
        state: columns.get()?,
        postal_code: columns.get()?,
        is_online: columns.get()?,
        capacity: columns.count()?,
        current_registrations: columns.count()?,
        waitlist_count: columns.count()?,
        price: columns.cents()?,
        currency: columns.get()?,
        visibility: columns.named()?,
        status: columns.named()?,
        instructor_id: columns.id_if_any()?,
        tags: columns.get()?,
        created_at: columns.get()?,
        updated_at: columns.get()?,
        instructor_name: columns.get()?,
    })
}
