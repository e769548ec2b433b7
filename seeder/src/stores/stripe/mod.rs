//! Stripe in test mode: the products, prices, customers and subscriptions of a world's paying members.
//!
//! The database keeps the world's own ids (`cus_…`, `sub_…`); what Stripe calls the same things is in the ledger, and
//! a customer's metadata leads back. Only what is in the ledger is ever changed or taken away.
//!
//! Every object is intended in the ledger, then made, then settled there. A seeder that was killed leaves intended
//! ones behind; the next looks for these in Stripe, by what they are listed under, before it makes them.
//!
//! Ids mean nothing in another account, so the ledger says which it is for: host and account id. The host is compared
//! before anything else. The account takes a call (`GET /v1/account`), so it is asked once, when something is about to
//! be written, removed or verified; planning and applying what is there already send nothing. For a restricted key
//! that may not read the account, a digest of the key stands for it. If such a key is replaced by another of the same
//! account, `UPDATE wwmaa_seed.places` says so, as nobody else can know.

mod answer;
mod applying;
mod content;
mod making;
mod pace;
mod plan;
mod requests;
mod retry;
mod taking;
mod verify;
mod wire;

use std::collections::HashMap;
use std::fmt;

use fixtures::World;
use reqwest::Url;

pub use pace::Manners;
pub use plan::Plan;

use crate::check::Check;
use crate::environment::Environment;
use crate::error::{Fault, SeedError};
use crate::progress::Progress;
use crate::proof::{self, Service};
use crate::stores::objects::{Objects, Place};
use crate::tally::Line;
use content::Kind;
use wire::Wire;

/// Its name in messages.
const NAME: &str = "Stripe";
/// Its name in the ledger and in tables.
pub const STORE: &str = "stripe";
/// Where Stripe is.
const BASE_URL: &str = "https://api.stripe.com";
/// Objects of the ledger looked at in one go.
const PAGE: i64 = 200;

/// An account in test mode, open.
pub struct Stripe {
    wire: Wire,
    objects: Objects,
    host: String,
    /// Whether Stripe was asked whose account this is.
    knows_account: bool,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Stripe {
    /// Opens the account of this key, once key and address have proved what they can: a test key, a host on the
    /// environment's list, nothing of production. What the ledger holds must be at this host. Nothing is sent.
    pub async fn open(
        environment: Environment,
        key: &str,
        base_url: Option<&str>,
        objects: Objects,
    ) -> Result<Self, SeedError> {
        Self::open_with(environment, key, base_url, objects, Manners::default()).await
    }

    /// The same with other manners: for a server of a test's own, which is never Stripe itself.
    pub async fn open_with(
        environment: Environment,
        key: &str,
        base_url: Option<&str>,
        mut objects: Objects,
        manners: Manners,
    ) -> Result<Self, SeedError> {
        proof::stripe_key(environment, key)?;
        let base_url = base_url.unwrap_or(BASE_URL);
        let host = prove_address(environment, base_url)?;
        // At Stripe itself nobody hurries.
        let manners = if is_this_machine(&host) { manners } else { Manners::default() };
        let wire = Wire::new(base_url, key, manners)
            .map_err(|error| SeedError::store(NAME, Fault::Broken, "getting ready to ask", error))?;
        objects.locate(Place { store: NAME, host: host.clone(), account: None }).await?;
        Ok(Self { wire, objects, host, knows_account: false })
    }

    /// Where it is, for a person; never the key.
    pub fn describe(&self) -> String {
        format!("Stripe at {}, test mode", self.host)
    }

    /// What applying this world would do. Only the ledger is asked; nothing is sent or written.
    pub async fn plan(&mut self, world: World) -> Result<Plan, SeedError> {
        self.objects.prove_place().await?;
        self.survey(world).await
    }

    /// Makes the account hold this world's objects, and none of the ledger's that the world has not.
    pub async fn apply(&mut self, world: World, progress: &mut Progress) -> Result<Vec<Line>, SeedError> {
        self.objects.prove_place().await?;
        let mut run = applying::Run::new(progress);
        match self.fill(world, &mut run).await {
            Ok(()) => Ok(run.into_lines()),
            Err(error) => Err(error.having_done(|| run.told())),
        }
    }

    /// Whether the account holds what the ledger says, and the ledger what the world says.
    pub async fn verify(&mut self, world: World) -> Result<Vec<Check>, SeedError> {
        self.objects.prove_place().await?;
        self.checks(world).await
    }

    /// Asks, the first time, whose account this is, and proves that what the ledger holds is in it.
    async fn prove_account(&mut self) -> Result<(), SeedError> {
        if self.knows_account {
            return Ok(());
        }
        let account = self.wire.account().await;
        let account = account.map_err(|failure| failure.while_doing("asking whose account it is"))?;
        self.objects.locate(Place { store: NAME, host: self.host.clone(), account: Some(account) }).await?;
        self.knows_account = true;
        Ok(())
    }

    /// Takes away what the ledger owns and nothing else.
    pub async fn destroy(&mut self, progress: &mut Progress) -> Result<Vec<Line>, SeedError> {
        self.objects.prove_place().await?;
        let mut run = applying::Run::new(progress);
        match self.sweep(|_, _| false, &mut run).await {
            Ok(()) => Ok(run.into_lines()),
            Err(error) => Err(error.having_done(|| run.told())),
        }
    }

    /// What Stripe calls these, as far as the ledger knows.
    async fn ids(&mut self, kind: Kind, keys: &[String]) -> Result<HashMap<String, String>, SeedError> {
        let known = self.objects.among(kind.name(), keys).await?;
        Ok(known.into_iter().filter_map(|(key, object)| Some((key, object.remote_id?))).collect())
    }
}

/// The host, once it is proved to be the environment's.
fn prove_address(environment: Environment, base_url: &str) -> Result<String, SeedError> {
    let url = Url::parse(base_url)
        .map_err(|error| SeedError::Setting(format!("Stripe's address cannot be read: {error}")))?;
    let bad = |reason: &str| SeedError::Setting(format!("Stripe's address `{}`: {reason}", shown(&url)));
    let host = url.host_str().unwrap_or_default().to_owned();
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(bad("it must be no more than scheme, host and port"));
    }
    proof::host(environment, Service::Stripe, &host)?;
    proof::names(environment, &[("address of Stripe", base_url)])?;
    match url.scheme() {
        "https" => Ok(host),
        "http" if is_this_machine(&host) => Ok(host),
        _ => Err(bad("it must begin with https://, as the key goes along")),
    }
}

/// An address without what may be a secret in it: scheme and host.
fn shown(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
