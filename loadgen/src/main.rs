//! `loadgen`: six launch scenarios against one target.

fn main() {}
