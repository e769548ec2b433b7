//! Everything the mock knows, made of areas.

use std::sync::Arc;

use contract::ApiError;
use contract::subscriptions::Tier;
use fixtures::{Header, Record};

use crate::app::Settings;
use crate::area::{Area, AuditCheck};
use crate::auth::{Auth, Person};
use crate::caller::Caller;
use crate::clock::BusinessClock;
use crate::dataset::Dataset;
use crate::events::Events;
use crate::instructors::Instructors;
use crate::live::Live;
use crate::search::Search;
use crate::subscriptions::Subscriptions;
use crate::webhooks::{self, Webhooks};

/// One world and what was done to it since. Replaced whole by the next dataset.
pub(crate) struct Mock {
    /// What the process was started with.
    pub(crate) settings: Arc<Settings>,
    /// What the dataset said of itself.
    header: Header,
    /// The time that events and bookings live by.
    pub(crate) clock: BusinessClock,
    pub(crate) auth: Auth,
    pub(crate) events: Events,
    pub(crate) search: Search,
    pub(crate) instructors: Instructors,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) webhooks: Webhooks,
    pub(crate) live: Live,
}

impl Mock {
    /// The mock of this dataset in the world of this name, whose business clock starts now.
    pub(crate) fn load(settings: Arc<Settings>, world: &str, dataset: &Dataset) -> Self {
        Self {
            clock: BusinessClock::starting_at(dataset.epoch()),
            auth: Auth::load(dataset),
            events: Events::load(dataset),
            search: Search::load(dataset),
            instructors: Instructors::load(dataset),
            subscriptions: Subscriptions::load(dataset),
            webhooks: Webhooks::load(),
            live: Live::load(&settings, world, dataset),
            header: dataset.header(),
            settings,
        }
    }

    /// The person who calls an endpoint that asks for one.
    pub(crate) fn person_of(&self, caller: &Caller) -> Result<Person, ApiError> {
        let claims = caller.claims()?;
        self.auth.person(&claims.sub).ok_or_else(|| ApiError::unauthorized("User not found"))
    }

    /// What a person pays for: their subscription knows, else the dataset.
    pub(crate) fn tier_of(&self, person: &Person) -> Tier {
        self.subscriptions.of_member(&person.id).map_or(person.tier, |subscription| subscription.tier)
    }

    fn areas(&self) -> [&dyn Area; 7] {
        [
            &self.auth,
            &self.instructors,
            &self.events,
            &self.subscriptions,
            &self.search,
            &self.webhooks,
            &self.live,
        ]
    }

    /// The verdict on every invariant of every area.
    pub(crate) fn audit(&self) -> Vec<AuditCheck> {
        let mut checks: Vec<AuditCheck> = self.areas().into_iter().flat_map(Area::audit).collect();
        checks.push(webhooks::audit(self));
        checks
    }

    /// Takes away what load left behind.
    pub(crate) fn reset_load(&self) {
        self.areas().into_iter().for_each(Area::reset_load);
    }

    /// The header for the rows held: a world that is loaded again goes on at the time it had.
    pub(crate) fn header_now(&self) -> Header {
        Header { epoch: self.clock.now(), ..self.header }
    }

    /// Every row held.
    pub(crate) fn rows(&self, each: &mut dyn FnMut(Record)) {
        self.areas().into_iter().for_each(|area| area.rows(each));
    }
}
