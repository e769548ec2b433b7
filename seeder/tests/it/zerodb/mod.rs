//! The `ZeroDB` store against a server of the tests' own, with a real ledger beside it.

mod applying;
mod clock;
mod destroying;
mod faults;
mod killing;
mod ledger;
mod moving;
mod opening;
mod place;
pub(crate) mod server;
pub(crate) mod state;
mod verifying;
