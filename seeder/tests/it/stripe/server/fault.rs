//! Being wrong on purpose: where, how often, and how.

use super::Call;

/// The one way in which it misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Does not know the key any more.
    Unauthorized,
    /// The key may not do this.
    Forbidden,
    /// Too many requests, it says.
    TooMany,
    /// Fails before anything happens.
    FailsBefore,
    /// Fails after it happened.
    FailsAfter,
    /// Never answers; nothing happens.
    Hangs,
    /// Hangs up after it happened.
    CutAfter,
}

/// Where and how often it misbehaves.
#[derive(Debug, Clone, Copy)]
struct Planned {
    on: &'static str,
    skip: usize,
    times: usize,
    fault: Fault,
}

/// What is planned.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Planned>);

impl Faults {
    pub(super) fn plan(&mut self, on: &'static str, skip: usize, times: usize, fault: Fault) {
        self.0.push(Planned { on, skip, times, fault });
    }

    /// What strikes this call, if anything does.
    pub(super) fn strike(&mut self, call: &Call) -> Option<Fault> {
        let at = format!("{} {}", call.method, call.path);
        let planned = self.0.iter_mut().find(|planned| at.starts_with(planned.on) && planned.times > 0)?;
        if planned.skip > 0 {
            planned.skip -= 1;
            return None;
        }
        planned.times -= 1;
        Some(planned.fault)
    }
}
