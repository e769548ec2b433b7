use super::*;

fn explained(json: &str) -> Node {
    serde_json::from_str::<Vec<Explained>>(json).expect("a plan").remove(0).plan
}

/// As PostgreSQL 15.18 printed it for a count over a dropped index.
const COUNT: &str = r#"[{"Plan": {"Node Type": "Aggregate", "Strategy": "Plain", "Partial Mode": "Simple",
    "Parallel Aware": false, "Async Capable": false, "Startup Cost": 190.02, "Total Cost": 190.03, "Plan Rows": 1,
    "Plan Width": 8, "Output": ["count(*)"], "Plans": [{"Node Type": "Seq Scan", "Parent Relationship": "Outer",
    "Parallel Aware": false, "Async Capable": false, "Relation Name": "event_rsvps", "Schema": "public",
    "Alias": "event_rsvps", "Startup Cost": 0.00, "Total Cost": 190.00, "Plan Rows": 5, "Plan Width": 0,
    "Output": ["id"], "Filter": "((event_rsvps.user_id = $1) AND (event_rsvps.status = $2))"}]}}]"#;

#[test]
fn a_filter_over_a_whole_table_is_a_scan() {
    let plan = explained(COUNT);
    let scans = plan.scans();
    let [scan] = scans.as_slice() else { panic!("{scans:?}") };
    assert_eq!((scan.schema.as_str(), scan.table.as_str(), scan.rows), ("public", "event_rsvps", 5.0));
    let columns: Vec<_> = scan.asked(How::Equal).map(|asked| asked.column.as_str()).collect();
    assert_eq!(columns, ["user_id", "status"]);
    assert!(!scan.passed_over);
    let lower = COUNT.replace("event_rsvps.status", "lower(event_rsvps.status)");
    assert!(explained(&lower).scans()[0].passed_over);
    let text = plan.text();
    assert!(text.starts_with("Aggregate (cost 190, 1 rows)\n  Seq Scan on event_rsvps (cost 190"), "{text}");
}

#[test]
fn sorting_counts_only_where_the_first_few_are_taken() {
    let sorted = |key: &str| {
        format!(
            r#"{{"Node Type": "Sort", "Sort Key": [{key}], "Plans": [{{"Node Type": "Seq Scan",
            "Relation Name": "events", "Schema": "public", "Alias": "e", "Plan Rows": 9000}}]}}"#
        )
    };
    let alone = format!(r#"[{{"Plan": {}}}]"#, sorted(r#""e.start_date DESC""#));
    assert_eq!(explained(&alone).scans(), []);
    let limited = |key: &str| {
        let plan = format!(r#"[{{"Plan": {{"Node Type": "Limit", "Plans": [{}]}}}}]"#, sorted(key));
        explained(&plan).scans()
    };
    assert_eq!(limited(r#""e.start_date DESC", "e.id DESC""#)[0].sorted_by, ["start_date", "id"]);
    assert_eq!(limited(r#""e.start_date DESC", "e.id""#), [], "in two directions");
    assert_eq!(limited(r#""(lower(e.title))""#), [], "no plain column");
}

#[test]
fn an_index_scan_is_none() {
    let plan = COUNT.replace("Seq Scan", "Index Scan");
    assert_eq!(explained(&plan).scans(), []);
}
