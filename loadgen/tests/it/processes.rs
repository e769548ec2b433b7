//! One plan split over processes: the real program, against a mock.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{LazyLock, mpsc},
    thread,
    time::Duration,
};

use engine::{ends::Ends, exit::Exit, record::Column};
use fixtures::{DEFAULT_SEED, Size, World};
use loadgen::{
    options::{self, Options, Split},
    run::Run,
    suite,
    target::Target,
};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::interrupted::folder;

/// After this long a process that should have gone is taken to stay.
const PATIENCE: Duration = Duration::from_mins(2);

/// A mock with launch day's world, for all tests: visitors and searches leave no rows.
pub(crate) static MOCK: LazyLock<String> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    listener.set_nonblocking(true).expect("for the runtime");
    let world = Some(World::new(DEFAULT_SEED, Size::default()));
    let config = mock_server::Config { world, ..mock_server::Config::default() };
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            mock_server::serve(listener, config, std::future::pending::<()>()).await
        })
    });
    // Its world is made when it has answered.
    let address = origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("it listens");
    let health = format!("GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(health.as_bytes()).expect("it reads");
    assert!(stream.read(&mut [0]).expect("it answers") > 0);
    origin
});

/// A run under way, split over two processes.
struct Running {
    process: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    pids: Vec<Pid>,
    out: TempDir,
}

