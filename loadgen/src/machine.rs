//! What this machine allows: open files, local ports, cores.

use std::{fs, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{options::Options, run::Machine};

/// Files a process has open beside a scenario's sockets: libraries, runtimes, logs, the report, the books.
const OTHER_FILES: u64 = 64;

/// Pipes to each further process.
const PIPES: u64 = 2;

/// Ports left to one source address when the system says nothing.
const DEFAULT_PORTS: (u64, u64) = (32_768, 60_999);

/// The most processes one would split a load over.
pub const MOST_PROCESSES: u64 = 256;

/// What the machine allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Files one process may have open (`RLIMIT_NOFILE`), when there is a limit.
    pub open_files: Option<u64>,
    /// Local ports one source address has towards one destination.
    pub ports: u64,
}

/// What a scenario takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Which scenario.
    pub scenario: &'static str,
    /// Sockets open at once.
    pub sockets: u64,
    /// Whether several processes may share them.
    pub splits: bool,
}

/// What a load is spread over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Processes.
    pub processes: u64,
    /// Source addresses.
    pub sources: u64,
}

/// A plan that this machine cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooSmall {
    /// Too few open files.
    #[error(
        "{scenario} needs {needed} open files in one process ({sockets} sockets and {} others), and the hard limit \
         is {allowed} (the soft one is raised to it): raise it where you may (`ulimit -n {needed}`){}, or choose a \
         smaller preset",
        needed - sockets,
        split(*processes)
    )]
    OpenFiles {
        /// Which scenario.
        scenario: &'static str,
        /// What it takes, in one process.
        needed: u64,
        /// Sockets among them.
        sockets: u64,
        /// What there is.
        allowed: u64,
        /// The fewest processes that carry it, where more help.
        processes: Option<u64>,
    },
    /// Too few local ports.
    #[error(
        "{scenario} needs {needed} connections at once, and one source address has {ports} local ports ({addresses} \
         in use): name {enough} addresses of this machine with --sources (on loopback 127.0.0.1,127.0.0.2 and so \
         on), widen net.ipv4.ip_local_port_range, or choose a smaller preset"
    )]
    Ports {
        /// Which scenario.
        scenario: &'static str,
        /// What it takes.
        needed: u64,
        /// Ports of one address.
        ports: u64,
        /// Addresses there are.
        addresses: u64,
        /// Addresses it takes.
        enough: u64,
    },
}

fn split(processes: Option<u64>) -> String {
    processes.map_or_else(String::new, |n| format!(", split the load with `--processes {n}`"))
}

impl Demand {
    /// Files open at once in the process that has the most.
    fn files(self, processes: u64) -> (u64, u64) {
        let pipes = if processes > 1 { PIPES * processes } else { 0 };
        let sockets = if self.splits { self.sockets.div_ceil(processes.max(1)) } else { self.sockets };
        (sockets, sockets + OTHER_FILES + pipes)
    }
}

impl Allowance {
    /// What this process may do: its soft limit of open files is raised to the hard one, which every process
    /// may do for itself.
    pub fn raised() -> Self {
        let limit = getrlimit(Resource::Nofile);
        if limit.current != limit.maximum {
            // Refused, it stays as it is, and what it is gets read below.
            let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
        }
        let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
        Self { open_files: getrlimit(Resource::Nofile).current, ports: ports(&range) }
    }

    /// Whether each of these can be had, and if not, what is missing.
    pub fn carries(self, demands: &[Demand], spread: Spread) -> Result<(), TooSmall> {
        demands.iter().try_for_each(|&demand| self.carries_one(demand, spread))
    }

    fn carries_one(self, demand: Demand, spread: Spread) -> Result<(), TooSmall> {
        let Demand { scenario, sockets: connections, .. } = demand;
        let (sockets, needed) = demand.files(spread.processes);
        if let Some(allowed) = self.open_files.filter(|allowed| *allowed < needed) {
            let processes = (1..=MOST_PROCESSES).find(|&n| demand.files(n).1 <= allowed);
            return Err(TooSmall::OpenFiles { scenario, needed, sockets, allowed, processes });
        }
        if self.ports * spread.sources.max(1) < connections {
            return Err(TooSmall::Ports {
                scenario,
                needed: connections,
                ports: self.ports,
                addresses: spread.sources.max(1),
                enough: self.addresses_for(connections),
            });
        }
        Ok(())
    }

    /// How many source addresses so many connections want. Where one is too few, half of each one's ports are
    /// left to connections that were just closed and still wait for stragglers (`TIME_WAIT`).
    pub fn addresses_for(self, connections: u64) -> u64 {
        if connections <= self.ports { 1 } else { connections.div_ceil((self.ports / 2).max(1)) }
    }
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

/// The machine and what of it is used, as a report names it.
pub fn describe(options: &Options) -> Machine {
    Machine {
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cores: cores(),
        workers: options.workers,
        open_files: Allowance::raised().open_files,
        processes: options.processes(),
        sources: options.sources.clone(),
    }
}
