//! What a scenario is: declared before its first request, then played by its users.
//!
//! A scenario is one file in [`crate::scenarios`]: a [`Scenario`] that plans and a [`Script`] that plays.
//! Adding one touches two files, that one and the list.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use engine::{
    driver::{Turn, VirtualUser},
    goal::Goal,
    load::Flow,
    record::{Recorder, Registry},
};
use fixtures::World;

use crate::{
    books::Books,
    browser::Browsing,
    context::Context,
    live::LiveSession,
    preset::Sizing,
    run::{BrowserAccount, LiveAccount},
    sfu::Traffic,
};

/// A future that stays on its thread; what methods behind `dyn` return (`Box::pin(async move { … })`).
pub type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A scenario: its card, and how it is planned.
pub trait Scenario: Sync {
    /// Its one name, such as `search-load`.
    fn name(&self) -> &'static str;
    /// What a report calls it.
    fn title(&self) -> &'static str;
    /// What it rehearses, in a sentence or two.
    fn description(&self) -> &'static str;
    /// Declares everything: flows, series, goals, needs. Pure; sends nothing.
    fn plan(&self, scope: &Scope) -> Plan;

    /// Why more or less of it cannot be offered, where that would be another scenario; `None` where its plan
    /// follows [`Sizing::at_load`].
    fn fixed(&self) -> Option<&'static str> {
        None
    }

    /// The same with one user for this long, on an otherwise idle target: what the suite's figures are
    /// compared with. `None` where there is no baseline. It has no goals and leaves no row that the
    /// scenario would trip over.
    fn baseline(&self, scope: &Scope, length: Duration) -> Option<Plan> {
        let _ = (scope, length);
        None
    }
}

/// What a plan depends on.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The preset as it bears on this scenario.
    pub sizing: Sizing,
    /// Seed of everything random in the requests.
    pub seed: u64,
    /// What exists at the target.
    pub world: World,
    /// Sets this run's rows apart from other runs': part of e-mails and ids, never of the digest.
    pub nonce: Arc<str>,
    /// The secret webhooks are signed with.
    pub stripe_secret: Arc<str>,
    /// Whether the target is reached over TLS (else TLS goals are "not applicable").
    pub tls: bool,
    /// The shape of the live session.
    pub live: LiveSession,
    /// Which real browsers visit pages beside the crowd.
    pub browsing: Browsing,
}

/// A scenario ready to be played.
pub struct Plan {
    /// What is offered.
    pub flows: Vec<Flow>,
    /// What is offered beside it from one thread of this process, however the load is split: real browsers. They
    /// are numbered after [`Plan::flows`].
    pub beside: Vec<Flow>,
    /// The series. Every endpoint its users call is declared under its `ROUTE`.
    pub registry: Registry,
    /// What is promised.
    pub goals: Vec<Goal>,
    /// What it needs.
    pub needs: Needs,
    /// What its users do.
    pub script: Arc<dyn Script>,
}

impl Plan {
    /// How long it takes by plan: to the end of the last planned start's stay.
    pub fn length(&self) -> Duration {
        let ends = self
            .flows
            .iter()
            .chain(&self.beside)
            .enumerate()
            .map(|(place, flow)| flow.ends_at() + self.script.stay(place));
        ends.max().unwrap_or_default()
    }
}

/// What a plan needs of the machine and of the world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Requests it expects to send.
    pub requests: u64,
    /// Sockets it has open at once, at most.
    pub connections: u64,
    /// Load users that sign in (`loadtest_user_0..`), at most.
    pub load_users: u32,
    /// Whether both load events must be empty of earlier load rows.
    pub empty_load_events: bool,
    /// Routes it asks beside those that are measured: sockets, and what is asked before the start or after the end.
    pub routes: &'static [&'static str],
    /// Media it sends and receives beside its requests.
    pub media: Traffic,
}

/// What one turn of a flow is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Act {
    /// What several are called: queries, webhook events, registrations, visits.
    pub plural: &'static str,
    /// Requests it sends, on average.
    pub requests: f64,
}

