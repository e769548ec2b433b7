//! Making one object what it should be, with the fewest calls and never twice.
//!
//! Stripe answers a repeated idempotency key with what it answered first, for a day. That makes a second try after a
//! cut connection safe, and it is a trap three times over, so a key holds more than the object:
//! - what it says, as another body under the same key is an error;
//! - when it was intended, as the memory of an object outlives the object (destroy, then apply within the day);
//! - how many keys were spent before: on a server error that is repeated from memory, on other parameters.

use sha2::{Digest as _, Sha256};

use super::answer::{Failure, Remote};
use super::content::{self, Content, Kind, Wanted};
use super::requests::{self, Links, Listed};
use super::taking;
use super::wire::Wire;
use crate::stores::objects::Object;
use crate::tally::Tally;

/// Keys spent in one run, should Stripe answer each with a server error and repeat that from memory.
const KEYS: u32 = 3;
/// Keys passed over that earlier runs spent.
const SPENT_KEYS: u32 = 100;

/// How an object stands in the ledger, against what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not there.
    Absent,
    /// It may exist, without a name in the ledger.
    Intended,
    /// It exists and says something else.
    Changed {
        /// What Stripe calls it.
        id: String,
    },
    /// It is as it should be.
    Unchanged,
}

impl Standing {
    pub(super) fn of(wanted: &Wanted, known: Option<&Object>) -> Self {
        match known {
            None => Self::Absent,
            Some(Object { remote_id: None, .. }) => Self::Intended,
            Some(Object { remote_id: Some(_), digest, .. }) if *digest == wanted.digest() => Self::Unchanged,
            Some(Object { remote_id: Some(id), .. }) => Self::Changed { id: id.clone() },
        }
    }

    /// What will have become of it.
    pub(super) fn tally(&self) -> Tally {
        match self {
            Self::Absent | Self::Intended => Tally { created: 1, ..Tally::default() },
            Self::Changed { .. } => Tally { updated: 1, ..Tally::default() },
            Self::Unchanged => Tally { unchanged: 1, ..Tally::default() },
        }
    }

    /// The calls it takes at most, if none must be repeated and nobody else took it away.
    pub(super) const fn calls(&self, kind: Kind) -> u64 {
        match (self, kind) {
            (Self::Unchanged, _) => 0,
            (Self::Absent | Self::Changed { .. }, Kind::Customer)
            | (Self::Absent, Kind::Subscription)
            | (Self::Changed { .. }, Kind::Product) => 1,
            (Self::Changed { .. }, Kind::Price) => 3,
            (Self::Absent | Self::Intended | Self::Changed { .. }, _) => 2,
        }
    }
}

/// An object to be made what it should be.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) wanted: Wanted,
    pub(super) links: Links,
    pub(super) standing: Standing,
    /// When the ledger says it was written down.
    pub(super) since: String,
}

/// An object that is what it should be.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) tally: Tally,
    /// Somebody had taken the one before away, and what belonged to it.
    pub(super) is_another: bool,
}

/// Does the job.
pub(super) async fn make(wire: &Wire, job: &Job) -> Result<Made, Failure> {
    let tally = job.standing.tally();
    let mut is_another = false;
    if let Standing::Changed { id } = &job.standing {
        if job.wanted.kind() == Kind::Price {
            // An amount cannot be changed: another price takes the place of this one.
            taking::take_named(wire, Kind::Price, id).await?;
        } else if change(wire, job, id, None).await? {
            return Ok(Made { id: id.clone(), tally, is_another });
        } else {
            is_another = true;
        }
    }
    let id = find_or_create(wire, job).await?;
    Ok(Made { id, tally, is_another })
}

/// What an intended one is called, or one that was archived; else a new one. Products and prices are always looked
/// for, as they stay behind when they are taken away. What is found may have been left by a seeder of another world.
async fn find_or_create(wire: &Wire, job: &Job) -> Result<String, Failure> {
    let may_be_there =
        job.standing == Standing::Intended || matches!(job.wanted.kind(), Kind::Product | Kind::Price);
    if may_be_there
        && let Some(found) = find_usable(wire, job).await?
        && change(wire, job, &found.id, Some(&found)).await?
    {
        return Ok(found.id);
    }
    create(wire, job).await
}

