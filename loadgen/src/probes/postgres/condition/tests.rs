use proptest::prelude::*;

use super::{How::*, *};

fn of(condition: &str) -> Vec<(String, How)> {
    columns(condition, "event_rsvps").into_iter().map(|asked| (asked.column, asked.how)).collect()
}

fn one(name: &str, how: How) -> Vec<(String, How)> {
    vec![(name.to_owned(), how)]
}

#[test]
fn conditions_as_plans_have_them() {
    assert_eq!(of("(event_rsvps.user_id = $1)"), one("user_id", Equal));
    assert_eq!(of("((status)::text = ($2)::text)"), one("status", Equal));
    assert_eq!(of("(event_rsvps.status = ANY ('{confirmed,\"a AND b\"}'::text[]))"), one("status", Equal));
    assert_eq!(of("($1 = event_rsvps.user_id)"), one("user_id", Equal));
    assert_eq!(of("(event_rsvps.canceled_at IS NULL)"), one("canceled_at", Equal));
    let both = of(
        "((event_rsvps.user_id = $1) AND (event_rsvps.created_at >= $2) AND (event_rsvps.created_at < $3))",
    );
    assert_eq!(both, [("user_id".to_owned(), Equal), ("created_at".to_owned(), Range)]);
    assert_eq!(of("((event_rsvps.a > 1) AND (event_rsvps.a = 2))"), one("a", Equal));
    assert_eq!(of("(event_rsvps.\"userId\" = 'it''s (a) AND b = c'::text)"), one("userId", Equal));
}

#[test]
fn what_no_plain_index_serves_is_passed_over() {
    let none = [
        "(lower(event_rsvps.email) = $1)",
        "(event_rsvps.email ~~ '%a%'::text)",
        "((event_rsvps.a = $1) OR (event_rsvps.b = $2))",
        "(event_rsvps.status <> 'canceled'::text)",
        "(NOT event_rsvps.waitlisted)",
        "event_rsvps.waitlisted",
        "(event_rsvps.a = event_rsvps.b)",
        "(to_tsvector('english'::regconfig, ((event_rsvps.a || ' '::text) || event_rsvps.b)) @@ $1)",
        "",
    ];
    for condition in none {
        assert_eq!(of(condition), [], "{condition}");
        assert!(!is_whole(condition, "event_rsvps"), "{condition}");
    }
    let beside = "((event_rsvps.user_id = $1) AND ((event_rsvps.a = $2) OR (event_rsvps.b = $3)))";
    assert_eq!(of(beside), one("user_id", Equal));
    let before = "(((event_rsvps.a = $2) OR (event_rsvps.b = $3)) AND (event_rsvps.user_id = $1))";
    assert_eq!(of(before), one("user_id", Equal));
    assert!(!is_whole(beside, "event_rsvps") && !is_whole(before, "event_rsvps"));
    let both = "((event_rsvps.user_id = $1) AND (event_rsvps.created_at >= $2))";
    assert!(is_whole(both, "event_rsvps"));
}

#[test]
fn names_are_read_with_quotation_marks_and_without() {
    let users =
        |condition| columns(condition, "User").into_iter().map(|asked| asked.column).collect::<Vec<_>>();
    assert_eq!(users("((\"User\".\"emailAddress\")::text = $1)"), ["emailAddress"]);
    assert_eq!(users("(\"User\".email = $1)"), ["email"]);
    assert_eq!(users("(\"User\".id = \"Event\".\"userId\")"), ["id"], "of another relation");
    assert_eq!(column("\"order\".\"user\"", "order"), Some(("user".to_owned(), false)));
    assert_eq!(column("\"a\"\"b\".\"c\"\"d\"", "a\"b"), Some(("c\"d".to_owned(), false)));
    assert_eq!(column("\"Event\".\"id\"", "User"), None);
}

#[test]
fn columns_of_another_relation_are_none_of_this_one() {
    assert_eq!(column("e.start_date", "event_rsvps"), None);
    assert_eq!(of("(event_rsvps.event_id = e.id)"), one("event_id", Equal));
    assert_eq!(column("(event_rsvps.created_at)::date", "event_rsvps"), None);
    assert_eq!(column("(event_rsvps.status)::text", "event_rsvps"), Some(("status".to_owned(), true)));
}

proptest! {
    #[test]
    fn whatever_comes_is_read_without_harm(text in "[a-c.()'\" =<>$1ANDOR:é\\[\\]]{0,60}") {
        let _ = (columns(&text, "a"), is_whole(&text, "a"));
    }
}
