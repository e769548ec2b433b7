//! api-load: the endpoints.
//!
//! Three open flows, 350 requests a second together. Signing in: login, who am I, new tokens (a hundred
//! requests a second). Events: the list, one of them, a search (two hundred, beginning half a minute later).
//! Subscriptions: the plans, my own (fifty, half a minute after that, with tokens had before the start).

mod flows;
mod intent;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context as _, bail};
use contract::{
    Endpoint, Nothing,
    auth::{Login, LoginInput, Me, Refresh, load_user_email},
    events::{GetEvent, ListEvents, SearchEvents},
    subscriptions::{ListPlans, MySubscription, Tier},
};
use engine::{
    curve::Curve,
    driver::Due,
    goal::{self, Goal},
    load::{Flow, Load},
    record::{Registry, ShareId, TimingId},
};
use fixtures::World;

use self::{
    flows::{Browsing, SigningIn, Subscribing},
    intent::{Browse, SignIn, Subscribe},
};
use crate::{
    context::Context,
    preset::Sizing,
    scenario::{Act, Local, Needs, Plan, Scenario, Scope, Script, User},
};

const NAME: &str = "api-load";
/// How long each flow lasts, and everything, seconds at `full`.
const FLOW_SECONDS: f64 = 300.0;
const SECONDS: f64 = 360.0;
/// Requests a second, requests of one turn, and when it starts: signing in, events, subscriptions.
const SIGNING_IN: Rate = Rate { name: "auth", per_second: 100.0, each: 3, starts_at: 0.0 };
const EVENTS: Rate = Rate { name: "events", per_second: 200.0, each: 3, starts_at: 30.0 };
const SUBSCRIPTIONS: Rate = Rate { name: "subscriptions", per_second: 50.0, each: 2, starts_at: 60.0 };
/// Members whose tokens are had before the start; each is shared by the turns that draw it.
const TOKENS: usize = 40;
/// Sign-ins under way at once while the tokens are fetched.
const SIGN_INS_AT_ONCE: usize = 8;

/// The scenario's card.
pub(super) struct ApiLoad;

/// One of the three flows.
struct Rate {
    name: &'static str,
    per_second: f64,
    each: u64,
    starts_at: f64,
}

impl Rate {
    /// The same at another load.
    fn at(self, sizing: &Sizing) -> Self {
        Self { per_second: sizing.rate(self.per_second), ..self }
    }

    /// Only time is stretched, the rate is held.
    fn flow(&self, stretch: f64) -> Flow {
        let curve = Curve::flat(self.per_second / self.each as f64, FLOW_SECONDS * stretch);
        let starts_at = Duration::from_secs_f64(self.starts_at * stretch);
        Flow::new(self.name, Load::Arrivals(curve)).starting_at(starts_at)
    }

    /// Turns under way at once when every answer takes half a second, the limit of its p99, with some to spare.
    fn connections(&self) -> u64 {
        let seconds = 2.0 + 0.5 * (self.each + 1) as f64;
        (1.5 * seconds * self.per_second / self.each as f64).ceil() as u64
    }
}

impl Scenario for ApiLoad {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "The endpoints"
    }

    fn description(&self) -> &'static str {
        "350 requests a second over three groups: signing in and renewing tokens, events, subscriptions. A used \
         token must be refused, an event viewed must be the one asked for."
    }

    fn plan(&self, scope: &Scope) -> Plan {
        let stretch = scope.sizing.stretch(SECONDS);
        let rates = [SIGNING_IN, EVENTS, SUBSCRIPTIONS].map(|rate| rate.at(&scope.sizing));
        let flows = rates.each_ref().map(|rate| rate.flow(stretch));
        let turns = flows.each_ref().map(|flow| flow.load.planned_starts());
        let load_users = scope.world.size().members;
        let replays =
            (0..turns[0]).filter(|&n| SignIn::new(scope.seed, n, load_users).replays).count() as u64;
        let planned = Planned {
            auth: SIGNING_IN.each * turns[0] + replays,
            events: EVENTS.each * turns[1],
            subscriptions: SUBSCRIPTIONS.each * turns[2],
            refreshes: turns[0],
            replays,
            views: turns[1],
        };
        let mut registry = Registry::new();
        let series = Series::declare(&mut registry);
        let shared = Shared {
            seed: scope.seed,
            world: scope.world,
            load_users,
            subscribers: subscribers(&scope.world),
            tokens: OnceLock::new(),
            series,
        };
        Plan {
            goals: goals(series, planned),
            flows: flows.into(),
            beside: Vec::new(),
            registry,
            needs: Needs {
                requests: planned.all(),
                connections: rates.iter().map(Rate::connections).sum(),
                load_users,
                ..Needs::default()
            },
            script: Arc::new(Endpoints { turns, shared: Arc::new(shared) }),
        }
    }
}

