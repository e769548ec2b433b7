use super::*;

fn found(server: i64, version: &str) -> (Option<Extension>, String) {
    let server = Server { version: String::new(), number: server };
    let mut notes = Notes::default();
    let there = Some(("public".to_owned(), version.to_owned()));
    (extension(there, &server, &mut notes), format!("{notes:?}"))
}

#[test]
fn what_counts_is_the_extensions_version_and_not_the_servers() {
    let of = |version: &str| found(160_000, version).0;
    let read = |has_levels| Some(Extension { schema: "public".to_owned(), has_levels });
    assert_eq!(
        (of("1.8"), of("1.9"), of("1.10"), of("2.0")),
        (read(false), read(true), read(true), read(true))
    );
    assert_eq!((of("1.7"), of("1.6"), of("odd")), (None, None, None));
}

#[test]
fn a_server_without_tls_is_told_with_what_to_do() {
    let said = words(&sqlx::Error::Tls("server does not support TLS".into()));
    assert!(said.starts_with("TLS: server does not support TLS. ") && said.contains("a tunnel"), "{said}");
}

#[test]
fn who_was_not_updated_is_told_how() {
    let (_, said) = found(160_000, "1.7");
    assert!(said.contains("version 1.7: ALTER EXTENSION pg_stat_statements UPDATE"), "{said}");
    let (_, said) = found(120_000, "1.7");
    assert!(said.contains("PostgreSQL 13") && !said.contains("ALTER"), "{said}");
    assert!(!found(160_000, "1.8").1.contains("statements"));
}
