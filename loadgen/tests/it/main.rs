//! The load generator's tests, in one binary.
