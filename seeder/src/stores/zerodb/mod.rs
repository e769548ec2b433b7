//! `ZeroDB`: what search finds, as documents and vectors in the four collections that the platform's search reads.
//!
//! Content, public announced events and instructors each become a document (a table's row, whose id the store makes)
//! and a vector (whose id is ours). The ledger ([`Objects`]) says which are ours; nothing else is ever touched.
//!
//! # Never twice
//! The store makes the ids of rows, so a create whose answer never came must not be sent again blindly. The ledger
//! says before it is sent that it will be; when its answer stays out, the table is paged through and rows are told by
//! the `seed_key` in them ([`reconcile`]). Since a request given up may still take effect later, a collection in which
//! that happened stays in doubt, in the ledger, until it has been looked through once more at the end; what is there
//! twice by then is removed. Vectors carry our ids: sending one again replaces it.
//!
//! Its ids mean nothing in another project, so the ledger says which it is for: host and project id. While it holds
//! anything of one project, no other is opened.
//!
//! # What the platform's client tells of the API, and what is assumed
//! Told: login, paging by `limit` and `offset`, creating and replacing rows, deleting documents, creating collections,
//! inserting and searching vectors. Assumed, and met with tolerance:
//! - a collection and the table of the same name are one: creating the collection makes the table, listing tables
//!   lists collections (`{"tables": […]}` or an array; names, or objects with `name` or `table_name`);
//! - paths under `/collections` name no project, so it is said in the header `X-Project-Id`;
//! - a row goes by `DELETE /collections/{c}/documents/{row_id}`, else by `DELETE` where it was `PUT`;
//! - a vector goes by `DELETE /collections/{c}/vectors/{id}`, a collection by `DELETE /collections/{c}`;
//! - 404 when removing means that it is gone; 409 when creating a collection means that it is there;
//! - a page may hold fewer rows than asked for: only an empty one is the last;
//! - 429 means that nothing was done; after any other failure of a create nobody knows;
//! - a refusal's words are in `detail` (a sentence or a list with `msg`), `message` or `error`.

mod address;
mod apply;
mod calls;
mod client;
mod collections;
mod destroy;
mod documents;
mod feed;
mod item;
mod patience;
mod plan;
mod reconcile;
mod refusal;
mod row;
mod vectors;
mod verify;

use std::fmt;

use self::client::Client;
use crate::check::Check;
use crate::environment::Environment;
use crate::error::SeedError;
use crate::progress::Progress;
use crate::stores::objects::Objects;
use crate::tally::Line;
use fixtures::World;

/// Its name in the closing table.
const STORE: &str = "zerodb";
/// Its name in messages.
const NAME: &str = "ZeroDB";
/// Calls on their way at once.
const AT_ONCE: usize = 8;
/// Objects of the ledger read at once.
const LEDGER_PAGE: i64 = 500;

/// Where a `ZeroDB` project is and how it is entered.
pub struct Access {
    /// Such as `https://api.ainative.studio`.
    pub base_url: String,
    /// The project's id.
    pub project: String,
    /// The key; shown as the bearer when there is no account.
    pub api_key: String,
    /// E-mail address and password to log in with.
    pub account: Option<(String, String)>,
}

impl fmt::Debug for Access {
    /// Without key and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("base_url", &self.base_url)
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

/// An open `ZeroDB` project.
pub struct ZeroDb {
    client: Client,
    objects: Objects,
}

impl fmt::Debug for ZeroDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl ZeroDb {
    /// Opens a project once its address has proved to be the environment's and what the ledger holds to be in it, and
    /// shows it who asks.
    pub async fn open(
        environment: Environment,
        access: &Access,
        mut objects: Objects,
    ) -> Result<Self, SeedError> {
        let client = Client::open(environment, access)?;
        objects.locate(client.place()).await?;
        client.enter().await?;
        Ok(Self { client, objects })
    }

    /// Host and project, for a person; never the key.
    pub fn describe(&self) -> String {
        self.client.describe()
    }

    /// About how many documents and vectors a world makes: what progress counts towards.
    pub const fn planned(world: &World) -> u64 {
        let size = world.size();
        let load_events = 3;
        2 * (size.content as u64 + size.instructors as u64 + size.events as u64 + load_events)
    }

    /// What `apply` would create, replace, leave and delete, by the ledger; nothing is sent.
    pub async fn plan(&mut self, world: World) -> Result<Vec<Line>, SeedError> {
        self.objects.prove_place().await?;
        plan::plan(&mut self.objects, world).await
    }

    /// Puts this world's documents and vectors in place, goes on where an earlier run stopped, and removes what the
    /// ledger owns of other worlds.
    pub async fn apply(&mut self, world: World, progress: &mut Progress) -> Result<Vec<Line>, SeedError> {
        self.objects.prove_place().await?;
        apply::apply(&self.client, &mut self.objects, world, progress).await
    }

    /// Whether the documents are there, once each and as they should be, and whether questions find their answers.
    pub async fn verify(&mut self, world: World) -> Result<Vec<Check>, SeedError> {
        self.objects.prove_place().await?;
        verify::verify(&self.client, &mut self.objects, world).await
    }

    /// Removes what the ledger owns, and looks whether it is gone.
    pub async fn destroy(&mut self, progress: &mut Progress) -> Result<Vec<Line>, SeedError> {
        self.objects.prove_place().await?;
        destroy::destroy(&self.client, &mut self.objects, progress).await
    }
}
