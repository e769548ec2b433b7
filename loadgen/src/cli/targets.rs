//! `loadgen targets`: the profiles there are, and what one says.

use clap::Subcommand;
use engine::exit::Exit;
use fixtures::targets::{self, Difference, TargetProfile};

use super::{Refusal, tell};

#[derive(Debug, Subcommand)]
pub(super) enum Targets {
    /// Print a profile as it is written, to be copied and changed
    Show {
        /// Its name
        name: String,
    },
}

pub(super) fn targets(verb: Option<&Targets>) -> Result<Exit, Refusal> {
    match verb {
        None => list()?,
        Some(Targets::Show { name }) => match targets::shipped(name) {
            Some(text) => tell(text),
            None => return Err(unknown(name)),
        },
    }
    Ok(Exit::Ok)
}

fn list() -> Result<(), Refusal> {
    let routes: Vec<&str> = contract::measured_routes().collect();
    for (name, text) in targets::SHIPPED {
        let profile = targets::parse(text, &routes).map_err(|e| Refusal::usage(format!("{name}: {e}")))?;
        tell(&format!("{name:16} {}\n{:16} {}\n", profile.about, "", facts(&profile)));
    }
    Ok(())
}

/// `http://127.0.0.1:8000, environment local; 12 endpoints mapped, 3 missing`.
fn facts(profile: &TargetProfile) -> String {
    let missing = |difference: &&Difference| matches!(difference, Difference::Missing(_));
    let missing = profile.endpoints.values().filter(missing).count();
    let mapped = profile.endpoints.len() - missing;
    let (base, environment) = (&profile.origins.base, profile.environment);
    match (mapped, missing) {
        (0, 0) => format!("{base}, environment {environment}; as the contract"),
        _ => format!("{base}, environment {environment}; {mapped} endpoints mapped, {missing} missing"),
    }
}

fn unknown(name: &str) -> Refusal {
    let known = targets::SHIPPED.map(|(name, _)| name).join(", ");
    Refusal::usage(format!("unknown target `{name}`: it is one of {known}"))
}