impl Running {
    /// Starts it and waits until its processes are there and ready.
    fn start(args: &[&str]) -> Self {
        let out = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        for name in [
            "LOADGEN_PRESET",
            "LOADGEN_SEED",
            "WORLD_SEED",
            "MOCK_ADMIN_TOKEN",
            "LOADGEN_PROCESSES",
            "MOCK_WORLD",
        ] {
            command.env_remove(name);
        }
        let nobody: &[&str] = if args.contains(&"--browsers") { &[] } else { &["--browsers", "0"] };
        if let Some(chromium) = std::env::var_os("TEST_CHROMIUM").filter(|program| !program.is_empty()) {
            command.env("CHROME", chromium);
        }
        let mut process = command
            .args(["run", "--target", &MOCK, "--processes", "2", "--workers", "1", "--out"])
            .arg(out.path())
            .args(args)
            .args(nobody)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stderr = BufReader::new(process.stderr.take().expect("it is piped"));
        let mut said = String::new();
        let pids = loop {
            let begins = said.len();
            assert!(stderr.read_line(&mut said).expect("text") > 0, "it ended early: {said}");
            if let Some((_, rest)) = said[begins..].split_once("(pids ") {
                let pids = rest.split_once(')').expect("they end").0;
                break pids.split(", ").map(|pid| Pid::from_raw(pid.parse().expect("a number"))).collect();
            }
        };
        let pids: Option<Vec<Pid>> = pids;
        Self { process, stderr, said, pids: pids.expect("none is 0"), out }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Its exit code, everything it said, and the run it left; once everybody who could say something is gone.
    fn end(mut self) -> (Option<i32>, String, Option<Run>) {
        let (tell, told) = mpsc::channel();
        let mut stderr = self.stderr;
        thread::spawn(move || {
            let mut rest = String::new();
            let _ = tell.send(stderr.read_to_string(&mut rest).map(|_| rest));
        });
        // Children share it: it ends with the last of them.
        let rest = told.recv_timeout(PATIENCE).expect("some process stays").expect("text");
        let code = self.process.wait().expect("it has ended").code();
        let run = folder(self.out.path()).filter(|dir| dir.join("run.json").exists());
        let run = run.map(|dir| Run::read(&dir).expect("a whole report"));
        (code, self.said + &rest, run)
    }
}

#[test]
fn a_split_run_asks_what_one_process_would_ask() {
    let (code, said, run) = Running::start(&["--scenario", "page-load", "--time-scale", "0.2"]).end();
    let run = run.unwrap_or_else(|| panic!("it left no report: {said}"));
    let options = Options {
        scenarios: options::choose(&["page-load".to_owned()]).expect("it is known"),
        time_scale: 0.2,
        ..Options::new(Target::parse(&MOCK).expect("a loopback target"))
    };
    let alone = suite::plans(&options, &"alone".into()).remove(0);
    let [measured] = &run.scenarios[..] else { panic!("one scenario was asked for: {said}") };
    assert_eq!(measured.planned_digest, alone.digest);
    let tally = measured.run.flows[0].tally;
    assert_eq!(tally.planned, alone.plan.flows[0].load.planned_starts());
    assert_eq!(tally.started, tally.planned, "each seat is opened by one of them: {said}");
    assert_eq!(tally.finished + tally.unfinished, tally.started + tally.replaced);
    assert_eq!(measured.run.requests().1, 0, "{:?}", crate::stage::all_faults(&measured.run));
    assert_eq!((measured.run.health.workers, measured.run.health.lost.len()), (2, 0));
    assert!(measured.run.health.users.iter().any(|(_, users)| *users > 150), "more than one of them has");
    assert!(measured.warm_up_requests > 0, "the parent warms up");
    assert_eq!(run.meta.machine.processes, 2);
    assert_ne!(code, Some(2), "{said}");
}

#[test]
fn real_browsers_visit_beside_a_split_crowd_from_the_parent_alone() {
    if crate::provided::named("TEST_CHROMIUM").is_none() {
        return;
    }
    let args = ["--scenario", "page-load", "--time-scale", "0.5", "--browsers", "1"];
    let (_, said, run) = Running::start(&args).end();
    let run = run.unwrap_or_else(|| panic!("it left no report: {said}"));
    let [measured] = &run.scenarios[..] else { panic!("one scenario was asked for: {said}") };
    let flows: Vec<_> = measured.run.flows.iter().map(|flow| flow.flow.name.as_str()).collect();
    assert_eq!(flows, ["visitors", "browsers"]);
    assert_eq!((measured.run.flows[1].tally.planned, measured.run.flows[1].tally.started), (1, 1));
    assert_eq!((measured.run.health.workers, &measured.run.health.lost[..]), (2, &[][..]), "{said}");
    let browsers = measured.browsers.as_ref().unwrap_or_else(|| panic!("nobody saw anything: {said}"));
    assert_eq!((browsers.visitors, browsers.lost), (1, 0), "{:?}", browsers.troubles);
    assert!(!browsers.visits.is_empty());
    let lcp = measured.run.timing_named("lcp_metric").expect("it is declared");
    assert_eq!(
        lcp.distribution(Column::SinceDue).count(),
        browsers.visits.len() as u64,
        "one for each visit"
    );
    assert!(measured.run.requests().0 > 100, "the crowd was there");
}

#[test]
fn a_scenario_whose_users_know_of_each_other_stays_in_one_process() {
    let options = Options::new(Target::parse("mock").expect("it is known"));
    let splits = |name: &str| {
        let prepared = suite::plans(&options, &"plan".into());
        prepared.iter().find(|prepared| prepared.scenario.name() == name).expect("known").plan.script.splits()
    };
    for (name, expected) in [
        ("search-load", true),
        ("page-load", true),
        ("api-load", true),
        ("rtc-load", false),
        ("webhooks-load", false),
        ("event-rsvp-load", false),
    ] {
        assert_eq!(splits(name), expected, "{name}");
    }
}

/// What a run says that is split over two processes of this program.
fn refused(program: &str) -> (Exit, String) {
    let out = tempfile::tempdir().expect("a directory");
    let options = Options {
        scenarios: options::choose(&["search-load".to_owned()]).expect("it is known"),
        split: Some(Split { processes: 2, program: program.into() }),
        out: out.path().to_owned(),
        watch: loadgen::watch::Wish { quiet: true, ..Default::default() },
        ..Options::new(Target::parse(&MOCK).expect("a loopback target"))
    };
    let refusal = suite::run(&options, &Ends::new()).expect_err("nobody drives the load");
    (refusal.exit(), refusal.to_string())
}

#[test]
fn a_program_that_cannot_be_one_of_the_processes_is_named() {
    let (exit, said) = refused("/nowhere/loadgen");
    assert_eq!(exit, Exit::Usage);
    assert!(said.starts_with("process 1 of 2 (/nowhere/loadgen) cannot be started"), "{said}");
    let (exit, said) = refused("false");
    assert_eq!(exit, Exit::Unreachable);
    assert!(said.contains("did not get ready: ended early (exit status: 1)"), "{said}");
    let (_, said) = refused("echo");
    assert!(said.contains("did not get ready: said what is no message"), "{said}");
}

#[test]
fn a_process_that_dies_makes_the_run_invalid_and_is_named() {
    let running = Running::start(&["--scenario", "search-load", "--time-scale", "0.2"]);
    let second = running.pids[1];
    kill_process(second, Signal::KILL).expect("it is there");
    let (code, said, run) = running.end();
    let run = run.expect("it left a report");
    let health = &run.scenarios[0].run.health;
    let [lost] = &health.lost[..] else { panic!("one was lost: {:?}", health.lost) };
    assert_eq!(lost.worker, 1);
    let named = format!("process 2 of 2 (pid {}) ended early (signal: 9 (SIGKILL))", second.as_raw_nonzero());
    assert!(lost.message.starts_with(&named), "{}", lost.message);
    assert_eq!(health.workers, 2);
    assert!(run.scenarios[0].run.requests().0 > 0, "the other goes on");
    assert_eq!(code, Some(97), "{said}");
}

#[test]
fn processes_end_with_a_parent_that_was_killed() {
    let running = Running::start(&["--scenario", "search-load", "--time-scale", "5"]);
    let children = running.pids.clone();
    kill_process(running.pid(), Signal::KILL).expect("it is there");
    let (code, _, run) = running.end();
    assert_eq!((code, run), (None, None));
    for child in children {
        assert!(!runs_loadgen(child), "{child:?} is still there");
    }
}

/// Numbers are given out again: it counts only if it is still one of ours (a zombie has no command line).
fn runs_loadgen(pid: Pid) -> bool {
    let line = std::fs::read_to_string(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
    line.is_ok_and(|line| line.contains("loadgen") && line.contains("shard"))
}

#[test]
fn ctrl_c_leaves_a_partial_report_of_all_processes() {
    let running = Running::start(&["--scenario", "search-load", "--time-scale", "5"]);
    kill_process(running.pid(), Signal::INT).expect("it is there");
    let (code, said, run) = running.end();
    let run = run.expect("it left a report");
    assert_eq!(code, Some(130), "{said}");
    let measured = &run.scenarios[0].run;
    assert!(run.interrupted && measured.interrupted);
    assert_eq!((measured.health.workers, measured.health.lost.len()), (2, 0));
    let tally = measured.flows[0].tally;
    assert!(tally.cut_short > 0 && tally.started + tally.cut_short <= tally.planned, "{tally:?}");
}
