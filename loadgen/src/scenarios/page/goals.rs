//! What page-load records and what it promises.

use std::time::Duration;

use contract::{
    Endpoint as _, auth::Login, dashboard::GetDashboard, events::ListEvents, instructors::ListInstructors,
    pages, search::Search,
};
use engine::{
    goal::{self, Goal},
    record::{CounterId, Registry, ShareId, TimingId},
};

use super::{
    PAGE_LIMIT,
    visit::{Page, Visit},
};

/// The series of Largest Contentful Paint, as real browsers tell it.
pub(crate) const LCP: &str = "lcp_metric";

/// How many of what the plan makes at least: counted as if every page took as long as its goal allows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Planned {
    pub(super) visits: u64,
    logins: u64,
    pages: u64,
    home: u64,
    instructors: u64,
    /// API calls without search, which has a goal of its own.
    api: u64,
    search: u64,
    pub(super) requests: u64,
}

impl Planned {
    pub(super) fn add(&mut self, visit: &Visit, seen: usize) {
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

/// The series: the same whether browsers visit or not, for several processes record parts of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series {
    pub(super) all: TimingId,
    pub(super) page: TimingId,
    pub(super) api: TimingId,
    search: TimingId,
    home: TimingId,
    instructors: TimingId,
    /// Largest Contentful Paint, as real browsers tell it.
    pub(super) lcp: TimingId,
    pub(super) page_success: ShareId,
    pub(super) login_success: ShareId,
    /// Of the pages real browsers opened, those that had one.
    pub(super) lcp_reported: ShareId,
    /// The others, with what became of them.
    pub(super) lcp_missing: CounterId,
    /// Visits that came to nothing through the browser's own fault.
    pub(super) browser_troubles: CounterId,
    pub(super) server_errors: CounterId,
}

impl Series {
    pub(super) fn declare(registry: &mut Registry) -> Self {
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
            lcp: registry.value(LCP),
            page_success: registry.share("page_load_success"),
            login_success: registry.share("auth_success"),
            lcp_reported: registry.share("lcp_reported"),
            lcp_missing: registry.counter("lcp_missing"),
            browser_troubles: registry.counter("browser_troubles"),
            server_errors: registry.counter("server_errors"),
        }
    }

    /// Whether a goal is about what real browsers see.
    pub(super) fn takes_a_browser(&self, goal: &Goal) -> bool {
        match goal.claim {
            goal::Claim::Percentile { series, .. } => series == self.lcp,
            goal::Claim::Share { share, .. } => share == self.lcp_reported,
            _ => false,
        }
    }
}

/// The goals. `seen` is how many pages real browsers open at least, or why there are none.
pub(super) fn goals(series: Series, planned: Planned, seen: Result<u64, &str>) -> Vec<Goal> {
    let ms = Duration::from_millis;
    let p95 = |series, limit| goal::p95(series).below(ms(limit));
    let in_browsers = |name, claim| match seen {
        Ok(seen) => Goal::sampled(name, claim, seen),
        Err(why) => Goal::sampled(name, claim, 0).not_measured(why),
    };
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
        in_browsers("LCP p95", p95(series.lcp, 2500)),
        in_browsers("LCP reported", goal::share(series.lcp_reported).above(0.99)),
    ]
}
