//! What makes the pages as heavy as real ones: modules of script, rules of style, sections of prose. Made from
//! templates with drawn words and numbers, so that they are read, compressed and run as such things are; always the
//! same ones, and what is lighter is the beginning of what is heavier.

mod prose;
mod script;
mod style;

pub(super) use prose::sections;
pub(super) use script::modules;
pub(super) use style::rules;

/// What the site is about, as names in its code.
const SUBJECTS: [&str; 30] = [
    "event",
    "member",
    "belt",
    "dojo",
    "seminar",
    "tournament",
    "instructor",
    "ticket",
    "lesson",
    "schedule",
    "ranking",
    "payment",
    "invoice",
    "profile",
    "address",
    "bracket",
    "division",
    "referee",
    "certificate",
    "newsletter",
    "video",
    "article",
    "technique",
    "kata",
    "session",
    "chat",
    "reminder",
    "calendar",
    "waiver",
    "coupon",
];

/// What of it.
const ASPECTS: [&str; 20] = [
    "summary", "row", "panel", "badge", "label", "index", "range", "state", "draft", "option", "limit",
    "total", "entry", "filter", "page", "window", "detail", "header", "picker", "preview",
];

/// A name with its first letter raised, as the second part of another.
fn raised(name: &str) -> String {
    name[..1].to_ascii_uppercase() + &name[1..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lighter_begins_what_is_heavier() {
        let html = |bytes| sections("/events", bytes);
        for (light, heavy) in
            [(modules(9_000), modules(90_000)), (rules(2_000), rules(20_000)), (html(800), html(8_000))]
        {
            assert!(light.len() < heavy.len() && heavy.starts_with(&light));
        }
        assert_ne!(sections("/events", 800), sections("/instructors", 800));
        assert!([modules(0), rules(0), sections("/", 0)].iter().all(String::is_empty));
    }

    #[test]
    fn at_most_a_piece_more_than_asked_is_made() {
        for bytes in [500, 5_000, 50_000] {
            for (made, piece) in
                [(modules(bytes), 6_000), (rules(bytes), 3_000), (sections("/", bytes), 3_000)]
            {
                assert!((bytes..bytes + piece).contains(&made.len()), "{bytes}: {}", made.len());
            }
        }
    }
}
