//! page-load: launch-day crowd.
//!
//! Ten thousand visitors come within seven minutes, browse for five and leave within three. Seven in ten are
//! nobody the site knows, three sign in first. Each views five to fifteen pages as a browser does (HTML, then
//! what it names, then the API call that fills it in), thinks between them, and goes; somebody else takes the
//! place. Visitors wait for their pages, so this is a closed loop: a slow target is visited less.
//!
//! Beside them visit some with a real browser, who see what a person sees of the same pages: Largest Contentful Paint.

mod account;
mod browsers;
mod fetched;
pub(crate) mod goals;
mod look;
mod surfer;
mod visit;
mod visitor;

use std::{sync::Arc, time::Duration};

use engine::{
    curve::Curve,
    driver::Due,
    goal::Goal,
    load::{Flow, Load},
    record::Registry,
};

use self::{
    browsers::Browsers,
    goals::{Planned, Series},
    look::Looks,
    surfer::Surfer,
    visit::{Page, Visit},
    visitor::Visitor,
};
use super::search::Log;
use crate::{
    browser::Browsing,
    context::Context,
    run::BrowserAccount,
    scenario::{Act, Local, Needs, Plan, Scenario, Scope, Script, Settling, User},
};

/// What it is called.
pub(crate) const NAME: &str = "page-load";
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
/// After the crowd has gone, how long visits of real browsers are waited for: a page that is not done takes them
/// [`crate::browser::CAP`], and signing in before it a request's time-out. The slow ones are not to go unseen.
const LINGER: Duration = Duration::from_secs(30);
/// Sockets of a visitor with a real browser: the one it signs in over and six of the browser's (of HTTP/1.1, to one
/// host), which are files of the browser's process and connections of the target's all the same.
const SOCKETS_OF_A_BROWSER: u64 = 7;

/// The place of the flow of real browsers, after the crowd's.
const BESIDE: usize = 1;

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
        let heads = Curve::new(shape).expect("the points ascend").stretched(scope.sizing.stretch(SECONDS));
        plan(scope, heads, &scope.browsing)
    }

    fn baseline(&self, scope: &Scope, length: Duration) -> Option<Plan> {
        // One visitor alone is alone.
        let heads = Curve::flat(1.0, length.as_secs_f64());
        Some(Plan { goals: Vec::new(), ..plan(scope, heads, &Browsing::default()) })
    }
}

fn plan(scope: &Scope, heads: Curve, browsing: &Browsing) -> Plan {
    let mut registry = Registry::new();
    let series = Series::declare(&mut registry);
    // As many accounts as there are signed-in visitors at the peak.
    let accounts = (heads.seats() * u64::from(SIGNED_IN_PERCENT)).div_ceil(100);
    let load_users = u32::try_from(accounts).unwrap_or(u32::MAX).max(1);
    let shared = Shared { seed: scope.seed, load_users, log: Log::new(&scope.world), series };
    let (browsers, seen) = match browsing {
        Browsing::Nobody(why) => (None, Err(&**why)),
        Browsing::Some(company) => {
            let looks = Looks::new(company, scope.seed, load_users, heads.duration());
            let planned = looks.planned_looks();
            (Some(Arc::new(Browsers::new(company.clone(), looks))), Ok(planned))
        }
    };
    let beside: Vec<Flow> = browsers.iter().map(|browsers| browsers.flow()).collect();
    let sockets_beside =
        beside.iter().map(|flow| SOCKETS_OF_A_BROWSER * flow.load.curve().seats()).sum::<u64>();
    let script = Crowd { heads: heads.clone(), shared: Arc::new(shared), browsers };
    let planned = script.planned();
    Plan {
        goals: goals::goals(series, planned, seen),
        needs: Needs {
            requests: planned.requests,
            connections: connections(&heads) + sockets_beside,
            load_users,
            ..Needs::default()
        },
        flows: vec![Flow::new("visitors", Load::Visitors(heads))],
        beside,
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

/// The scenario as it is played.
struct Crowd {
    heads: Curve,
    shared: Arc<Shared>,
    /// Those beside it, where there are any.
    browsers: Option<Arc<Browsers>>,
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
        let crowd = self.visits().map(|(n, visit, _)| format!("visitor {n} {visit}"));
        let beside = self.browsers.iter().flat_map(|browsers| {
            let looks = &browsers.looks;
            looks.planned().map(|n| format!("browser {n} {}", looks.errand(n, &self.shared.log)))
        });
        Box::new(crowd.chain(beside))
    }

    fn user(&self, flow: usize, _number: u64, context: Context) -> Box<dyn User> {
        match self.browsers.as_ref().filter(|_| flow == BESIDE) {
            Some(browsers) => Box::new(Surfer::new(browsers.clone(), self.shared.clone(), context)),
            None => Box::new(Visitor::new(self.shared.clone(), context)),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.browsers.as_ref().map_or_else(Vec::new, |browsers| browsers.notes())
    }

    /// Visitors know nothing of each other.
    fn splits(&self) -> bool {
        true
    }

    fn act(&self, flow: usize) -> Act {
        if flow == BESIDE {
            return Act { plural: "page views", requests: 1.0 };
        }
        let planned = self.planned();
        Act { plural: "visits", requests: planned.requests as f64 / planned.visits.max(1) as f64 }
    }

    fn prepare<'a>(&'a self, context: &'a mut Context) -> Local<'a, anyhow::Result<()>> {
        Box::pin(async move {
            match &self.browsers {
                Some(browsers) => browsers.start(context.connector().target()).await,
                None => Ok(()),
            }
        })
    }

    fn settle<'a>(&'a self, _settling: Settling<'a>) -> Local<'a, ()> {
        Box::pin(async {
            if let Some(browsers) = &self.browsers {
                browsers.end();
            }
        })
    }

    fn browsed(&self) -> Option<BrowserAccount> {
        self.browsers.as_ref()?.report()
    }

    fn review(&self, goals: &mut [Goal]) {
        if let Some(browsers) = &self.browsers {
            browsers.review(self.shared.series, goals);
        }
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
