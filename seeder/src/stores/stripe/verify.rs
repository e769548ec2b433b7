//! Whether Stripe holds what the ledger says, and the ledger what the world says.

use fixtures::World;

use super::content::Kind;
use super::requests::{self, Listed};
use super::{STORE, Stripe};
use crate::check::Check;
use crate::error::SeedError;

/// What was counted of a kind.
#[derive(Debug, Default)]
struct Count {
    /// In the ledger and there, under the id the ledger knows.
    present: u64,
    /// There under another id than the ledger knows.
    twice: u64,
    /// There, with a seeder's key, and not in the ledger.
    unknown: u64,
}

impl Stripe {
    pub(super) async fn checks(&mut self, world: World) -> Result<Vec<Check>, SeedError> {
        self.prove_account().await?;
        let mut checks = Vec::new();
        let plan = self.survey(world).await?;
        for kind in Kind::ALL {
            let tally =
                plan.lines.iter().filter(|line| line.table == kind.plural()).map(|line| line.tally).next();
            let tally = tally.unwrap_or_default();
            let found = format!("{} as they should be, {} not", tally.unchanged, tally.changed());
            let name = format!("{}: the ledger is the world's", kind.plural());
            checks.push(Check::new(STORE, name, tally.changed() == 0, found));
            self.check(kind, &mut checks).await?;
        }
        Ok(checks)
    }

    async fn check(&mut self, kind: Kind, checks: &mut Vec<Check>) -> Result<(), SeedError> {
        let count = self.count(kind).await?;
        let owned = self.objects.count(kind.name()).await?;
        let plural = kind.plural();
        let there = format!("{} of {owned}", count.present);
        checks.push(Check::new(
            STORE,
            format!("{plural}: all of the ledger are there"),
            count.present == owned,
            there,
        ));
        let twice = format!("{} under another id", count.twice);
        checks.push(Check::new(STORE, format!("{plural}: none is there twice"), count.twice == 0, twice));
        let unknown = format!("{} the ledger does not know", count.unknown);
        checks.push(Check::new(
            STORE,
            format!("{plural}: no others carry a key"),
            count.unknown == 0,
            unknown,
        ));
        Ok(())
    }

    /// Goes through all there are, page by page.
    async fn count(&mut self, kind: Kind) -> Result<Count, SeedError> {
        let doing = || format!("listing {}", kind.plural());
        let mut count = Count::default();
        let mut after: Option<String> = None;
        loop {
            let request = requests::list(&Listed::InUse(kind), after.as_deref());
            let page = self.wire.page(request).await.map_err(|failure| failure.while_doing(doing()))?;
            let of_kind = |key: &&str| key.split('/').next() == Some(kind.name());
            let keys: Vec<String> =
                page.data.iter().filter_map(|o| o.seed_key()).filter(of_kind).map(str::to_owned).collect();
            let known = self.objects.among(kind.name(), &keys).await?;
            for object in &page.data {
                let Some(key) = object.seed_key().filter(|key| of_kind(key)) else { continue };
                match known.get(key) {
                    Some(known) if known.remote_id.as_ref() == Some(&object.id) => count.present += 1,
                    Some(_) => count.twice += 1,
                    None => count.unknown += 1,
                }
            }
            after = page.data.last().map(|object| object.id.clone());
            if !page.has_more || after.is_none() {
                return Ok(count);
            }
        }
    }
}
