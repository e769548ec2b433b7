//! Ctrl-C in every part of a run, and a target that dies in the middle: the binary against a mock behind a
//! gate that sees, holds back or cuts off what passes. Whatever is waited for is bounded by `PATIENCE`.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use fixtures::World;
use mock_server::Config;

/// Less than a request's own time limit, and much less than the whole run takes: who waits for either is late.
const PATIENCE: Duration = Duration::from_secs(9);
const TOKEN: &str = "token-of-the-tests";
const HEALTH: &str = "GET /health ";
const WEBHOOK: &str = "POST /api/webhooks/stripe ";
const BOOKS: &str = "GET /__admin/";
/// The preflight delivers one that changes nothing and one that is badly signed.
const PREFLIGHT_WEBHOOKS: usize = 2;

/// One mock for all of these tests: they only knock at it.
pub(crate) static MOCK: LazyLock<String> = LazyLock::new(|| {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            tell.send(listener.local_addr().expect("bound").to_string()).expect("it is awaited");
            let world = Some(World::new(fixtures::DEFAULT_SEED, fixtures::Size::default()));
            let config = Config { admin_token: TOKEN.to_owned(), world, ..Config::default() };
            mock_server::serve(listener, config, std::future::pending::<()>()).await.expect("it serves");
        });
    });
    let address = told.recv().expect("the mock has a port");
    // It listens before its world is made, which takes longer than a preflight waits.
    let mut first = TcpStream::connect(&address).expect("the mock listens");
    first.write_all(b"GET /health HTTP/1.1\r\nhost: mock\r\n\r\n").expect("it reads");
    first.read_exact(&mut [0]).expect("it answers");
    address
});

/// What the gate does from a certain request on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    /// Lets everything pass.
    Pass,
    /// Keeps this request and all that follow.
    Hold,
    /// Cuts every connection and listens no more.
    Die,
}

/// From which request on: the `number`th that begins so, once `after` webhooks have passed.
#[derive(Debug, Clone, Copy)]
struct When {
    begins: &'static str,
    after: usize,
}

/// Stands between the generator and the mock.
struct Gate {
    when: When,
    then: Then,
    webhooks: AtomicUsize,
    reached: AtomicBool,
    tell: Mutex<mpsc::Sender<()>>,
    connections: Mutex<Vec<TcpStream>>,
}

impl Gate {
    fn open(when: When, then: Then) -> (String, mpsc::Receiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        let (tell, told) = mpsc::channel();
        let gate = Arc::new(Self {
            when,
            then,
            webhooks: AtomicUsize::new(0),
            reached: AtomicBool::new(false),
            tell: Mutex::new(tell),
            connections: Mutex::default(),
        });
        let own = address.clone();
        thread::spawn(move || {
            for here in listener.incoming().map_while(Result::ok) {
                if gate.is_dead() {
                    break;
                }
                let there = TcpStream::connect(MOCK.as_str()).expect("the mock listens");
                gate.connections
                    .lock()
                    .expect("sound")
                    .extend([&here, &there].map(|s| s.try_clone().expect("one")));
                let back = (there.try_clone().expect("another"), here.try_clone().expect("another"));
                thread::spawn(move || answers(back.0, back.1));
                let (gate, own) = (gate.clone(), own.clone());
                thread::spawn(move || gate.requests(here, there, &own));
            }
        });
        (format!("http://{address}"), told)
    }

    fn is_dead(&self) -> bool {
        self.then == Then::Die && self.reached.load(Ordering::SeqCst)
    }

    /// Passes on what the generator sends, which is one request at a time, until it is time to do otherwise.
    fn requests(&self, mut here: TcpStream, mut there: TcpStream, own: &str) {
        let mut bytes = vec![0; 1 << 16];
        while let Some(sent) = here.read(&mut bytes).ok().filter(|length| *length > 0) {
            let comes = |begins: &str| bytes[..sent].starts_with(begins.as_bytes());
            let passed = self.webhooks.fetch_add(usize::from(comes(WEBHOOK)), Ordering::SeqCst);
            if comes(self.when.begins)
                && passed >= self.when.after
                && !self.reached.swap(true, Ordering::SeqCst)
            {
                // The test may have ended.
                let _ = self.tell.lock().expect("sound").send(());
            }
            match self.then {
                Then::Hold if self.reached.load(Ordering::SeqCst) => continue,
                Then::Die if self.reached.load(Ordering::SeqCst) => {
                    for connection in self.connections.lock().expect("sound").drain(..) {
                        let _ = connection.shutdown(Shutdown::Both);
                    }
                    // Whoever accepts finds out.
                    let _ = TcpStream::connect(own);
                    return;
                }
                _ => {}
            }
            if there.write_all(&bytes[..sent]).is_err() {
                break;
            }
        }
        let _ = there.shutdown(Shutdown::Both);
    }
}

