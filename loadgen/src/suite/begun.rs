//! A run before any load: what it is, and what those who watch and collect are told it is.

use contract::operations::HealthOutput;
use engine::cpu;

use super::{Prepared, folder::Folder};
use crate::{
    digest, machine,
    options::Options,
    run::{self, Meta, NotRun, Overall, Run},
    telemetry::otlp::About,
    watch::stream::{Planned, RunBegan},
};

/// The suite's own promise: errors / requests, over everything.
const ERRORS_BELOW: f64 = 0.001;

/// A run of which nothing is measured yet.
pub(super) fn run(
    options: &Options,
    folder: &Folder,
    nonce: &str,
    health: &HealthOutput,
    prepared: &[Prepared],
    not_run: Vec<NotRun>,
) -> Run {
    Run {
        format: run::FORMAT,
        meta: meta(options, folder, nonce, health, prepared),
        interrupted: false,
        baseline: Vec::new(),
        scenarios: Vec::new(),
        not_run,
        overall: Overall {
            errors_below: ERRORS_BELOW,
            planned_requests: prepared.iter().map(|prepared| prepared.plan.needs.requests).sum(),
        },
        audit: None,
        faults: None,
        evidence: None,
        headroom: options.headroom.clone(),
        notes: other_sfu(options).into_iter().collect(),
    }
}

fn meta(
    options: &Options,
    folder: &Folder,
    nonce: &str,
    health: &HealthOutput,
    prepared: &[Prepared],
) -> Meta {
    Meta {
        id: folder.id.clone(),
        started: folder.started.clone(),
        seed: options.seed,
        world_seed: options.world.seed(),
        preset: options.preset,
        time_scale: options.time_scale,
        load: options.load,
        target: options.target.name().to_owned(),
        origin: options.target.to_string(),
        environment: format!("{} ({} {})", health.environment, health.service, health.version),
        nonce: nonce.to_owned(),
        planned_digest: digest::of_all(prepared.iter().map(|prepared| prepared.digest.as_str())),
        loadgen: env!("CARGO_PKG_VERSION").to_owned(),
        machine: machine::describe(options),
    }
}

/// Where live sessions had their SFU, when it was not the target's own.
fn other_sfu(options: &Options) -> Option<String> {
    let sfu = options.target.other_sfu()?;
    let allowed = options.allowance.map_or_else(String::new, |allowance| {
        format!(", which was allowed to send {allowance}; above that the scenario ends")
    });
    Some(format!("Live sessions used the SFU at {sfu} instead of the target's own{allowed}."))
}

/// What a collector is told with everything.
pub(super) fn about(options: &Options, id: &str, nonce: &str) -> About {
    About {
        run: id.to_owned(),
        preset: options.preset.to_string(),
        target: options.target.to_string(),
        instance: nonce.to_owned(),
    }
}

/// What those who watch are told first.
pub(super) fn announced(options: &Options, id: &str, prepared: &[Prepared]) -> RunBegan {
    let planned = |prepared: &Prepared| Planned {
        name: prepared.scenario.name().to_owned(),
        title: prepared.scenario.title().to_owned(),
        length_s: prepared.plan.length().as_secs_f64(),
    };
    RunBegan {
        run: id.to_owned(),
        target: options.target.to_string(),
        preset: options.preset.to_string(),
        scenarios: prepared.iter().map(planned).collect(),
        settling_s: options.preset.settling().as_secs_f64(),
        cores: cpu::allowed_cores(),
        web: None,
    }
}
