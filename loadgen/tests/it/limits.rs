//! The limit of a target: how it is searched, what is said of it, and a search against a real server.

mod says;
mod searching;
pub(crate) mod server;
mod sizes;
