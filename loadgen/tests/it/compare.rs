//! Two runs side by side, two targets in turn, many runs in a row.

mod acceptance;
mod command;
mod experiment;
mod k6s;
mod made;
mod says;
mod trends;
