//! `loadgen limit`.

use std::time::Duration;

use clap::Args;
use engine::exit::Exit;

use super::{Refusal, run::RunArgs, tell};
use crate::{
    interrupt::{self, Ended},
    limit::{self, Patience, search::Rules},
    words::tame,
};

#[derive(Debug, Args)]
pub(super) struct LimitArgs {
    #[command(flatten)]
    run: RunArgs,

    /// Seconds of load of each trial [default: the shortest of 30, 60, 120, 240, 480 that can judge every goal]
    #[arg(long, value_name = "SECONDS", value_parser = between::<1, 7_200>)]
    trial: Option<f64>,

    /// By how much the load grows at each step while trials pass
    #[arg(long, value_name = "X", default_value = "1.5", value_parser = step)]
    step: f64,

    /// How near to each other, in per cent, the load that passed and the one that did not must come
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = between::<2, 50>)]
    within: f64,

    /// The most trials
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=100))]
    trials: u64,

    /// The most minutes that all trials may take together
    #[arg(long, value_name = "MINUTES", default_value = "60", value_parser = between::<1, 1_440>)]
    most: f64,

    /// The highest load that is tried, in multiples of the plan's
    #[arg(long, value_name = "X", default_value = "16", value_parser = between::<1, 1_000>)]
    up_to: f64,
}

pub(super) fn limit(args: LimitArgs) -> Result<Exit, Refusal> {
    let rules = Rules {
        step: args.step,
        within: args.within / 100.0,
        most_trials: usize::try_from(args.trials).unwrap_or(usize::MAX),
        up_to: args.up_to,
    };
    let (trials, up_to) = (args.trials, args.up_to);
    let sent =
        |once| format!("up to {trials} trials, each of up to {up_to} times this or a part of it: {once}");
    let (options, ending) = args.run.options(sent)?;
    if options.scenarios.len() != 1 {
        return Err(Refusal::usage("a limit is one scenario's: name it with --scenario NAME"));
    }
    if options.target.is_paid_for() {
        return Err(Refusal::usage(
            "a limit is not looked for at --sfu cloudflare: each trial would have its traffic paid for anew",
        ));
    }
    let scaled = (options.time_scale - 1.0).abs() > f64::EPSILON;
    let patience = Patience { trial_s: args.trial, scaled, most: Duration::from_secs_f64(args.most * 60.0) };
    let refused = |e: limit::LimitError| Refusal { exit: e.exit(), why: e.to_string() };
    let plans = limit::plan(&options, patience, rules).map_err(refused)?;
    let quiet = options.watch.quiet;
    let say = move |text: &str| {
        if !quiet {
            eprintln!("{}", tame(text));
        }
    };
    say(&plans.announcement());
    match interrupt::guarded(move |ends| plans.search(&ends, &say)) {
        Ok(Ended::Done(Ok((limit, dir)))) => {
            tell(&limit::closing(&limit));
            tell(&format!("{}\n", dir.display()));
            Ok(match limit.exit() {
                Exit::Inconclusive => ending.inconclusive.exit(),
                exit => exit,
            })
        }
        Ok(Ended::Done(Err(e))) => Err(refused(e)),
        Ok(Ended::Left) => Err(Refusal { exit: Exit::Interrupted, why: "left without a report".into() }),
        Ok(Ended::Panicked) => {
            Err(Refusal { exit: Exit::Invalid, why: "the load generator panicked".into() })
        }
        Err(e) => Err(Refusal::usage(e)),
    }
}

fn step(text: &str) -> Result<f64, String> {
    within(text, 1.05, 10.0)
}

fn between<const LOW: u32, const HIGH: u32>(text: &str) -> Result<f64, String> {
    within(text, f64::from(LOW), f64::from(HIGH))
}

fn within(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let x: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (low..=high).contains(&x) { Ok(x) } else { Err(format!("`{text}` is not within {low} to {high}")) }
}
