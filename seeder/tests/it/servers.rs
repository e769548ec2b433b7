//! Real servers for tests: a database of its own, a Redis of its own. `./test` says where to find them.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};

use redis::aio::MultiplexedConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

const MIGRATIONS: [&str; 3] = [
    include_str!("../../migrations/0001_tables.sql"),
    include_str!("../../migrations/0002_indexes.sql"),
    include_str!("../../migrations/0003_legacy_views.sql"),
];

/// What `./test` provides under this name.
pub(crate) fn provided(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run ./test, which provides it"))
}

/// A database that is dropped at the end of its test.
pub(crate) struct Database {
    server: PgConnectOptions,
    name: String,
    /// Its tablespace, if it has one of its own.
    tablespace: Option<String>,
}

impl Database {
    /// An empty one.
    pub(crate) async fn empty() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = PgConnectOptions::from_str(&provided("TEST_DATABASE_URL")).expect("a URL");
        let name = format!("seeder_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut connection = server.connect().await.expect("Postgres answers");
        let sql = format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("created");
        connection.close().await.expect("closed");
        Self { server, name, tablespace: None }
    }

    /// An empty one whose files lie in this directory, which Postgres may write to; the tablespace goes with it.
    pub(crate) async fn in_tablespace(directory: &std::path::Path) -> Self {
        let mut database = Self::empty().await;
        let name = database.name.clone();
        let place = directory.display();
        database.execute(&format!("CREATE TABLESPACE {name}_space LOCATION '{place}'")).await;
        let mut connection = database.server.connect().await.expect("Postgres answers");
        let sql = format!("ALTER DATABASE {name} SET TABLESPACE {name}_space");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("moved");
        database.tablespace = Some(format!("{name}_space"));
        database
    }

    /// One with nothing in it but the seeder's ledger.
    pub(crate) async fn with_ledger() -> Self {
        let database = Self::empty().await;
        database.execute(include_str!("../../src/stores/postgres/ledger.sql")).await;
        database
    }

    /// One with the platform's tables, without rows.
    pub(crate) async fn migrated() -> Self {
        let database = Self::empty().await;
        let mut connection = database.connect().await;
        for sql in MIGRATIONS {
            sqlx::raw_sql(sql).execute(&mut connection).await.expect("migrated");
        }
        database
    }

    fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.get_port()
    }

    /// Whom the tests connect as.
    pub(crate) fn user(&self) -> &str {
        self.server.get_username()
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.url_at(self.port())
    }

    /// Its address as seen through something that listens on another port.
    pub(crate) fn url_at(&self, port: u16) -> String {
        let server = reqwest::Url::parse(&provided("TEST_DATABASE_URL")).expect("a URL");
        let password = server.password().map(|password| format!(":{password}")).unwrap_or_default();
        format!("postgres://{}{password}@127.0.0.1:{port}/{}", self.user(), self.name)
    }

    /// Its address for another user.
    pub(crate) fn url_as(&self, user: &str, password: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{}", self.port(), self.name)
    }

    /// Runs statements of the test's own.
    pub(crate) async fn execute(&self, sql: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .expect("the statements run");
    }

    /// A user with these attributes; dropped before the database is.
    pub(crate) async fn role(&self, attributes: &str) -> Role {
        let role = Role { name: format!("{}_user", self.name), options: self.options() };
        self.execute(&format!("CREATE ROLE {} {attributes}", role.name)).await;
        role
    }

    /// A copy under another name, as a dump restored elsewhere would be.
    pub(crate) async fn copy(&self) -> Self {
        self.renamed_copy("copy").await
    }

    /// A copy whose name ends so.
    pub(crate) async fn renamed_copy(&self, ending: &str) -> Self {
        let name = format!("{}_{ending}", self.name);
        let mut connection = self.server.connect().await.expect("Postgres answers");
        let sql = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("copied");
        Self { server: self.server.clone(), name, tablespace: None }
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        self.options().connect().await.expect("the database answers")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        run_apart(self.server.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        if let Some(tablespace) = &self.tablespace {
            run_apart(self.server.clone(), format!("DROP TABLESPACE {tablespace}"));
        }
    }
}

/// A user of a database, who is gone at the end of the test.
pub(crate) struct Role {
    pub(crate) name: String,
    options: PgConnectOptions,
}

impl Drop for Role {
    fn drop(&mut self) {
        run_apart(self.options.clone(), format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name));
    }
}

/// Runs statements on a thread of its own, since the test's runtime may be on its way out.
fn run_apart(options: PgConnectOptions, sql: String) {
    let running = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut connection = options.connect().await?;
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await
        })
    });
    let done = running.join().expect("it does not panic");
    assert!(std::thread::panicking() || done.is_ok(), "{done:?}");
}

/// A Redis that ends with its test.
pub(crate) struct RedisServer {
    child: Child,
    port: u16,
    _directory: TempDir,
}

impl RedisServer {
    /// Starts one with these settings, such as `--requirepass secret`, on a free port; it is ready when this returns.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let directory = TempDir::new().expect("a directory");
        let port = free_port();
        let mut child = Command::new(provided("TEST_REDIS_SERVER"))
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(settings)
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("TEST_REDIS_SERVER is redis-server");
        let mut log = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut said = String::new();
        while !said.contains("Ready to accept connections") {
            let read = log.read_line(&mut said).expect("a log in UTF-8");
            assert!(read > 0, "redis-server ended at once: {said}");
        }
        // It says little more, but a full or broken pipe must not stop it.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, port, _directory: directory }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// A connection of the test's own, beside the seeder's.
    pub(crate) async fn connect(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url()).expect("a URL");
        client.get_multiplexed_async_connection().await.expect("it is ready")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        assert!(std::thread::panicking() || ended.is_ok(), "{ended:?}");
    }
}

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
