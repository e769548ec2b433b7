//! What a launch needs and no load can show. It stays on the list so that somebody answers for it.

use super::Line;

const LINES: [(&str, &str); 7] = [
    ("backups are taken and were restored once", "no request shows what could be restored"),
    ("a rollback was rehearsed", "no request shows what the last release was, or how it comes back"),
    ("somebody is on call on launch day", "a roster is not part of a run"),
    ("alerts reach that person", "rules can be tested, a phone cannot"),
    ("scaling up was tried", "this run saw one size of the platform"),
    ("third parties know of the launch (Stripe, Cloudflare, mail)", "load never goes to them"),
    ("support has its answers ready", "no request shows that"),
];

pub(super) fn lines() -> Vec<Line> {
    LINES.into_iter().map(|(claim, why)| Line::unknown("Operations", claim, why)).collect()
}