async fn create(wire: &Wire, job: &Job) -> Result<String, Failure> {
    let mut keys = Keys::default();
    loop {
        let request = requests::create(&job.wanted, &job.links);
        match wire.object(request, Some(&keys.of(job))).await {
            Ok(made) => return Ok(made.id),
            // Whether it was made before the server failed, the memory of the failure does not tell.
            Err(failure) if keys.has_another(&failure) => {
                if let Some(found) = find_usable(wire, job).await?
                    && (failure.is_replayed() || change(wire, job, &found.id, Some(&found)).await?)
                {
                    return Ok(found.id);
                }
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Makes an object say what it should, if it is there to be changed; `known` saves asking what a subscription bills.
async fn change(wire: &Wire, job: &Job, id: &str, known: Option<&Remote>) -> Result<bool, Failure> {
    match try_to_change(wire, job, id, known).await {
        Err(failure) if failure.is_missing() => Ok(false),
        outcome => outcome,
    }
}

async fn try_to_change(wire: &Wire, job: &Job, id: &str, known: Option<&Remote>) -> Result<bool, Failure> {
    let asked;
    let known = match (known, job.wanted.kind()) {
        (None, Kind::Subscription) => {
            asked = wire.object(requests::subscription(id), None).await?;
            Some(&asked)
        }
        (known, _) => known,
    };
    if known.is_some_and(|object| object.status.as_deref() == Some("canceled")) {
        return Ok(false);
    }
    let item = known.and_then(|object| object.items.as_ref()).and_then(|items| items.data.first());
    let item = item.map(|item| item.id.as_str());
    // Without a key: done twice it is the same, and a memory of it would outlive what others changed since.
    let request = requests::update(&job.wanted, id, &job.links, item);
    wire.object(request, None).await.map(|_| true)
}

/// The object of this job in Stripe, if it is there and can be made what it should be.
async fn find_usable(wire: &Wire, job: &Job) -> Result<Option<Remote>, Failure> {
    let Found { ours, foreign } =
        find(wire, job.wanted.kind(), &job.wanted.seed_key, &job.links.parent).await?;
    if let Some(id) = foreign {
        return Err(Failure::Foreign(format!(
            "{id} is in the place of {} and not the seeder's",
            job.wanted.seed_key
        )));
    }
    Ok(ours.filter(|found| match &job.wanted.content {
        Content::Price { cost, .. } => {
            found.unit_amount == Some(cost.cents) && found.product.as_deref() == Some(&job.links.parent)
        }
        _ => true,
    }))
}

/// What stands where an object belongs.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// It, or what it was.
    pub(super) ours: Option<Remote>,
    /// The id of one that is not the seeder's, where there can be only one.
    foreign: Option<String>,
}

/// Looks for the object of a key; lists are up to date at once, unlike Stripe's search. `parent` is the customer of a
/// subscription.
pub(super) async fn find(wire: &Wire, kind: Kind, seed_key: &str, parent: &str) -> Result<Found, Failure> {
    let listed = match kind {
        Kind::Product => return product(wire, seed_key).await,
        Kind::Price => Listed::Prices { lookup_key: content::tier_name(seed_key) },
        Kind::Customer => {
            Listed::Customers { email: content::email(seed_key).unwrap_or_default().to_owned() }
        }
        Kind::Subscription if parent.is_empty() => return Ok(Found::default()),
        Kind::Subscription => Listed::Subscriptions { customer: parent.to_owned() },
    };
    let mut found = Found::default();
    let mut after: Option<String> = None;
    loop {
        let page = wire.page(requests::list(&listed, after.as_deref())).await?;
        after = page.data.last().map(|object| object.id.clone());
        for object in page.data {
            if object.seed_key() == Some(seed_key) {
                found.ours = Some(object);
            } else if kind == Kind::Price {
                found.foreign = Some(object.id);
            }
        }
        if found.ours.is_some() || !page.has_more || after.is_none() {
            return Ok(found);
        }
    }
}

async fn product(wire: &Wire, seed_key: &str) -> Result<Found, Failure> {
    match wire.object(requests::product(&content::tier_name(seed_key)), None).await {
        Ok(object) if object.deleted => Ok(Found::default()),
        Ok(object) if object.seed_key() == Some(seed_key) => Ok(Found { ours: Some(object), foreign: None }),
        Ok(object) => Ok(Found { ours: None, foreign: Some(object.id) }),
        Err(failure) if failure.is_missing() => Ok(Found::default()),
        Err(failure) => Err(failure),
    }
}

/// The keys an object may be made under, one after the other: always the same ones, so that what an earlier run sent is known again.
#[derive(Debug, Default)]
struct Keys {
    passed: u32,
    spent: u32,
}

impl Keys {
    /// The idempotency key of the next try.
    fn of(&self, job: &Job) -> String {
        let about =
            format!("{}\n{}\n{}\n{}", job.wanted.seed_key, job.wanted.digest(), job.since, self.passed);
        format!("wwmaa-seed-{}", hex::encode(Sha256::digest(about)))
    }

    /// Goes on to the next key, if that may get past this failure.
    fn has_another(&mut self, failure: &Failure) -> bool {
        let Failure::Refused(refusal) = failure else { return false };
        if !failure.is_of_a_spent_key() {
            return false;
        }
        self.passed += 1;
        // One that is repeated at once was spent by an earlier run.
        self.spent += u32::from(refusal.tries > 1);
        self.spent < KEYS && self.passed < SPENT_KEYS
    }
}
