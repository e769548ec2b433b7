//! `mock-server calibrate`: a profile from what was measured, and how far a mock is from it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use fixtures::DEFAULT_SEED;
use fixtures::profiles::{self, Profile};

use crate::calibrate::{self, DEFAULT_METRIC, Drift, Measured, Reading, Verdict, Written};
use crate::latency::{calibration, read_profile};

/// Draws of the drift report come from another seed than the mock's, so that it is no echo of the calibration.
const DRIFT_SEED: u64 = DEFAULT_SEED + 1;

/// Writes a latency profile that gives back what was measured of a target, and says by how much a mock under it would
/// differ: exit code 99 when p50, p95 or p99 of a route drifts, that is, differs by more than 3 % and by more than
/// the number of measured answers explains (at 99 %), else 0. The report draws its latencies from another seed than
/// the mock's default, so that it is no echo of the calibration.
///
/// Give it a results directory of the load generator (its percentiles.csv); a CSV table with the columns `route`,
/// `count`, `rate_per_s` and in ms `min`, `p50`, `p95`, `p99`, `p999`, `max`, of which `route`, `p50`, `p95` and
/// `p99` are needed; the same as TOML, `[routes."GET /api/events"]` with these keys; or a Prometheus exposition with
/// a histogram per route.
///
/// The profile goes to standard output and the report to standard error; with --out the report takes standard output.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What was measured: a results directory or a file.
    #[arg(long, value_name = "PATH")]
    from: PathBuf,

    /// Write the profile here.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write no profile, only say how far the mock under this one has drifted from the target.
    #[arg(long, value_name = "NAME|FILE", conflicts_with_all = ["out", "base"])]
    compare: Option<String>,

    /// The profile that gives pools, stages and whatever was not measured.
    #[arg(long, value_name = "NAME|FILE", default_value = "healthy")]
    base: String,

    /// At how many requests per second a route was measured, where the source does not say or is wrong, as
    /// "GET /api/events=12.5"; may be given several times.
    #[arg(long = "rate", value_name = "ROUTE=PER_S", value_parser = rate)]
    rates: Vec<(String, f64)>,

    /// How many seconds the Prometheus histogram counted: its counts become rates.
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    over: Option<f64>,

    /// Name of the Prometheus histogram, in seconds.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_METRIC)]
    metric: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let measured = measured(args)?;
    let drift = match &args.compare {
        Some(name) => drift(&read_profile(name)?.0, &measured)?,
        None => written(args, &measured)?,
    };
    let text = report(&drift, &measured);
    // Whoever reads may stop early: the exit code says it all.
    if args.out.is_some() || args.compare.is_some() {
        drop(std::io::stdout().write_all(text.as_bytes()));
    } else {
        drop(std::io::stderr().write_all(text.as_bytes()));
    }
    Ok(if drift.count(Verdict::Drifts) == 0 { ExitCode::SUCCESS } else { ExitCode::from(super::NO) })
}

/// The measurements, with the rates that were typed.
fn measured(args: &Args) -> anyhow::Result<Vec<Measured>> {
    let known: Vec<&str> = contract::measured_routes().collect();
    let reading = Reading { known: &known, metric: &args.metric, over_seconds: args.over };
    let mut measured = calibrate::read(&args.from, &reading)?;
    for (route, rate) in &args.rates {
        let row = measured.iter_mut().find(|row| row.route == *route);
        row.ok_or_else(|| anyhow!("--rate: {route:?} was not measured"))?.rate_per_s = Some(*rate);
    }
    Ok(measured)
}

/// Writes the profile, reads it as the mock will, and compares.
fn written(args: &Args, measured: &[Measured]) -> anyhow::Result<Drift> {
    let base = read_profile(&args.base)?.0;
    let source = args
        .from
        .file_name()
        .map_or_else(|| args.from.display().to_string(), |name| name.to_string_lossy().into());
    let name = args
        .out
        .as_deref()
        .and_then(|out| out.file_stem())
        .map_or("calibrated".into(), |stem| stem.to_string_lossy());
    let text = calibrate::write(&Written { name: &name, source: &source, base: &base }, measured);
    let known: Vec<&str> = contract::measured_routes().collect();
    let profile = profiles::parse(&text, &known)
        .map_err(|error| anyhow!("the profile that was made is not valid, {error}:\n{text}"))?;
    let drift = drift(&profile, measured)?;
    match &args.out {
        Some(out) => {
            std::fs::write(out, text).with_context(|| format!("{} cannot be written", out.display()))?;
        }
        None => drop(std::io::stdout().write_all(text.as_bytes())),
    }
    Ok(drift)
}

fn drift(profile: &Profile, measured: &[Measured]) -> anyhow::Result<Drift> {
    let known: Vec<&str> = contract::measured_routes().collect();
    let ready = calibration::calibrate(profile, DEFAULT_SEED, &known)?;
    Ok(calibrate::drift(&ready, DRIFT_SEED, measured))
}

fn report(drift: &Drift, measured: &[Measured]) -> String {
    let head = ["route", "", "target ms", "mock ms", "difference", ""].map(str::to_owned);
    let row = |row: &calibrate::Row| {
        let word = match row.verdict() {
            Verdict::Ok => "ok",
            Verdict::TooFew => "too few answers to tell",
            Verdict::Drifts => "drifts",
        };
        [
            row.route.clone(),
            row.which.to_string(),
            format!("{:.1}", row.measured_ms),
            format!("{:.1}", row.mock_ms),
            format!("{:+.1} %", row.difference() * 100.0),
            word.to_owned(),
        ]
    };
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(drift.rows.iter().map(row)).collect();
    let mut text = super::columns(&rows);
    let unknown = measured.iter().filter(|row| row.rate_per_s.is_none()).count();
    if unknown > 0 {
        let remark = format!("{unknown} routes without a rate add no load here; --rate states one\n");
        text.push_str(&remark);
    }
    let outcome = match (drift.count(Verdict::Drifts), drift.count(Verdict::TooFew)) {
        (0, 0) => format!("all {} percentiles are within 3 %\n", drift.rows.len()),
        (0, few) => {
            format!(
                "none of {} percentiles drifts; for {few} too few were measured to tell\n",
                drift.rows.len()
            )
        }
        (drifts, few) => format!(
            "{drifts} of {} percentiles drift by more than 3 %; for {few} too few were measured to tell\n",
            drift.rows.len()
        ),
    };
    text.push_str(&outcome);
    text
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| format!("`{text}` is no positive number"))
}

fn rate(text: &str) -> Result<(String, f64), String> {
    let (route, rate) = text.rsplit_once('=').ok_or("expected ROUTE=PER_S")?;
    Ok((route.to_owned(), positive(rate)?))
}
