use super::*;

#[test]
fn only_what_reads_or_changes_rows_is_planned() {
    for planned in ["SELECT 1", "  select $1", "WITH a AS (SELECT 1) SELECT * FROM a", "UPDATE a SET b = $1"]
    {
        assert!(is_planned(planned), "{planned}");
    }
    for other in [
        "TRUNCATE a",
        "BEGIN",
        "SET x = 1",
        "COPY a FROM stdin",
        "EXPLAIN ANALYZE SELECT 1",
        "",
        "(SELECT 1)",
    ] {
        assert!(!is_planned(other), "{other}");
    }
}

#[test]
fn parameters_are_counted_by_their_highest_number() {
    assert_eq!(parameters("SELECT $2, $10, $1"), 10);
    assert_eq!(parameters("SELECT 'no $'"), 0);
}

#[test]
fn names_are_quoted_as_postgres_does() {
    assert_eq!(quoted("event_rsvps"), "event_rsvps");
    assert_eq!(quoted("eventRsvps"), "\"eventRsvps\"");
    assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
}
