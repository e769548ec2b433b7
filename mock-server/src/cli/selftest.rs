//! `mock-server selftest`: the latency model, proved on this machine.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::latency::proof::{self, Check, Effort};

/// Proves the latency model against theory and says so check by check: exit code 0 when all hold, 99 when one
/// does not.
///
/// Draws of every shipped profile and route (20 000 each) against the profile's table: Kolmogorov and Smirnov's
/// distance below its 1 % point, and as many above p99 as there should be. Pools against Erlang's C formula and
/// Little's law. The same seed on 1 and on 64 workers. All of that runs on a virtual clock with fixed seeds: it comes
/// out the same every time, so that many checks at 1 % are no lottery. Last, the lateness of real timers.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// A fiftieth of the queue's arrivals; the intervals are as wide as they then honestly are.
    #[arg(long)]
    quick: bool,

    /// Answer with a JSON array, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .context("the runtime could not be started")?;
    // While nothing else runs: the simulations keep all cores busy.
    let timer = runtime.block_on(proof::timer());
    let mut checks = proof::virtual_clock(if args.quick { Effort::Quick } else { Effort::Full });
    checks.push(timer);
    let text = if args.json {
        serde_json::to_string_pretty(&checks).context("checks are strings")? + "\n"
    } else {
        table(&checks)
    };
    // Whoever reads may stop early: the exit code says it all.
    drop(std::io::stdout().write_all(text.as_bytes()));
    let held = checks.iter().all(|check| check.ok);
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::from(super::NO) })
}

/// The checks as a table, and the outcome in a sentence.
fn table(checks: &[Check]) -> String {
    let row = |check: &Check| {
        let ok = if check.ok { "ok" } else { "NO" };
        [&check.name, &check.expected, &check.found, &check.tolerance, ok].map(str::to_owned)
    };
    let head = ["check", "expected", "found", "tolerance", "ok"].map(str::to_owned);
    let failed = checks.iter().filter(|check| !check.ok).count();
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(checks.iter().map(row)).collect();
    let mut text = super::columns(&rows);
    let outcome = match failed {
        0 => format!("all {} checks hold\n", checks.len()),
        _ => format!("{failed} of {} checks do not hold\n", checks.len()),
    };
    text.push_str(&outcome);
    text
}
