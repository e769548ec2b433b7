//! `loadgen trend`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::exit::Exit;

use super::{Refusal, tell};
use crate::compare::trend::{self, Rules};

/// Show how each figure went over many runs, and between which runs it changed
///
/// Reads the run_… folders and the history.csv of a folder. Runs of one target, preset, time scale and load are one line;
/// changes are found by E-divisive and tested by Student's t, from ten runs on. What was INVALID or cut short is left out, and
/// a run that cannot be read is named.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  loadgen trend results
  loadgen trend results --fail-on-regression --within 3
  loadgen trend results --format md >> \"$GITHUB_STEP_SUMMARY\"

Exit codes:
    2  wrong usage, or there are no runs that can be read
   99  with --fail-on-regression: the newest change of a figure is for the worse (by more than 5 %
       and 10 ms; of errors by more than 0.1 points) and began within the last runs (--within)
    0  otherwise, too few runs included")]
pub(super) struct TrendArgs {
    /// A folder with run_… folders, a history.csv, or both
    #[arg(default_value = "results")]
    dir: PathBuf,

    /// How it is told
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Shape,

    /// Draw in ASCII
    #[arg(long)]
    plain: bool,

    /// A change is one whose p-value is below this
    #[arg(long, value_name = "P", default_value_t = Rules::default().p_value, value_parser = p_value)]
    p_value: f64,

    /// Exit with 99 when something got worse within the last runs
    #[arg(long)]
    fail_on_regression: bool,

    /// How many of a figure's last runs count as recent
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    within: u16,
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

pub(super) fn trend(args: &TrendArgs) -> Result<Exit, Refusal> {
    let rules = Rules { p_value: args.p_value, within: args.within.into(), ..Rules::default() };
    let trend = trend::trend(trend::read(&args.dir).map_err(Refusal::usage)?, rules);
    tell(&match args.format {
        Shape::Text => trend::text(&trend, args.plain),
        Shape::Md => trend::markdown(&trend),
        Shape::Json => trend.to_json(),
    });
    Ok(trend.exit(args.fail_on_regression))
}

fn p_value(text: &str) -> Result<f64, String> {
    let p: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if p > 0.0 && p <= 0.1 { Ok(p) } else { Err(format!("`{text}` is not within 0 to 0.1")) }
}
