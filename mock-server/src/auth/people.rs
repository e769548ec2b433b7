//! Who there is.

use std::collections::HashMap;

use contract::auth::{MeOutput, Role, UserSummary};
use contract::subscriptions::Tier;
use fixtures::{Instructor, Member, Record};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::dataset::Dataset;

/// Hashes passwords with a key of this process. Fast on purpose: what bcrypt would cost is charged by the
/// latency model, since real bcrypt at launch day's rate of logins would need fourteen cores.
pub(super) struct Passwords {
    key: [u8; 32],
}

/// A hashed password.
pub(super) type Digest = [u8; 32];

impl Passwords {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    fn mac(&self, password: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(password.as_bytes());
        mac
    }

    /// The hash of a password.
    pub(super) fn digest(&self, password: &str) -> Digest {
        self.mac(password).finalize().into_bytes().into()
    }

    /// Whether this is the password, in constant time.
    pub(super) fn matches(&self, password: &str, digest: &Digest) -> bool {
        self.mac(password).verify_slice(digest).is_ok()
    }
}

/// A person with an account.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    /// Lower case.
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) role: Role,
    /// What they paid for when the dataset was made; their subscription knows better.
    pub(crate) tier: Tier,
    pub(crate) belt_rank: Option<String>,
    pub(crate) dojo: Option<String>,
    pub(crate) country: String,
    pub(crate) locale: String,
    pub(crate) is_verified: bool,
    pub(crate) joined_at: Option<chrono::DateTime<chrono::Utc>>,
    pub(super) password: Digest,
    origin: Origin,
}

/// Where an account comes from.
#[derive(Clone)]
enum Origin {
    Member(Box<Member>),
    Instructor(Box<Instructor>),
    Registered,
}

impl Person {
    fn of_member(member: &Member, password: Digest) -> Self {
        Self {
            id: member.id.clone(),
            email: member.email.to_lowercase(),
            first_name: member.first_name.clone(),
            last_name: member.last_name.clone(),
            role: member.role,
            tier: member.tier,
            belt_rank: Some(member.belt_rank.clone()),
            dojo: Some(member.dojo.clone()),
            country: member.country.clone(),
            locale: member.locale.clone(),
            is_verified: member.is_verified,
            joined_at: Some(member.joined_at),
            password,
            origin: Origin::Member(Box::new(member.clone())),
        }
    }

    fn of_instructor(instructor: &Instructor, password: Digest) -> Self {
        Self {
            id: instructor.id.clone(),
            email: instructor.email.to_lowercase(),
            first_name: instructor.first_name.clone(),
            last_name: instructor.last_name.clone(),
            role: Role::Instructor,
            // WWMAA sells the lifetime tier as "Instructor Membership".
            tier: Tier::Lifetime,
            belt_rank: Some(instructor.rank.clone()),
            dojo: None,
            country: "USA".to_owned(),
            locale: "en-US".to_owned(),
            is_verified: true,
            joined_at: Some(instructor.joined_at),
            password,
            origin: Origin::Instructor(Box::new(instructor.clone())),
        }
    }

    /// Somebody who has just registered: not a member, not verified.
    pub(super) fn registered(email: String, first_name: String, last_name: String, password: Digest) -> Self {
        Self {
            id: uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("mailto:{email}").as_bytes())
                .to_string(),
            email,
            first_name,
            last_name,
            role: Role::Public,
            tier: Tier::Free,
            belt_rank: None,
            dojo: None,
            country: "USA".to_owned(),
            locale: "en-US".to_owned(),
            is_verified: false,
            joined_at: None,
            password,
            origin: Origin::Registered,
        }
    }

    /// As signing in shows them, paying for `tier` now.
    pub(crate) fn summary(&self, tier: Tier) -> UserSummary {
        UserSummary {
            id: self.id.clone(),
            email: self.email.clone(),
            role: self.role,
            tier,
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            is_verified: self.is_verified,
        }
    }

    /// As they see themselves, paying for `tier` now.
    pub(super) fn me(&self, tier: Tier) -> MeOutput {
        MeOutput {
            id: self.id.clone(),
            name: format!("{} {}", self.first_name, self.last_name),
            email: self.email.clone(),
            role: self.role,
            tier,
            belt_rank: self.belt_rank.clone(),
            dojo: self.dojo.clone(),
            country: self.country.clone(),
            locale: self.locale.clone(),
        }
    }
}

/// Everybody, found by address or id.
#[derive(Default)]
pub(super) struct People {
    rows: Vec<Person>,
    by_email: HashMap<String, usize>,
    by_id: HashMap<String, usize>,
    seeded: usize,
}

impl People {
    /// Accounts that may be registered on top of the seeded ones; memory is bounded.
    const MAX_REGISTERED: usize = 100_000;

    pub(super) fn load(dataset: &Dataset, passwords: &Passwords) -> Self {
        let password = passwords.digest(fixtures::PASSWORD);
        let mut people = Self::default();
        dataset.members.iter().for_each(|member| people.push(Person::of_member(member, password)));
        dataset.instructors.iter().for_each(|row| people.push(Person::of_instructor(row, password)));
        people.seeded = people.rows.len();
        people
    }

    pub(super) fn by_email(&self, email: &str) -> Option<&Person> {
        self.by_email.get(email).map(|&at| &self.rows[at])
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&Person> {
        self.by_id.get(id).map(|&at| &self.rows[at])
    }

    pub(super) fn all(&self) -> &[Person] {
        &self.rows
    }

    pub(super) fn has_room(&self) -> bool {
        self.registered() < Self::MAX_REGISTERED
    }

    pub(super) fn registered(&self) -> usize {
        self.rows.len() - self.seeded
    }

    pub(super) fn push(&mut self, person: Person) {
        self.by_email.insert(person.email.clone(), self.rows.len());
        self.by_id.insert(person.id.clone(), self.rows.len());
        self.rows.push(person);
    }

    pub(super) fn forget_registered(&mut self) {
        for person in self.rows.drain(self.seeded..) {
            self.by_email.remove(&person.email);
            self.by_id.remove(&person.id);
        }
    }

    pub(super) fn rows(&self, each: &mut dyn FnMut(Record)) {
        for person in &self.rows {
            match &person.origin {
                Origin::Member(row) => each(Record::Member(Member::clone(row))),
                Origin::Instructor(row) => each(Record::Instructor(Instructor::clone(row))),
                Origin::Registered => {}
            }
        }
    }
}
