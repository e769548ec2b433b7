//! Faults on a schedule: what goes wrong around a correct platform, when, how often, drawn from a seed.
//!
//! A plan is a TOML file ([`plan`], read by [`read`]); what each kind of fault takes and does is in a file of its
//! own under `kinds/`. [`Schedule`] is a plan with a clock and its counts; [`Faults`] is the one the mock follows
//! now. Requests meet it in [`layer`], answers that are to be lost or mangled in [`wire`] and [`body`]; sockets,
//! chat, the webhooks' store and the media plane ([`weather`]) ask for themselves. Health, metrics, the OpenAPI
//! document and the admin API are never struck: none of them passes the layer.

mod body;
mod keys;
mod kinds;
mod layer;
mod plan;
mod read;
mod schedule;
pub(crate) mod weather;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::OptionFuture;
use tokio::sync::watch;

use crate::clock;
use crate::latency::{Latency, Owner};
use kinds::{Blow, Seized};
use plan::Place;
use schedule::{Schedule, SocketCut};

pub(crate) use kinds::ChatFault;
pub(crate) use layer::{Before, FaultLayer};
pub use plan::FaultPlan;
pub use read::{Known, PlanError, parse};
pub(crate) use schedule::Report;

/// The faults that are scheduled now.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Whether there may be anything to look up: spares everybody the lock when there is no plan.
    running: AtomicBool,
    current: RwLock<Current>,
    /// Told of every change, for sockets that wait to be cut.
    changes: watch::Sender<()>,
}

/// The schedule, if there is a plan, and on whose account it seizes servers: one for each change of it.
#[derive(Debug, Default)]
struct Current {
    schedule: Option<Arc<Schedule>>,
    owner: Owner,
}

impl Faults {
    /// This plan, to be started.
    pub(crate) fn planned(plan: Option<FaultPlan>) -> Self {
        let schedule = plan.map(|plan| Arc::new(Schedule::new(plan)));
        let current = Current { schedule, owner: Owner::default() };
        Self { current: RwLock::new(current), ..Self::default() }
    }

    /// Follows this plan from now on, or none. Like any change, it ends a brown-out: `latency` gets back what was
    /// seized.
    pub(crate) fn replace(&self, plan: Option<FaultPlan>, latency: &Latency) {
        self.change(latency, |_, owner| plan.map(|plan| Schedule::new(plan).started(clock::now(), owner)));
    }

    /// Opens the plan's windows anew: their clock starts now, and so do the ordinals. Counts go on.
    pub(crate) fn start(&self, latency: &Latency) {
        self.change(latency, |schedule, owner| {
            schedule.map(|schedule| schedule.started(clock::now(), owner))
        });
    }

    /// Lets nothing strike until the next start. Counts stay.
    pub(crate) fn stop(&self, latency: &Latency) {
        self.change(latency, |schedule, _| schedule.map(Schedule::stopped));
    }

    /// The plan, since when it runs, and how often each fault has struck.
    pub(crate) fn report(&self) -> Report {
        self.schedule().map(|schedule| schedule.report(clock::now())).unwrap_or_default()
    }

    /// How often faults of each kind have struck.
    pub(crate) fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.schedule().map(|schedule| schedule.struck()).unwrap_or_default()
    }

    /// What strikes a request to `route` that came now.
    fn request(&self, route: &'static str) -> Option<Blow> {
        self.strike(Place::Request(route))
    }

    /// Whether the store of processed webhooks cannot be read this time.
    pub(crate) fn webhook_store_fails(&self) -> bool {
        self.strike(Place::WebhookStore).is_some_and(|blow| blow.store_fails)
    }

    /// What becomes of a chat message that is about to be delivered to one participant.
    pub(crate) fn chat(&self) -> Option<ChatFault> {
        self.strike(Place::Chat)?.chat
    }

    /// Whether answers to requests that are let through may be lost, should they be ready at a bad moment.
    fn may_go_down(&self) -> bool {
        self.running().is_some_and(|schedule| schedule.aims_at(Place::Answer))
    }

    /// Whether nobody is there to send the answer that is ready now.
    fn is_down(&self) -> bool {
        self.strike(Place::Answer).is_some_and(|blow| blow.is_gone)
    }

    /// Completes when an open socket is to be cut, and counts it. A plan that is started meanwhile counts from its
    /// start, one that is stopped cuts nothing.
    pub(crate) async fn socket_cut(&self) {
        let mut changes = self.changes.subscribe();
        loop {
            let cut = self.running().and_then(|schedule| schedule.socket_cut(clock::now()));
            tokio::select! {
                biased;
                _ = changes.changed() => {}
                Some(()) = OptionFuture::from(cut.as_ref().map(SocketCut::falls)) => return,
            }
        }
    }

    /// Counts servers that were taken.
    fn has_seized(&self, seized: &Seized) {
        if let Some(schedule) = self.schedule() {
            schedule.has_seized(seized);
        }
    }

    fn strike(&self, place: Place) -> Option<Blow> {
        self.running()?.strike(place, clock::now())
    }

    fn running(&self) -> Option<Arc<Schedule>> {
        if self.running.load(Ordering::Relaxed) { self.schedule() } else { None }
    }

    fn schedule(&self) -> Option<Arc<Schedule>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).schedule.clone()
    }

    fn change(&self, latency: &Latency, to: impl FnOnce(Option<&Schedule>, Owner) -> Option<Schedule>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let owner = current.owner.next();
        let next = to(current.schedule.as_deref(), owner).map(Arc::new);
        self.running.store(next.as_ref().is_some_and(|next| next.is_running()), Ordering::Relaxed);
        *current = Current { schedule: next, owner };
        drop(current);
        self.changes.send_replace(());
        latency.release_before(owner);
    }
}
