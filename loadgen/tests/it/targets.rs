//! Target profiles from the outside: what is listed, what is shown, what a wrong one gets.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Command, Output},
    sync::mpsc,
};

use expect_test::expect;

fn loadgen(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command
        .env_remove("LOADGEN_TARGET")
        .env_remove("MOCK_WORLD")
        .args(args)
        .output()
        .expect("the binary runs")
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    format!("{}: {}", output.status.code().unwrap_or(-1), String::from_utf8(text).expect("text"))
}

#[test]
fn the_list_says_what_each_is() {
    expect![[r"
        0: mock             the mock on this machine, as `cargo mock` starts it
                         http://127.0.0.1:8089, environment mock; as the contract
        local            the platform on this machine, speaking the contract
                         http://127.0.0.1:8000, environment local; as the contract
        staging          the team's shared staging, speaking the contract; wants --confirm
                         https://api-staging.wwmaa.com, environment staging; as the contract
        backend-2025-11  WWMAA's backend of November 2025 on this machine, its differences bridged as far as data can
                         http://127.0.0.1:8000, environment local; 17 endpoints mapped, 17 missing
    "]].assert_eq(&said(&loadgen(&["targets"])));
}

#[test]
fn a_profile_is_shown_as_it_can_be_copied() {
    for (name, text) in fixtures::targets::SHIPPED {
        let shown = loadgen(&["targets", "show", name]);
        assert_eq!(String::from_utf8(shown.stdout).expect("text"), text);
    }
    expect![[r"
        2: error: unknown target `moon`: it is one of mock, local, staging, backend-2025-11
    "]]
    .assert_eq(&said(&loadgen(&["targets", "show", "moon"])));
}

#[test]
fn a_wrong_profile_is_a_usage_error_that_names_file_and_key() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("mine.toml");
    let text =
        "name = \"mine\"\nabout = \"a\"\nenvironment = \"local\"\nbase = \"http://localhost:81\"\nport = 3\n";
    std::fs::write(&file, text).expect("it can be written");
    let file = file.to_str().expect("a path");
    let told = said(&loadgen(&["run", "--target", file])).replace(file, "FILE");
    expect![[r"
        2: error: target profile FILE: line 5: port: unknown field `port`, expected one of `name`, `about`, `environment`, `base`, `also`, `pages`, `sockets`, `sfu`, `roots`, `headers`, `csrf`, `endpoints`
    "]].assert_eq(&told);
}

#[test]
fn what_is_not_this_machine_is_told_what_it_would_get() {
    let told = |extra: &[&str]| {
        let args = ["run", "--target", "staging", "--scenario", "webhooks-load", "--preset", "full"];
        said(&loadgen(&[&args, extra].concat()))
    };
    expect![[r"
        3: error: target staging is refused: load leaves this machine only when its host is confirmed: add `--confirm api-staging.wwmaa.com`. That sends 30 733 requests in 5 min, at most some 103 a second, to api-staging.wwmaa.com and staging.wwmaa.com
    "]].assert_eq(&told(&[]));
    expect![[r"
        3: error: target staging is refused: load leaves this machine only when its host is confirmed: add `--confirm api-staging.wwmaa.com` (`staging` was typed). That sends 30 733 requests in 5 min, at most some 103 a second, to api-staging.wwmaa.com and staging.wwmaa.com
    "]].assert_eq(&told(&["--confirm", "staging"]));
}

/// A server that says it is this environment, and the first lines of what it is asked.
fn claiming(environment: &'static str) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (heard, asked) = mpsc::channel();
    std::thread::spawn(move || {
        let health =
            format!(r#"{{"status":"healthy","environment":"{environment}","service":"s","version":"1"}}"#);
        let start = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        let answer = format!("{start}\r\ncontent-length: {}\r\n\r\n{health}", health.len());
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 2048];
            let read = stream.read(&mut request).unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..read]);
            // Nobody listens any more once the test has its verdict.
            let _ = heard.send(text.lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (origin, asked)
}

#[test]
fn a_target_that_says_it_is_something_else_gets_nothing_but_that_question() {
    let dir = tempfile::tempdir().expect("a directory");
    let cases = [("mock", "staging"), ("local", "production"), ("staging", "local")];
    let told = cases.map(|(wanted, says)| {
        let (origin, asked) = claiming(says);
        let file = dir.path().join("mine.toml");
        let profile =
            format!("name = \"mine\"\nabout = \"a\"\nenvironment = \"{wanted}\"\nbase = \"{origin}\"\n");
        std::fs::write(&file, profile).expect("it can be written");
        let refused = said(&loadgen(&["run", "--target", file.to_str().expect("a path")]));
        assert_eq!(asked.try_iter().collect::<Vec<_>>(), ["GET /health HTTP/1.1"]);
        refused
    });
    expect![[r"
        3: error: target mine is refused: its /health says its environment is `staging`, and the `mock` that was asked for says mock
        3: error: target mine is refused: the environment in its /health `production` has `prod` in its name, and load never goes to production
        3: error: target mine is refused: its /health says its environment is `local`, and the `staging` that was asked for says staging
    "]].assert_eq(&told.concat());
}

#[test]
fn what_may_be_a_secret_in_a_target_that_is_none_is_not_repeated() {
    for target in [
        "https://me:s3cr3t@api-staging.wwmaa.com",
        "https://me:s3?cr3t@api-staging.wwmaa.com",
        "https://api-staging.wwmaa.com/?token=s3cr3t",
        "https://me:s3cr3t@production.wwmaa.com",
    ] {
        let said = said(&loadgen(&["run", "--target", target]));
        assert!(said.contains("wwmaa.com") && !said.contains("cr3t"), "{said}");
        let said = self::said(&loadgen(&["run", "--target", "http://127.0.0.1:1", "--sfu", target]));
        assert!(said.contains("wwmaa.com") && !said.contains("cr3t"), "{said}");
    }
}
