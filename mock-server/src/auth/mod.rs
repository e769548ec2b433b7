//! Signing in: people, the tokens they hold, and the lock on an account somebody guesses at.

mod audit;
mod handlers;
mod ledger;
mod lockout;
mod people;
mod registration;
mod tokens;

use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};
use contract::ApiError;
use contract::auth::{Login, Logout, Me, Refresh, Register};
use fixtures::Record;

use crate::api::Api;
use crate::area::{Area, AuditCheck};
use crate::clock;
use crate::dataset::Dataset;
use crate::sync::lock;
use ledger::Ledger;
use lockout::Lockouts;
use people::{Passwords, People};
use tokens::{Kind, Mint};

pub(crate) use people::Person;
pub(crate) use tokens::Claims;

/// Who there is, which tokens are good, who is locked out.
pub(crate) struct Auth {
    passwords: Passwords,
    mint: Mint,
    people: RwLock<People>,
    ledger: Mutex<Ledger>,
    lockouts: Mutex<Lockouts>,
}

pub(crate) fn routes(api: Api) -> Api {
    api.endpoint::<Login>(handlers::login)
        .endpoint::<Refresh>(handlers::refresh)
        .endpoint::<Me>(handlers::me)
        .endpoint::<Logout>(handlers::logout)
        .endpoint::<Register>(registration::register)
}

impl Auth {
    /// Everybody of the dataset, with the password they were seeded with. Keys are fresh, so tokens of an
    /// earlier dataset are no longer good.
    pub(crate) fn load(dataset: &Dataset) -> Self {
        let passwords = Passwords::new(random_key());
        Self {
            people: RwLock::new(People::load(dataset, &passwords)),
            passwords,
            mint: Mint::new(&random_key()),
            ledger: Mutex::default(),
            lockouts: Mutex::default(),
        }
    }

    /// The claims of an access token that is good now; a 401 otherwise.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, ApiError> {
        let claims = self.mint.read(token).map_err(tokens::Unreadable::refuse_access)?;
        if claims.kind != Kind::Access {
            return Err(ApiError::unauthorized("Invalid token type"));
        }
        if lock(&self.ledger).is_open(&claims.family_id) {
            Ok(claims)
        } else {
            Err(ApiError::unauthorized("Token has been revoked"))
        }
    }

    /// The person with this id.
    pub(crate) fn person(&self, id: &str) -> Option<Person> {
        self.people().by_id(id).cloned()
    }

    /// How many accounts were registered on top of the dataset's.
    pub(crate) fn registered(&self) -> usize {
        self.people().registered()
    }

    fn people(&self) -> RwLockReadGuard<'_, People> {
        self.people.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn people_mut(&self) -> RwLockWriteGuard<'_, People> {
        self.people.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn now() -> DateTime<Utc> {
        clock::wall()
    }
}

impl Area for Auth {
    fn audit(&self) -> Vec<AuditCheck> {
        let mut checks = vec![audit::people(&self.people())];
        checks.extend(audit::tokens(&lock(&self.ledger)));
        checks
    }

    /// Forgets who registered, who is locked out and what the journal of tokens says; who is signed in stays
    /// so.
    fn reset_load(&self) {
        self.people_mut().forget_registered();
        lock(&self.lockouts).clear();
        lock(&self.ledger).forget_journal();
    }

    fn rows(&self, each: &mut dyn FnMut(Record)) {
        self.people().rows(each);
    }
}

/// A key that nobody else knows.
pub(crate) fn random_key() -> [u8; 32] {
    use rand::TryRng as _;
    let mut key = [0; 32];
    rand::rngs::SysRng.try_fill_bytes(&mut key).expect("the operating system gives random bytes");
    key
}
