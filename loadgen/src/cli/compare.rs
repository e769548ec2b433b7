//! `loadgen compare`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use engine::{
    compare::{Draws, Verdict},
    exit::Exit,
};

use super::{Refusal, tell};
use crate::{
    baseline::Baseline,
    compare::{
        self, Comparison, Noise, Recording, Rules,
        ab::{self, Ab},
        noise,
    },
    run::Run,
};

/// Hold a run against a baseline: which routes got slower or fail more often, by more than chance
///
/// Each series of both runs is cut into blocks of seconds, which are drawn again and again to see what chance does to p95;
/// a change must be more than that, more than 5 % and 10 ms, and stand among all the series looked at. What is too short
/// or scatters too much says so. A and B are folders of runs, their run.json, or files of k6's.
///
/// Of k6's files, --out json has every request: times and failures are compared as a run's are. A summary
/// (--summary-export, handleSummary's JSON) has failed requests as counts, which are compared, and percentiles, of which
/// no interval can be had: they are shown beside the run's and not judged.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  loadgen compare results/run_20270101_090000 results/run_20270101_120000
  loadgen compare baseline/ results/run_20270101_120000 --fail-on-regression
  loadgen compare baseline/ results/run_20270101_120000 --format md >> \"$GITHUB_STEP_SUMMARY\"
  loadgen compare baseline/ again/ --as-noise-floor     two of the same: how far apart they are
  loadgen compare k6-points.json.gz results/run_20270101_120000 --scenario search-load

Exit codes:
    2  wrong usage, or nothing could be compared: another preset, time scale, load or world
       (--anyway compares); with --as-noise-floor also when the two differ by more than chance
       (--anyway keeps it)
   99  with --fail-on-regression: something got worse
   97  with --fail-on-regression: nothing got worse of what was compared, and something of the
       baseline was not: a scenario that B did not run or not to its end, or whose generator fell
       short; a series B has nothing of; percentiles of a summary of k6's
    0  otherwise")]
pub(super) struct CompareArgs {
    /// The baseline
    #[arg(value_name = "A")]
    a: PathBuf,

    /// What is held against it
    #[arg(value_name = "B")]
    b: PathBuf,

    #[command(flatten)]
    weighing: Weighing,

    /// Compare only these scenarios, as a list with commas; with a file of k6's, the scenario of the run that it is held against
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    scenario: Vec<String>,

    /// Compare runs that are not alike, and scenarios whose generator fell short; keep a noise floor of two that differ
    #[arg(long)]
    anyway: bool,

    /// A and B are two runs of the same: keep how far apart they are as A's noise floor, which later comparisons with A use
    #[arg(long)]
    as_noise_floor: bool,

    /// The noise floor to use, or to keep [default: noise.json beside A's run.json]
    #[arg(long, value_name = "FILE")]
    noise: Option<PathBuf>,
}

/// How a comparison is made and told: arguments that `ab` has as well.
#[derive(Debug, Args)]
pub(super) struct Weighing {
    /// How it is told
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Shape,

    /// Exit with 99 when something got worse
    #[arg(long)]
    pub(super) fail_on_regression: bool,

    /// Seed of the draws: equal seeds give equal answers
    #[arg(long, value_name = "N", default_value_t = Draws::default().seed)]
    draw_seed: u64,
}

/// What `--format` can be.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    /// For a terminal
    Text,
    /// Markdown
    Md,
    /// Everything, for programs
    Json,
}

impl Weighing {
    /// What decides.
    pub(super) fn rules(&self, anyway: bool) -> Rules {
        let draws = Draws { seed: self.draw_seed, ..Draws::default() };
        Rules { draws, anyway, ..Rules::default() }
    }

    /// Tells what came of an experiment.
    pub(super) fn tell_ab(&self, ab: &Ab) {
        tell(&match self.format {
            Shape::Text => ab::text(ab),
            Shape::Md => ab::markdown(ab),
            Shape::Json => ab.to_json(),
        });
    }

    /// Tells it on standard output.
    fn tell(&self, comparison: &Comparison) {
        tell(&match self.format {
            Shape::Text => compare::text(comparison),
            Shape::Md => compare::markdown(comparison),
            Shape::Json => comparison.to_json(),
        });
    }
}

pub(super) fn compare(args: &CompareArgs) -> Result<Exit, Refusal> {
    let (a, b) = recordings(args)?;
    let file = args.noise.clone().or_else(|| beside(&args.a));
    let known = match &file {
        Some(file) => Noise::read(file).map_err(Refusal::usage)?,
        None => None,
    };
    let rules = args.weighing.rules(args.anyway);
    // A pair that is to say how much noise there is must not be measured against what is known of it.
    let used = known.as_ref().filter(|_| !args.as_noise_floor);
    let comparison = compare::compare(&a, &b, used, rules);
    args.weighing.tell(&comparison);
    if args.as_noise_floor {
        keep(&comparison, known.unwrap_or_default(), file, args.anyway)?;
    }
    Ok(comparison.exit(args.weighing.fail_on_regression))
}

/// Where the noise floor of a baseline is kept.
fn beside(a: &Path) -> Option<PathBuf> {
    let dir = if a.is_dir() { Some(a) } else { a.parent() };
    dir.map(|dir| dir.join(noise::FILE))
}

