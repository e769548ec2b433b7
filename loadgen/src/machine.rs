//! What this machine allows: open files, local ports, cores.
