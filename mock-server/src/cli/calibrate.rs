//! `mock-server calibrate`: a profile from what was measured.

use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::from(super::NO))
}
