//! Reports: what every format says of a run, and that it is well-formed whatever the target sent.

mod again;
mod browsed;
mod decision;
mod formats;
mod github;
mod history;
mod html;
mod live;
pub(crate) mod made;
mod pages;
mod percentiles;
mod says;
mod session;
mod tables;
