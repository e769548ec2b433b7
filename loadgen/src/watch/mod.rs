//! Watching a run: one stream of what happens, and the views made of it.
//!
//! | module | what for |
//! |---|---|
//! | [`stream`] | what happens, as data |
//! | [`model`], [`gauge`] | what is shown now: a pure fold of the stream |
//! | [`plain`], [`terminal`], [`web`] | lines, a screen, a page |
//! | [`Screen`] | what the suite tells what happens, and what leads it to each view |

pub mod gauge;
pub mod model;
pub mod plain;
mod screen;
pub mod stream;
pub mod terminal;
pub mod web;

pub use screen::{LOG, Screen, Wish};
