//! Why there is nothing to compare with.

use std::io;

use crate::run::ReadError;

/// Why a baseline could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read.
    #[error(
        "{path} cannot be read ({source}): name the folder of a run, or a file that k6 wrote (--summary-export, \
         handleSummary's data, --out json)"
    )]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A run of ours that cannot be read.
    #[error(transparent)]
    Run(#[from] ReadError),
    /// It is not what k6 writes.
    #[error("{path}, line {line}: {message}")]
    Form {
        /// Which file.
        path: String,
        /// Where in it, from 1.
        line: u64,
        /// What is wrong, and what was expected.
        message: String,
    },
}

impl BaselineError {
    pub(super) fn io(path: &str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn form(path: &str, line: u64, message: impl Into<String>) -> Self {
        Self::Form { path: path.to_owned(), line, message: message.into() }
    }
}
