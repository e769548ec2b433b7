//! The verbs for an environment of stores.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use fixtures::World;
use serde_json::{Value, json};

use super::args::{Adopt, Apply, Place, Verb};
use super::{DIFFERS, access, ask};
use crate::check::Verdict;
use crate::clock;
use crate::environment::Environment;
use crate::error::SeedError;
use crate::report::tables;
use crate::settings::Settings;
use crate::site::{Findings, How, Outcome, Site};
use crate::stores::postgres::{Intent, Loss, Postgres};

/// Does what the verb says to the environment's stores.
pub(super) async fn run(
    verb: &Verb,
    environment: Environment,
    place: &Place,
    settings: &Settings,
    writing: &AtomicBool,
) -> Result<u8, SeedError> {
    let access = access::site(environment, place, settings)?;
    let json = place.json;
    match verb {
        Verb::Adopt(args) => adopt(environment, args, &access.database_url, json).await,
        Verb::Plan(args) => {
            let mut site = Site::open(&access, Intent::Look).await?;
            plan(&mut site, args.world.world(), json).await
        }
        Verb::Verify(args) => {
            let mut site = Site::open(&access, Intent::Look).await?;
            verify(&mut site, args.world.world(), json).await
        }
        Verb::Apply(args) => {
            if args.clean {
                ask::whether(&question(environment), args.yes).await?;
            }
            let mut site = Site::open(&access, Intent::Fill).await?;
            apply(&mut site, environment, args, json, writing).await
        }
        Verb::Destroy(args) => {
            ask::whether(&question(environment), args.yes).await?;
            let mut site = Site::open(&access, Intent::Look).await?;
            let mut outcome = Outcome::default();
            writing.store(true, Ordering::Relaxed);
            let done = site.destroy(&mut outcome).await;
            close(done, &outcome, "", json)
        }
        Verb::ResetLoad(args) => {
            let mut site = Site::open(&access, Intent::Look).await?;
            let mut outcome = Outcome::default();
            writing.store(true, Ordering::Relaxed);
            let done = site.reset_load(args.world.world(), &mut outcome).await;
            close(done, &outcome, &format!("{environment} is ready for the next run.\n"), json)
        }
    }
}

fn question(environment: Environment) -> String {
    format!("Remove everything from {environment} that the seeder put there?")
}

async fn adopt(environment: Environment, args: &Adopt, url: &str, json: bool) -> Result<u8, SeedError> {
    let ask = async |place: &str| {
        let mut typed = args.database_name.clone();
        if typed.is_none() {
            let prompt =
                format!("{place}.\nIf you are sure that this is {environment}, type the database's name: ");
            typed = ask::answer(prompt).await;
        }
        typed.ok_or_else(|| {
            let message =
                "nobody is here to type the database's name: say --database-name NAME. Nothing was written.";
            SeedError::Setting(message.to_owned())
        })
    };
    let place = Postgres::adopt(environment, url, ask).await?;
    if json {
        super::say(&format!("{}\n", json!({ "adopted": place, "environment": environment.name() })));
    } else {
        super::say(&format!(
            "{place} is {environment} from now on.\nNext: cargo seed plan --environment={environment}\n"
        ));
    }
    Ok(0)
}

async fn plan(site: &mut Site, world: World, json: bool) -> Result<u8, SeedError> {
    let mut outcome = Outcome::default();
    let done = site.plan(world, &mut outcome).await;
    let mut words = String::new();
    if let Some((calls, minutes)) = outcome.stripe_calls {
        words = format!("Stripe: {calls} calls, {minutes:.1} min at 20 calls/s.\n");
    }
    words.push_str("Nothing was written.\n");
    close(done, &outcome, &words, json)
}

async fn apply(
    site: &mut Site,
    environment: Environment,
    args: &Apply,
    json: bool,
    writing: &AtomicBool,
) -> Result<u8, SeedError> {
    let mut outcome = Outcome::default();
    if !args.clean && site.would_lose_rows(args.world.world()).await? {
        let question = format!(
            "{environment} holds another world of the seeder's, of another seed or larger; what only that one has is removed. Go on?"
        );
        ask::whether(&question, args.yes).await?;
    }
    // `./local` knows the addresses, and says here how it is typed.
    let typed = std::env::var("SEED_COMMAND").ok();
    let how = How { clean: args.clean, migrate: args.migrate };
    let began = clock::now();
    writing.store(true, Ordering::Relaxed);
    let done = site.apply(args.world.world(), how, &mut outcome).await;
    let seconds = clock::now().duration_since(began).as_secs_f64();
    let words = format!(
        "{}{}",
        tables::filled(&site.describe(), &outcome.lines, seconds),
        tables::next(environment, typed.as_deref(), &args.world.flags())
    );
    close(done, &outcome, &words, json)
}

/// Shows what was done, also when it ended in an error.
fn close(done: Result<(), SeedError>, outcome: &Outcome, words: &str, json: bool) -> Result<u8, SeedError> {
    if done.is_err() {
        if !outcome.lines.is_empty() {
            eprint!("done before the error:\n{}", tables::outcome(&outcome.lines));
        }
        return done.map(|()| 0);
    }
    if json {
        let mut answer = json!({ "lines": outcome.lines });
        if let Some((calls, minutes)) = outcome.stripe_calls {
            answer["stripe"] = json!({ "calls": calls, "minutes": minutes });
        }
        if !outcome.losses.is_empty() {
            answer["losses"] = json!(outcome.losses);
        }
        super::say(&format!("{answer}\n"));
    } else {
        let notes = outcome.notes.iter().fold(String::new(), |text, note| text + note + "\n");
        let (table, proof) = (tables::outcome(&outcome.lines), tables::proof(outcome));
        super::say(&format!("{table}{notes}{words}{proof}"));
    }
    Ok(if outcome.losses.iter().all(Loss::is_proved) { 0 } else { DIFFERS })
}

async fn verify(site: &mut Site, world: World, json: bool) -> Result<u8, SeedError> {
    let findings = site.verify(world).await?;
    let holds = findings.tables.iter().all(|table| table.equal)
        && findings.checks.iter().all(|check| check.verdict != Verdict::Fails);
    if json {
        super::say(&format!("{}\n", found(site, &findings, holds)));
    } else {
        super::say(&tables::findings(&findings));
    }
    Ok(if holds { 0 } else { DIFFERS })
}

fn found(site: &Site, findings: &Findings, holds: bool) -> Value {
    let digests: BTreeMap<&str, &String> =
        findings.tables.iter().filter_map(|table| Some((table.kind, table.digest.as_ref()?))).collect();
    json!({
        "stores": site.describe(),
        "equal": holds,
        "tables": findings.tables,
        "digests": digests,
        "checks": findings.checks,
    })
}
