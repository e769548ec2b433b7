//! Proofs of the model against theory, on a virtual clock: what `mock-server selftest` prints and what the tests
//! run with fewer draws.
//!
//! Every proof is a function of fixed seeds, so its outcome is a property of the code: it cannot pass today and
//! fail tomorrow, however many checks there are. The tolerances are those of the theory, not fitted to what was
//! found. Only [`timer`] looks at the real clock.

mod determinism;
mod distribution;
mod queueing;
mod timer;

use serde::Serialize;

pub use determinism::determinism;
pub use distribution::{Sample, distributions, follows};
pub use queueing::{Waits, erlang_c_wait, little, queue, waits};
pub use timer::timer;

/// One claim, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What is checked, and of what.
    pub name: String,
    /// What theory says.
    pub expected: String,
    /// What came out.
    pub found: String,
    /// How far they may be apart.
    pub tolerance: String,
    /// Whether they are not further apart.
    pub ok: bool,
}

/// How much is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// As many draws and arrivals as EVIDENCE.md asks for: half a minute in a release build.
    Full,
    /// A fiftieth of the arrivals, with intervals as wide as they then honestly are.
    Quick,
}

/// Everything that runs on the virtual clock.
pub fn virtual_clock(effort: Effort) -> Vec<Check> {
    let mut checks = distributions();
    checks.extend(queueing::RHOS.map(|rho| waits(rho, effort, queue)));
    checks.push(little(effort, queue));
    checks.extend(determinism());
    checks
}