fn answers(mut there: TcpStream, mut here: TcpStream) {
    let _ = std::io::copy(&mut there, &mut here);
    let _ = here.shutdown(Shutdown::Both);
}

/// A run of webhooks, under way.
struct Running {
    child: Child,
    reached: mpsc::Receiver<()>,
    out: tempfile::TempDir,
}

impl Running {
    fn start(begins: &'static str, after: usize, then: Then) -> Self {
        LazyLock::force(&MOCK);
        let (origin, reached) = Gate::open(When { begins, after }, then);
        let out = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        for name in ["LOADGEN_PRESET", "LOADGEN_SEED", "WORLD_SEED", "LOADGEN_CA", "MOCK_WORLD"] {
            command.env_remove(name);
        }
        command.args(["run", "--scenario", "webhooks-load", "--preset", "smoke", "--target", &origin]);
        command.args(["--admin-token", TOKEN, "--out"]).arg(out.path());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        Self { child, reached, out }
    }

    /// Waits until the gate has seen what it looks for.
    fn until_there(&self) {
        self.reached.recv_timeout(Duration::from_mins(1)).expect("the run gets this far");
    }

    fn interrupt(&self) {
        let child = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(child, rustix::process::Signal::INT).expect("it runs");
    }

    /// Its exit code; it must come within `patience`.
    fn ends_within(mut self, patience: Duration) -> (Option<i32>, tempfile::TempDir) {
        let (tell, told) = mpsc::channel();
        let pid = rustix::process::Pid::from_child(&self.child);
        thread::spawn(move || tell.send(self.child.wait().expect("it is our child").code()));
        let Ok(code) = told.recv_timeout(patience) else {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            panic!("it did not end within {patience:?}");
        };
        (code, self.out)
    }
}

/// The one folder of results, where there is one; the history of runs lies beside it.
pub(crate) fn folder(out: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(out).expect("a directory").map(|entry| entry.expect("an entry").path());
    let mut folders = entries.filter(|path| path.is_dir());
    let first = folders.next();
    assert!(folders.next().is_none(), "one run makes one folder");
    first
}

fn partial(out: &Path) -> serde_json::Value {
    let folder = folder(out).expect("there are results");
    let run = std::fs::read(folder.join("run.json")).expect("there is a report");
    serde_json::from_slice(&run).expect("it is whole")
}

#[test]
fn ctrl_c_in_the_preflight_ends_it_with_nothing_measured() {
    let running = Running::start(HEALTH, 0, Then::Hold);
    running.until_there();
    running.interrupt();
    let (code, out) = running.ends_within(PATIENCE);
    assert_eq!((code, folder(out.path())), (Some(130), None));
}

#[test]
fn ctrl_c_in_the_warm_up_leaves_a_partial_report() {
    let running = Running::start(WEBHOOK, PREFLIGHT_WEBHOOKS, Then::Hold);
    running.until_there();
    running.interrupt();
    let (code, out) = running.ends_within(PATIENCE);
    assert_eq!((code, &partial(out.path())["interrupted"]), (Some(130), &true.into()));
}

#[test]
fn ctrl_c_under_load_leaves_a_partial_report_whether_or_not_answers_come() {
    for then in [Then::Pass, Then::Hold] {
        let running = Running::start(WEBHOOK, 60, then);
        running.until_there();
        running.interrupt();
        let (code, out) = running.ends_within(PATIENCE);
        let run = partial(out.path());
        assert_eq!((code, &run["interrupted"]), (Some(130), &true.into()), "{then:?}");
        assert!(!run["scenarios"].as_array().expect("a list").is_empty(), "what was measured is there");
    }
}

#[test]
fn ctrl_c_while_it_settles_leaves_a_report() {
    let running = Running::start(BOOKS, 60, Then::Hold);
    running.until_there();
    running.interrupt();
    let (code, out) = running.ends_within(PATIENCE);
    assert_eq!((code, &partial(out.path())["interrupted"]), (Some(130), &true.into()));
}

#[test]
fn a_second_ctrl_c_leaves_at_once() {
    let running = Running::start(WEBHOOK, 60, Then::Hold);
    running.until_there();
    running.interrupt();
    running.interrupt();
    assert_eq!(running.ends_within(PATIENCE).0, Some(130));
}

#[test]
fn a_target_that_dies_under_load_is_a_failure_with_a_report() {
    let running = Running::start(WEBHOOK, 60, Then::Die);
    running.until_there();
    let (code, out) = running.ends_within(Duration::from_mins(2));
    let run = partial(out.path());
    assert_eq!((code, &run["interrupted"]), (Some(99), &false.into()));
    let faults = serde_json::to_string(&run["scenarios"][0]["run"]["timings"]).expect("it was JSON");
    assert!(faults.contains("\"kind\":\"refused\""), "nobody was refused");
}
