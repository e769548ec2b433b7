use super::*;

fn table(scans: u64, scanned: u64) -> TableUse {
    TableUse {
        table: "public.event_rsvps".to_owned(),
        rows: 5_000,
        bytes: 1 << 20,
        sequential_scans: scans,
        rows_scanned: scanned,
        index_scans: 0,
    }
}

fn work(hits: u64, misses: u64, table: TableUse, calls: u64) -> Work {
    let key = Key { user: 10, top: true, query: -7 };
    let counts = Counts { calls, total_ms: calls as f64 * 2.0, ..Counts::default() };
    Work {
        hits,
        misses,
        deadlocks: 1,
        temp_bytes: 100,
        tables: HashMap::from([(1, table)]),
        statements: Some(HashMap::from([(key, counts)])),
    }
}

#[test]
fn only_what_was_done_meanwhile_is_told() {
    let (first, last) = (work(100, 100, table(3, 15_000), 10), work(190, 110, table(5, 25_000), 14));
    let mut notes = Notes::default();
    let database = last.since(&first, &mut notes);
    assert_eq!((database.cache_hit, database.deadlocks, database.temp_bytes), (Some(0.9), Some(0), Some(0)));
    assert_eq!(database.tables, [table(2, 10_000)]);
    let statements = last.statements_since(&first).expect("they are counted");
    assert_eq!((statements[0].1.calls, statements[0].1.total_ms), (4, 8.0));
    assert_eq!(first.since(&first, &mut notes).tables, [], "a table nobody used is not told");
    assert_eq!(first.statements_since(&first), Some(Vec::new()));
}

#[test]
fn a_reset_in_between_counts_from_there() {
    let (first, last) = (work(100, 100, table(3, 15_000), 10), work(8, 2, table(1, 5_000), 2));
    let mut notes = Notes::default();
    let database = last.since(&first, &mut notes);
    assert_eq!(database.cache_hit, Some(0.8));
    assert_eq!(database.tables, [table(1, 5_000)]);
    assert_eq!(last.statements_since(&first).expect("they are counted")[0].1.calls, 2);
    assert!(format!("{notes:?}").contains("reset"));
}

#[test]
fn long_statements_are_shortened_to_a_line() {
    assert_eq!(shortened("SELECT 1\n   FROM x"), "SELECT 1 FROM x");
    let long = shortened(&"é".repeat(5_000));
    assert_eq!(long.chars().count(), MOST_CHARS);
    assert!(long.ends_with('…'));
}

#[test]
fn a_password_in_a_statement_is_not_told() {
    let told = |text| statement(text, Counts::default()).query;
    assert_eq!(told("ALTER ROLE app PASSWORD 's3cr3t' VALID UNTIL '2027'"), "ALTER ROLE app PASSWORD …");
    let quoted = [
        "/* don't */ ALTER ROLE app PASSWORD 's3cr3t'",
        r"ALTER ROLE app PASSWORD E'ab\'s3cr3t'",
        "ALTER ROLE app PASSWORD $$s3cr3t$$",
        "ALTER ROLE \"o'neil\" PASSWORD 's3cr3t'",
    ];
    for text in quoted {
        assert!(!told(text).contains("s3cr3t"), "{text}");
    }
    assert!(!told("CREATE SUBSCRIPTION s CONNECTION 'password=it''s3cr3t' PUBLICATION p").contains("s3cr3t"));
    // Its values are parameters; what is left is how it was written, and is planned as it is.
    let rows = "SELECT '$1' FROM users WHERE email = $2";
    assert_eq!(told(rows), rows);
}
