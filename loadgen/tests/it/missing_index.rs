//! A real Postgres with the seeded tables: what is read of it beside a small workload, with an index and without it.

use std::sync::atomic::{AtomicU32, Ordering};

use loadgen::{
    bottlenecks,
    probes::{Place, PostgresAddress, Probing, Wish},
    run::{Database, Evidence, Run, Source, Statement},
};
use seeder::{
    Environment, World,
    site::{Access, How, Outcome, Site, Store},
    stores::postgres::Intent,
};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, postgres::PgConnection};
use tokio::runtime::Runtime;

use crate::report::made;

/// Questions of the workload.
pub(crate) const QUESTIONS: i64 = 60;
/// The index that is dropped: over `user_id` and `status`.
pub(crate) const DROPPED: &str = "DROP INDEX event_rsvps_of_user";
const PASSWORD: &str = "s3cret-of-the-reader";

/// A database of the test's own with a small world in it, and a role that may read.
pub(crate) struct Seeded {
    pub(crate) runtime: Runtime,
    pub(crate) name: String,
}

pub(crate) fn server() -> reqwest::Url {
    let url = std::env::var("TEST_DATABASE_URL")
        .expect("tests/provide.sh brings a Postgres: call provide_postgres");
    reqwest::Url::parse(&url).expect("a URL")
}

impl Seeded {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let name = format!("loadgen_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let seeded = Self { runtime, name };
        let name = &seeded.name;
        seeded.at_server(&format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"));
        let access = Access {
            environment: Environment::Local,
            stores: vec![Store::Postgres],
            database_url: seeded.url(),
            redis_url: None,
            stripe: None,
            zerodb: None,
        };
        let small = fixtures::Size {
            members: 600,
            instructors: 20,
            events: 120,
            content: 300,
            ..fixtures::Size::default()
        };
        seeded.runtime.block_on(async {
            let mut site = Site::open(&access, Intent::Fill).await.expect("the database is local");
            let how = How::default();
            site.apply(World::new(42, small), how, &mut Outcome::default())
                .await
                .expect("the world is put in place");
        });
        seeded.alone();
        seeded.execute(&format!(
            "CREATE EXTENSION pg_stat_statements; CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; \
             GRANT pg_monitor, pg_read_all_data TO {name}"
        ));
        seeded
    }

    /// Waits until whoever filled it has left: a backend tells what it did on its way out.
    fn alone(&self) {
        let others = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        self.runtime.block_on(async {
            let mut connection = PgConnection::connect(server().as_str()).await.expect("Postgres answers");
            let count = || sqlx::query_scalar::<_, i64>(AssertSqlSafe(others.clone()));
            while count().fetch_one(&mut connection).await.expect("a number") > 0 {}
        });
    }

    pub(crate) fn url(&self) -> String {
        let mut url = server();
        url.set_path(&self.name);
        url.to_string()
    }

    /// The address for the role that may read.
    pub(crate) fn readers(&self) -> PostgresAddress {
        let mut url = server();
        url.set_path(&self.name);
        url.set_username(&self.name).expect("it has a host");
        url.set_password(Some(PASSWORD)).expect("it has a host");
        PostgresAddress::read(Some(url.as_str()), "127.0.0.1").expect("it is this machine")
    }

    fn at_server(&self, sql: &str) {
        self.runtime.block_on(run(server().as_str(), sql));
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.runtime.block_on(run(&self.url(), sql));
    }

    /// What is read while somebody asks for the bookings of one person after the other.
    pub(crate) fn read_beside_the_workload(&self) -> Evidence {
        self.read_at(self.readers())
    }

    /// The same, read at this address.
    pub(crate) fn read_at(&self, address: PostgresAddress) -> Evidence {
        let probing = begin(address).expect("it is read");
        self.runtime.block_on(workload(&self.url()));
        probing.end(false).expect("something was to be read")
    }
}

impl Drop for Seeded {
    fn drop(&mut self) {
        let name = &self.name;
        self.execute(&format!("DROP OWNED BY {name}"));
        self.at_server(&format!("DROP DATABASE {name} WITH (FORCE)"));
        self.at_server(&format!("DROP ROLE {name}"));
    }
}

async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.expect("Postgres answers");
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("the statements run");
    connection.close().await.expect("closed");
}

async fn workload(url: &str) {
    let mut connection = PgConnection::connect(url).await.expect("Postgres answers");
    for number in 0..QUESTIONS {
        let sql = "SELECT count(*) FROM event_rsvps WHERE status = $2 \
                   AND user_id = (SELECT id FROM users ORDER BY id LIMIT 1 OFFSET $1)";
        sqlx::query(sql).bind(number).bind("confirmed").fetch_one(&mut connection).await.expect("an answer");
    }
    flushed(connection).await;
}

/// Closes it. A backend tells the others what it did once a second; here, before it is ready again.
pub(crate) async fn flushed(mut connection: PgConnection) {
    sqlx::raw_sql("SELECT pg_stat_force_next_flush()").execute(&mut connection).await.expect("PostgreSQL 15");
    connection.close().await.expect("closed");
}

pub(crate) fn begin(address: PostgresAddress) -> Result<Probing, loadgen::probes::NotThere> {
    Probing::begin(&Wish { places: vec![Place::Postgres(address)], ..Wish::default() })
}

