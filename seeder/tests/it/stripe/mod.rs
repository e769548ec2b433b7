//! The store of Stripe, against a server that keeps Stripe's rules, with the ledger in a real Postgres.

mod applying;
mod changing;
mod faults;
mod killed;
mod ledger;
mod manners;
mod moving;
mod refusing;
pub(crate) mod server;
mod shapes;

use std::time::Duration;

use fixtures::{Size, World};
use seeder::check::Verdict;
use seeder::progress::Progress;
use seeder::stores::stripe::{Manners, Plan, Stripe};
use seeder::tally::{Line, Tally};
use seeder::{Environment, SeedError};

use ledger::Ledger;
use server::{KEY, Server};

/// Quick enough for a test, patient enough for its server.
const HURRIED: Manners = Manners {
    between_calls: Duration::from_millis(1),
    at_a_time: 8,
    patience: Duration::from_secs(20),
    tries: 6,
    first_wait: Duration::from_millis(2),
    longest_wait: Duration::from_millis(50),
};

/// A world of few members, some of whom pay.
fn world(members: u32) -> World {
    World::new(7, Size { members, instructors: 10, events: 10, content: 10, ..Size::default() })
}

/// The server and a ledger, and the store between them.
struct Site {
    server: Server,
    ledger: Ledger,
    manners: Manners,
}

impl Site {
    async fn new() -> Self {
        Self::at(Server::quick().await, HURRIED).await
    }

    async fn at(server: Server, manners: Manners) -> Self {
        Self { server, ledger: Ledger::new().await, manners }
    }

    async fn store(&self) -> Stripe {
        self.open(KEY, &self.server.url).await.expect("a test key on this machine")
    }

    async fn open(&self, key: &str, url: &str) -> Result<Stripe, SeedError> {
        let objects = self.ledger.objects().await;
        Stripe::open_with(Environment::Local, key, Some(url), objects, self.manners).await
    }

    async fn plan(&self, world: World) -> Plan {
        self.store().await.plan(world).await.expect("the ledger answers")
    }

    async fn try_to_apply(&self, world: World) -> Result<Vec<Line>, SeedError> {
        self.store().await.apply(world, &mut Progress::Quiet).await
    }

    async fn apply(&self, world: World) -> Tally {
        total(&self.try_to_apply(world).await.expect("it applies"))
    }

    async fn destroy(&self) -> Tally {
        total(&self.store().await.destroy(&mut Progress::Quiet).await.expect("it goes away"))
    }

    /// Names of the checks that fail.
    async fn failing(&self, world: World) -> Vec<String> {
        let checks = self.store().await.verify(world).await.expect("it can be looked at");
        checks.into_iter().filter(|check| check.verdict != Verdict::Holds).map(|check| check.name).collect()
    }

    /// The account holds this world's objects and none twice; ledger and account agree.
    async fn holds(&self, world: World) {
        let expected = expected(world);
        {
            let account = self.server.account();
            assert_eq!(account.duplicates(), 0);
            assert_eq!(
                (account.customers.len(), account.running().len()),
                (expected.customers, expected.running)
            );
            assert_eq!(account.on_sale(), 6, "three products and three prices");
        }
        let objects = i64::try_from(expected.customers + expected.running + 6).expect("few");
        assert_eq!(self.ledger.count().await, (objects, 0));
        assert_eq!(self.failing(world).await, Vec::<String>::new());
    }
}

/// What a world makes of an account, counted without the store.
struct Expected {
    customers: usize,
    running: usize,
}

fn expected(world: World) -> Expected {
    use contract::subscriptions::SubscriptionStatus::Expired;
    let billed = |s: &fixtures::Subscription| s.stripe_subscription_id.is_some() && s.status != Expired;
    Expected {
        customers: world.members().filter(|member| member.stripe_customer_id.is_some()).count(),
        running: world.subscriptions().filter(billed).count(),
    }
}

fn total(lines: &[Line]) -> Tally {
    lines.iter().fold(Tally::default(), |mut total, line| {
        total += line.tally;
        total
    })
}