fn keep(
    comparison: &Comparison,
    mut noise: Noise,
    file: Option<PathBuf>,
    anyway: bool,
) -> Result<(), Refusal> {
    if !comparison.says_something() {
        return Err(Refusal::usage("nothing was compared, so there is no noise floor to keep"));
    }
    if comparison.a == comparison.b {
        return Err(Refusal::usage(
            "A and B are the same run: how far two runs of the same lie apart takes two runs. Nothing was kept",
        ));
    }
    let file = file.ok_or_else(|| Refusal::usage("name the file for the noise floor: --noise FILE"))?;
    let named = file.display();
    if !noise.fits(comparison.a.size) {
        return Err(Refusal::usage(format!(
            "{named} is the noise floor of another preset, time scale, load or world: name another file with --noise FILE"
        )));
    }
    let apart = [Verdict::Regression, Verdict::Improvement].map(|verdict| comparison.changed(verdict).len());
    if apart != [0, 0] && !anyway {
        return Err(Refusal::usage(
            "these two differ by more than chance: are they runs of the same? Nothing was kept. If they are, and \
             this is how far such runs lie apart here, keep it with --anyway",
        ));
    }
    noise.take_in(comparison);
    fs::write(&file, noise.to_json()).map_err(|e| Refusal::usage(format!("{named}: {e}")))?;
    if apart != [0, 0] {
        eprintln!(
            "these two differ by more than chance: are they runs of the same? The floor is as high as that now"
        );
    }
    eprintln!("{named}: the noise floor of {}", comparison.a.name);
    Ok(())
}

/// Both sides, under names that fit each other.
fn recordings(args: &CompareArgs) -> Result<(Recording, Recording), Refusal> {
    let read = |path: &Path| Baseline::read(path).map_err(Refusal::usage);
    let (a, b) = (read(&args.a)?, read(&args.b)?);
    let named = |path: &Path| {
        path.file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
    };
    let (name_a, name_b) = (named(&args.a), named(&args.b));
    match (&a, &b) {
        (Baseline::Run(a), Baseline::Run(b)) => {
            let only = |run: &Run| of_run(run, &args.scenario);
            Ok((only(a)?, only(b)?))
        }
        (Baseline::Run(run), k6) => {
            let k6 = of_k6(k6, &name_b, &scenario(run, args)?);
            Ok((under_k6_names(run, &k6)?, k6))
        }
        (k6, Baseline::Run(run)) => {
            let k6 = of_k6(k6, &name_a, &scenario(run, args)?);
            let run = under_k6_names(run, &k6)?;
            Ok((k6, run))
        }
        _ if !args.scenario.is_empty() => {
            Err(Refusal::usage("both files are k6's, which know of no scenarios: leave --scenario out"))
        }
        (a, b) => Ok((of_k6(a, &name_a, "k6"), of_k6(b, &name_b, "k6"))),
    }
}

/// A run, or some scenarios of it.
fn of_run(run: &Run, only: &[String]) -> Result<Recording, Refusal> {
    let mut recording = Recording::of(run);
    if only.is_empty() {
        return Ok(recording);
    }
    recording.scenarios.retain(|recorded| only.contains(&recorded.name));
    recording.not_run.retain(|left| only.contains(&left.name));
    let has = |name: &String| {
        recording.scenarios.iter().any(|recorded| recorded.name == *name)
            || recording.not_run.iter().any(|left| left.name == *name)
    };
    match only.iter().find(|name| !has(name)) {
        Some(name) => Err(Refusal::usage(no_such(run, name))),
        None => Ok(recording),
    }
}

fn no_such(run: &Run, scenario: &str) -> String {
    let known: Vec<&str> = run.scenarios.iter().map(|measured| measured.run.name.as_str()).collect();
    format!("{} has no scenario `{scenario}`: it has {}", run.meta.id, known.join(", "))
}

/// The scenario of a run that k6's test is held against.
fn scenario(run: &Run, args: &CompareArgs) -> Result<String, Refusal> {
    match (args.scenario.as_slice(), run.scenarios.as_slice()) {
        ([name], _) => Ok(name.clone()),
        ([], [only]) => Ok(only.run.name.clone()),
        (_, all) => {
            let known: Vec<&str> = all.iter().map(|measured| measured.run.name.as_str()).collect();
            let known = known.join(", ");
            Err(Refusal::usage(format!(
                "k6's file is one test's: say which one scenario with --scenario, of {known}"
            )))
        }
    }
}

fn of_k6(k6: &Baseline, name: &str, scenario: &str) -> Recording {
    match k6 {
        Baseline::Run(run) => Recording::of(run),
        Baseline::Summary(figures) => Recording::of_figures(figures, name, scenario),
        Baseline::Points(points) => Recording::of_points(points, name, scenario),
    }
}

fn under_k6_names(run: &Run, k6: &Recording) -> Result<Recording, Refusal> {
    let metrics = k6.scenarios.iter().flat_map(|scenario| &scenario.series);
    let metrics: Vec<String> = metrics.map(|series| series.name.clone()).collect();
    let scenario = k6.scenarios.first().map_or("", |scenario| scenario.name.as_str());
    Recording::under_k6_names(run, scenario, &metrics).ok_or_else(|| Refusal::usage(no_such(run, scenario)))
}
