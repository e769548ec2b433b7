//! page-load: launch-day crowd.
//!
//! Ten thousand visitors come within seven minutes, browse for five and leave within three. Seven in ten are
//! nobody the site knows, three sign in first. Each views five to fifteen pages as a browser does (HTML, then
//! what it names, then the API call that fills it in), thinks between them, and goes; somebody else takes the
//! place. Visitors wait for their pages, so this is a closed loop: a slow target is visited less.

mod visit;
mod visitor;

use std::{sync::Arc, time::Duration};

use contract::{
    Endpoint as _, auth::Login, dashboard::GetDashboard, events::ListEvents, instructors::ListInstructors,
    pages, search::Search,
};
use engine::{
    curve::Curve,
    driver::Due,
    goal::{self, Goal},
    load::{Flow, Load},
    record::{CounterId, Registry, ShareId, TimingId},
};

use self::{
    visit::{Page, Visit},
    visitor::Visitor,
};
use super::search::Log;
use crate::{
    context::Context,
    scenario::{Act, Local, Needs, Plan, Scenario, Scope, Script, User},
};

const NAME: &str = "page-load";
/// Visitors at the peak.
const VISITORS: u32 = 10_000;
/// Head-count over time, as `(seconds, share of the peak)`, at `full`.
const SHAPE: [(f64, f64); 6] =
    [(0.0, 0.0), (180.0, 0.1), (300.0, 0.5), (420.0, 1.0), (720.0, 1.0), (SECONDS, 0.0)];
const SECONDS: f64 = 900.0;
/// Of a hundred visitors, those who sign in.
const SIGNED_IN_PERCENT: u32 = 30;
/// What a page may take, by its goal.
const PAGE_LIMIT: Duration = Duration::from_millis(2500);
/// Why there is no LCP.
const NO_BROWSER: &str = "it takes a real browser, and none browses along yet; HTML time is not LCP";

/// The scenario's card.
pub(super) struct PageLoad;

impl Scenario for PageLoad {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Launch-day crowd"
    }

    fn description(&self) -> &'static str {
        "Visitors browsing, 10 000 at once at full size, 30 % of them signed in: HTML, assets and API call of every \
         page. A closed loop: a visitor waits for a page before thinking about the next, so a slow target is \
         visited less."
    }

    fn plan(&self, scope: &Scope) -> Plan {
        let peak = f64::from(scope.sizing.heads(VISITORS));
        let shape = SHAPE.map(|(at, share)| (at, share * peak)).to_vec();
        plan(scope, Curve::new(shape).expect("the points ascend").stretched(scope.sizing.stretch(SECONDS)))
    }

    fn baseline(&self, scope: &Scope, length: Duration) -> Option<Plan> {
        Some(Plan { goals: Vec::new(), ..plan(scope, Curve::flat(1.0, length.as_secs_f64())) })
    }
}

fn plan(scope: &Scope, heads: Curve) -> Plan {
    let mut registry = Registry::new();
    let series = Series::declare(&mut registry);
    // As many accounts as there are signed-in visitors at the peak.
    let accounts = (heads.seats() * u64::from(SIGNED_IN_PERCENT)).div_ceil(100);
    let load_users = u32::try_from(accounts).unwrap_or(u32::MAX).max(1);
    let shared = Shared { seed: scope.seed, load_users, log: Log::new(&scope.world), series };
    let script = Crowd { heads: heads.clone(), shared: Arc::new(shared) };
    let planned = script.planned();
    Plan {
        goals: goals(series, planned),
        needs: Needs {
            requests: planned.requests,
            connections: connections(&heads),
            load_users,
            ..Needs::default()
        },
        flows: vec![Flow::new("visitors", Load::Visitors(heads))],
        registry,
        script: Arc::new(script),
    }
}

/// Sockets at the peak: one per visitor, and two more for as long as a first page loads.
fn connections(heads: &Curve) -> u64 {
    let steepest = heads.points().windows(2).map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0));
    let newcomers = steepest.fold(0.0, f64::max) + heads.peak() / visit::MEAN_SECONDS;
    let extra = (2.0 * newcomers * PAGE_LIMIT.as_secs_f64()).ceil() as u64;
    heads.seats() + extra.min(2 * heads.seats())
}

/// How many of what the plan makes at least: counted as if every page took as long as its goal allows.
#[derive(Debug, Clone, Copy, Default)]
struct Planned {
    visits: u64,
    logins: u64,
    pages: u64,
    home: u64,
    instructors: u64,
    /// API calls without search, which has a goal of its own.
    api: u64,
    search: u64,
    requests: u64,
}

