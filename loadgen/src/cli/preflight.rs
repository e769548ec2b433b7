//! `loadgen preflight`: whether a target can be loaded at all, said before anything is loaded.

use std::io::{self, IsTerminal as _};

use clap::Args;
use engine::exit::Exit;
use serde::Serialize;

use super::{Refusal, reach::Reach, tell, what::Which};
use crate::{
    interrupt::{self, Ended},
    options,
    preflight::{self, Findings, Ink},
    suite::{self, Checked},
};

/// Ask a target once for every endpoint the scenarios use, and say what is not as the contract has it
///
/// Signs in, looks, takes a seat and gives it back, joins the live session and leaves it, delivers a webhook that
/// changes nothing; each answer is held against the contract. It takes a second or two and, unless it is
/// interrupted, leaves nothing behind that a run would trip over (a cancelled seat and an event without effect stay).
/// `run` does the same before any load.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  loadgen preflight                                       the mock on port 8089, all six scenarios
  loadgen preflight --target http://127.0.0.1:8000 --scenario search-load,page-load
  loadgen preflight --target backend-2025-11 --json | jq '.endpoints[] | select(.finding)'

Findings:
  ok             the answer is the contract's
  missing        there is no such route: 404 of the router, 405, 501
  shape differs  it answered otherwise: where, what the contract has there, what came
  refused        401, 403, 429, 5xx, or a refusal that the contract does not have there
  no answer      none within 5 s, or none that was whole
  not asked      it needs what another route gives, which failed

Exit codes:
    0  every scenario chosen can run
    2  wrong usage
    3  one cannot, or the target is not reachable, refused, or not in the state a run needs
  130  interrupted")]
pub(super) struct PreflightArgs {
    #[command(flatten)]
    reach: Reach,

    #[command(flatten)]
    which: Which,

    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn preflight(args: PreflightArgs) -> Result<Exit, Refusal> {
    // What was typed wrong is said before anything is looked up.
    options::choose(&args.which.scenarios).map_err(Refusal::usage)?;
    let target = args.reach.target(|| "one request to each endpoint of the scenarios chosen".to_owned())?;
    let options = args.reach.with(args.which.options(target)?);
    let origin = options.target.to_string();
    let checked = match interrupt::guarded(move |ends| suite::preflight(&options, &ends)) {
        Ok(Ended::Done(Ok(checked))) => checked,
        Ok(Ended::Done(Err(e))) => return Err(Refusal { exit: e.exit(), why: e.to_string() }),
        Ok(Ended::Left) => return Err(Refusal { exit: Exit::Interrupted, why: "interrupted".into() }),
        Ok(Ended::Panicked) => {
            return Err(Refusal { exit: Exit::Invalid, why: "the load generator panicked".into() });
        }
        Err(e) => return Err(Refusal::usage(e)),
    };
    tell(&if args.json { as_json(&origin, &checked) } else { as_text(&origin, &checked) });
    match checked.state {
        Err(e) => Err(Refusal { exit: e.exit(), why: e.to_string() }),
        Ok(()) if checked.findings.all_fit() => Ok(Exit::Ok),
        Ok(()) => Ok(Exit::Unreachable),
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    target: &'a str,
    environment: &'a str,
    service: &'a str,
    version: &'a str,
    /// Whether a run of the scenarios chosen would start.
    ok: bool,
    /// Why the target's state keeps it from starting.
    state: Option<String>,
    #[serde(flatten)]
    findings: &'a Findings,
}

fn as_json(target: &str, checked: &Checked) -> String {
    let Checked { health, findings, state } = checked;
    let told = Told {
        target,
        environment: &health.environment,
        service: &health.service,
        version: &health.version,
        ok: state.is_ok() && findings.all_fit(),
        state: state.as_ref().err().map(ToString::to_string),
        findings,
    };
    let text = serde_json::to_string_pretty(&told).expect("findings have string keys only");
    text + "\n"
}

fn as_text(target: &str, checked: &Checked) -> String {
    let Checked { health, findings, .. } = checked;
    let colour =
        io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|said| said.is_empty());
    let ink = if colour { Ink::Colour } else { Ink::Plain };
    let (environment, service, version) = (&health.environment, &health.service, &health.version);
    let table = preflight::text(findings, ink);
    format!("{target} is {environment} ({service} {version})\n\n{table}")
}
