//! What of a world belongs in Stripe, and under which key.
//!
//! A product and a price for every tier that costs something; a customer for every member who pays; a subscription
//! where Stripe bills one, which a lifetime membership is not: that is one payment. Stripe bills from the day it is
//! asked, so the world's periods stay in the database, and a status becomes what can be made of it in one call:
//!
//! | in the world | in Stripe |
//! |---|---|
//! | active | active; ends with its period if the world says so |
//! | past due | active: a failed renewal takes a failing card and a year |
//! | canceled | active, ends with its period |
//! | expired | none |

use contract::subscriptions::{SubscriptionStatus, Tier};
use fixtures::World;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The entry of an object's metadata that says which row of a world it stands for.
pub(super) const SEED_KEY: &str = "seed_key";
/// The entry of a customer's metadata that holds the id the database knows them by.
pub(super) const WORLD_CUSTOMER: &str = "wwmaa_customer_id";

/// Members looked at in one go.
pub(super) const CHUNK: u32 = 100;

/// A kind of object. In this order they are made, and taken away in the opposite one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Product,
    Price,
    Customer,
    Subscription,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Product, Self::Price, Self::Customer, Self::Subscription];

    /// Its name in the ledger, and the beginning of its keys.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Price => "price",
            Self::Customer => "customer",
            Self::Subscription => "subscription",
        }
    }

    /// Many of them, as people and Stripe's paths say it.
    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Product => "products",
            Self::Price => "prices",
            Self::Customer => "customers",
            Self::Subscription => "subscriptions",
        }
    }
}

/// What a tier costs: cents, and whether once a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Cost {
    pub(super) cents: i64,
    pub(super) is_yearly: bool,
}

/// The tiers that cost something.
pub(super) const PAID: [Tier; 3] = [Tier::Basic, Tier::Premium, Tier::Lifetime];

/// What a tier costs; nothing for the free one.
const fn cost(tier: Tier) -> Option<Cost> {
    match tier {
        Tier::Free => None,
        Tier::Basic => Some(Cost { cents: 2900, is_yearly: true }),
        Tier::Premium => Some(Cost { cents: 7900, is_yearly: true }),
        Tier::Lifetime => Some(Cost { cents: 14900, is_yearly: false }),
    }
}

/// By what a tier's price is found.
fn lookup_key(tier: Tier) -> String {
    tier_name(&tier_key(Kind::Price, tier))
}

/// What a tier's price is found by and its product is called, from the key of either.
pub(super) fn tier_name(seed_key: &str) -> String {
    let tier = seed_key.split_once('/').map_or(seed_key, |(_, tier)| tier);
    format!("wwmaa_loadtest_{tier}")
}

/// An object as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) seed_key: String,
    pub(super) content: Content,
}

/// What an object says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) enum Content {
    Product { name: String },
    Price { lookup_key: String, cost: Cost },
    Customer { email: String, name: String, world_id: String },
    Subscription { lookup_key: String, cost: Cost, cancel_at_period_end: bool },
}

impl Wanted {
    pub(super) const fn kind(&self) -> Kind {
        match self.content {
            Content::Product { .. } => Kind::Product,
            Content::Price { .. } => Kind::Price,
            Content::Customer { .. } => Kind::Customer,
            Content::Subscription { .. } => Kind::Subscription,
        }
    }

    /// Changes when what it says does.
    pub(super) fn digest(&self) -> String {
        let content = serde_json::to_vec(&self.content).unwrap_or_default();
        hex::encode(Sha256::digest(content))
    }
}

/// Products of the paid tiers.
pub(super) fn products() -> Vec<Wanted> {
    let names = [(Tier::Basic, "Basic"), (Tier::Premium, "Premium"), (Tier::Lifetime, "Instructor")];
    names
        .into_iter()
        .map(|(tier, name)| Wanted {
            seed_key: tier_key(Kind::Product, tier),
            content: Content::Product { name: format!("{name} Membership (load test)") },
        })
        .collect()
}

/// Prices of the paid tiers.
pub(super) fn prices() -> Vec<Wanted> {
    PAID.into_iter()
        .filter_map(|tier| {
            let content = Content::Price { lookup_key: lookup_key(tier), cost: cost(tier)? };
            Some(Wanted { seed_key: tier_key(Kind::Price, tier), content })
        })
        .collect()
}

fn tier_key(kind: Kind, tier: Tier) -> String {
    format!("{}/{}", kind.name(), tier.as_str())
}

/// The key of the object another one belongs to: a price's product, a subscription's customer.
pub(super) fn parent(seed_key: &str) -> Option<String> {
    let (kind, rest) = seed_key.split_once('/')?;
    let parent = match kind {
        "price" => Kind::Product,
        "subscription" => Kind::Customer,
        _ => return None,
    };
    Some(format!("{}/{rest}", parent.name()))
}

/// The chunks a world's members are looked at in.
pub(super) fn chunks(world: World) -> impl Iterator<Item = std::ops::Range<u32>> {
    let members = world.member_count();
    (0..members).step_by(CHUNK as usize).map(move |first| first..members.min(first + CHUNK))
}

