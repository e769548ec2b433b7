//! Grading the suite: per defect, a mock with it and the scenario that is to notice. Before that the same without
//! the defect: what is red then proves nothing.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use loadgen::interrupt::{self, Ended};
use loadgen::judgement::Basis;
use loadgen::options::{Options, choose as scenarios_named};
use loadgen::preset::Preset;
use loadgen::suite::{self, Outcome};
use loadgen::watch::Wish;
use mock_server::defects::{Defect, UnknownDefect};

use crate::child::{Mock, Start};
use crate::cli::Args;
use crate::clock;
use crate::defects::{By, Case, Stage, cases};
use crate::rehearsal::{INTERRUPTED, options, seed};
use crate::score::{self, Control, Finding, Graded, Score};

/// Not every defect was noticed.
const MISSED: u8 = 99;

/// The cases of these defects; of all of them when none is named.
pub(crate) fn choose(names: &[String]) -> Result<Vec<Case>, UnknownDefect> {
    let chosen = names.iter().map(|name| name.parse()).collect::<Result<Vec<Defect>, _>>()?;
    Ok(cases().filter(|case| chosen.is_empty() || chosen.contains(&case.defect)).collect())
}

/// Grades the suite on these cases and says how it did.
pub(crate) fn run(args: &Args, cases: &[Case]) -> anyhow::Result<ExitCode> {
    let folder = folder(&args.out)?;
    let mut score = Score::default();
    let mut stages: Vec<Stage> = Vec::new();
    for case in cases {
        if !stages.contains(&case.stage) {
            stages.push(case.stage);
        }
    }
    for stage in stages {
        let place = folder.join("controls").join(stage.to_string().replace(", ", "_"));
        let Some(played) = play(args, stage, None, &place)? else { return Ok(INTERRUPTED.into()) };
        // What could count as noticing a defect of this stage must be quiet without one.
        let counts = cases.iter().filter(|case| case.stage == stage).map(|case| case.by);
        let mut findings: Vec<Finding> = counts.flat_map(|by| noticed(&played.outcome, by)).collect();
        findings.dedup();
        let control = Control { stage, findings, seconds: played.took.as_secs() };
        println!("{}", score::control_line(&control));
        score.controls.push(control);
    }
    for case in cases {
        let place = folder.join(case.defect.name());
        let Some(played) = play(args, case.stage, Some(case.defect), &place)? else {
            return Ok(INTERRUPTED.into());
        };
        let findings = noticed(&played.outcome, case.by);
        let graded = Graded { case: *case, findings, seconds: played.took.as_secs() };
        println!("{}", score::graded_line(&graded));
        score.graded.push(graded);
    }
    let file = folder.join("MUTATION_SCORE.md");
    fs::write(&file, score::table(&score)).with_context(|| format!("{}", file.display()))?;
    println!("\n{}\nreport: {}", score::headline(&score), file.display());
    Ok(if score.is_full() { ExitCode::SUCCESS } else { MISSED.into() })
}

/// One scenario that was played to its end.
struct Played {
    outcome: Outcome,
    took: Duration,
}

/// Plays a stage's scenario against a mock of its own; `None` when it was interrupted.
fn play(args: &Args, stage: Stage, defect: Option<Defect>, place: &Path) -> anyhow::Result<Option<Played>> {
    let began = clock::now();
    fs::create_dir_all(place).with_context(|| format!("{}", place.display()))?;
    let name = defect.map_or("no defect", Defect::name);
    eprintln!("\n{name}: {stage}");
    let more = arguments(stage, defect, place)?;
    let log = place.join("mock-server.log");
    let mock = Mock::start(&Start { profile: stage.profile, seed: args.seed, log: Some(&log), more: &more })?;
    let world = seeder::launch_day(args.seed);
    seed(&mock, world)?;
    let scenarios = scenarios_named(&[stage.scenario.to_owned()])?;
    let options = Options {
        out: place.to_owned(),
        preset: Preset::Smoke,
        time_scale: 1.0,
        // Many short runs: no screen of its own for each.
        watch: Wish { plain: true, ..Wish::default() },
        ..options(args, scenarios, world, &mock)?
    };
    let outcome = match interrupt::guarded(move |ends| suite::run(&options, &ends))? {
        Ended::Done(outcome) => outcome?,
        Ended::Left => return Ok(None),
        Ended::Panicked => bail!("the suite broke down; this is a defect of the load generator"),
    };
    mock.stop()?;
    let took = clock::now() - began;
    Ok((!outcome.run.interrupted).then_some(Played { outcome, took }))
}

/// What a stage's mock is started with beside profile and seed. Its plan of faults lies with the results.
fn arguments(stage: Stage, defect: Option<Defect>, place: &Path) -> anyhow::Result<Vec<OsString>> {
    let mut more: Vec<OsString> = Vec::new();
    if let Some(defect) = defect {
        more.extend(["--defect".into(), defect.name().into()]);
    }
    if let Some(faults) = stage.faults {
        let file = place.join("faults.toml");
        fs::write(&file, faults.plan()).with_context(|| format!("{}", file.display()))?;
        more.extend(["--faults".into(), file.into()]);
    }
    Ok(more)
}

/// What a run shows that counts.
fn noticed(outcome: &Outcome, by: By) -> Vec<Finding> {
    let basis = match by {
        By::ProofOrAudit => Basis::Proof,
        By::Latency => Basis::Latency,
    };
    let goals = outcome.judgement.missed().filter(|missed| missed.basis == basis);
    let mut findings: Vec<Finding> = goals.map(|missed| Finding::Goal(missed.goal.to_owned())).collect();
    if by == By::ProofOrAudit {
        let checks = outcome.run.audit.iter().flat_map(|audit| &audit.checks);
        findings.extend(checks.filter(|check| !check.ok).map(|check| Finding::Audit(check.name.clone())));
    }
    findings
}

/// A folder of this grading's own; of two within a second the later takes the next one.
fn folder(out: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(out).with_context(|| format!("{}", out.display()))?;
    let mut at = clock::wall();
    loop {
        let folder = out.join(at.format("defects_%Y%m%d_%H%M%S").to_string());
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => at += Duration::from_secs(1),
            Err(error) => return Err(error).with_context(|| format!("{}", folder.display())),
        }
    }
}
