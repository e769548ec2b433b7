use super::*;
use crate::{probes::source::unread, run::SourceKind};

#[test]
fn without_a_last_reading_only_what_was_sampled_is_told() {
    let address = PostgresAddress::read(Some("postgres://127.0.0.1/wwmaa_local"), "127.0.0.1");
    let mut reader = Postgres::new(address.expect("an address"));
    let server = Server { version: "15.7".to_owned(), number: 150_007 };
    reader.known = Some((server, Privileges { statements: None }));
    reader.put_activity(1, &[("Lock".to_owned(), "tuple".to_owned(), 2), (String::new(), String::new(), 3)]);
    let mut source = unread("postgres".to_owned(), SourceKind::Postgres, std::time::Duration::from_secs(1));
    reader.fill(&mut source);
    let waits = vec![Wait { event: "Lock: tuple".to_owned(), samples: 2 }];
    let told = Database { version: "15.7".to_owned(), waits, samples: 5, ..Database::default() };
    assert_eq!(source.database, Some(told));
    assert_eq!(Database::default().deadlocks, None, "a nought would be a count");
}
