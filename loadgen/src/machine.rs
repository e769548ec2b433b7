//! What this machine allows: open files, local ports, cores.

use std::{fs, thread};

use crate::run::Machine;

/// Files the process has open beside its sockets: libraries, runtimes, logs, the report.
const OTHER_FILES: u64 = 64;

/// Ports left to one source address when the system says nothing.
const DEFAULT_PORTS: (u64, u64) = (32_768, 60_999);

/// What the machine allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Files the process may have open (`RLIMIT_NOFILE`, soft), when there is a limit.
    pub open_files: Option<u64>,
    /// Local ports one source address has towards one destination.
    pub ports: u64,
}

/// A plan that this machine cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooSmall {
    /// Too few open files.
    #[error(
        "the plan needs {needed} open files ({sockets} sockets and {OTHER_FILES} others), the limit is \
         {allowed}: raise it (`ulimit -n {needed}`) or choose a smaller preset"
    )]
    OpenFiles {
        /// What it takes.
        needed: u64,
        /// Sockets among them.
        sockets: u64,
        /// What there is.
        allowed: u64,
    },
    /// Too few local ports.
    #[error("the plan needs {needed} connections at once, one source address has {allowed} local ports")]
    Ports {
        /// What it takes.
        needed: u64,
        /// What there is.
        allowed: u64,
    },
}

impl Allowance {
    /// What this process may do, by `/proc`; where there is none, no limit is assumed.
    pub fn of_this_process() -> Self {
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
        Self { open_files: open_files(&limits), ports: ports(&range) }
    }

    /// Whether `sockets` at once can be had, and if not, what is missing.
    pub fn carries(self, sockets: u64) -> Result<(), TooSmall> {
        let needed = sockets + OTHER_FILES;
        match self.open_files {
            Some(allowed) if allowed < needed => Err(TooSmall::OpenFiles { needed, sockets, allowed }),
            _ if self.ports < sockets => Err(TooSmall::Ports { needed: sockets, allowed: self.ports }),
            _ => Ok(()),
        }
    }
}

/// The soft limit of open files, from the text of `/proc/self/limits`; `None` for unlimited or unknown.
pub fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How many local ports there are, from the text of `ip_local_port_range`.
pub fn ports(range: &str) -> u64 {
    let mut ends = range.split_whitespace().map_while(|end| end.parse::<u64>().ok());
    let (low, high) = ends.next().zip(ends.next()).unwrap_or(DEFAULT_PORTS);
    (high + 1).saturating_sub(low)
}

/// Cores the process may use.
pub fn cores() -> u64 {
    thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
}

/// The machine, as a report names it.
pub fn describe(workers: u64) -> Machine {
    Machine {
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cores: cores(),
        workers,
        open_files: Allowance::of_this_process().open_files,
    }
}
