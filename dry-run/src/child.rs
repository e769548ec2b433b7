//! The mock as a child process: this program, executed again, so that load and target do not share a heap, a
//! scheduler, or a limit of open files.
//!
//! It lives no longer than we do: its standard input is a pipe we hold, and it ends when that closes, which the
//! kernel sees to even when we are killed. Only the word [`KEEP`] in that pipe lets it live on. It is in a process
//! group of its own, so that Ctrl-C in the terminal reaches only us and the mock still answers while a partial
//! report is made.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read as _, stdin};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::runtime::Runtime;

/// First argument of this program when it is to be the mock. Not in the help: it is no command for people.
pub(crate) const SUBCOMMAND: &str = "__mock-server";
/// What the parent says before it leaves a mock running.
const KEEP: &[u8] = b"keep\n";
/// How long the mock may take until it listens.
const START: Duration = Duration::from_secs(10);
/// How long it may take to be gone once its input is closed.
const STOP: Duration = Duration::from_secs(5);

/// The child's side: a mock with these arguments, until the parent leaves.
pub(crate) fn serve(args: impl Iterator<Item = OsString>) -> ExitCode {
    std::thread::spawn(end_with_parent);
    mock_server::cli::main(std::iter::once("mock-server".into()).chain(args))
}

#[expect(
    clippy::disallowed_methods,
    reason = "nobody is left to take an exit code, and a mock has nothing to save"
)]
fn end_with_parent() {
    let mut said = Vec::new();
    // A pipe that cannot be read is a parent that cannot be heard: the same as one that left.
    let heard = stdin().read_to_end(&mut said);
    if heard.is_err() || said != KEEP {
        std::process::exit(0);
    }
}

/// How a mock is started.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    /// `off`, `healthy`, `borderline`, `breach`, or a profile's file.
    pub(crate) profile: &'a str,
    /// Seed of its latency draws.
    pub(crate) seed: u64,
    /// Where it writes what goes wrong, when it may outlive us and our standard error.
    pub(crate) log: Option<&'a Path>,
    /// Further arguments, such as a plan of faults or a defect.
    pub(crate) more: &'a [OsString],
}

/// The parent's side: a mock that was started here. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Mock {
    process: Child,
    // Held open: the mock may still want to say something.
    _stdout: Lines<BufReader<ChildStdout>>,
    runtime: Runtime,
    url: String,
    token: String,
}

/// The mock ended before it listened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NeverListened {
    /// By itself, having said why.
    #[error("the mock did not start (exit code {code}): it says why {}", place(log.as_deref()))]
    Ended {
        /// Its exit code.
        code: u8,
        /// Where it said why.
        log: Option<PathBuf>,
    },
    /// By a signal.
    #[error("the mock was killed before it listened")]
    Killed,
}

fn place(log: Option<&Path>) -> String {
    log.map_or_else(|| "above".to_owned(), |log| format!("in {}", log.display()))
}

impl Mock {
    /// Starts one on a free port.
    pub(crate) fn start(start: &Start<'_>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let program = std::env::current_exe().context("where this program is")?;
        let mut command = Command::new(program);
        command
            .args([SUBCOMMAND, "--port=0", "--profile", start.profile, "--seed", &start.seed.to_string()])
            .args(start.more)
            // Secrets of its own, whatever the surroundings say: a rehearsal depends on its flags alone.
            .env_remove("MOCK_ADMIN_TOKEN")
            .env_remove("STRIPE_WEBHOOK_SECRET")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors_to(start.log)?)
            .process_group(0);
        let (process, stdout, (url, token)) = runtime.block_on(spawn(command, start.log))?;
        Ok(Self { process, _stdout: stdout, runtime, url, token })
    }

    /// Where it listens, `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What opens its admin API.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Its process, as long as it lives.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Lets it live on when we end.
    pub(crate) fn keep(mut self) -> anyhow::Result<()> {
        let mut stdin = self.process.stdin.take().context("the mock's standard input")?;
        self.runtime
            .block_on(async { stdin.write_all(KEEP).await })
            .context("the mock cannot be kept: it is gone")
    }

    /// Ends it and sees it gone.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        drop(self.process.stdin.take());
        let process = &mut self.process;
        self.runtime.block_on(async {
            if tokio::time::timeout(STOP, process.wait()).await.is_err() {
                process.kill().await.context("the mock would not end")?;
            }
            Ok(())
        })
    }
}

fn errors_to(log: Option<&Path>) -> anyhow::Result<Stdio> {
    let Some(log) = log else { return Ok(Stdio::inherit()) };
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    Ok(File::create(log).with_context(|| format!("{}", log.display()))?.into())
}

type Greeted = (Child, Lines<BufReader<ChildStdout>>, (String, String));

async fn spawn(mut command: Command, log: Option<&Path>) -> anyhow::Result<Greeted> {
    let mut process = command.spawn().context("the mock could not be started")?;
    let stdout = process.stdout.take().context("the mock's standard output")?;
    let mut lines = BufReader::new(stdout).lines();
    match tokio::time::timeout(START, greeting(&mut lines)).await {
        Ok(Ok(Some(greeting))) => Ok((process, lines, greeting)),
        Ok(Ok(None)) => Err(never_listened(&mut process, log).await?.into()),
        Ok(Err(error)) => Err(error).context("the mock's first words could not be read"),
        Err(_) => {
            process.kill().await?;
            bail!("the mock did not say where it listens within {} s", START.as_secs())
        }
    }
}

async fn never_listened(process: &mut Child, log: Option<&Path>) -> anyhow::Result<NeverListened> {
    let code = process.wait().await?.code().and_then(|code| u8::try_from(code).ok());
    let log = log.map(Path::to_owned);
    Ok(code.map_or(NeverListened::Killed, |code| NeverListened::Ended { code, log }))
}

/// The address and the admin token, as the mock prints them; `None` when it ended first.
async fn greeting(lines: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<Option<(String, String)>> {
    let (mut url, mut token) = (None, None);
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.strip_prefix("listening on ") {
            url = Some(address.trim().to_owned());
        } else if let Some(secret) = line.strip_prefix("admin token: ") {
            token = Some(secret.trim().to_owned());
        }
        if let (Some(url), Some(token)) = (&url, &token) {
            return Ok(Some((url.clone(), token.clone())));
        }
    }
    Ok(None)
}
