//! Ctrl-C, twice: the first stops starting and reports, the second leaves at once.
