//! What would be done, from the ledger alone.

use fixtures::World;
use serde::Serialize;

use super::content::{self, Kind, Wanted};
use super::making::Standing;
use super::pace::CALLS_PER_SECOND;
use super::{PAGE, STORE, Stripe, taking};
use crate::error::SeedError;
use crate::tally::{self, Line, Tally};

/// What would be done, and how long Stripe's pace makes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What would become of the objects, kind by kind.
    pub lines: Vec<Line>,
    /// Calls to Stripe at most, if none must be repeated.
    pub calls: u64,
    /// Minutes they take at 20 calls a second.
    pub minutes: f64,
}

impl Stripe {
    /// Holds the ledger against the world, chunk by chunk.
    pub(super) async fn survey(&mut self, world: World) -> Result<Plan, SeedError> {
        let mut plan = Plan { lines: Vec::new(), calls: 0, minutes: 0.0 };
        for kind in Kind::ALL {
            tally::add(&mut plan.lines, STORE, kind.plural(), Tally::default());
        }
        self.survey_some(content::products(), &mut plan).await?;
        self.survey_some(content::prices(), &mut plan).await?;
        for members in content::chunks(world) {
            self.survey_some(content::customers(world, members.clone()), &mut plan).await?;
            self.survey_some(content::subscriptions(world, members), &mut plan).await?;
        }
        for kind in Kind::ALL {
            self.survey_surplus(world, kind, &mut plan).await?;
        }
        // Before anything else it is asked whose account it is.
        plan.calls += u64::from(plan.calls > 0);
        plan.minutes = plan.calls as f64 / f64::from(CALLS_PER_SECOND) / 60.0;
        Ok(plan)
    }

    async fn survey_some(&mut self, wanted: Vec<Wanted>, plan: &mut Plan) -> Result<(), SeedError> {
        let Some(kind) = wanted.first().map(Wanted::kind) else { return Ok(()) };
        let keys: Vec<String> = wanted.iter().map(|wanted| wanted.seed_key.clone()).collect();
        let known = self.objects.among(kind.name(), &keys).await?;
        for wanted in &wanted {
            let standing = Standing::of(wanted, known.get(&wanted.seed_key));
            tally::add(&mut plan.lines, STORE, kind.plural(), standing.tally());
            plan.calls += standing.calls(kind);
        }
        Ok(())
    }

    async fn survey_surplus(&mut self, world: World, kind: Kind, plan: &mut Plan) -> Result<(), SeedError> {
        let mut after = String::new();
        loop {
            let page = self.objects.after(kind.name(), &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.seed_key);
            for object in page.iter().filter(|object| !content::is_wanted(world, kind, &object.seed_key)) {
                let tally = Tally { deleted: 1, ..Tally::default() };
                tally::add(&mut plan.lines, STORE, kind.plural(), tally);
                plan.calls += taking::calls(kind, object);
            }
        }
    }
}
