//! What the kernel says about this process, under the names every Prometheus client uses.

use procfs::process::{LimitValue, Process};

/// What this process uses. Names and meaning: Prometheus, "Writing client libraries", standard process metrics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    /// Memory in RAM.
    pub(crate) resident_bytes: u64,
    /// Address space taken.
    pub(crate) virtual_bytes: u64,
    /// Files and sockets open.
    pub(crate) open_fds: u64,
    /// How many may be; none when there is no limit.
    pub(crate) max_fds: Option<u64>,
    /// User and system time.
    pub(crate) cpu_seconds: f64,
    /// Since 1970.
    pub(crate) started_seconds: f64,
}

impl Usage {
    /// As it is now; nothing where there is no `/proc`.
    pub(crate) fn now() -> Option<Self> {
        let process = Process::myself().ok()?;
        let stat = process.stat().ok()?;
        let ticks = procfs::ticks_per_second() as f64;
        let limit = process.limits().ok()?.max_open_files.soft_limit;
        Some(Self {
            resident_bytes: stat.rss * procfs::page_size(),
            virtual_bytes: stat.vsize,
            open_fds: process.fd_count().ok()? as u64,
            max_fds: match limit {
                LimitValue::Value(most) => Some(most),
                LimitValue::Unlimited => None,
            },
            cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
            started_seconds: procfs::boot_time_secs().ok()? as f64 + stat.starttime as f64 / ticks,
        })
    }

    /// Only the memory in RAM, for who asks every second: one small file.
    pub(crate) fn resident_bytes() -> Option<u64> {
        let pages = Process::myself().ok()?.statm().ok()?.resident;
        Some(pages * procfs::page_size())
    }
}
