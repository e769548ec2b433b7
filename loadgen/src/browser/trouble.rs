//! What goes wrong with a browser, none of which says anything of the target.

use std::{path::PathBuf, time::Duration};

/// Why a visit came to nothing, or why there is no browser. Never the target's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The program does not start, or ends before it says where it listens.
    #[error("{} does not start: {why}", program.display())]
    NotStarted {
        /// Which program.
        program: PathBuf,
        /// What it said.
        why: String,
    },
    /// This machine does not let a browser be looked after: no thread, no port.
    #[error("a browser cannot be looked after: {0}")]
    Machine(String),
    /// No browser answers at the address given.
    #[error("no browser answers at {at}: {why}")]
    NotReached {
        /// Where.
        at: String,
        /// What came instead.
        why: String,
    },
    /// The connection to the browser has closed: it ended or was ended.
    #[error("the browser is gone: {0}")]
    Gone(String),
    /// The page's own process crashed.
    #[error("the tab crashed: {0}")]
    TabCrashed(String),
    /// The page told of things faster than they could be looked at: what was to be seen of it is lost.
    #[error("the page told of {0} things more than could be looked at")]
    Flooded(usize),
    /// An answer of the browser did not come.
    #[error("the browser did not answer {method} within {} s", after.as_secs_f64())]
    Hung {
        /// What it was asked.
        method: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The browser refused what it was asked.
    #[error("the browser refused {method}: {message}")]
    Refused {
        /// What it was asked.
        method: String,
        /// What it said.
        message: String,
    },
    /// The visit itself broke off: a bug of this program.
    #[error("the visit broke off, a bug: {0}")]
    Broken(String),
    /// The page was not shown: nothing is painted there, so there is no LCP.
    #[error("the browser did not show the page ({0})")]
    NotShown(String),
}
