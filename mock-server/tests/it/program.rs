//! The program itself: what it prints, how it refuses, how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-server"));
    command.args(args);
    for variable in ["MOCK_ADMIN_TOKEN", "MOCK_PAGE_WEIGHT", "STRIPE_WEBHOOK_SECRET"] {
        command.env_remove(variable);
    }
    command
}

/// Runs it to its end: exit code, standard output, standard error.
fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let output = program(args).stdin(Stdio::null()).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A mock that listens; its address and admin token.
pub(crate) fn started(args: &[&str]) -> (Child, BufReader<ChildStdout>, String, String) {
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
    let address = first.trim().split_once("listening on http").expect("the address comes first").1.to_owned();
    let address = address.trim_start_matches('s').trim_start_matches("://").to_owned();
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
fn its_soft_limit_of_open_files_is_raised_to_the_hard_one() {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -Sn 100 && exec \"$0\" --port=0 --exit-with-parent"])
        .arg(env!("CARGO_BIN_EXE_mock-server"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("Linux");
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("it is listed");
    let limit: Vec<&str> = limit.split_whitespace().collect();
    assert_eq!(limit[0], limit[1]);
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr);
    let said = format!("the limit of {} open files carries", limit[0]);
    assert!(limit[0] == "unlimited" || err.contains(&said), "{err}");
}

#[test]
fn people_are_told_of_their_page_on_standard_error() {
    let args = ["--port=0", "--exit-with-parent", "--admin-token=two words&more"];
    let output = program(&args).stdin(Stdio::null()).output().expect("it starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let base = out.lines().next().and_then(|line| line.strip_prefix("listening on ")).expect("the address");
    let page = format!("a page for people: {base}/__admin#token=two+words%26more");
    assert!(err.lines().any(|line| line == page), "{err}");
    assert!(!out.contains("/__admin"), "programs read standard output: {out}");
}

#[test]
fn what_it_is_started_with_is_shown_without_its_secrets() {
    let secret = || "hunter2".to_owned();
    let config = mock_server::Config {
        admin_token: secret(),
        stripe_secret: secret(),
        ..mock_server::Config::default()
    };
    let shown = format!("{config:?}");
    assert!(shown.contains("environment") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_log_is_told_of_the_page_without_the_token() {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let args = ["--port=0", "--exit-with-parent", "--admin-token=hunter2"];
    let kept = log.reopen().expect("the same file");
    let output = program(&args).stdin(Stdio::null()).stderr(kept).output().expect("it starts");
    let out = String::from_utf8_lossy(&output.stdout);
    let base = out.lines().next().and_then(|line| line.strip_prefix("listening on ")).expect("the address");
    let said = std::fs::read_to_string(log.path()).expect("the log");
    assert!(said.contains(&format!("a page for people: {base}/__admin (")), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn sigterm_ends_it_gracefully() {
    let (mut child, _out, _, token) = started(&["--listen", "127.0.0.1:0"]);
    assert_eq!(token.len(), 32, "a random token of 128 bits");
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

fn terminate(child: &Child) {
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
}

#[test]
fn a_second_sigterm_ends_it_at_once() {
    let (mut child, _out, address, _) = started(&["--port=0"]);
    let mut stream = std::net::TcpStream::connect(&address).expect("it listens");
    // Its answer is read first, so that what follows is certainly being served.
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: mock\r\n\r\n").expect("it reads");
    stream.read_exact(&mut [0; 12]).expect("it answers");
    stream
        .write_all(b"POST /api/auth/login HTTP/1.1\r\nhost: mock\r\ncontent-length: 9\r\n\r\n")
        .expect("read");
    terminate(&child);
    // The first signal has arrived once nobody is accepted any more.
    while std::net::TcpStream::connect(&address).is_ok() {}
    terminate(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(2), "it says that answers were cut off");
}

#[test]
fn with_tls_it_says_where_its_certificate_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().to_str().expect("UTF-8");
    let (mut child, mut out, address, _) = started(&["--port=0", "--tls", "--tls-dir", place]);
    let mut third = String::new();
    out.read_line(&mut third).expect("a line");
    assert_eq!(third, format!("certificate: {place}/mock-ca.pem\n"));
    assert!(ask(&address, "/health", "").starts_with("HTTP/1.1 400"), "it wants TLS");
    terminate(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let (code, _, err) = run(&["--tls-dir", place]);
    assert_eq!(code, Some(2));
    assert!(err.contains("--tls"), "{err}");
}

#[test]
fn worlds_are_kept_and_what_cannot_be_read_stops_the_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().to_str().expect("UTF-8");
    let (mut child, _out, _, _) = started(&["--port=0", "--data-dir", place]);
    terminate(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let list = dir.path().join("worlds.json");
    assert!(list.exists());
    std::fs::write(&list, "nonsense").expect("it is written");
    let (code, out, err) = run(&["--port=0", "--data-dir", place]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains(&format!("mock-server: {place}/worlds.json: ")), "{err}");
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
    assert!(err.contains("`fast`") && err.contains("off, healthy, borderline, breach"), "{err}");
}

#[test]
fn unknown_flags_and_bad_values_exit_with_2() {
    for args in [
        &["--nope"][..],
        &["--seed", "x"],
        &["--listen", "nowhere"],
        &["--port", "70000"],
        &["--admin-token", ""],
        &["--page-weight", "0.09"],
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn a_page_weight_that_is_none_is_named() {
    for weight in ["heavy", "0", "0.09", "20.1", "NaN", "inf", ""] {
        let (code, out, err) = run(&["--page-weight", weight]);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{weight}");
        assert!(
            err.contains(&format!("`{weight}` is not a number from 0.1 to 20")) || weight.is_empty(),
            "{err}"
        );
        assert!(err.contains("--page-weight"), "{err}");
    }
    let said = program(&["--port=0"]).env("MOCK_PAGE_WEIGHT", "much").output().expect("it starts");
    assert_eq!(said.status.code(), Some(2));
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
        "--tls",
        "--tls-dir",
        "--data-dir",
        "--max-connections",
        "--sfu-app",
        "--page-weight",
    ] {
        assert!(out.contains(flag), "{flag} is not in\n{out}");
    }
}

#[test]
fn a_replay_says_what_came_of_it() {
    let (_child, _out, address, _) = started(&["--port=0", "--exit-with-parent"]);
    let to = format!("http://{address}");
    let (code, out, err) = run(&["stripe-replay", "--to", &to, "--events=20", "--rate=1000", "--json"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let summary: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&summary["events"], &summary["given_up"]), (&20.into(), &0.into()), "{out}");
}

#[test]
fn a_replay_refuses_what_is_not_this_machine_and_says_when_nobody_is_there() {
    let (code, _, err) = run(&["stripe-replay", "--to", "http://wwmaa.com/"]);
    assert_eq!(code, Some(3));
    assert!(err.contains("`wwmaa.com` is not this machine"), "{err}");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("it is bound");
    drop(free);
    let (code, _, err) = run(&["stripe-replay", "--to", &format!("http://{address}/")]);
    assert_eq!(code, Some(3));
    assert!(err.contains("is not there"), "{err}");
}
