//! What search finds, item by item: a document and a vector each.

use std::fmt;

use contract::events::{EventStatus, Visibility};
use contract::search::ContentType;
use fixtures::{Content, Event, Instructor, World};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::row;

/// A collection that the platform's search reads, and the table of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Collection {
    /// Public events that are announced.
    Events,
    /// Content, but techniques.
    Articles,
    /// Instructors.
    Profiles,
    /// Content about techniques.
    Techniques,
}

impl Collection {
    /// In the order in which search asks them.
    pub(super) const ALL: [Self; 4] = [Self::Events, Self::Articles, Self::Profiles, Self::Techniques];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Articles => "articles",
            Self::Profiles => "profiles",
            Self::Techniques => "techniques",
        }
    }

    /// The ledger's kind for its rows.
    pub(super) const fn rows(self) -> &'static str {
        match self {
            Self::Events => "row/events",
            Self::Articles => "row/articles",
            Self::Profiles => "row/profiles",
            Self::Techniques => "row/techniques",
        }
    }

    /// The ledger's kind for its vectors.
    pub(super) const fn vectors(self) -> &'static str {
        match self {
            Self::Events => "vector/events",
            Self::Articles => "vector/articles",
            Self::Profiles => "vector/profiles",
            Self::Techniques => "vector/techniques",
        }
    }

    /// What the closing table calls its vectors.
    pub(super) fn vectors_table(self) -> String {
        format!("{self} vectors")
    }

    /// What the closing table calls this kind of the ledger.
    pub(super) fn table(self, kind: &str) -> String {
        if kind == self.rows() { self.name().to_owned() } else { self.vectors_table() }
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something search finds.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) collection: Collection,
    /// `{kind}/{place in the world}/{id}`.
    pub(super) seed_key: String,
    /// The document.
    pub(super) row: Map<String, Value>,
    pub(super) row_digest: String,
    /// What is embedded.
    text: String,
    metadata: Value,
    pub(super) vector_digest: String,
}

impl Item {
    fn new(
        collection: Collection,
        seed_key: String,
        mut row: Map<String, Value>,
        text: String,
        url: &str,
    ) -> Self {
        let title = row.get("title").or_else(|| row.get("display_name")).cloned();
        let source_type = collection.name().trim_end_matches('s');
        let metadata = json!({
            "seed_key": seed_key, "id": id_in(&seed_key), "source_type": source_type, "title": title, "url": url,
        });
        row.insert("id".to_owned(), id_in(&seed_key).into());
        row.insert("seed_key".to_owned(), seed_key.clone().into());
        let row_digest = digest(&Value::Object(row.clone()).to_string());
        // The embedding follows from the text.
        let vector_digest = digest(&format!("{metadata}\n{text}"));
        Self { collection, seed_key, row, row_digest, text, metadata, vector_digest }
    }

    /// Of unit norm. Costs some arithmetic.
    pub(super) fn embedding(&self) -> Vec<f32> {
        fixtures::embedding::embed(&self.text)
    }

    /// Its vector as the API takes it.
    pub(super) fn vector(&self) -> Value {
        json!({ "id": id_in(&self.seed_key), "vector": self.embedding(), "metadata": self.metadata })
    }

    fn of_content(item: &Content) -> Self {
        let (collection, directory) = match item.content_type {
            ContentType::Technique => (Collection::Techniques, "techniques"),
            _ => (Collection::Articles, "articles"),
        };
        let key = format!("content/{}/{}", item.index, item.id);
        let url = format!("/{directory}/{}", item.id);
        Self::new(collection, key, row::content(item), item.searchable_text(), &url)
    }

    fn of_instructor(person: &Instructor) -> Self {
        let key = format!("instructor/{}/{}", person.index, person.id);
        let name = format!("{} {}", person.first_name, person.last_name);
        let text = format!("{name}\n{}\n{} {} {}", person.bio, person.style, person.rank, person.city);
        Self::new(
            Collection::Profiles,
            key,
            row::instructor(person),
            text,
            &format!("/members/{}", person.id),
        )
    }

    /// The event at this place, if everybody may know of it.
    fn of_event(place: &str, event: &Event) -> Option<Self> {
        if event.visibility != Visibility::Public || event.status == EventStatus::Draft {
            return None;
        }
        let key = format!("{place}/{}", event.id);
        let tags = event.tags.join(" ");
        let text = format!("{}\n{}\n{tags} {} {}", event.title, event.description, event.style, event.city);
        Some(Self::new(Collection::Events, key, row::event(event), text, &format!("/events/{}", event.id)))
    }
}

/// All of a world, made as it is read.
pub(super) fn items(world: World) -> impl Iterator<Item = Item> {
    let before_load_events = world.size().events;
    let events = (0..).zip(world.events()).filter_map(move |(i, event)| {
        let place = match u32::checked_sub(i, before_load_events) {
            None => format!("event/{i}"),
            Some(number) => format!("load-event/{number}"),
        };
        Item::of_event(&place, &event)
    });
    world
        .contents()
        .map(|item| Item::of_content(&item))
        .chain(world.instructors().map(|person| Item::of_instructor(&person)))
        .chain(events)
}

/// The item of a world with this key, if there is one.
pub(super) fn of_key(world: World, key: &str) -> Option<Item> {
    let mut parts = key.split('/');
    let (kind, place): (&str, u32) = (parts.next()?, parts.next()?.parse().ok()?);
    let size = world.size();
    let item = match kind {
        "content" if place < size.content => Item::of_content(&world.content(place)),
        "instructor" if place < size.instructors => Item::of_instructor(&world.instructor(place)),
        "event" if place < size.events => Item::of_event(&format!("event/{place}"), &world.event(place))?,
        "load-event" => {
            Item::of_event(&format!("load-event/{place}"), world.load_events().get(place as usize)?)?
        }
        _ => return None,
    };
    (item.seed_key == key).then_some(item)
}

/// Our id of the item with this key: what its vector is called.
pub(super) fn id_in(seed_key: &str) -> &str {
    seed_key.rsplit('/').next().unwrap_or(seed_key)
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// A key in sixteen bytes, so that those of a hundredfold world fit anywhere.
pub(super) fn short(seed_key: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&Sha256::digest(seed_key.as_bytes())[..16]);
    short
}
