//! `loadgen readiness`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::exit::Exit;

use super::{Refusal, headroom::Limits, tell};
use crate::{readiness, run::Run};

/// Walk the production-readiness checklist with the evidence of a run
///
/// Each line is marked: met, NOT MET, or not measurable here, with the figures or the reason. Lines that no run can
/// measure (backups, rollback, who is on call) stay on the list, so that somebody answers for them. A rehearsal that was
/// not launch day as written, or that ran against the mock, never proves readiness, and says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  99  a line is not met
  98  none is, but what a launch depends on (trust in the measurement, performance, errors, data integrity, live
      session, payments, pages) could not all be measured
   0  neither: what is left open is for people, or for a run that reads more
   2  the directory holds no run

Examples:
  loadgen readiness results/run_20270101_120000
  loadgen readiness results/run_20270101_120000 --format md > READINESS.md")]
pub(super) struct ReadinessArgs {
    /// A directory with a run.json
    dir: PathBuf,

    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    limits: Limits,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// Markdown
    Md,
    /// For programs
    Json,
}

pub(super) fn readiness(args: &ReadinessArgs) -> Result<Exit, Refusal> {
    let mut run = Run::read(&args.dir).map_err(Refusal::usage)?;
    args.limits.add_to(&mut run)?;
    let lines = readiness::walk(&run);
    tell(&match args.format {
        Format::Text => readiness::text(&run, &lines),
        Format::Md => readiness::markdown(&run, &lines),
        Format::Json => readiness::json(&run, &lines),
    });
    Ok(readiness::exit(&lines))
}
