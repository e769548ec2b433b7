//! Where load goes and what it takes to get in: arguments that `run` and `preflight` share.

use std::path::PathBuf;

use clap::Args;

use super::{Refusal, aim::Aim};
use crate::{options::Options, target::Target};

/// How the target is reached.
#[derive(Debug, Args)]
pub(super) struct Reach {
    #[command(flatten)]
    aim: Aim,

    /// The mock's admin token: with it the mock's own books are read (audit, truth score, webhook ledger)
    #[arg(long, value_name = "TOKEN", env = "MOCK_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,

    /// Certificates to trust, PEM, for a target reached over https [default: what the target's profile says]
    #[arg(long, value_name = "FILE", env = "LOADGEN_CA")]
    ca: Option<PathBuf>,

    /// The secret webhooks are signed with
    #[arg(
        long,
        value_name = "SECRET",
        default_value = contract::stripe::DEFAULT_SECRET,
        env = "STRIPE_WEBHOOK_SECRET",
        hide_env_values = true
    )]
    stripe_secret: String,
}

impl Reach {
    /// The same, aimed at another target.
    pub(super) fn aimed_at(mut self, target: String) -> Self {
        self.aim.target = target;
        self
    }

    /// The hosts that were confirmed.
    pub(super) fn confirmed(&self) -> &[String] {
        self.aim.confirmed()
    }

    /// The target, if load may go there; `load` says what would be sent.
    pub(super) fn target(&self, load: impl FnOnce() -> String) -> Result<Target, Refusal> {
        self.aim.target(load)
    }

    /// The same options, with what it takes to get in.
    pub(super) fn with(self, options: Options) -> Options {
        let Self { admin_token, ca, stripe_secret, .. } = self;
        Options { ca, admin_token, stripe_secret, ..options }
    }
}
