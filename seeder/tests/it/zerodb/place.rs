//! A server, a ledger, and what is expected of the two.

use std::collections::BTreeMap;

use contract::events::{EventStatus, Visibility};
use contract::search::ContentType;
use fixtures::{Size, World};
use seeder::error::{Fault, SeedError};
use seeder::progress::Progress;
use seeder::stores::zerodb::{Access, ZeroDb};
use seeder::tally::{Line, Tally};
use seeder::{Environment, check::Check};

use super::ledger::Ledger;
use super::server::{ACCOUNT, API_KEY, PROJECT, Server};
use super::state::{Table, norm};

/// A world of a few dozen items.
pub(crate) fn small(seed: u64) -> World {
    World::new(seed, Size { members: 12, instructors: 6, events: 14, content: 60, ..Size::default() })
}

/// A smaller one.
pub(crate) fn tiny(seed: u64) -> World {
    World::new(seed, Size { members: 4, instructors: 2, events: 4, content: 16, ..Size::default() })
}

pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) ledger: Ledger,
}

impl Place {
    pub(crate) async fn new() -> Self {
        // The client's TLS wants to know whose cryptography it uses; another test may have said so before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { server: Server::start().await, ledger: Ledger::fresh().await }
    }

    pub(crate) fn access(&self) -> Access {
        let account = Some((ACCOUNT.0.to_owned(), ACCOUNT.1.to_owned()));
        Access {
            base_url: self.server.url.clone(),
            project: PROJECT.to_owned(),
            api_key: API_KEY.to_owned(),
            account,
        }
    }

    pub(crate) async fn open_with(&self, access: &Access) -> Result<ZeroDb, SeedError> {
        ZeroDb::open(Environment::Local, access, self.ledger.objects().await).await
    }

    pub(crate) async fn open(&self) -> ZeroDb {
        self.open_with(&self.access()).await.expect("it is a ZeroDB")
    }

    pub(crate) async fn apply(&self, world: World) -> Result<Vec<Line>, SeedError> {
        self.open().await.apply(world, &mut Progress::Quiet).await
    }

    pub(crate) async fn destroy(&self) -> Result<Vec<Line>, SeedError> {
        self.open().await.destroy(&mut Progress::Quiet).await
    }

    pub(crate) async fn verify(&self, world: World) -> Vec<Check> {
        self.open().await.verify(world).await.expect("it can be looked at")
    }

    /// Nothing else than this world is there, all of it once, and the books say so.
    #[track_caller]
    pub(crate) fn holds(&self, world: World) {
        let held = self.server.held();
        let expected = expected(world);
        assert_eq!(held.tables.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (collection, table) in &held.tables {
            let ids: Vec<String> = expected[collection].keys().cloned().collect();
            assert_eq!(table.dimension, 384);
            assert_eq!(row_ids(table), ids, "documents of {collection}");
            assert_eq!(table.vectors.keys().cloned().collect::<Vec<_>>(), ids, "vectors of {collection}");
            for (_, row) in &table.rows {
                let id = row["id"].as_str().expect("an id");
                let (title, text) = &expected[collection][id];
                assert!(row["seed_key"].as_str().is_some_and(|key| key.ends_with(id)), "{row:?}");
                let name = if collection == "profiles" { "display_name" } else { "title" };
                assert_eq!(row[name], title.as_str());
                let (vector, metadata) = &table.vectors[id];
                assert_eq!(metadata["seed_key"], row["seed_key"]);
                assert!((norm(vector) - 1.0).abs() < 1e-5);
                if let Some(text) = text {
                    let embedding = fixtures::embedding::embed(text);
                    assert!(vector.iter().zip(embedding).all(|(a, b)| (a - f64::from(b)).abs() < 1e-6));
                }
            }
        }
    }

    /// The same, and the ledger knows all of it by name and nothing else.
    pub(crate) async fn holds_and_knows(&self, world: World) {
        self.holds(world);
        let mut names: Vec<String> = Vec::new();
        for (name, table) in self.server.held().tables {
            names.extend(table.rows.iter().map(|(id, _)| format!("row/{name} {id}")));
            names.extend(table.vectors.keys().map(|id| format!("vector/{name} {id}")));
        }
        names.sort();
        let lines = self.ledger.lines().await;
        let lines = lines.into_iter().filter(|(kind, ..)| kind != "collections");
        let mut known: Vec<String> = lines
            .map(|(kind, key, id)| format!("{kind} {}", id.unwrap_or(format!("nameless {key}"))))
            .collect();
        known.sort();
        assert_eq!(known, names);
    }
}

/// Our ids of a table's rows, sorted, each as often as it is there.
pub(crate) fn row_ids(table: &Table) -> Vec<String> {
    let mut ids: Vec<String> = table
        .rows
        .iter()
        .map(|(_, row)| row.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned())
        .collect();
    ids.sort();
    ids
}

/// Title, and text if it is known how it is made.
type Expected = (String, Option<String>);

/// What must be in each collection, by id.
pub(crate) fn expected(world: World) -> BTreeMap<String, BTreeMap<String, Expected>> {
    let mut all: BTreeMap<String, BTreeMap<String, Expected>> =
        ["events", "articles", "profiles", "techniques"]
            .map(|name| (name.to_owned(), BTreeMap::new()))
            .into();
    let mut put =
        |name: &str, id: String, expected| all.entry(name.to_owned()).or_default().insert(id, expected);
    for item in world.contents() {
        let name = if item.content_type == ContentType::Technique { "techniques" } else { "articles" };
        let text = item.searchable_text();
        put(name, item.id, (item.title, Some(text)));
    }
    for person in world.instructors() {
        put("profiles", person.id, (format!("{} {}", person.first_name, person.last_name), None));
    }
    let known = |event: &fixtures::Event| {
        event.visibility == Visibility::Public && event.status != EventStatus::Draft
    };
    for event in world.events().filter(known) {
        put("events", event.id, (event.title, None));
    }
    all
}

/// How many items a world has, over all collections.
pub(crate) fn item_count(world: World) -> u64 {
    expected(world).values().map(|items| items.len() as u64).sum()
}

/// The sum over documents and vectors; the collections are left out.
pub(crate) fn sum(lines: &[Line]) -> Tally {
    assert!(lines.iter().all(|line| line.store == "zerodb"));
    lines.iter().filter(|line| line.table != "collections").fold(Tally::default(), |mut sum, line| {
        sum += line.tally;
        sum
    })
}

/// What kind of failure it is; it must not tell a secret, and must say what was done.
#[track_caller]
pub(crate) fn fault(error: &SeedError) -> Fault {
    let text = format!("{error} {error:?}");
    assert!(!text.contains("nobody-may-see"), "{text}");
    match error {
        SeedError::Store(error) => error.fault,
        other => panic!("{other}"),
    }
}
