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
fn another_machines_postgres_is_read_encrypted_whatever_the_address_says() {
    let mode = |url: &str| PostgresAddress::read(Some(url), TARGET).expect(url).options.get_ssl_mode();
    let staging = "postgres://reader:s3cret@staging-db.wwmaa.com/wwmaa_staging";
    for ending in ["", "?sslmode=disable", "?sslmode=prefer", "?sslmode=require"] {
        assert!(matches!(mode(&format!("{staging}{ending}")), PgSslMode::Require), "{ending}");
    }
    assert!(matches!(mode(&format!("{staging}?sslmode=verify-full")), PgSslMode::VerifyFull));
    for here in ["postgres://reader@127.0.0.1/wwmaa_local", "postgres://reader@localhost/wwmaa_local"] {
        assert!(matches!(mode(&format!("{here}?sslmode=disable")), PgSslMode::Disable), "{here}");
    }
    let elsewhere = "postgres://reader@127.0.0.1/wwmaa_staging?sslmode=disable&host=staging-db.wwmaa.com";
    assert!(matches!(mode(elsewhere), PgSslMode::Require), "what counts is where it goes");
}

#[test]
fn another_machines_redis_is_read_encrypted_or_not_at_all() {
    let read = |url: &str| RedisAddress::read(Some(url), TARGET).map(|address| address.to_string());
    let said = read("redis://:s3cret@staging-redis.wwmaa.com:6379/0").expect_err("in the clear").to_string();
    assert!(said.contains("rediss:// in PROBE_REDIS_URL") && said.contains("a tunnel"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    let at = read("rediss://:s3cret@staging-redis.wwmaa.com:6380/0").expect("it is encrypted");
    assert_eq!(at, "redis at staging-redis.wwmaa.com:6380");
    assert!(read("redis://:s3cret@127.0.0.1:6379/0").is_ok() && read("redis://localhost").is_ok());
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

#[test]
fn no_part_of_a_password_is_taken_for_a_host_or_a_database() {
    for url in [
        "postgres://reader:s3/cr3t@127.0.0.1:5433/wwmaa_local",
        "postgres://reader:12/s3cr3t@127.0.0.1:5433/wwmaa_local",
        "postgres://reader:12#s3cr3t@127.0.0.1:5433/wwmaa_local",
    ] {
        let said = PostgresAddress::read(Some(url), TARGET).expect_err("it is cut short").to_string();
        assert!(said.contains("%2F") && !said.contains("cr3t"), "{said}");
    }
    let said =
        RedisAddress::read(Some("redis://x:12/s3cr3t@127.0.0.1/0"), TARGET).expect_err("it is cut short");
    assert!(said.to_string().contains("%2F") && !said.to_string().contains("cr3t"), "{said}");
}
