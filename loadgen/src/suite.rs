//! The suite: preflight, baseline, warm-up, the scenarios in their order, the end.
