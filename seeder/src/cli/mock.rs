//! The verbs for a mock.

use fixtures::World;
use serde_json::json;

use super::args::{Place, Verb, WorldArgs};
use super::{DIFFERS, access, say};
use crate::error::SeedError;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::stores::mock::Mock;
use crate::{clock, plan, report};

/// Does what the verb says to the mock.
pub(super) async fn run(verb: &Verb, place: &Place, settings: &Settings) -> Result<u8, SeedError> {
    match verb {
        Verb::Plan(args) => return Ok(count(&args.world, place.json)),
        Verb::Destroy(_) | Verb::Adopt(_) => {
            let message =
                "a mock forgets its world when it ends, and says itself that it is a mock: nothing to do";
            return Err(SeedError::Setting(message.to_owned()));
        }
        Verb::Apply(_) | Verb::Verify(_) | Verb::ResetLoad(_) => {}
    }
    let (url, token) = access::mock(place, settings)?;
    let mock = Mock::open(&url, &token).await?;
    let mock = match settings.get(place.mock_world.as_deref(), "MOCK_WORLD") {
        Some(world) => mock.in_world(&world),
        None => mock,
    };
    match verb {
        Verb::Verify(args) => verify(&mock, args.world.world(), place.json).await,
        Verb::ResetLoad(_) => reset_load(&mock, place.json).await,
        Verb::Apply(args) => apply(&mock, args.world.world(), place.json).await,
        Verb::Plan(_) | Verb::Destroy(_) | Verb::Adopt(_) => Ok(0),
    }
}

/// Counts a world's rows; connects to nobody.
pub(super) fn count(world: &WorldArgs, json: bool) -> u8 {
    let plan = plan::plan(world.world());
    if json {
        say(&format!("{}\n", json!(plan)));
    } else {
        say(&report::planned(&plan));
    }
    0
}

async fn apply(mock: &Mock, world: World, json: bool) -> Result<u8, SeedError> {
    let mut progress = Progress::on_stderr("seeding the mock", "rows", world.rows_expected().total());
    let began = clock::now();
    let applied = mock.apply(world, move |sent| progress.at(sent.total())).await?;
    let seconds = clock::now().duration_since(began).as_secs_f64();
    if json {
        say(&format!("{}\n", json!({ "store": mock.describe(), "rows": applied, "seconds": seconds })));
    } else {
        let rate = applied.accepted.total() as f64 / seconds.max(1e-3);
        say(&format!(
            "{}{}",
            report::applied(&mock.describe(), &applied, rate),
            report::next_steps(mock.url())
        ));
    }
    Ok(0)
}

async fn verify(mock: &Mock, world: World, json: bool) -> Result<u8, SeedError> {
    let held = mock.held().await?;
    let comparisons = report::compare(world, &held);
    let equal = comparisons.iter().all(|comparison| comparison.equal);
    if json {
        say(&format!(
            "{}\n",
            json!({ "store": mock.describe(), "equal": equal, "kinds": comparisons, "digests": held.digests })
        ));
    } else {
        say(&report::verified(&mock.describe(), &comparisons));
    }
    Ok(if equal { 0 } else { DIFFERS })
}

async fn reset_load(mock: &Mock, json: bool) -> Result<u8, SeedError> {
    let removed = mock.reset_load().await?;
    if json {
        say(&format!("{}\n", json!({ "store": mock.describe(), "removed": removed })));
    } else {
        say(&report::reset(&mock.describe(), &removed));
    }
    Ok(0)
}
