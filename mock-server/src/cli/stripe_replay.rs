//! `mock-server stripe-replay`: signed events to any URL, delivered as Stripe delivers.

use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

#[expect(clippy::needless_pass_by_value, reason = "it will own what was typed")]
pub(super) fn run(_: Args) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::from(super::NO))
}
