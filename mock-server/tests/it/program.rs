//! The program itself: what it prints, how it refuses, how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-server"));
    command.args(args).env_remove("MOCK_ADMIN_TOKEN").env_remove("STRIPE_WEBHOOK_SECRET");
    command
}

/// Runs it to its end: exit code, standard output, standard error.
fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let output = program(args).stdin(Stdio::null()).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A mock that listens; its address and admin token.
fn started(args: &[&str]) -> (Child, BufReader<ChildStdout>, String, String) {
    let mut child = program(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    let (mut first, mut second) = (String::new(), String::new());
    out.read_line(&mut first).expect("a line");
    out.read_line(&mut second).expect("a line");
    let address =
        first.trim().strip_prefix("listening on http://").expect("the address comes first").to_owned();
    let token = second.trim().strip_prefix("admin token: ").expect("then the token").to_owned();
    (child, out, address, token)
}

fn ask(address: &str, path: &str, token: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn it_says_where_it_listens_and_ends_with_its_parent() {
    let (mut child, _out, address, token) = started(&["--port=0", "--exit-with-parent"]);
    assert!(ask(&address, "/health", "").starts_with("HTTP/1.1 200"));
    assert!(ask(&address, "/__admin/audit", &token).starts_with("HTTP/1.1 200"));
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(std::net::TcpStream::connect(&address).is_err(), "its port is free again");
}

#[test]
fn sigterm_ends_it_gracefully() {
    let (mut child, _out, _, token) = started(&["--listen", "127.0.0.1:0"]);
    assert_eq!(token.len(), 32, "a random token of 128 bits");
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_a_sentence_and_exit_code_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let (code, out, err) = run(&["--listen", &address.to_string()]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let expected = format!(
        "mock-server: port {} is taken on 127.0.0.1: choose another with --listen, or 0 for a free one\n",
        address.port()
    );
    assert_eq!(err, expected);
}

#[test]
fn a_profile_that_is_wrong_is_named_by_its_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("mine.toml");
    std::fs::write(&path, "name = \"mine\"\n\n[routes.\"GET /nowhere\"]\np50 = 1\n").expect("it is written");
    let path = path.to_str().expect("UTF-8");
    let (code, _, err) = run(&["--port=0", "--profile", path]);
    assert_eq!(code, Some(2));
    assert!(err.starts_with(&format!("mock-server: {path}, line 3: ")), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");

    let (code, _, err) = run(&["--port=0", "--profile", "fast"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("`fast`") && err.contains("off, healthy, breach"), "{err}");
}

#[test]
fn unknown_flags_and_bad_values_exit_with_2() {
    for args in [
        &["--nope"][..],
        &["--seed", "x"],
        &["--listen", "nowhere"],
        &["--port", "70000"],
        &["--admin-token", ""],
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn help_is_the_manual() {
    let (code, out, err) = run(&["--help"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for flag in [
        "--listen",
        "--port",
        "--profile",
        "--seed",
        "--world",
        "--admin-token",
        "--stripe-secret",
        "--environment",
        "--exit-with-parent",
    ] {
        assert!(out.contains(flag), "{flag} is not in\n{out}");
    }
}