/// Customers among these members.
pub(super) fn customers(world: World, members: std::ops::Range<u32>) -> Vec<Wanted> {
    members.filter_map(|member| customer(world, member)).collect()
}

/// Subscriptions of these members.
pub(super) fn subscriptions(world: World, members: std::ops::Range<u32>) -> Vec<Wanted> {
    members.filter_map(|member| subscription(world, member)).collect()
}

fn customer(world: World, index: u32) -> Option<Wanted> {
    let member = world.member(index);
    let content = Content::Customer {
        world_id: member.stripe_customer_id?,
        name: format!("{} {}", member.first_name, member.last_name),
        email: member.email.clone(),
    };
    Some(Wanted { seed_key: member_key(Kind::Customer, index, &member.email), content })
}

fn subscription(world: World, index: u32) -> Option<Wanted> {
    let subscription = world.subscription_of(index)?;
    subscription.stripe_subscription_id.as_ref()?;
    let cancel_at_period_end = match subscription.status {
        SubscriptionStatus::Active | SubscriptionStatus::PastDue => subscription.cancel_at_period_end,
        SubscriptionStatus::Canceled => true,
        SubscriptionStatus::Expired => return None,
    };
    let (tier, lookup_key) = (subscription.tier, lookup_key(subscription.tier));
    let content = Content::Subscription { lookup_key, cost: cost(tier)?, cancel_at_period_end };
    Some(Wanted { seed_key: member_key(Kind::Subscription, index, &world.member(index).email), content })
}

/// The place comes first, so that the world can be asked about a key of the ledger; then who it is, so that another
/// person at the same place is another object.
fn member_key(kind: Kind, index: u32, email: &str) -> String {
    format!("{}/{index:07}/{email}", kind.name())
}

/// The address in a customer's key.
pub(super) fn email(seed_key: &str) -> Option<&str> {
    seed_key.splitn(3, '/').nth(2)
}

/// Whether the world has the object of this key.
pub(super) fn is_wanted(world: World, kind: Kind, seed_key: &str) -> bool {
    let Some(index) = seed_key.split('/').nth(1) else { return false };
    let wanted = match (kind, index.parse::<u32>()) {
        (Kind::Customer, Ok(index)) if index < world.member_count() => customer(world, index),
        (Kind::Subscription, Ok(index)) if index < world.member_count() => subscription(world, index),
        (Kind::Product | Kind::Price, _) => return PAID.iter().any(|tier| seed_key == tier_key(kind, *tier)),
        _ => None,
    };
    wanted.is_some_and(|wanted| wanted.seed_key == seed_key)
}

#[cfg(test)]
mod tests {
    use fixtures::Size;

    use super::*;

    fn world() -> World {
        World::new(7, Size { members: 300, instructors: 10, events: 10, content: 10, ..Size::default() })
    }

    #[test]
    fn only_who_pays_is_a_customer_and_only_who_is_billed_has_a_subscription() {
        let world = world();
        let members = 0..world.member_count();
        let paying = world.subscriptions().count();
        assert_eq!(customers(world, members.clone()).len(), paying);
        let billed = world
            .subscriptions()
            .filter(|s| s.tier != Tier::Lifetime && s.status != SubscriptionStatus::Expired)
            .count();
        assert_eq!(subscriptions(world, members).len(), billed);
        assert!(billed > 0 && billed < paying);
    }

    #[test]
    fn chunks_cover_every_member_once() {
        let world = world();
        let covered: Vec<u32> = chunks(world).flatten().collect();
        assert_eq!(covered, (0..world.member_count()).collect::<Vec<_>>());
    }

    #[test]
    fn the_world_knows_its_keys_and_no_others() {
        let (world, other) = (world(), World::new(8, world().size()));
        for wanted in customers(world, 0..world.member_count()) {
            assert!(is_wanted(world, Kind::Customer, &wanted.seed_key), "{wanted:?}");
            assert!(!is_wanted(
                World::new(7, Size { members: 0, ..world.size() }),
                Kind::Customer,
                &wanted.seed_key
            ));
        }
        let strange = customers(other, 0..other.member_count());
        assert!(strange.iter().any(|wanted| !is_wanted(world, Kind::Customer, &wanted.seed_key)));
        for key in ["customer/x", "customer", "", "product/free", "customer/0000001/nobody@example.com"] {
            assert!(!is_wanted(world, Kind::Customer, key), "{key}");
        }
        assert!(products().iter().all(|wanted| is_wanted(world, Kind::Product, &wanted.seed_key)));
    }

    #[test]
    fn a_subscription_belongs_to_its_members_customer() {
        let world = world();
        let keys: Vec<_> = customers(world, 0..100).into_iter().map(|wanted| wanted.seed_key).collect();
        for wanted in subscriptions(world, 0..100) {
            assert!(keys.contains(&parent(&wanted.seed_key).expect("it has one")), "{wanted:?}");
        }
        assert_eq!(parent("price/basic").as_deref(), Some("product/basic"));
        assert_eq!(parent("customer/0000001/a@example.com"), None);
    }
}
