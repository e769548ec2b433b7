//! What is left of a browser when whoever started it goes, whatever of: nothing.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
};

use engine::clock;
use loadgen::browser::{Fleet, Source};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use super::{
    PATIENCE,
    fake::{Does, Fake},
    nowhere,
};

/// The program that the process of a test's own starts.
const PROGRAM: &str = "OWNED_BROWSER";
/// Before what that process says.
const SAYS: &str = "owner: ";

/// Its directory for temporary files.
const TMP: &str = "tmp";

/// How an owner goes.
#[derive(Debug, Clone, Copy)]
enum Goes {
    /// It lets go of its browser.
    Dropping,
    /// As by a Ctrl-C at its terminal: its whole process group hears of it.
    Interrupted,
    Killed,
}

/// Starts a browser in a process that a test can end.
#[test]
#[ignore = "a process of its own for the tests below, which start it"]
fn owner() {
    let Some(program) = std::env::var_os(PROGRAM) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let fleet = runtime.block_on(Fleet::start(&Source::Program(program.into()), nowhere()));
    let fleet = fleet.expect("it starts");
    println!("\n{SAYS}{}", fleet.product());
    // Until it is told to let go, or ended.
    drop(std::io::stdin().lines().next());
    drop(fleet);
}

/// A process that owns a browser.
struct Owner {
    process: Child,
    lines: mpsc::Receiver<String>,
    folder: TempDir,
}

impl Owner {
    /// Starts it, with a program that notes its switches and then does what the script says.
    fn start(script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let program = folder.path().join("chromium");
        let notes = "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$0.switches\"\n";
        fs::write(&program, format!("{notes}{script}")).expect("it is written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
        fs::create_dir(folder.path().join(TMP)).expect("it is ours");
        // Everything that comes of it holds the pipe open, so that its end is theirs.
        let mut process = Command::new("/bin/sh")
            .args(["-c", "exec 9>&1; exec \"$@\"", "sh"])
            .arg(std::env::current_exe().expect("it runs"))
            .args(["browser_life::left::owner", "--exact", "--ignored", "--nocapture"])
            .env(PROGRAM, &program)
            .env("TMPDIR", folder.path().join(TMP))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdout = BufReader::new(process.stdout.take().expect("it is piped"));
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { process, lines, folder }
    }

    /// Waits until its browser is there; what that is.
    fn product(&self) -> String {
        let mut said = Vec::new();
        loop {
            let line =
                self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not start: {said:?}"));
            if let Some(product) = line.strip_prefix(SAYS) {
                return product.to_owned();
            }
            said.push(line);
        }
    }

    fn profile(&self) -> PathBuf {
        let switches =
            fs::read_to_string(self.folder.path().join("chromium.switches")).expect("it was started");
        switches.lines().find_map(|line| line.strip_prefix("--user-data-dir=")).expect("it has one").into()
    }

    fn goes(&mut self, how: Goes) {
        let pid = Pid::from_child(&self.process);
        let sent = match how {
            Goes::Dropping => {
                let mut stdin = self.process.stdin.take().expect("it is piped");
                return stdin.write_all(b"go\n").expect("it reads");
            }
            Goes::Interrupted => kill_process_group(pid, Signal::INT),
            Goes::Killed => kill_process(pid, Signal::KILL),
        };
        sent.expect("it is there");
    }

    /// Waits until nobody is left, and asserts that nothing is.
    fn assert_leaves_nothing(mut self, how: Goes) {
        let profile = self.profile();
        assert!(profile.is_dir(), "it is in use");
        self.goes(how);
        let ended = loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(ended) => break ended,
            }
        };
        assert_eq!(ended, RecvTimeoutError::Disconnected, "{how:?}: somebody stays");
        let status = self.process.wait().expect("it has ended");
        assert_eq!(status.success(), matches!(how, Goes::Dropping), "{how:?}: {status}");
        let left: Vec<_> =
            fs::read_dir(self.folder.path().join(TMP)).expect("it is there").flatten().collect();
        assert!(left.is_empty(), "{how:?}: it stays: {left:?}");
        // Helpers that do not hold the pipe end with the browser, each in its own time.
        let patience = clock::now() + PATIENCE;
        loop {
            let left = running_with(&profile.to_string_lossy());
            if left.is_empty() {
                break;
            }
            assert!(clock::now() < patience, "{how:?}: {left:?}");
            thread::yield_now();
        }
    }
}

/// Command lines of processes that name something.
fn running_with(name: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("a list of processes");
    let lines = processes.flatten().filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).filter(|line| line.contains(name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_one_that_does_not_want_to_end() {
    let fake = Fake::start(|_, _| Does::Answer).await;
    let listens = format!("echo >&2 DevTools listening on {}", fake.url());
    let stays = "trap '' TERM INT HUP\nmkfifo \"$0.never\"\nexec <>\"$0.never\"";
    for how in [Goes::Dropping, Goes::Interrupted, Goes::Killed] {
        let owner = Owner::start(&format!("{stays}\n{listens}\nread -r _\n"));
        assert_eq!(owner.product(), "Fake/1.0");
        owner.assert_leaves_nothing(how);
    }
}

#[test]
fn nothing_is_left_of_chromium() {
    let Some(program) = super::real::chromium() else { return };
    for how in [Goes::Dropping, Goes::Interrupted, Goes::Killed] {
        let owner = Owner::start(&format!("exec '{program}' \"$@\"\n"));
        let product = owner.product();
        assert!(product.contains("Chrom"), "{product}");
        owner.assert_leaves_nothing(how);
    }
}
