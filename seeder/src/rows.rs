//! Rows by kind: counting them as they pass, and walking over the counts in the order they are sent.

use fixtures::{Counts, Record};

/// The kinds of row in the order they are sent, with how many there are of each.
pub const fn by_kind(counts: &Counts) -> [(&'static str, u64); 7] {
    [
        ("member", counts.member),
        ("instructor", counts.instructor),
        ("event", counts.event),
        ("rsvp", counts.rsvp),
        ("subscription", counts.subscription),
        ("content", counts.content),
        ("session", counts.session),
    ]
}

/// How many rows there are of all kinds together.
pub fn total(counts: &Counts) -> u64 {
    by_kind(counts).iter().map(|(_, rows)| rows).sum()
}

/// Counts one more record; header and end are no rows.
pub const fn count(counts: &mut Counts, record: &Record) {
    match record {
        Record::Member(_) => counts.member += 1,
        Record::Instructor(_) => counts.instructor += 1,
        Record::Event(_) => counts.event += 1,
        Record::Rsvp(_) => counts.rsvp += 1,
        Record::Subscription(_) => counts.subscription += 1,
        Record::Content(_) => counts.content += 1,
        Record::Session(_) => counts.session += 1,
        Record::World(_) | Record::End { .. } => {}
    }
}
