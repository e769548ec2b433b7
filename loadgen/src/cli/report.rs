//! `loadgen report` and `loadgen profile`: what can be made of a run that is over.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use engine::exit::Exit;

use super::{Refusal, after, headroom::Limits, tell, what::Ending};
use crate::{
    judgement,
    report::{self, Format},
    run::Run,
};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// A directory with a run.json
    dir: PathBuf,

    /// Print this one instead of writing all files, and exit 0 whatever the run's verdict
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Shape>,

    /// The scenario that --format k6 (or text) is to print, where the run has several
    #[arg(long, value_name = "NAME", requires = "format")]
    scenario: Option<String>,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    ending: Ending,
}

/// What `--format` can be.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    /// `LOAD_TEST_REPORT.md`: everything
    Md,
    /// `SUMMARY_REPORT.md`: one page
    Summary,
    /// `report.html`
    Html,
    /// `run.json`
    Json,
    /// `junit.xml`
    Junit,
    /// One scenario in the shape of k6's end-of-test summary (--scenario)
    K6,
    /// `metrics.csv`: a row per scenario, series and column
    Csv,
    /// `timeline.csv`: a row per scenario, series and second
    Timeline,
    /// Annotations of a GitHub workflow; adds the summary to `$GITHUB_STEP_SUMMARY` where that is set
    Github,
    /// A header and the run's row, as Apache Otava reads them
    Otava,
    /// What the terminal showed at the end; with --scenario `NAME_summary.txt`
    Text,
}

pub(super) fn profile(dir: &Path) -> Result<Exit, Refusal> {
    tell(&report::percentiles(&Run::read(dir).map_err(Refusal::usage)?));
    Ok(Exit::Ok)
}

pub(super) fn again(args: &ReportArgs) -> Result<Exit, Refusal> {
    let mut run = Run::read(&args.dir).map_err(Refusal::usage)?;
    args.limits.add_to(&mut run)?;
    if let Some(shape) = args.format {
        let format = shape.of(args.scenario.clone()).map_err(Refusal::usage)?;
        tell(&report::one(&run, &format).map_err(Refusal::usage)?);
        if matches!(format, Format::Github) {
            after::step_summary(&run);
        }
        return Ok(Exit::Ok);
    }
    report::write_all(&run, &args.dir).map_err(|e| Refusal::usage(format!("{}: {e}", args.dir.display())))?;
    let judgement = judgement::judge(&run);
    tell(&report::closing(&run));
    Ok(judgement.exit(args.ending.inconclusive))
}

impl Shape {
    /// The format, of this scenario if one was named.
    fn of(self, scenario: Option<String>) -> Result<Format, &'static str> {
        Ok(match self {
            Self::K6 => Format::K6(scenario),
            Self::Text => Format::Text(scenario),
            _ if scenario.is_some() => return Err("--scenario goes with --format k6 and --format text"),
            Self::Md => Format::Full,
            Self::Summary => Format::Summary,
            Self::Html => Format::Html,
            Self::Json => Format::Json,
            Self::Junit => Format::Junit,
            Self::Csv => Format::Metrics,
            Self::Timeline => Format::Timeline,
            Self::Github => Format::Github,
            Self::Otava => Format::Otava,
        })
    }
}
