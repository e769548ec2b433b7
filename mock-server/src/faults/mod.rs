//! Faults on a schedule: what goes wrong around a correct platform, when, how often, drawn from a seed.

/// The faults that are scheduled now.
#[derive(Debug, Default)]
pub(crate) struct Faults;
