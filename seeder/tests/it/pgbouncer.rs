//! A pgbouncer in transaction mode, in front of a database.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::servers::{Database, free_port, provided};

/// A pooler that ends with its test.
pub(crate) struct Pooler {
    child: Child,
    url: String,
    _directory: TempDir,
}

impl Pooler {
    /// Starts one; it takes connections when this returns. It knows few server connections, so that clients have to
    /// share, and no parameter but those it knows by itself.
    pub(crate) fn start(database: &Database) -> Self {
        Self::aliasing(database, database.name())
    }

    /// The same, with the database under another name.
    pub(crate) fn aliasing(database: &Database, alias: &str) -> Self {
        let directory = TempDir::new().expect("a directory");
        let port = free_port();
        let server = reqwest::Url::parse(&database.url()).expect("a URL");
        let password = server.password().map(|password| format!(" password={password}")).unwrap_or_default();
        let settings = format!(
            "[databases]\n{alias} = dbname={} host=127.0.0.1 port={} user={}{password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\npool_mode = transaction\nauth_type = any\n\
             default_pool_size = 4\nmax_client_conn = 50\n",
            database.name(),
            database.port(),
            database.user(),
        );
        let file = directory.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).expect("written");
        let mut command = Command::new(provided("TEST_PGBOUNCER"));
        // It refuses to be root; what it becomes instead must be able to read its settings.
        if let Ok(user) = std::env::var("TEST_SERVER_USER") {
            command.args(["-u", &user]);
            std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("opened");
            std::fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("opened");
        }
        let mut child = command
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("TEST_PGBOUNCER is pgbouncer");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut said = String::new();
        while !said.contains("process up") {
            let read = log.read_line(&mut said).expect("a log in UTF-8");
            assert!(read > 0, "pgbouncer ended at once: {said}");
        }
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let url = format!("postgres://{}@127.0.0.1:{port}/{alias}", database.user());
        Self { child, url, _directory: directory }
    }

    /// The database's address behind the pooler.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        assert!(std::thread::panicking() || ended.is_ok(), "{ended:?}");
    }
}
