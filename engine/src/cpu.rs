//! What processor time the process used, and how much it may have.
