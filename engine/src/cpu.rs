//! What processor time this process used, and how much the machine allows it.

use std::{fs, thread, time::Duration};

use crate::{
    clock::{self, Instant},
    run::CpuSecond,
};

/// Clock ticks per second in `/proc`: `USER_HZ`, 100 on every Linux we run on (it is part of the
/// kernel's interface, whatever the kernel's own tick is).
const TICKS_PER_S: f64 = 100.0;

/// Processor time used by the process so far (all threads, user and system), seconds; `None` where
/// there is no `/proc`.
pub fn used_s() -> Option<f64> {
    ticks(&fs::read_to_string("/proc/self/stat").ok()?).map(|ticks| ticks as f64 / TICKS_PER_S)
}

/// `utime + stime` of a `/proc/PID/stat` line: fields 14 and 15, counted past the command's name,
/// which is in parentheses and may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (utime, stime): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(utime + stime)
}

/// How many cores the process may keep busy: those it may run on, or less by its control group's
/// quota (version 2 or 1).
pub fn allowed_cores() -> f64 {
    let cores = thread::available_parallelism().map_or(1.0, |n| n.get() as f64);
    quota_v2().or_else(quota_v1).map_or(cores, |quota| quota.min(cores))
}

/// `cpu.max` of version 2: quota and period, or `max`.
fn quota_v2() -> Option<f64> {
    let text = fs::read_to_string("/sys/fs/cgroup/cpu.max").ok()?;
    let (quota, period) = text.trim().split_once(' ')?;
    ratio(quota, period)
}

/// The two files of version 1; a quota of −1 is none.
fn quota_v1() -> Option<f64> {
    let read = |file| fs::read_to_string(format!("/sys/fs/cgroup/cpu/cpu.{file}")).ok();
    ratio(read("cfs_quota_us")?.trim(), read("cfs_period_us")?.trim())
}

fn ratio(quota: &str, period: &str) -> Option<f64> {
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

/// How often [`Watch`] looks.
const EVERY: Duration = Duration::from_secs(1);

/// Looks at the process's processor time about once a second.
#[derive(Debug)]
pub(crate) struct Watch {
    last: Option<(Instant, f64)>,
    next: Instant,
    seen: Vec<(Instant, f64, f64)>,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let now = clock::now();
        Self { last: used_s().map(|used| (now, used)), next: now + EVERY, seen: Vec::new() }
    }

    /// How long until the next look.
    pub(crate) fn patience(&self) -> Duration {
        self.next.saturating_duration_since(clock::now())
    }

    pub(crate) fn look(&mut self) {
        let now = clock::now();
        if now < self.next {
            return;
        }
        self.next = now + EVERY;
        let used = used_s();
        if let (Some((then, before)), Some(used)) = (self.last, used) {
            let length_s = (now - then).as_secs_f64();
            self.seen.push((now, length_s, (used - before) / length_s));
        }
        self.last = used.map(|used| (now, used));
    }

    /// Cores kept busy when it last looked.
    pub(crate) fn newest(&self) -> Option<f64> {
        self.seen.last().map(|(.., cores)| *cores)
    }

    /// What was seen while the scenario ran; before it there was warm-up.
    pub(crate) fn between(self, epoch: Instant, ended: Instant) -> Vec<CpuSecond> {
        let seen = self.seen.into_iter().filter(|(at, ..)| *at >= epoch && *at <= ended + EVERY);
        seen.map(|(at, length_s, cores)| {
            let second = (at - epoch).as_secs().cast_signed();
            CpuSecond { second, length_s, cores }
        })
        .collect()
    }
}
