//! Where load goes: arguments that several verbs share.

use clap::Args;

use super::{Refusal, sfu::Sfu};
use crate::target::{Asked, Target, TargetError};

/// Where load goes.
#[derive(Debug, Args)]
pub(super) struct Aim {
    /// Where load goes: a profile (mock, local, staging, backend-2025-11; `loadgen targets`), a profile of your own
    /// (FILE.toml), or a URL. Hosts are allowed by fixtures/environments.toml alone
    #[arg(long, value_name = "NAME|FILE.toml|URL", default_value = "mock", env = "LOADGEN_TARGET")]
    pub(super) target: String,

    /// A further server of the same platform, which shares its sessions with the others; may be given several times. Users
    /// begin at each in turn, and go on to the next one when theirs cannot be reached
    #[arg(long, value_name = "URL")]
    also_at: Vec<String>,

    /// Let load leave this machine: the target's host, exactly, and that of an SFU elsewhere; may be given several
    /// times. Without it the refusal says what would be sent
    #[arg(long, value_name = "HOST")]
    confirm: Vec<String>,

    #[command(flatten)]
    sfu: Sfu,

    /// The mock's world to load, where it has several (`x-mock-world` with every request) [default: its default]
    #[arg(long, value_name = "NAME", env = "MOCK_WORLD")]
    mock_world: Option<String>,
}

impl Aim {
    /// The hosts that were confirmed.
    pub(super) fn confirmed(&self) -> &[String] {
        &self.confirm
    }

    /// The target, looked up. Refused is what load may not go to, and what is not this machine and was not confirmed;
    /// `load` says what would be sent.
    pub(super) fn target(&self, load: impl FnOnce() -> String) -> Result<Target, Refusal> {
        let target = Asked::read(&self.target).and_then(|asked| {
            let typed = self.confirm.iter().find(|typed| *typed == asked.host()).or(self.confirm.first());
            asked.also_at(&self.also_at)?.resolve(typed.map(String::as_str), load)
        });
        let target = target.and_then(|target| match &self.mock_world {
            Some(world) => target.in_world(world),
            None => Ok(target),
        });
        Ok(target?.with_sfu(&self.sfu.choice, &self.confirm)?)
    }
}

impl From<TargetError> for Refusal {
    fn from(e: TargetError) -> Self {
        Self { exit: e.exit(), why: e.to_string() }
    }
}
