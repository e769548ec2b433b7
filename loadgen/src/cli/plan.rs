//! `loadgen plan` and `loadgen list`: what there is and what it would be; nothing is sent.

use std::sync::Arc;

use clap::Args;
use engine::exit::Exit;

use super::{Browsers, Refusal, sfu::Sfu, spread::Spread, tell, what::What};
use crate::{options::Options, plan_text, scenarios, sfu::Choice, suite, target::Target};

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    what: What,

    #[command(flatten)]
    spread: Spread,

    #[command(flatten)]
    sfu: Sfu,

    #[command(flatten)]
    browsers: Browsers,
}

pub(super) fn plan(args: &PlanArgs) -> Result<Exit, Refusal> {
    // Nothing is sent: which target it would be does not matter.
    let target = Target::parse("mock").map_err(Refusal::usage)?;
    let options = args.spread.over(args.what.options(target)?)?;
    let browsing = args.browsers.browsing(&options.scenarios, options.venue()).map_err(Refusal::usage)?;
    let options = Options { browsing, ..options };
    let nonce: Arc<str> = "plan".into();
    let prepared = suite::plans(&options, &nonce);
    let heading = format!("preset {}, seed {}, {} workers", options.preset, options.seed, options.workers);
    tell(&plan_text::of(&prepared, &heading));
    if args.sfu.choice == Choice::Cloudflare {
        tell(&plan_text::price_line(&prepared));
    }
    tell(&plan_text::machine_line(&suite::fits(&prepared, &options)));
    Ok(Exit::Ok)
}

pub(super) fn list() -> Exit {
    for scenario in scenarios::ALL {
        let (name, title, description) = (scenario.name(), scenario.title(), scenario.description());
        tell(&format!("{name:16} {title}\n{:16} {description}\n", ""));
    }
    Exit::Ok
}