pub(crate) fn database(evidence: &Evidence) -> (&Source, &Database) {
    let [source] = evidence.sources.as_slice() else { panic!("{evidence:?}") };
    (source, source.database.as_ref().expect("it is a Postgres"))
}

#[test]
fn a_dropped_index_is_named_with_its_table_and_columns() {
    let seeded = Seeded::new();
    seeded.execute(DROPPED);
    let evidence = seeded.read_beside_the_workload();
    let (source, database) = database(&evidence);
    assert!(source.reads >= 2 && source.failed == 0, "{source:?}");
    assert_eq!(source.troubles, Vec::<String>::new());
    let [missing] = database.missing.as_slice() else { panic!("{database:#?}") };
    assert_eq!((missing.table.as_str(), missing.calls), ("public.event_rsvps", QUESTIONS as u64));
    assert_eq!(missing.columns, ["user_id", "status"]);
    assert!(missing.query.contains("event_rsvps WHERE status = $2"), "{missing:?}");
    let used = database.tables.iter().find(|table| table.table == missing.table).expect("it was used");
    assert_eq!(used.sequential_scans, QUESTIONS as u64, "each question read all of it");
    assert_eq!((missing.sequential_scans, missing.rows_scanned), (used.sequential_scans, used.rows_scanned));
    assert_eq!(used.rows_scanned, used.rows * QUESTIONS as u64);
    let statements = database.statements.as_ref().expect("they are counted");
    let own = |statement: &&Statement| {
        ["BEGIN", "SET", "COMMIT"].iter().any(|word| statement.query.starts_with(word))
    };
    assert_eq!(statements.iter().find(own), None, "the probe's own are left out");
    let counted =
        statements.iter().find(|statement| statement.query == missing.query).expect("it is one of them");
    assert!(
        counted.plan.as_ref().is_some_and(|plan| plan.contains("Seq Scan on event_rsvps")),
        "{counted:?}"
    );
    assert!(source.clock_ahead_ms.is_some_and(|ahead| ahead.abs() < 1_000.0), "{source:?}");
    let written = serde_json::to_string(&evidence).expect("JSON");
    assert!(!written.contains(PASSWORD) && !written.contains("loadgen-probe"), "{written}");
    assert_eq!(
        indexes_of(evidence),
        [(
            "Index public.event_rsvps (user_id, status)".to_owned(),
            Some("CREATE INDEX CONCURRENTLY ON public.event_rsvps (user_id, status);".to_owned())
        )]
    );
}

/// What the report of a run that read this recommends of indexes, and the statement it gives.
pub(crate) fn indexes_of(evidence: Evidence) -> Vec<(String, Option<String>)> {
    let run = Run { evidence: Some(evidence), ..made::good() };
    let found = bottlenecks::find(&run).recommendations;
    found.into_iter().filter(|r| r.topic == "Database indexes").map(|r| (r.title, r.change)).collect()
}

#[test]
fn with_the_index_in_place_none_is_missing() {
    let seeded = Seeded::new();
    let evidence = seeded.read_beside_the_workload();
    let (_, database) = database(&evidence);
    assert_eq!(database.missing, []);
    let used = database.tables.iter().find(|table| table.table == "public.event_rsvps").expect("it was used");
    assert_eq!((used.sequential_scans, used.index_scans), (0, QUESTIONS as u64));
    assert_eq!(indexes_of(evidence), []);
}

#[test]
fn a_role_that_sees_little_is_told_what_to_grant_and_nothing_was_written() {
    let seeded = Seeded::new();
    let name = &seeded.name;
    seeded.execute(&format!("REVOKE pg_monitor, pg_read_all_data FROM {name}"));
    let rows = seeded.runtime.block_on(changes(&seeded.url()));
    let evidence = seeded.read_beside_the_workload();
    let (source, database) = database(&evidence);
    assert!(source.troubles.iter().any(|trouble| trouble.contains("GRANT pg_monitor TO")), "{source:?}");
    assert_eq!(database.missing, [], "nothing is guessed");
    assert_eq!(seeded.runtime.block_on(changes(&seeded.url())), rows);
}

/// Rows that were ever written to the tables.
async fn changes(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.expect("Postgres answers");
    let sql = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables";
    let row = sqlx::query(sql).fetch_one(&mut connection).await.expect("an answer");
    connection.close().await.expect("closed");
    row.get(0)
}

#[test]
fn a_wrong_password_is_told_before_any_load_and_not_repeated() {
    let seeded = Seeded::new();
    let mut url = server();
    url.set_path(&seeded.name);
    url.set_username(&seeded.name).expect("it has a host");
    url.set_password(Some("wrong-s3cret")).expect("it has a host");
    let address = || PostgresAddress::read(Some(url.as_str()), "127.0.0.1").expect("it is this machine");
    let said = begin(address()).expect_err("nobody comes in").to_string();
    assert!(said.contains("password authentication failed") && !said.contains("wrong-s3cret"), "{said}");
    let wish = Wish { places: vec![Place::Postgres(address())], optional: true, ..Wish::default() };
    let probing = Probing::begin(&wish).expect("it goes on without");
    assert!(probing.missed()[0].contains("does not answer"), "{:?}", probing.missed());
    let evidence = probing.end(true).expect("something was to be read");
    assert_eq!((evidence.sources[0].reads, evidence.sources[0].failed >= 1), (0, true));
}