/// Load users with a subscription that no webhook changes. What Stripe bills is changed by the burst that runs
/// before; a lifetime membership is one payment, so it stays as the world has it. A world too small to have one
/// lends whoever pays.
fn subscribers(world: &World) -> Vec<u32> {
    let pays = |wanted: fn(Tier) -> bool| {
        (0..world.size().members)
            .filter(|&n| wanted(world.load_user(n).tier))
            .take(TOKENS)
            .collect::<Vec<_>>()
    };
    let lifetime = pays(|tier| tier == Tier::Lifetime);
    if lifetime.is_empty() { pays(|tier| tier != Tier::Free) } else { lifetime }
}

/// How many of what the plan makes.
#[derive(Debug, Clone, Copy)]
struct Planned {
    auth: u64,
    events: u64,
    subscriptions: u64,
    refreshes: u64,
    replays: u64,
    views: u64,
}

impl Planned {
    fn all(self) -> u64 {
        self.auth + self.events + self.subscriptions
    }
}

#[derive(Debug, Clone, Copy)]
struct Series {
    all: TimingId,
    auth: TimingId,
    events: TimingId,
    subscriptions: TimingId,
    success: ShareId,
    new_token: ShareId,
    replay_refused: ShareId,
    login_accepted: ShareId,
    right_event: ShareId,
}

impl Series {
    fn declare(registry: &mut Registry) -> Self {
        let endpoints = [Login::ROUTE, Me::ROUTE, Refresh::ROUTE, ListEvents::ROUTE, GetEvent::ROUTE];
        for route in
            endpoints.into_iter().chain([SearchEvents::ROUTE, ListPlans::ROUTE, MySubscription::ROUTE])
        {
            registry.endpoint(route);
        }
        Self {
            all: registry.group("all"),
            auth: registry.group("auth"),
            events: registry.group("events"),
            subscriptions: registry.group("subscriptions"),
            success: registry.share("api_success"),
            new_token: registry.share("refresh_returns_new_tokens"),
            replay_refused: registry.share("used_refresh_token_refused"),
            login_accepted: registry.share("login_token_accepted"),
            right_event: registry.share("event_viewed_is_event_asked_for"),
        }
    }
}

/// A turn sends what is planned for it, or less when something failed on its way.
fn goals(series: Series, planned: Planned) -> Vec<Goal> {
    let ms = Duration::from_millis;
    let groups = [
        ("all", series.all, planned.all()),
        ("auth", series.auth, planned.auth),
        ("events", series.events, planned.events),
        ("subscriptions", series.subscriptions, planned.subscriptions),
    ];
    let latency = groups.into_iter().flat_map(|(name, group, requests)| {
        [
            Goal::sampled(format!("{name} p95"), goal::p95(group).below(ms(300)), requests)
                .of_at_most(requests),
            Goal::sampled(format!("{name} p99"), goal::p99(group).below(ms(500)), requests)
                .of_at_most(requests),
        ]
    });
    let exact =
        |name: &str, share, planned: u64| Goal::exact(name, goal::always(share)).of_at_least(planned.min(1));
    let others = [
        Goal::sampled("success", goal::share(series.success).above(0.99), planned.all())
            .of_at_most(planned.all()),
        Goal::sampled("errors", goal::errors(series.all).below(0.001), planned.all())
            .of_at_most(planned.all()),
        exact("refresh returns a different token", series.new_token, planned.refreshes),
        exact("used refresh token refused", series.replay_refused, planned.replays),
        exact("login's token is accepted", series.login_accepted, planned.refreshes),
        exact("event viewed is the event asked for", series.right_event, planned.views),
    ];
    latency.chain(others).collect()
}

/// The scenario as it is played.
struct Endpoints {
    /// Turns of each flow.
    turns: [u64; 3],
    shared: Arc<Shared>,
}