/// What the users of a planned scenario do. One script serves all workers of one run of the scenario: what
/// users must know of each other goes into it, behind a lock.
pub trait Script: Send + Sync {
    /// The planned requests, in the order they are due within each flow, one line each, without nonce or
    /// time of day: their digest shows that two runs ask the same. Pure.
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_>;

    /// One user of flow `flow` (a place in [`Plan::flows`], continued in [`Plan::beside`]). `number` is
    /// [`Turn::user`]. The user owns its context, and with it its connection.
    fn user(&self, flow: usize, number: u64, context: Context) -> Box<dyn User>;

    /// What whoever reads its plan or its report must know beside the figures, a sentence each.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// What one turn of flow `flow` is, so that a plan can say "1 000 queries a minute".
    fn act(&self, flow: usize) -> Act {
        let _ = flow;
        Act { plural: "turns", requests: 1.0 }
    }

    /// How long a turn of flow `flow` takes by plan, where that is long (a stay in a session): the scenario
    /// ends that much after its last start.
    fn stay(&self, flow: usize) -> Duration {
        let _ = flow;
        Duration::ZERO
    }

    /// Whether users of this flow borrow connections from a pool of their worker (a delivery service such
    /// as Stripe) instead of opening one each (browsers).
    fn pooled(&self, flow: usize) -> bool {
        let _ = flow;
        false
    }

    /// Whether several processes may each play a share of the users. Not where users, or what is settled after
    /// the last answer, must know of all others: what one process notes, another does not see. What users only
    /// read (caches filled by [`Script::prepare`]), each process has for itself.
    fn splits(&self) -> bool {
        false
    }

    /// Before the start, outside of what is measured: fill a cache of tokens, say. An error ends the run
    /// with exit 3, so it says what was missing.
    fn prepare<'a>(&'a self, context: &'a mut Context) -> Local<'a, anyhow::Result<()>> {
        let _ = context;
        Box::pin(async { Ok(()) })
    }

    /// One round of warm-up: a request or so to each endpoint of the scenario, through `context`, leaving
    /// nothing behind that the scenario would trip over. Labelled, not counted. `round` counts from 0.
    fn warm_up<'a>(&'a self, context: &'a mut Context, round: u64) -> Local<'a, ()>;

    /// Right before the start, after the warm-up: how the target's own books stand, for whatever of them
    /// [`Script::settle`] takes as a difference. What cannot be read is not compared.
    fn read_before<'a>(&'a self, books: &'a Books) -> Local<'a, ()> {
        let _ = books;
        Box::pin(async {})
    }

    /// After the last answer: whatever can be judged only then is recorded (shares, counters), from what
    /// users noted and, where the target keeps books, from those. Requests made here are not counted.
    fn settle<'a>(&'a self, settling: Settling<'a>) -> Local<'a, ()> {
        let _ = settling;
        Box::pin(async {})
    }

    /// Once settled: what a live session leaves behind beyond its series. `None` for whatever is none.
    fn account(&self) -> Option<LiveAccount> {
        None
    }

    /// Once settled: what real browsers saw beyond the series. `None` where none visited.
    fn browsed(&self) -> Option<BrowserAccount> {
        None
    }

    /// Once settled: goals whose measuring fell short, or could not be done, lose their standing.
    fn review(&self, goals: &mut [Goal]) {
        let _ = goals;
    }
}

/// What is there after the last answer.
pub struct Settling<'a> {
    /// Sends requests that are not counted.
    pub context: &'a mut Context,
    /// Takes shares and counters of the scenario.
    pub recorder: &'a Recorder,
    /// The target's own books, when it keeps any and they may be read.
    pub books: Option<&'a Books>,
}

/// A virtual user behind a pointer; every [`VirtualUser`] is one.
pub trait User {
    /// See [`VirtualUser::turn`].
    fn turn(&mut self, turn: Turn) -> Local<'_, ()>;
}

impl<U: VirtualUser> User for U {
    fn turn(&mut self, turn: Turn) -> Local<'_, ()> {
        Box::pin(VirtualUser::turn(self, turn))
    }
}
