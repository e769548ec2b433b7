//! `seed plan`: what would be sent.

use serde_json::Value;

use crate::command::seed;

#[test]
fn the_plan_is_a_table_and_writes_nothing() {
    let text = seed(&["plan", "--users=100", "--instructors=10", "--events=20", "--content=50"]).succeeds();
    // 100 load users and one community member per ten; 20 events and the three load events.
    for line in [
        "member               110",
        "instructor            10",
        "event                 23",
        "content               50",
    ] {
        assert!(text.contains(line), "`{line}` is not in {text}");
    }
    assert!(text.contains("Nothing was written."), "{text}");
}

#[test]
fn the_plan_as_json_is_launch_day_unless_told_otherwise() {
    let plan: Value = serde_json::from_str(&seed(&["plan", "--json"]).succeeds()).expect("JSON");
    assert_eq!(plan["seed"], 42);
    assert_eq!(plan["rows"]["member"], 5500);
    assert_eq!(plan["rows"]["instructor"], 200);
    assert_eq!(plan["rows"]["event"], 503);
    assert_eq!(plan["rows"]["content"], 5000);
    assert!(plan["rows"]["rsvp"].as_u64().is_some_and(|rows| rows >= 40_000), "{plan}");
}
