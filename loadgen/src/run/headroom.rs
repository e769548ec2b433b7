//! How much more than launch day a target carries, where `loadgen limit` has found that out.

use serde::{Deserialize, Serialize};

/// What a search for the limit of one scenario said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headroom {
    /// The scenario.
    pub scenario: String,
    /// The highest load at which every goal held, in times launch day's.
    pub holds: f64,
    /// The lowest load tried at which one did not; `None` when nothing higher failed.
    pub fails: Option<f64>,
    /// Where that was found: the search's directory.
    pub found_in: String,
}
