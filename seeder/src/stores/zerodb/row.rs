//! Documents, with the fields that the platform writes into its collections.

use contract::events::EventStatus;
use fixtures::{Content, Event, Instructor};
use serde_json::{Map, Value, json};

/// An event, under both sets of names that the platform reads.
pub(super) fn event(event: &Event) -> Map<String, Value> {
    let dollars = dollars(event.price);
    fields(json!({
        "title": event.title,
        "description": event.description,
        "event_type": event.event_type,
        "style": event.style,
        "visibility": event.visibility,
        "status": event.status,
        "start_date": event.start_date,
        "start_datetime": event.start_date,
        "end_date": event.end_date,
        "timezone": event.timezone,
        "location": event.location_name,
        "location_name": event.location_name,
        "address": event.location_address,
        "city": event.city,
        "state": event.state,
        "postal_code": event.postal_code,
        "is_online": event.is_online,
        "is_virtual": event.is_online,
        "capacity": event.capacity,
        "max_attendees": event.capacity,
        "current_attendees": event.current_registrations,
        "price": dollars,
        "registration_fee": dollars,
        "currency": event.currency,
        "organizer_id": event.instructor_id,
        "instructors": event.instructor_id.iter().collect::<Vec<_>>(),
        "instructor_info": event.instructor_name,
        "registration_required": true,
        "waitlist_enabled": true,
        "is_published": event.status != EventStatus::Draft,
        "is_deleted": false,
        "is_canceled": event.status == EventStatus::Canceled,
        "tags": event.tags,
        "created_at": event.created_at,
        "updated_at": event.updated_at,
    }))
}

/// An article, or anything else to read or watch.
pub(super) fn content(item: &Content) -> Map<String, Value> {
    fields(json!({
        "title": item.title,
        "slug": format!("load-test-{}", item.index),
        "excerpt": item.snippet,
        "content": item.body,
        "content_format": "text",
        "content_type": item.content_type,
        "author": { "name": item.instructor, "id": item.instructor_id },
        "category": item.category,
        "style": item.style,
        "level": item.level,
        "rank": item.rank,
        "age_group": item.age_group,
        "location": item.location,
        "tags": item.tags,
        "verified": item.verified,
        "status": "published",
        "published_at": item.published_at,
    }))
}

/// A person who teaches, as a public profile.
pub(super) fn instructor(person: &Instructor) -> Map<String, Value> {
    let mut ranks = Map::new();
    ranks.insert(person.style.clone(), person.rank.clone().into());
    fields(json!({
        "user_id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "display_name": format!("{} {}", person.first_name, person.last_name),
        "bio": person.bio,
        "city": person.city,
        "state": person.state,
        "country": "USA",
        "disciplines": [person.style],
        "ranks": ranks,
        "years_experience": person.years_experience,
        "rating": person.rating,
        "public_profile": true,
        "member_since": person.joined_at,
    }))
}

/// The platform's prices are in dollars.
fn dollars(cents: u64) -> Value {
    if cents.is_multiple_of(100) { (cents / 100).into() } else { (cents as f64 / 100.0).into() }
}

fn fields(row: Value) -> Map<String, Value> {
    match row {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
