//! Several worlds side by side, so that runs do not meet: each request names its own, or means the default.
//!
//! Latency pools, faults and defects belong to the process, not to a world: runs that measure should not run at
//! the same time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};
use contract::ApiError;
use contract::operations::{WORLD_COOKIE, WORLD_HEADER};
use fixtures::World;
use http::HeaderMap;

use crate::app::Settings;
use crate::caller;
use crate::clock;
use crate::dataset::Dataset;
use crate::mock::Mock;

/// The world of those who name none.
pub(crate) const DEFAULT: &str = "default";
/// Characters a name may have.
const NAME_CHARS: usize = 64;
/// Worlds at once, the default one included.
pub(crate) const MOST: usize = 16;

/// All worlds of the process.
pub(crate) struct Worlds {
    settings: Arc<Settings>,
    default: Place,
    named: RwLock<BTreeMap<String, Arc<Place>>>,
}

/// A world's place: the mock in it is replaced by the next dataset.
struct Place {
    last_used_ms: AtomicI64,
    held: RwLock<Held>,
}

struct Held {
    mock: Arc<Mock>,
    created: DateTime<Utc>,
}

/// A world as a list names it.
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) mock: Arc<Mock>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) last_used: DateTime<Utc>,
}

impl Worlds {
    /// The default world alone: this one, or an empty one.
    pub(crate) fn new(settings: Arc<Settings>, world: Option<&World>) -> Self {
        let dataset: Dataset = world.into_iter().flat_map(World::records).collect();
        Self {
            default: Place::of(Mock::load(Arc::clone(&settings), DEFAULT, &dataset)),
            named: RwLock::default(),
            settings,
        }
    }

    /// The world that a request with these headers means. Whoever asked keeps it to the end of their request.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Result<Arc<Mock>, ApiError> {
        match named_in(headers)? {
            None | Some(DEFAULT) => Ok(self.default.used()),
            Some(name) => {
                let place = self.named().get(name).map(Arc::clone);
                place.map(|place| place.used()).ok_or_else(|| unknown(name))
            }
        }
    }

    /// Serves this dataset under this name from now on; whoever is connected to a session of the one before is told
    /// goodbye.
    pub(crate) fn replace(&self, name: &str, dataset: &Dataset) -> Result<(), ApiError> {
        room_for(name, &self.named())?;
        let fresh = Mock::load(Arc::clone(&self.settings), name, dataset);
        if let Some(old) = self.put(name, fresh)? {
            old.reset_load();
            // Letting go of a world takes a while; here nobody waits for it.
            drop(old);
        }
        Ok(())
    }

    /// Puts a mock in its place, which nobody can take away meanwhile; the one that was there before.
    fn put(&self, name: &str, fresh: Mock) -> Result<Option<Arc<Mock>>, ApiError> {
        if name == DEFAULT {
            return Ok(Some(self.default.refill(fresh)));
        }
        let mut named = self.named_mut();
        room_for(name, &named)?;
        if let Some(place) = named.get(name) {
            return Ok(Some(place.refill(fresh)));
        }
        named.insert(name.to_owned(), Arc::new(Place::of(fresh)));
        Ok(None)
    }

    /// Takes a world away; whoever is connected to one of its sessions is told so.
    pub(crate) fn remove(&self, name: &str) -> Result<(), ApiError> {
        if name == DEFAULT {
            return Err(ApiError::conflict("The default world stays: send it another dataset instead"));
        }
        let place = self.named_mut().remove(name).ok_or_else(|| unknown(name))?;
        place.used().reset_load();
        Ok(())
    }

    /// All worlds, the default one first.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let mut all = vec![self.default.listed(DEFAULT)];
        all.extend(self.named().iter().map(|(name, place)| place.listed(name)));
        all
    }

    fn named(&self) -> RwLockReadGuard<'_, BTreeMap<String, Arc<Place>>> {
        self.named.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn named_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Arc<Place>>> {
        self.named.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn of(mock: Mock) -> Self {
        let created = clock::wall();
        Self {
            last_used_ms: AtomicI64::new(created.timestamp_millis()),
            held: RwLock::new(Held { mock: Arc::new(mock), created }),
        }
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn used(&self) -> Arc<Mock> {
        self.last_used_ms.store(clock::wall().timestamp_millis(), Ordering::Relaxed);
        Arc::clone(&self.held().mock)
    }

    /// Puts another mock here; the one that was.
    fn refill(&self, mock: Mock) -> Arc<Mock> {
        let fresh = Held { mock: Arc::new(mock), created: clock::wall() };
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *held, fresh).mock
    }

    fn listed(&self, name: &str) -> Listed {
        let held = self.held();
        let last_used = DateTime::from_timestamp_millis(self.last_used_ms.load(Ordering::Relaxed));
        Listed {
            name: name.to_owned(),
            mock: Arc::clone(&held.mock),
            created: held.created,
            last_used: last_used.unwrap_or(held.created),
        }
    }
}

/// The name that these headers carry, if it can be one: the header's, else the cookie's.
pub(crate) fn named_in(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let name = match headers.get(WORLD_HEADER) {
        Some(value) => Some(value.to_str().unwrap_or_default()),
        None => caller::cookie(headers, WORLD_COOKIE),
    };
    match name {
        Some(name) if !is_name(name) => Err(ApiError::bad_request(format!(
            "A world's name has 1 to {NAME_CHARS} characters of a-z, 0-9, _ and -"
        ))),
        name => Ok(name),
    }
}

/// Whether a world may be called that.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=NAME_CHARS).contains(&name.len()) && name.bytes().all(fits)
}

/// Whether a world of this name may be among these.
fn room_for(name: &str, named: &BTreeMap<String, Arc<Place>>) -> Result<(), ApiError> {
    if name == DEFAULT || named.contains_key(name) || named.len() + 1 < MOST {
        return Ok(());
    }
    let all: Vec<&str> = std::iter::once(DEFAULT).chain(named.keys().map(String::as_str)).collect();
    let all = all.join(", ");
    Err(ApiError::conflict(format!("There are {MOST} worlds already, delete one of them first: {all}")))
}

fn unknown(name: &str) -> ApiError {
    ApiError::not_found(format!("There is no world `{name}`"))
}
