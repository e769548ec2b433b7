//! `mock-server selftest`: the latency model, proved on this machine.

use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::from(super::NO))
}
