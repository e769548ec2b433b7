//! The `dry-run` command as a child process, and what it leaves behind.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for something that must happen; only a hang ever takes it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where temporary files go, in a folder for results.
const TEMPORARY: &str = "tmp";

/// A folder for results, gone with the test.
pub(crate) fn results() -> TempDir {
    let out = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(out.path().join(TEMPORARY)).expect("a folder in it");
    out
}

/// What lies in the folder for temporary files: profiles of browsers, if any was left behind.
pub(crate) fn temporary(out: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(out.path().join(TEMPORARY)).expect("the folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

fn dry_run(out: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dry-run"));
    // Who rehearses beside the crowd does not hang on what else this machine has.
    if !args.iter().any(|arg| ["--browsers", "--browser-at", "--defects"].contains(arg)) {
        command.args(["--browsers", "0"]);
    }
    if let Some(chromium) = std::env::var_os("TEST_CHROMIUM").filter(|program| !program.is_empty()) {
        command.env("CHROME", chromium);
    }
    command
        .args(args)
        .arg("--out")
        .arg(out.path())
        .env("TMPDIR", out.path().join(TEMPORARY))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What came of a `dry-run` that ended by itself.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs it to its end.
pub(crate) fn run(out: &TempDir, args: &[&str]) -> Ran {
    let output = dry_run(out, args).output().expect("dry-run starts");
    Ran {
        code: output.status.code().expect("it ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// What was written into `out`, temporary files apart.
pub(crate) fn written(out: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(out.path()).expect("the results folder");
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| !path.ends_with(TEMPORARY)).collect()
}

/// The folder of the one run in `out`.
pub(crate) fn folder(out: &TempDir) -> PathBuf {
    let runs: Vec<PathBuf> = written(out).into_iter().filter(|path| path.is_dir()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.into_iter().next().expect("one run")
}

/// The run in `out`, as data.
pub(crate) fn data(out: &TempDir) -> Value {
    let file = folder(out).join("run.json");
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).expect("run.json is JSON")
}

/// A `dry-run` under way.
pub(crate) struct Running {
    process: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    /// The mock's process.
    pub(crate) mock: String,
    /// Where the mock is; a connection that was reset no longer knows.
    address: String,
    /// A connection to the mock: it breaks when the mock ends.
    connection: TcpStream,
}

impl Running {
    /// Starts it and waits until it says where its mock is.
    pub(crate) fn start(out: &TempDir, args: &[&str]) -> Self {
        let mut process = dry_run(out, args).spawn().expect("dry-run starts");
        let mut stderr = BufReader::new(process.stderr.take().expect("its standard error"));
        let mut said = String::new();
        let line = read_until(&mut stderr, &mut said, "mock: http://");
        // mock: http://127.0.0.1:40123 (process 4711, profile healthy)
        // The mock says something at the same time, and may have begun the line.
        let address = between(&line, "mock: http://", " (");
        let connection = TcpStream::connect(address).expect("the mock listens");
        connection.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let (mock, address) = (between(&line, "(process ", ",").to_owned(), address.to_owned());
        Self { process, stderr, said, mock, address, connection }
    }

    /// Waits until it says this on standard error.
    pub(crate) fn wait_for(&mut self, words: &str) {
        read_until(&mut self.stderr, &mut self.said, words);
    }

    /// Sends a signal to it, not to its mock.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, &self.process.id().to_string());
    }

    /// Waits until it ends; nothing of it is to be left.
    pub(crate) fn finish(mut self) -> Ran {
        let mut stdout = String::new();
        self.process.stdout.take().expect("its standard output").read_to_string(&mut stdout).expect("text");
        self.stderr.read_to_string(&mut self.said).expect("text");
        let status = self.process.wait().expect("it ends");
        self.expect_mock_gone();
        // A signal that ended it has no exit code; minus one stands for it.
        Ran { code: status.code().unwrap_or(-1), stdout, stderr: self.said }
    }

    /// Waits until the mock's end of the connection is closed, then sees that nobody serves there.
    fn expect_mock_gone(&mut self) {
        assert!(is_cut(&mut self.connection), "the mock is still there");
        expect_nobody_at(&self.address);
    }
}

/// Nobody serves at this address: it refuses, or (the kernel closes a dying process's sockets one by one) the
/// connection is cut at once.
pub(crate) fn expect_nobody_at(address: &str) {
    if let Ok(mut connection) = TcpStream::connect(address) {
        connection.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        assert!(is_cut(&mut connection), "somebody still serves at {address}");
    }
}

/// Waits until the other side closes a connection; `false` when it does not.
pub(crate) fn is_cut(connection: &mut TcpStream) -> bool {
    match connection.read_to_end(&mut Vec::new()) {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(name: &str, process: &str) {
    let sent = Command::new("kill").args(["-s", name, process]).status().expect("kill runs");
    assert!(sent.success(), "kill -s {name} {process}");
}

fn read_until(from: &mut BufReader<ChildStderr>, said: &mut String, words: &str) -> String {
    loop {
        let mut line = String::new();
        let read = from.read_line(&mut line).expect("text");
        assert!(read > 0, "it ended without saying `{words}`: {said}");
        said.push_str(&line);
        if line.contains(words) {
            return line;
        }
    }
}

/// The part of a line between two marks.
pub(crate) fn between<'a>(line: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = line.split_once(before).unwrap_or_else(|| panic!("no `{before}` in {line}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no `{after}` in {line}")).0
}
