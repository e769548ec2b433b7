use std::{fs, os::unix::fs::PermissionsExt as _};

use tempfile::TempDir;

use super::*;

/// A program of a test's own in the browser's place.
struct Fake(TempDir);

impl Fake {
    /// It notes its process id and its switches, then does what the script says.
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let program = folder.path().join("chromium");
        let notes = "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$0.switches\"\necho $$ >\"$0.pid\"\n";
        fs::write(&program, format!("{notes}{script}")).expect("it is written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
        Self(folder)
    }

    async fn start(&self, limit: Duration) -> Result<(Process, String), Trouble> {
        let grounds = Grounds { hosts: Vec::new(), own_roots: false };
        Process::start(&self.0.path().join("chromium"), &grounds, "http://127.0.0.1:4711/", limit).await
    }

    fn noted(&self, what: &str) -> String {
        fs::read_to_string(self.0.path().join(format!("chromium.{what}"))).expect("it was started")
    }

    fn profile(&self) -> PathBuf {
        let switches = self.noted("switches");
        switches.lines().find_map(|line| line.strip_prefix("--user-data-dir=")).expect("it has one").into()
    }

    /// Nothing of it is left.
    fn assert_gone(&self) {
        assert!(!self.profile().exists(), "its profile stays");
        let pid = self.noted("pid");
        let commands = fs::read(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
        assert!(commands.is_empty(), "it runs: {}", String::from_utf8_lossy(&commands));
    }
}

/// Long enough for a shell on a busy machine.
const AMPLE: Duration = Duration::from_mins(2);
const LISTENS: &str = "echo >&2 noise\necho >&2 DevTools listening on ws://127.0.0.1:1/devtools/browser/0\n";

fn why(started: Result<(Process, String), Trouble>) -> String {
    match started {
        Err(Trouble::NotStarted { why, .. }) => why,
        other => panic!("it started: {other:?}"),
    }
}

#[tokio::test]
async fn one_that_ends_at_once_is_quoted() {
    let fake = Fake::new("echo >&2 no usable sandbox\necho >&2 good bye\nexit 1\n");
    assert_eq!(why(fake.start(AMPLE).await), "it ended, having said: no usable sandbox / good bye");
    fake.assert_gone();
}

#[tokio::test]
async fn one_that_is_no_program_says_so() {
    let fake = Fake(tempfile::tempdir().expect("a directory"));
    let said = why(fake.start(AMPLE).await);
    assert!(said.contains("not found"), "{said}");
}

#[tokio::test]
async fn one_that_never_says_where_it_listens_is_ended() {
    let fake = Fake::new("mkfifo \"$0.never\"\nread -r _ <\"$0.never\"\n");
    let said = why(fake.start(Duration::from_millis(500)).await);
    assert_eq!(said, "it did not say where it listens within 0.5 s, but: nothing");
    // On a machine so busy that it was not even begun there is nothing to be gone.
    if fake.0.path().join("chromium.pid").exists() {
        fake.assert_gone();
    }
}

#[tokio::test]
async fn one_that_ignores_being_asked_to_end_is_killed() {
    let fake = Fake::new(&format!(
        "trap '' TERM INT HUP\nmkfifo \"$0.never\"\n{LISTENS}exec <>\"$0.never\"\nread -r _\n"
    ));
    let (process, address) = fake.start(AMPLE).await.expect("it says where it listens");
    assert_eq!(address, "ws://127.0.0.1:1/devtools/browser/0");
    assert!(fake.profile().exists());
    process.end().await;
    fake.assert_gone();
}

#[tokio::test]
async fn one_that_ends_by_itself_leaves_nothing() {
    let fake = Fake::new(&format!("{LISTENS}exit 3\n"));
    let (mut process, _) = fake.start(AMPLE).await.expect("it says where it listens");
    let ended = tokio::time::timeout(AMPLE, process.guard.wait()).await;
    ended.expect("its shell ends with it").expect("it is ours");
    fake.assert_gone();
}

#[tokio::test]
async fn what_it_says_is_read_on_and_not_kept() {
    // More than a pipe holds: who is not read cannot go on.
    let talks = "i=0\nwhile [ $i -lt 3000 ]; do echo >&2 0123456789012345678901234567890123456789; i=$((i + 1)); done\n";
    for script in [format!("{talks}{LISTENS}"), format!("{LISTENS}{talks}")] {
        let fake = Fake::new(&script);
        let (mut process, _) = fake.start(AMPLE).await.expect("it says where it listens");
        let ended = tokio::time::timeout(AMPLE, process.guard.wait()).await;
        ended.expect("it has said all").expect("it is ours");
    }
}

#[tokio::test]
async fn it_is_out_of_reach_of_the_terminals_signals() {
    let fake = Fake::new(&format!(
        "cut -d' ' -f5 /proc/$$/stat >\"$0.group\"\nmkfifo \"$0.never\"\n{LISTENS}read -r _ <\"$0.never\"\n"
    ));
    let (process, _) = fake.start(AMPLE).await.expect("it says where it listens");
    let group = fake.noted("group").trim().to_owned();
    assert_eq!(Some(group), process.guard.id().map(|id| id.to_string()), "its shell leads its group");
    process.end().await;
    fake.assert_gone();
}

#[tokio::test]
async fn helpers_that_write_on_leave_nothing() {
    let writes = "for last; do :; done\nprofile=${last#--user-data-dir=}\n\
                  (trap '' TERM; i=0; while :; do i=$((i + 1)); mkdir -p \"$profile/d/$i\"; done) &\n";
    let fake = Fake::new(&format!("{writes}{LISTENS}exit 0\n"));
    let (process, _) = fake.start(AMPLE).await.expect("it says where it listens");
    let profile = fake.profile().to_string_lossy().into_owned();
    tokio::time::timeout(AMPLE, process.end()).await.expect("its shell ends");
    fake.assert_gone();
    let processes = fs::read_dir("/proc").expect("a list of processes");
    let lines = processes.flatten().filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    let mut left = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
    assert_eq!(left.find(|line| line.contains(&profile)), None);
}
