//! Watching a run: the stream, what is made of it, and the three views.

mod lines;
pub(crate) mod made;
mod model;
mod page;
mod screen;
mod terminal;
mod web;
