//! Making the account hold a world: kind after kind, chunk after chunk, a few calls at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use fixtures::World;
use futures_util::StreamExt as _;
use futures_util::stream;

use super::answer::Failure;
use super::content::{self, Content, Kind, Wanted};
use super::making::{self, Job, Made, Standing};
use super::requests::Links;
use super::{NAME, PAGE, STORE, Stripe, taking};
use crate::error::{Fault, SeedError};
use crate::progress::Progress;
use crate::stores::objects::Object;
use crate::tally::{self, Line, Tally};

/// Stands for the digest of an object while it is changed. It is nobody's, so whatever a seeder that was killed left
/// half changed is changed by the next.
const BEING_CHANGED: &str = "";

/// What was done so far.
pub(super) struct Run<'a> {
    progress: &'a mut Progress,
    lines: Vec<Line>,
}

impl<'a> Run<'a> {
    pub(super) fn new(progress: &'a mut Progress) -> Self {
        let mut lines = Vec::new();
        for kind in Kind::ALL {
            tally::add(&mut lines, STORE, kind.plural(), Tally::default());
        }
        Self { progress, lines }
    }

    pub(super) fn into_lines(self) -> Vec<Line> {
        self.lines
    }

    /// What was and was not done, as a sentence.
    pub(super) fn told(&self) -> String {
        let Tally { created, updated, deleted, .. } = self.total();
        format!(
            "By then {created} objects were created, {updated} updated and {deleted} deleted, each written down in \
             the ledger; the rest was not, and what was under way is looked for first when the same command runs again."
        )
    }

    fn total(&self) -> Tally {
        self.lines.iter().fold(Tally::default(), |mut total, line| {
            total += line.tally;
            total
        })
    }

    fn count(&mut self, kind: Kind, tally: Tally) {
        tally::add(&mut self.lines, STORE, kind.plural(), tally);
        self.progress.at(self.total().total());
    }
}

impl Stripe {
    /// Products, prices, then customers and subscriptions by chunks of members; at last what the world has not.
    pub(super) async fn fill(&mut self, world: World, run: &mut Run<'_>) -> Result<(), SeedError> {
        self.put(content::products(), run).await?;
        self.put(content::prices(), run).await?;
        for members in content::chunks(world) {
            self.put(content::customers(world, members.clone()), run).await?;
            self.put(content::subscriptions(world, members), run).await?;
        }
        self.sweep(|kind, key| content::is_wanted(world, kind, key), run).await
    }

