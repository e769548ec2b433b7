use super::*;

#[test]
fn only_what_looks_for_rows_has_a_plan() {
    for planned in [
        "SELECT 1",
        "  select $1",
        "((SELECT 1) UNION (SELECT 2))",
        "/* from: /events */ -- by a library\n SELECT 1",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "UPDATE a SET b = $1",
        "INSERT INTO a(b) (SELECT b FROM c)",
        "TABLE a",
    ] {
        assert!(has_plan(planned), "{planned}");
    }
    for other in [
        "TRUNCATE a",
        "BEGIN",
        "SET x = 1",
        "COPY a FROM stdin",
        "EXPLAIN ANALYZE SELECT 1",
        "",
        "INSERT INTO selected (a) VALUES ($1)",
        "/* SELECT 1",
        "-- SELECT 1",
    ] {
        assert!(!has_plan(other), "{other}");
    }
}

#[test]
fn what_kept_plans_away_is_kept_once_and_told() {
    let (mut planning, mut notes) = (Planning::default(), Notes::default());
    for why in ["denied", "denied", "too long", "odd", "odder"] {
        refuse(&mut planning, &mut notes, why.to_owned());
    }
    assert_eq!(planning.refused, ["denied", "too long", "odd"]);
    assert!(format!("{notes:?}").contains("a plan could not be had: denied"), "{notes:?}");
}

#[test]
fn parameters_are_counted_by_their_highest_number() {
    assert_eq!(parameters("SELECT $2, $10, $1"), 10);
    assert_eq!(parameters("SELECT 'no $'"), 0);
}
