use super::{super::condition::Asked, *};

fn scan(asked: &[(&str, How)], rows: f64) -> Scan {
    let asked =
        asked.iter().map(|(column, how)| Asked { column: (*column).to_owned(), how: *how, as_text: false });
    Scan {
        schema: "public".to_owned(),
        table: "event_rsvps".to_owned(),
        asked: asked.collect(),
        passed_over: false,
        sorted_by: Vec::new(),
        rows,
    }
}

fn used() -> TableUse {
    TableUse {
        table: "public.event_rsvps".to_owned(),
        rows: 10_000,
        bytes: 1 << 20,
        sequential_scans: 50,
        rows_scanned: 500_000,
        index_scans: 0,
    }
}

fn catalogue(indexes: &[&[&str]]) -> Catalogue {
    let distinct = [("user_id", -0.2), ("status", 5.0), ("created_at", -1.0), ("id", -1.0)];
    let column = |(name, distinct): (&str, f64)| {
        (name.to_owned(), Column { quoted: format!("<{name}>"), distinct, is_varchar: false })
    };
    let owned = |index: &&[&str]| index.iter().map(|column| (*column).to_owned()).collect();
    let (columns, indexes) = (distinct.map(column).into(), indexes.iter().map(owned).collect());
    Catalogue { columns, indexes, ..Catalogue::default() }
}

const BOTH: [(&str, How); 2] = [("status", How::Equal), ("user_id", How::Equal)];

#[test]
fn equal_columns_come_first_and_the_most_telling_of_them() {
    let columns = columns(&scan(&BOTH, 4.0), &used(), &catalogue(&[&["id"]]));
    assert_eq!(columns.as_deref(), Some(&["user_id".to_owned(), "status".to_owned()][..]));
    let with_range = [("created_at", How::Range), ("user_id", How::Equal)];
    let columns = super::columns(&scan(&with_range, 4.0), &used(), &catalogue(&[]));
    assert_eq!(columns.as_deref(), Some(&["user_id".to_owned(), "created_at".to_owned()][..]));
}

#[test]
fn an_index_that_is_there_is_not_missing() {
    let missing = |indexes: &[&[&str]]| columns(&scan(&BOTH, 4.0), &used(), &catalogue(indexes)).is_some();
    assert!(!missing(&[&["user_id", "status"]]));
    assert!(!missing(&[&["status", "user_id", "id"]]), "equal ones in any order, and more behind them");
    assert!(missing(&[&["user_id"]]) && missing(&[&["id", "user_id", "status"]]));
}

#[test]
fn columns_are_told_as_the_database_quotes_them() {
    let columns = ["user_id".to_owned(), "status".to_owned()];
    assert_eq!(catalogue(&[]).quoted(&columns), ["<user_id>", "<status>"]);
}

#[test]
fn nothing_is_said_without_cause() {
    let none = |scan: &Scan, used: &TableUse| assert_eq!(columns(scan, used, &catalogue(&[])), None);
    none(&scan(&BOTH, 4.0), &TableUse { rows: 900, ..used() });
    none(&scan(&BOTH, 4.0), &TableUse { rows_scanned: 9_999, ..used() });
    none(&scan(&BOTH, 5_000.0), &used());
    none(&scan(&[("no_column_of_it", How::Equal)], 4.0), &used());
}

#[test]
fn a_cast_to_text_keeps_an_index_away_unless_it_changes_nothing() {
    let mut scan = scan(&BOTH, 4.0);
    scan.asked[1].as_text = true;
    assert_eq!(columns(&scan, &used(), &catalogue(&[])), Some(vec!["status".to_owned()]));
    let mut catalogue = catalogue(&[]);
    catalogue.columns.get_mut("user_id").expect("it is there").is_varchar = true;
    assert_eq!(columns(&scan, &used(), &catalogue).map(|columns| columns.len()), Some(2));
}

#[test]
fn a_condition_that_no_index_serves_keeps_the_order_from_being_one() {
    let sorted_by = vec!["created_at".to_owned()];
    let sorted = Scan { sorted_by: sorted_by.clone(), passed_over: true, ..scan(&[], 4.0) };
    assert_eq!(
        columns(&sorted, &used(), &catalogue(&[])),
        None,
        "WHERE lower(email) = $1 ORDER BY created_at"
    );
    let mut cast = Scan { sorted_by: sorted_by.clone(), ..scan(&BOTH, 4.0) };
    cast.asked[1].as_text = true;
    assert_eq!(columns(&cast, &used(), &catalogue(&[])), Some(vec!["status".to_owned()]));
    let beside = Scan { sorted_by, passed_over: true, ..scan(&BOTH, 4.0) };
    let both = Some(vec!["user_id".to_owned(), "status".to_owned()]);
    assert_eq!(columns(&beside, &used(), &catalogue(&[])), both);
}

#[test]
fn a_statement_must_have_read_the_table_itself() {
    let table = Catalogue { blocks: 90, ..catalogue(&[]) };
    let statement = |blocks_hit, blocks_read| Statement {
        query: String::new(),
        calls: 10,
        total_ms: 1.0,
        mean_ms: 0.1,
        rows: 10,
        blocks_hit,
        blocks_read,
        plan: None,
    };
    assert!(is_read_by(&statement(300, 600), &table) && is_read_by(&statement(450, 0), &table));
    assert!(!is_read_by(&statement(30, 0), &table), "an index led it there");
    assert!(!is_read_by(&statement(900, 0), &catalogue(&[])), "of no known size");
}

#[test]
fn the_first_of_a_sorted_table_are_found_by_its_order() {
    let scan = Scan { sorted_by: vec!["created_at".to_owned(), "id".to_owned()], ..scan(&[], 10_000.0) };
    let wanted = Some(vec!["created_at".to_owned(), "id".to_owned()]);
    assert_eq!(columns(&scan, &used(), &catalogue(&[&["id"]])), wanted);
    assert_eq!(columns(&scan, &used(), &catalogue(&[&["created_at", "id"]])), None);
}
