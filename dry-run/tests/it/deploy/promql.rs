//! Which metrics an expression of Prometheus asks for. Not a parser: whether it is an expression at all, promtool
//! says.

use std::collections::BTreeSet;

/// Words of the language that stand where a metric could.
const WORDS: [&str; 13] = [
    "and",
    "or",
    "unless",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "offset",
    "inf",
    "nan",
];
/// Of these, those that a list of labels follows.
const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// The metrics an expression names.
pub(super) fn metrics(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '"' | '\'' => after(&rest[1..], first),
            '{' => after_matchers(rest),
            '[' => after(rest, ']'),
            first if first.is_ascii_alphabetic() || first == '_' || first == ':' => {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || "_:".contains(c)))
                    .unwrap_or(rest.len());
                let (word, then) = (&rest[..end], rest[end..].trim_start());
                if BEFORE_LABELS.contains(&word) && then.starts_with('(') {
                    after(then, ')')
                } else {
                    if !WORDS.contains(&word) && !then.starts_with('(') && !before_labels(then) {
                        found.insert(word.to_owned());
                    }
                    &rest[end..]
                }
            }
            // A number with its unit, as in `5m` or `1e-3`.
            first if first.is_ascii_digit() => {
                rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.')
            }
            other => &rest[other.len_utf8()..],
        };
    }
    found
}

/// Whether an aggregation's labels come next, as after `sum` in `sum by (le) (…)`.
fn before_labels(then: &str) -> bool {
    ["by", "without"]
        .iter()
        .any(|word| then.strip_prefix(word).is_some_and(|then| then.trim_start().starts_with('(')))
}

/// What comes after the next `end`.
fn after(text: &str, end: char) -> &str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// What comes after `{…}`, whose values may hold braces of their own.
fn after_matchers(text: &str) -> &str {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

#[test]
fn metrics_are_told_from_functions_labels_and_words() {
    let named = |expression| metrics(expression).into_iter().collect::<Vec<_>>();
    assert_eq!(
        named(r#"histogram_quantile(0.95, sum by (le) (rate(a_bucket{route="GET /x/{y}"}[2m])))"#),
        ["a_bucket"]
    );
    assert_eq!(named("(a:b:c > on (goal) group_left () d) and on (job) e >= 59"), ["a:b:c", "d", "e"]);
    assert_eq!(named("sum(a == bool 0) or 0 * count by (job) (b offset 5m) / 1e-3"), ["a", "b"]);
    assert_eq!(named(r#"a{x!~"b|c\"}"} unless ignoring(side) d"#), ["a", "d"]);
    assert_eq!(named("min_over_time(a[1m]) + vector(1)"), ["a"]);
    assert!(named("vector(1.2)").is_empty());
}
