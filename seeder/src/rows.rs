//! Rows by kind: walking over counts in the order in which rows are sent.

use fixtures::Counts;

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
