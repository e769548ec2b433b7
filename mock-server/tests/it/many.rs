//! As many idle connections as one address can make: a check of its own, not part of `./test`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

const CONNECTIONS: usize = 15_000;

/// Resident memory of a process in MiB.
fn resident_mib(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is said");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

/// A GET on a connection that stays open.
fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: mock\r\n\r\n").expect("it reads");
    let mut chunk = [0; 1024];
    let read = stream.read(&mut chunk).expect("it answers");
    String::from_utf8_lossy(&chunk[..read]).into_owned()
}

fn start() -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-server"))
        .args(["--port=0", "--exit-with-parent"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
    (child, line.trim().strip_prefix("listening on http://").expect("the address").to_owned())
}

#[test]
#[ignore = "15 000 sockets on both sides; cargo test -p mock-server --test it many -- --ignored --nocapture"]
fn fifteen_thousand_idle_connections_are_held_and_let_go() {
    let (mut child, address) = start();
    let before = resident_mib(&child);
    let mut held: Vec<TcpStream> =
        (0..CONNECTIONS).map(|_| TcpStream::connect(&address).expect("it listens")).collect();
    // Half of them have asked something before they idle.
    for stream in held.iter_mut().step_by(2) {
        assert!(ask(stream).starts_with("HTTP/1.1 200"));
    }
    let during = resident_mib(&child);
    assert!(ask(&mut TcpStream::connect(&address).expect("it listens")).starts_with("HTTP/1.1 200"));
    drop(held);
    let mut again = TcpStream::connect(&address).expect("it listens");
    assert!(ask(&mut again).starts_with("HTTP/1.1 200"));
    println!("resident: {before} MiB at the start, {during} MiB with {CONNECTIONS} idle connections");
    assert!(during.saturating_sub(before) < 450, "an idle connection costs little");
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
