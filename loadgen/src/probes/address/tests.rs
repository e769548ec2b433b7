use super::*;

const TARGET: &str = "api-staging.wwmaa.com";

#[test]
fn a_page_has_its_label_and_shows_no_query() {
    let page =
        Page::parse("http://127.0.0.1:9100/metrics?token=s3cret#database's machine").expect("an address");
    assert_eq!(page.name(), "database's machine");
    assert_eq!(page.url().as_str(), "http://127.0.0.1:9100/metrics?token=s3cret");
    let page = Page::parse("http://127.0.0.1:9100/metrics?token=s3cret").expect("an address");
    assert_eq!(page.name(), "http://127.0.0.1:9100/metrics");
    assert_eq!(Page::parse("http://a:b@127.0.0.1/metrics"), Err(Misplaced::Secret));
    assert!(matches!(Page::parse("127.0.0.1:9100"), Err(Misplaced::NoPage(_))));
    assert!(matches!(Page::parse("ftp://127.0.0.1/"), Err(Misplaced::NoPage(_))));
    let said =
        Page::parse("htp://me:s3cret@127.0.0.1/metrics?token=s3cret").expect_err("no page").to_string();
    assert!(said.contains("127.0.0.1/metrics") && !said.contains("s3cret"), "{said}");
}

#[test]
fn pages_are_read_here_and_where_load_may_go_and_nowhere_else() {
    let may = |url: &str| Page::parse(url).expect("an address").beside(TARGET).is_ok();
    for url in
        ["http://127.0.0.1:1/m", "http://localhost/m", "http://[::1]:9/m", "https://api-staging.wwmaa.com/m"]
    {
        assert!(may(url), "{url}");
    }
    for url in
        ["https://wwmaa.com/metrics", "https://example.com/metrics", "http://prometheus-prod.internal/"]
    {
        assert!(!may(url), "{url}");
    }
}

#[test]
fn secrets_of_stores_are_never_shown() {
    let url = "postgres://reader:s3cret@127.0.0.1:5433/wwmaa_local";
    let address = PostgresAddress::read(Some(url), TARGET).expect("an address");
    assert_eq!(format!("{address} {address:?}").matches("s3cret").count(), 0);
    assert_eq!(address.to_string(), "postgres at 127.0.0.1:5433/wwmaa_local");
    let address = RedisAddress::read(Some("redis://:s3cret@127.0.0.1:6390/3"), TARGET).expect("an address");
    assert_eq!(format!("{address:?}"), "redis at 127.0.0.1:6390");
}

#[test]
fn what_is_wrong_with_a_store_is_said_without_what_was_in_the_variable() {
    let refused = |value: Option<&str>| {
        PostgresAddress::read(value, TARGET).expect_err("no address that is read").to_string()
    };
    assert!(refused(None).contains("PROBE_DATABASE_URL, which is not set"));
    let strange = refused(Some("mysql://reader:s3cret@127.0.0.1/x"));
    assert!(strange.contains("holds no address of a Postgres") && !strange.contains("s3cret"), "{strange}");
    let elsewhere = refused(Some("postgres://reader:s3cret@db.example.com/wwmaa"));
    assert!(elsewhere.contains("environments.toml") && !elsewhere.contains("s3cret"), "{elsewhere}");
    assert!(refused(Some("postgres://reader@127.0.0.1/wwmaa_production")).contains("prod"));
    let redis =
        RedisAddress::read(Some("redis://:s3cret@cache.example.com/0"), TARGET).expect_err("not listed");
    assert!(!redis.to_string().contains("s3cret"), "{redis}");
}
