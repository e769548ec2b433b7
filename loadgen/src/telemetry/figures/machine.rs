//! What the kernel says of this process and of what it may use.

use std::fs;

use engine::cpu;

/// What this process uses, as far as there is a `/proc` to read it from.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Memory in RAM.
    pub resident_bytes: Option<f64>,
    /// Memory it may use: its control group's, or all there is.
    pub allowed_bytes: Option<f64>,
    /// User and system time.
    pub cpu_seconds: Option<f64>,
    /// Files and sockets open.
    pub open_files: Option<f64>,
}

impl Usage {
    /// As it is now.
    pub fn now() -> Self {
        let read = |file| fs::read_to_string(file).ok();
        let of_group = read("/sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse::<f64>().ok());
        let of_machine = read("/proc/meminfo").and_then(|text| kibibytes(&text, "MemTotal:"));
        Self {
            resident_bytes: read("/proc/self/status").and_then(|text| kibibytes(&text, "VmRSS:")),
            allowed_bytes: of_group.into_iter().chain(of_machine).reduce(f64::min),
            cpu_seconds: cpu::used_s(),
            open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64),
        }
    }
}

/// A figure of a file of the kernel's such as `VmRSS:   1024 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_kilobytes_are_kibibytes() {
        let text = "Name:\tloadgen\nVmRSS:\t    2048 kB\nThreads:\t3\n";
        assert_eq!(kibibytes(text, "VmRSS:"), Some(2_097_152.0));
        assert_eq!(kibibytes(text, "Threads:"), None);
        assert_eq!(kibibytes(text, "VmSwap:"), None);
    }

    #[test]
    fn this_process_uses_something_and_may() {
        let Usage { resident_bytes, allowed_bytes, cpu_seconds, open_files } = Usage::now();
        assert!(
            resident_bytes.zip(allowed_bytes).is_some_and(|(used, allowed)| used > 0.0 && used < allowed)
        );
        assert!(cpu_seconds.is_some_and(|used| used >= 0.0) && open_files.is_some_and(|open| open > 0.0));
    }
}
