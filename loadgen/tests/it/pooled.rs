//! A probe whose address is that of a pooler, as it is when it was copied from the application's: the pooler gives the
//! server connection that was read over to the application next, which must notice nothing.

use std::{
    fs::{self, Permissions},
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
};

use loadgen::probes::PostgresAddress;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, postgres::PgConnection};

use crate::missing_index::{DROPPED, QUESTIONS, Seeded, database, server};

/// A pgbouncer in transaction mode that has one server connection for all; it ends with its test.
struct Pooler {
    process: Child,
    url: String,
    _dir: tempfile::TempDir,
}

impl Pooler {
    /// Returns when it takes connections. It passes over the parameter that hosted poolers pass over, too.
    fn before(database: &str) -> Self {
        let server = server();
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr()).expect("a port").port();
        let password = server.password().map(|password| format!(" password={password}")).unwrap_or_default();
        let (user, host) = (server.username(), server.host_str().expect("it has a host"));
        let settings = format!(
            "[databases]\n{database} = host={host} port={} user={user}{password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\npool_mode = transaction\nauth_type = any\n\
             default_pool_size = 1\nmax_client_conn = 50\nignore_startup_parameters = extra_float_digits\n",
            server.port().unwrap_or(5432),
        );
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("written");
        let program = std::env::var("TEST_PGBOUNCER");
        let mut command =
            Command::new(program.expect("tests/provide.sh brings a pgbouncer: call provide_pgbouncer"));
        // It refuses to be root; what it becomes instead must be able to read its settings.
        if let Ok(user) = std::env::var("TEST_SERVER_USER") {
            command.args(["-u", &user]);
            fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("opened");
            fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("opened");
        }
        let mut process = command
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("TEST_PGBOUNCER is pgbouncer");
        let said = BufReader::new(process.stderr.take().expect("it is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("process up")), "it never came up");
        // What it says later must go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("postgres://{user}@127.0.0.1:{port}/{database}");
        Self { process, url, _dir: dir }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        assert!(std::thread::panicking() || ended.is_ok(), "{ended:?}");
    }
}

/// What the application sees of the one server connection there is: its settings, and statements prepared on it.
async fn seen(application: &mut PgConnection) -> (i32, Vec<String>) {
    let sql = "SELECT pg_backend_pid() AS pid, array[current_setting('default_transaction_read_only'), \
               current_setting('statement_timeout'), current_setting('lock_timeout'), \
               current_setting('idle_in_transaction_session_timeout'), current_setting('plan_cache_mode'), \
               (SELECT coalesce(string_agg(name, ',' ORDER BY name), '') FROM pg_prepared_statements \
                WHERE from_sql)] AS seen";
    let row = sqlx::raw_sql(sql).fetch_one(application).await.expect("an answer");
    (row.get("pid"), row.get("seen"))
}

async fn execute(application: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(application).await.expect("the application may");
}

#[test]
fn the_application_behind_the_same_pooler_notices_nothing() {
    let seeded = Seeded::new();
    seeded.execute(DROPPED);
    let pooler = Pooler::before(&seeded.name);
    let mut application = seeded.runtime.block_on(async {
        let mut application = PgConnection::connect(&pooler.url).await.expect("the pooler answers");
        let own = "SET statement_timeout = '33s'; PREPARE of_the_application AS SELECT 7";
        execute(&mut application, own).await;
        application
    });
    let before = seeded.runtime.block_on(seen(&mut application));

    let address = PostgresAddress::read(Some(&pooler.url), "127.0.0.1").expect("it is this machine");
    let evidence = seeded.read_at(address);

    let (source, database) = database(&evidence);
    assert_eq!((source.failed, source.troubles.as_slice()), (0, &[][..]), "{source:?}");
    let [missing] = database.missing.as_slice() else { panic!("{database:#?}") };
    assert_eq!((missing.columns.len(), missing.calls), (2, QUESTIONS as u64), "plans are had all the same");
    seeded.runtime.block_on(async {
        assert_eq!(seen(&mut application).await, before, "it was read over the same server connection");
        assert_eq!(before.1, ["off", "33s", "0", "0", "auto", "of_the_application"]);
        execute(&mut application, "EXECUTE of_the_application").await;
        execute(&mut application, "CREATE TABLE written (it int); INSERT INTO written VALUES (1)").await;
        application.close().await.expect("closed");
    });
}