/// What all users of one run share.
struct Shared {
    seed: u64,
    world: World,
    load_users: u32,
    /// Load users whose subscription is looked at.
    subscribers: Vec<u32>,
    /// A token for each of them.
    tokens: OnceLock<Vec<Subscriber>>,
    series: Series,
}

/// A subscriber, signed in before the start.
#[derive(Debug, Clone)]
struct Subscriber {
    token: String,
    id: String,
    tier: Tier,
}

impl Shared {
    fn sign_in(&self, n: u64) -> SignIn {
        SignIn::new(self.seed, n, self.load_users)
    }

    fn browse(&self, n: u64) -> Browse {
        Browse::new(self.seed, n)
    }

    fn subscribe(&self, n: u64) -> Subscribe {
        Subscribe::new(self.seed, n, self.subscribers.len())
    }

    /// The subscriber a turn looks as; `None` when none could be signed in, which ends the run before it starts.
    fn subscriber(&self, wish: Subscribe) -> Option<&Subscriber> {
        self.tokens.get()?.get(wish.subscriber)
    }

    async fn token_of(&self, mut context: Context, n: u32) -> anyhow::Result<Subscriber> {
        let input = LoginInput { email: load_user_email(n), password: fixtures::PASSWORD.to_owned() };
        let answer = context.call::<Login>(&Nothing {}).input(&input).send().await;
        let login = answer.map_err(|fault| anyhow::anyhow!("{fault}"))?.done();
        let login = login.context("the login was refused")?;
        let member = self.world.load_user(n);
        Ok(Subscriber { token: login.access_token, id: member.id, tier: member.tier })
    }
}

impl Script for Endpoints {
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_> {
        let shared = &self.shared;
        let [auth, events, subscriptions] = self.turns;
        let auth = (0..auth).map(|n| format!("auth {n} {}", shared.sign_in(n)));
        let events = (0..events).map(|n| format!("events {n} {}", shared.browse(n)));
        let subscriptions = (0..subscriptions).map(|n| {
            let wish = shared.subscribe(n);
            format!("subscriptions {n} user {:?}", shared.subscribers.get(wish.subscriber))
        });
        Box::new(auth.chain(events).chain(subscriptions))
    }

    fn user(&self, flow: usize, _number: u64, context: Context) -> Box<dyn User> {
        let shared = self.shared.clone();
        match flow {
            0 => Box::new(SigningIn { shared, context }),
            1 => Box::new(Browsing { shared, context }),
            _ => Box::new(Subscribing { shared, context }),
        }
    }

    /// Turns know nothing of each other; each process signs its own subscribers in.
    fn splits(&self) -> bool {
        true
    }

    fn act(&self, flow: usize) -> Act {
        match flow {
            0 => Act { plural: "sign-ins", requests: SIGNING_IN.each as f64 },
            1 => Act { plural: "looks at events", requests: EVENTS.each as f64 },
            _ => Act { plural: "looks at subscriptions", requests: SUBSCRIPTIONS.each as f64 },
        }
    }

    /// Fills the cache of tokens: these sign-ins are not among the fifty requests a second.
    fn prepare<'a>(&'a self, context: &'a mut Context) -> Local<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let users = &self.shared.subscribers;
            if users.is_empty() {
                bail!("api-load needs load users who pay for a subscription, and this world has none");
            }
            let mut tokens = Vec::with_capacity(users.len());
            for some in users.chunks(SIGN_INS_AT_ONCE) {
                let sign_ins = some.iter().map(|&n| self.shared.token_of(context.another(), n));
                for (n, token) in some.iter().zip(futures_util::future::join_all(sign_ins).await) {
                    tokens.push(
                        token.with_context(|| format!("api-load cannot sign in {}", load_user_email(*n)))?,
                    );
                }
            }
            // Filled once; a second call finds tokens that are as good.
            self.shared.tokens.get_or_init(|| tokens);
            Ok(())
        })
    }

    fn warm_up<'a>(&'a self, context: &'a mut Context, round: u64) -> Local<'a, ()> {
        Box::pin(async move {
            // Far beyond any turn of the run, so that nobody is met again.
            let (n, shared) = ((1 << 40) + round, || self.shared.clone());
            SigningIn { shared: shared(), context: context.another() }.walk(n, Due::now(), None).await;
            Browsing { shared: shared(), context: context.another() }.walk(n, Due::now(), None).await;
            Subscribing { shared: shared(), context: context.another() }.walk(n, Due::now(), None).await;
        })
    }
}
