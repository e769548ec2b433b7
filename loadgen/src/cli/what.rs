//! What is rehearsed, and what an undecided goal means: arguments that several verbs share.

use clap::Args;
use engine::exit::Inconclusive;
use fixtures::{Size, World};

use super::{Refusal, Session};
use crate::{
    options::{self, Options},
    plan_text,
    preset::Preset,
    suite,
    target::Target,
};

/// What is rehearsed.
#[derive(Debug, Args)]
pub(super) struct What {
    #[command(flatten)]
    pub(super) which: Which,

    #[command(flatten)]
    session: Session,

    /// How much is rehearsed: smoke (all six in 90 s), quick (8 min), full (an hour, launch day as written)
    #[arg(long, value_name = "PRESET", default_value = "smoke", env = "LOADGEN_PRESET")]
    pub(super) preset: Preset,

    /// Stretch the preset's durations by this factor; rates, intervals and think times stay
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = time_scale)]
    pub(super) time_scale: f64,

    /// Seed of everything random in the requests: the same seed asks the same
    #[arg(long, value_name = "N", default_value_t = fixtures::DEFAULT_SEED, env = "LOADGEN_SEED")]
    pub(super) seed: u64,
}

/// Which scenarios, in which world.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// A scenario to run; may be given several times or as a list with commas [default: all six]
    #[arg(long = "scenario", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(super) scenarios: Vec<String>,

    /// Seed of the world the target was seeded with
    #[arg(long, value_name = "N", default_value_t = fixtures::DEFAULT_SEED, env = "WORLD_SEED")]
    world_seed: u64,

    /// Size of the world the target was seeded with, in multiples of launch day's
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=200))]
    scale: u32,
}

#[derive(Debug, Args)]
pub(super) struct Ending {
    /// What it means to the exit code when a sample does not decide: pass, fail, or 98
    #[arg(long, value_name = "pass|fail|98", default_value = "98", value_parser = str::parse::<Inconclusive>)]
    pub(super) inconclusive: Inconclusive,
}

fn time_scale(text: &str) -> Result<f64, String> {
    let x: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (0.01..=100.0).contains(&x) { Ok(x) } else { Err(format!("`{text}` is not within 0.01 to 100")) }
}

impl What {
    /// What is rehearsed, against `target`.
    pub(super) fn options(&self, target: Target) -> Result<Options, Refusal> {
        Ok(Options {
            preset: self.preset,
            time_scale: self.time_scale,
            seed: self.seed,
            live: self.session.shape().map_err(Refusal::usage)?,
            ..self.which.options(target)?
        })
    }
}

impl What {
    /// How much it would send, in words.
    pub(super) fn load(&self) -> String {
        // Nothing is sent for this: which target it is planned for does not matter.
        let planned = Target::parse("mock").ok().and_then(|target| self.options(target).ok());
        planned.map_or_else(String::new, |options| plan_text::load(&suite::plans(&options, &"plan".into())))
    }
}

impl Which {
    /// These scenarios against `target`.
    pub(super) fn options(&self, target: Target) -> Result<Options, Refusal> {
        Ok(Options {
            scenarios: options::choose(&self.scenarios).map_err(Refusal::usage)?,
            world: World::new(self.world_seed, Size::scaled(self.scale)),
            ..Options::new(target)
        })
    }
}
