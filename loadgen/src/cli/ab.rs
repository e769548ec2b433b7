//! `loadgen ab`.

use std::time::Duration;

use clap::Args;
use engine::exit::Exit;

use super::{Refusal, compare::Weighing, run::RunArgs};
use crate::{
    compare::ab::{self, Length},
    interrupt::{self, Ended},
    options::Options,
    words::tame,
};

/// Hold two targets against each other in alternating slices of the same load
///
/// Each round is a slice of load at either target, ABBA…, so that what drifts meanwhile strikes both alike; pairs of
/// slices are the blocks of the comparison (see `compare`). Every slice is a run of its own, with its own checks and
/// safety, in the folder `ab_YYYYMMDD_HHMMSS`; `ab.json` and `AB.md` there say what came of them.
///
/// event-rsvp-load is no part of it: each slice would have to find its events empty.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  loadgen ab --target-a http://127.0.0.1:8089 --target-b http://127.0.0.1:8090 --scenario search-load
  loadgen ab --target-a URL --target-b URL --scenario api-load --slice 60 --rounds 10 --fail-on-regression

Exit codes, the first that applies:
  130  interrupted; what the rounds before say was written
   99  with --fail-on-regression: B is worse
    2  wrong usage: a scenario that cannot be repeated, no time for a round
    3  a target cannot be reached, refused, or a slice could not be run
   97  nothing can be said: no whole round in which the generator did not fall short, or too few;
       with --fail-on-regression also when a series was asked of A alone
    0  otherwise")]
pub(super) struct AbArgs {
    /// The first target, as `run --target`
    #[arg(long, value_name = "NAME|FILE.toml|URL")]
    target_a: String,

    /// The second, which is held against the first
    #[arg(long, value_name = "NAME|FILE.toml|URL")]
    target_b: String,

    /// The second mock's admin token [default: the first's]
    #[arg(long, value_name = "TOKEN")]
    admin_token_b: Option<String>,

    #[command(flatten)]
    run: RunArgs,

    /// Seconds of load of each slice and scenario
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, value_parser = between::<1, 7_200>)]
    slice: f64,

    /// Rounds, each a slice of either target; five at least are needed to say something
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=200))]
    rounds: u64,

    /// The most minutes that all may take together: no round begins that could take longer, the first neither
    #[arg(long, value_name = "MINUTES", default_value_t = 60.0, value_parser = between::<1, 1_440>)]
    most: f64,

    /// Count slices whose generator fell short, too
    #[arg(long)]
    anyway: bool,

    #[command(flatten)]
    weighing: Weighing,
}

pub(super) fn ab(args: AbArgs) -> Result<Exit, Refusal> {
    let AbArgs { target_a, target_b, admin_token_b, run, slice, rounds, most, anyway, weighing } = args;
    let length = Length { slice_s: slice, rounds, most: Duration::from_secs_f64(most * 60.0) };
    let sent =
        |once: String| format!("up to {rounds} slices of about {slice} s, each a part of this: {once}");
    let run = run.aimed_at(target_b);
    let b = run.target(sent)?;
    let chosen = run.names_scenarios();
    let (mut a, _) = run.aimed_at(target_a).options(sent)?;
    if (a.time_scale - 1.0).abs() > f64::EPSILON {
        return Err(Refusal::usage("how long a slice is says --slice SECONDS, not --time-scale"));
    }
    if a.target.is_paid_for() || b.is_paid_for() {
        return Err(Refusal::usage(
            "--sfu cloudflare is not for ab: each slice would have its traffic paid for anew",
        ));
    }
    let once = if chosen { None } else { only_repeatable(&mut a) };
    let b = Options { target: b, admin_token: admin_token_b.or_else(|| a.admin_token.clone()), ..a.clone() };
    let quiet = a.watch.quiet;
    let say = move |text: &str| {
        if !quiet {
            eprintln!("{}", tame(text));
        }
    };
    let plans = ab::plan(&a, &b, length, weighing.rules(anyway))
        .map_err(|e| Refusal { exit: e.exit(), why: e.to_string() })?;
    if let Some(once) = &once {
        say(once);
    }
    say(&plans.announcement());
    match interrupt::guarded(move |ends| plans.run(&ends, &say)) {
        Ok(Ended::Done(Ok((ab, dir)))) => {
            weighing.tell_ab(&ab);
            eprintln!("{}", dir.display());
            Ok(ab.exit(weighing.fail_on_regression))
        }
        Ok(Ended::Done(Err(e))) => Err(Refusal { exit: e.exit(), why: e.to_string() }),
        Ok(Ended::Left) => Err(Refusal { exit: Exit::Interrupted, why: "left without a report".into() }),
        Ok(Ended::Panicked) => {
            Err(Refusal { exit: Exit::Invalid, why: "the load generator panicked".into() })
        }
        Err(e) => Err(Refusal::usage(e)),
    }
}

/// Leaves out what cannot be played slice by slice, where nobody asked for it; what there is to say of that.
fn only_repeatable(options: &mut Options) -> Option<String> {
    let (scenarios, once) = ab::repeatable(options);
    options.scenarios = scenarios;
    let names = once.join(", ");
    (!once.is_empty()).then(|| format!("{names} is left out: each slice would have to find its events empty"))
}

fn between<const LOW: u32, const HIGH: u32>(text: &str) -> Result<f64, String> {
    let x: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    let within = (f64::from(LOW)..=f64::from(HIGH)).contains(&x);
    if within { Ok(x) } else { Err(format!("`{text}` is not within {LOW} to {HIGH}")) }
}
