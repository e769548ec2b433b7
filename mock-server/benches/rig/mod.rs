//! A server in a process of its own, so that its processor time and memory are its own.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::Context as _;

/// First argument of a bench's executable when it is to be the mock.
pub(crate) const MOCK: &str = "__mock";

/// What opens the mock's admin API.
pub(crate) const ADMIN_TOKEN: &str = "bench";

/// This executable, run again as a server. It ends with its standard input, so with us.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// A mock with a world and these arguments, on a free port.
    pub(crate) fn mock(more: &[&str]) -> anyhow::Result<Self> {
        let fixed = [MOCK, "--world", "--port=0", "--exit-with-parent", "--admin-token", ADMIN_TOKEN];
        Self::start(&[&fixed[..], more].concat())
    }

    /// Any server that prints `listening on http://ADDRESS` first.
    pub(crate) fn start(args: &[&str]) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("standard output")?).lines();
        let first = lines.next().context("the server ended before it listened")??;
        let address = first.strip_prefix("listening on http://").context("where it listens")?.parse()?;
        Ok(Self { process, address, _stdout: lines })
    }

    /// Processor time of the process so far, in seconds: user and system, from `/proc/PID/stat` (proc(5), fields
    /// 14 and 15, in ticks of which Linux has 100 a second).
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name in field 2 may have spaces; it ends at the last parenthesis.
        let fields = stat.rsplit_once(") ").context("fields")?.1.split(' ').collect::<Vec<_>>();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        Ok(ticks as f64 / 100.0)
    }

    /// Resident memory and its peak so far, in KiB.
    pub(crate) fn memory_kib(&self) -> anyhow::Result<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let of = |name: &str| -> anyhow::Result<u64> {
            let line = status.lines().find(|line| line.starts_with(name)).context("a line of status")?;
            Ok(line.split_whitespace().nth(1).context("a number")?.parse()?)
        };
        Ok((of("VmRSS:")?, of("VmHWM:")?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}