    /// Makes these, all of one kind, what they should be.
    async fn put(&mut self, wanted: Vec<Wanted>, run: &mut Run<'_>) -> Result<(), SeedError> {
        let Some(kind) = wanted.first().map(Wanted::kind) else { return Ok(()) };
        let jobs = self.jobs(kind, wanted, run).await?;
        let (wire, is_stopped) = (&self.wire, AtomicBool::new(false));
        let mut outcomes = stream::iter(jobs)
            .map(|job| async {
                // Once one has failed no other begins; those under way are seen to their end and written down.
                if is_stopped.load(Ordering::Relaxed) {
                    return (job, None);
                }
                let outcome = making::make(wire, &job).await;
                is_stopped.fetch_or(outcome.is_err(), Ordering::Relaxed);
                (job, Some(outcome))
            })
            .buffer_unordered(wire.at_a_time());
        let mut failed = None;
        while let Some((job, outcome)) = outcomes.next().await {
            let key = job.wanted.seed_key.clone();
            match outcome {
                None => {}
                Some(Err(failure)) => failed = failed.or(Some(failure.while_doing(format!("making {key}")))),
                Some(Ok(Made { id, tally, is_another })) => {
                    self.objects.settle(kind.name(), &[(key.clone(), id, job.wanted.digest())]).await?;
                    if is_another && kind == Kind::Customer {
                        let gone = key.replacen(Kind::Customer.name(), Kind::Subscription.name(), 1);
                        self.objects.forget(Kind::Subscription.name(), &[gone]).await?;
                    }
                    run.count(kind, tally);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// What is to be done about these; the ledger says so before it is done.
    async fn jobs(
        &mut self,
        kind: Kind,
        wanted: Vec<Wanted>,
        run: &mut Run<'_>,
    ) -> Result<Vec<Job>, SeedError> {
        let keys: Vec<String> = wanted.iter().map(|wanted| wanted.seed_key.clone()).collect();
        let known = self.objects.among(kind.name(), &keys).await?;
        let standings: Vec<Standing> =
            wanted.iter().map(|wanted| Standing::of(wanted, known.get(&wanted.seed_key))).collect();
        if standings.iter().any(|standing| *standing != Standing::Unchanged) {
            self.prove_account().await?;
        }
        let written = self.announce(kind, &wanted, &standings, known).await?;
        let (unchanged, todo): (Vec<_>, Vec<_>) =
            wanted.into_iter().zip(standings).partition(|(_, standing)| *standing == Standing::Unchanged);
        run.count(kind, Tally { unchanged: unchanged.len() as u64, ..Tally::default() });
        let mut links = self.links(&todo).await?;
        todo.into_iter()
            .map(|(wanted, standing)| {
                let links = links.remove(&wanted.seed_key).unwrap_or_default();
                let written = written.get(&wanted.seed_key).ok_or_else(|| lost(&wanted.seed_key))?;
                Ok(Job { wanted, links, standing, since: written.changed_at.to_rfc3339() })
            })
            .collect()
    }

    /// Writes down what is about to be made or changed; answers with what the ledger has of all these from then on.
    async fn announce(
        &mut self,
        kind: Kind,
        wanted: &[Wanted],
        standings: &[Standing],
        known: HashMap<String, Object>,
    ) -> Result<HashMap<String, Object>, SeedError> {
        let (mut absent, mut changing) = (Vec::new(), Vec::new());
        for (wanted, standing) in wanted.iter().zip(standings) {
            match standing {
                Standing::Absent => absent.push((wanted.seed_key.clone(), wanted.digest())),
                Standing::Changed { id } => {
                    changing.push((wanted.seed_key.clone(), id.clone(), BEING_CHANGED.to_owned()));
                }
                Standing::Intended | Standing::Unchanged => {}
            }
        }
        if absent.is_empty() && changing.is_empty() {
            return Ok(known);
        }
        self.objects.intend(kind.name(), &absent).await?;
        self.objects.settle(kind.name(), &changing).await?;
        let keys: Vec<String> = wanted.iter().map(|wanted| wanted.seed_key.clone()).collect();
        self.objects.among(kind.name(), &keys).await
    }

    /// The ids these are made with, by key. What they belong to was made before.
    async fn links(&mut self, todo: &[(Wanted, Standing)]) -> Result<HashMap<String, Links>, SeedError> {
        let kind = todo.first().map(|(wanted, _)| wanted.kind());
        let parent_kind = match kind {
            Some(Kind::Price) => Kind::Product,
            Some(Kind::Subscription) => Kind::Customer,
            _ => return Ok(HashMap::new()),
        };
        let parents: Vec<String> =
            todo.iter().filter_map(|(wanted, _)| content::parent(&wanted.seed_key)).collect();
        let parents = self.ids(parent_kind, &parents).await?;
        let prices = content::prices();
        let price_keys: Vec<String> = prices.iter().map(|price| price.seed_key.clone()).collect();
        let ids = self.ids(Kind::Price, &price_keys).await?;
        let price_of = |lookup_key: &str| {
            let price = price_keys.iter().find(|key| content::tier_name(key) == lookup_key)?;
            ids.get(price).cloned()
        };
        todo.iter()
            .map(|(wanted, _)| {
                let parent = content::parent(&wanted.seed_key).and_then(|key| parents.get(&key).cloned());
                let price = match &wanted.content {
                    Content::Subscription { lookup_key, .. } => price_of(lookup_key),
                    _ => Some(String::new()),
                };
                let (Some(parent), Some(price)) = (parent, price) else { return Err(lost(&wanted.seed_key)) };
                Ok((wanted.seed_key.clone(), Links { parent, price }))
            })
            .collect()
    }

    /// Takes away what the ledger owns and is not kept, in the opposite of the order it was made in.
    pub(super) async fn sweep(
        &mut self,
        is_kept: impl Fn(Kind, &str) -> bool,
        run: &mut Run<'_>,
    ) -> Result<(), SeedError> {
        for kind in Kind::ALL.into_iter().rev() {
            let mut after = String::new();
            loop {
                let page = self.objects.after(kind.name(), &after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after.clone_from(&last.seed_key);
                let surplus = page.into_iter().filter(|object| !is_kept(kind, &object.seed_key)).collect();
                self.take(kind, surplus, run).await?;
            }
        }
        Ok(())
    }

    async fn take(&mut self, kind: Kind, surplus: Vec<Object>, run: &mut Run<'_>) -> Result<(), SeedError> {
        if !surplus.is_empty() {
            self.prove_account().await?;
        }
        let customers: Vec<String> =
            surplus.iter().filter_map(|object| content::parent(&object.seed_key)).collect();
        let customers = self.ids(Kind::Customer, &customers).await?;
        let (wire, is_stopped) = (&self.wire, AtomicBool::new(false));
        let mut outcomes = stream::iter(surplus)
            .map(|object| async {
                if is_stopped.load(Ordering::Relaxed) {
                    return (object, None);
                }
                let customer = content::parent(&object.seed_key).and_then(|key| customers.get(&key));
                let outcome = taking::take(wire, kind, &object, customer.map_or("", String::as_str)).await;
                is_stopped.fetch_or(outcome.is_err(), Ordering::Relaxed);
                (object, Some(outcome))
            })
            .buffer_unordered(wire.at_a_time());
        let mut failed = None;
        while let Some((object, outcome)) = outcomes.next().await {
            let key = object.seed_key;
            match outcome {
                None => {}
                Some(Err(failure)) => failed = failed.or(Some(taking_away(&failure, &key))),
                Some(Ok(())) => {
                    self.objects.forget(kind.name(), &[key]).await?;
                    run.count(kind, Tally { deleted: 1, ..Tally::default() });
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

fn taking_away(failure: &Failure, key: &str) -> SeedError {
    failure.while_doing(format!("taking {key} away"))
}

/// The ledger does not say of an object what it must.
fn lost(key: &str) -> SeedError {
    SeedError::store(
        NAME,
        Fault::Broken,
        format!("making {key}"),
        "the ledger does not know what it belongs to",
    )
}