impl Planned {
    fn add(&mut self, visit: &Visit, seen: usize) {
        self.visits += 1;
        self.logins += u64::from(visit.member.is_some());
        self.requests += u64::from(visit.member.is_some());
        for view in &visit.views[..seen] {
            self.pages += 1;
            self.requests += 1 + pages::ASSETS.len() as u64 + u64::from(view.page != Page::Home);
            match view.page {
                Page::Home => self.home += 1,
                Page::Search(_) => self.search += 1,
                Page::Events | Page::Dashboard => self.api += 1,
                Page::Instructors => {
                    self.instructors += 1;
                    self.api += 1;
                }
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Series {
    all: TimingId,
    page: TimingId,
    api: TimingId,
    search: TimingId,
    home: TimingId,
    instructors: TimingId,
    lcp: TimingId,
    page_success: ShareId,
    login_success: ShareId,
    server_errors: CounterId,
}

impl Series {
    fn declare(registry: &mut Registry) -> Self {
        for route in [pages::EVENTS, pages::SEARCH, pages::DASHBOARD].into_iter().chain(pages::ASSETS) {
            registry.endpoint(route);
        }
        for route in [Login::ROUTE, ListEvents::ROUTE, ListInstructors::ROUTE, GetDashboard::ROUTE] {
            registry.endpoint(route);
        }
        Self {
            all: registry.group("all"),
            page: registry.group("page"),
            api: registry.group("api"),
            search: registry.endpoint(Search::ROUTE),
            home: registry.endpoint(pages::HOME),
            instructors: registry.endpoint(pages::INSTRUCTORS),
            lcp: registry.value("lcp_metric"),
            page_success: registry.share("page_load_success"),
            login_success: registry.share("auth_success"),
            server_errors: registry.counter("server_errors"),
        }
    }
}

fn goals(series: Series, planned: Planned) -> Vec<Goal> {
    let ms = Duration::from_millis;
    let p95 = |series, limit| goal::p95(series).below(ms(limit));
    vec![
        Goal::sampled("page p95", goal::p95(series.page).below(PAGE_LIMIT), planned.pages),
        Goal::sampled("home HTML p95", p95(series.home, 2000), planned.home),
        Goal::sampled("instructors HTML p95", p95(series.instructors, 2000), planned.instructors),
        // Search may take four times as long, so it is not among these.
        Goal::sampled("API p95 (search apart)", p95(series.api, 300), planned.api),
        Goal::sampled("API p99 (search apart)", goal::p99(series.api).below(ms(500)), planned.api),
        Goal::sampled("search API p95", p95(series.search, 1200), planned.search),
        Goal::sampled("page success", goal::share(series.page_success).above(0.999), planned.pages),
        Goal::sampled("login success", goal::share(series.login_success).above(0.99), planned.logins),
        Goal::exact("no 5xx", goal::never(series.server_errors)),
        Goal::sampled("errors", goal::errors(series.all).below(0.001), planned.requests),
        Goal::sampled("LCP p95", p95(series.lcp, 2500), 0).not_measured(NO_BROWSER),
    ]
}

/// The scenario as it is played.
struct Crowd {
    heads: Curve,
    shared: Arc<Shared>,
}

/// What all visitors of one run share.
struct Shared {
    seed: u64,
    /// How many accounts visitors sign in with.
    load_users: u32,
    log: Log,
    series: Series,
}

impl Shared {
    fn visit(&self, n: u64) -> Visit {
        Visit::new(self.seed, n, self.load_users, &self.log)
    }
}

impl Crowd {
    /// Every visit of the plan, seat by seat: its number, and how many of its pages it gets to see before the
    /// end when each takes [`PAGE_LIMIT`].
    fn visits(&self) -> impl Iterator<Item = (u64, Visit, usize)> {
        let (seats, end) = (self.heads.seats(), self.heads.duration());
        let seats_open =
            (0..seats).flat_map(|seat| self.heads.open(seat).into_iter().map(move |open| (seat, open)));
        seats_open.flat_map(move |(seat, open)| {
            let (mut number, mut at) = (seat, open.from);
            std::iter::from_fn(move || {
                (at < open.to).then(|| {
                    let (n, visit) = (number, self.shared.visit(number));
                    let (seen, left) = visit.rehearse(at, end);
                    (number, at) = (number + seats, left);
                    (n, visit, seen)
                })
            })
        })
    }

    fn planned(&self) -> Planned {
        let mut planned = Planned::default();
        for (_, visit, seen) in self.visits() {
            planned.add(&visit, seen);
        }
        planned
    }
}

impl Script for Crowd {
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.visits().map(|(n, visit, _)| format!("visitor {n} {visit}")))
    }

    fn user(&self, _flow: usize, _number: u64, context: Context) -> Box<dyn User> {
        Box::new(Visitor::new(self.shared.clone(), context))
    }

    /// Visitors know nothing of each other.
    fn splits(&self) -> bool {
        true
    }

    fn act(&self, _flow: usize) -> Act {
        let planned = self.planned();
        Act { plural: "visits", requests: planned.requests as f64 / planned.visits.max(1) as f64 }
    }

    fn warm_up<'a>(&'a self, context: &'a mut Context, round: u64) -> Local<'a, ()> {
        Box::pin(async move {
            let mut visitor = Visitor::new(self.shared.clone(), context.another());
            let account = u32::try_from(round).unwrap_or_default() % self.shared.load_users;
            visitor.sign_in(account, Due::now()).await;
            for page in Page::each() {
                visitor.view(&page, Due::now()).await;
            }
        })
    }
}
