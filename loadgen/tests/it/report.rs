//! Reports: what every format says of a run, and that it is well-formed whatever the target sent.

mod browsed;
mod formats;
mod live;
pub(crate) mod made;
mod pages;
mod percentiles;
mod says;
mod session;
