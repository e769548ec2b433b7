//! search-load: members searching.
//!
//! A hundred members, each asking something every six seconds: a thousand queries a minute. They come within
//! two minutes, stay for five and leave within two. Four queries in ten are plain words, three carry a filter,
//! two are questions searched by meaning, one carries several filters. An answer counts only if it is right:
//! what was filtered out stays out, what is ranked is in order, and a known answer is among the first ten.

mod intent;
mod right;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use contract::{
    Endpoint as _,
    search::{Search, SearchPage},
};
use engine::{
    curve::Curve,
    driver::{Due, Turn, VirtualUser},
    goal::{self, Claim, Goal},
    load::{Flow, Grid, Load},
    record::{Column, Fault, Phase, Recorder, Registry, ShareId, TimingId},
};
use fixtures::{Query, QueryKind, World};

pub(super) use self::intent::Log;
use self::right::Facts;
use crate::{
    call::Answer,
    context::Context,
    scenario::{Act, Local, Needs, Plan, Scenario, Scope, Script, User},
};

const NAME: &str = "search-load";
/// Members searching at the peak.
const MEMBERS: u32 = 100;
/// From a member's query to the next.
const EVERY: Duration = Duration::from_secs(6);
/// Until all have come, until they begin to leave, until the last has left; seconds, at `full`.
const ALL_HERE: f64 = 120.0;
const LEAVING: f64 = 420.0;
const SECONDS: f64 = 540.0;

/// The scenario's card.
pub(super) struct SearchLoad;

impl Scenario for SearchLoad {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Members searching"
    }

    fn description(&self) -> &'static str {
        "100 members, 1 000 queries a minute: words, filters, questions by meaning. Filters must filter, rankings \
         must be in order, known answers must be among the first ten."
    }

    fn plan(&self, scope: &Scope) -> Plan {
        let peak = f64::from(scope.sizing.heads(MEMBERS));
        let shape = [(0.0, 0.0), (ALL_HERE, peak), (LEAVING, peak), (SECONDS, 0.0)];
        let users =
            Curve::new(shape.to_vec()).expect("the points ascend").stretched(scope.sizing.stretch(SECONDS));
        plan(scope, users, scope.sizing.every(EVERY))
    }

    fn baseline(&self, scope: &Scope, length: Duration) -> Option<Plan> {
        let alone = Curve::flat(1.0, length.as_secs_f64());
        Some(Plan { goals: Vec::new(), ..plan(scope, alone, Duration::from_secs(1)) })
    }
}

fn plan(scope: &Scope, users: Curve, every: Duration) -> Plan {
    let mut registry = Registry::new();
    let series = Series::declare(&mut registry);
    let script = Searchers {
        turns: turns(&users, every),
        shared: Arc::new(Shared {
            seed: scope.seed,
            world: scope.world,
            log: Log::new(&scope.world),
            facts: OnceLock::new(),
            series,
        }),
    };
    let planned = Planned::count(script.queries().map(|(_, query)| query));
    let members = users.seats();
    Plan {
        goals: goals(series, planned, members, scope.tls),
        flows: vec![Flow::new("members", Load::Paced { users, every })],
        beside: Vec::new(),
        registry,
        needs: Needs { requests: planned.all, connections: members, ..Needs::default() },
        script: Arc::new(script),
    }
}

/// Every turn of the plan, `(user, number)`, in the order they are due.
fn turns(users: &Curve, every: Duration) -> Vec<(u64, u64)> {
    let grid = Grid::new(users.seats(), every);
    let mut turns: Vec<(f64, u64, u64)> = Vec::new();
    for user in 0..users.seats() {
        let open = users.open(user).into_iter();
        let due = open.flat_map(|open| {
            (grid.first(user, open.from)..grid.first(user, open.to)).map(|j| grid.at(user, j))
        });
        turns.extend((0..).zip(due).map(|(number, due)| (due, user, number)));
    }
    turns.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    turns.into_iter().map(|(_, user, number)| (user, number)).collect()
}

/// How many queries the plan makes, in all and of the kinds that have goals of their own.
#[derive(Debug, Clone, Copy, Default)]
struct Planned {
    all: u64,
    filtered: u64,
    semantic: u64,
    /// Those with filters, one or several.
    with_filters: u64,
    /// Those whose answer is known.
    known: u64,
}

impl Planned {
    fn count<'a>(queries: impl Iterator<Item = &'a Query>) -> Self {
        queries.fold(Self::default(), |planned, query| Self {
            all: planned.all + 1,
            filtered: planned.filtered + u64::from(query.kind == QueryKind::Filtered),
            semantic: planned.semantic + u64::from(query.kind == QueryKind::Semantic),
            with_filters: planned.with_filters + u64::from(query.filters.count() > 0),
            known: planned.known + u64::from(!query.expected.is_empty()),
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct Series {
    search: TimingId,
    simple: TimingId,
    filtered: TimingId,
    semantic: TimingId,
    complex: TimingId,
    filters_hold: ShareId,
    answers_known: ShareId,
}

impl Series {
    fn declare(registry: &mut Registry) -> Self {
        Self {
            search: registry.endpoint(Search::ROUTE),
            simple: registry.group("simple"),
            filtered: registry.group("filtered"),
            semantic: registry.group("semantic"),
            complex: registry.group("complex"),
            filters_hold: registry.share("search_filters_hold"),
            answers_known: registry.share("search_known_answers_found"),
        }
    }

    fn of(&self, kind: QueryKind) -> &TimingId {
        match kind {
            QueryKind::Simple => &self.simple,
            QueryKind::Filtered => &self.filtered,
            QueryKind::Semantic => &self.semantic,
            QueryKind::Complex => &self.complex,
        }
    }
}

fn goals(series: Series, planned: Planned, members: u64, tls: bool) -> Vec<Goal> {
    let ms = Duration::from_millis;
    let Series { search, filtered, semantic, .. } = series;
    let part = |phase, limit| goal::p95(search).of(Column::Phase(phase)).below(ms(limit));
    let secured = Goal::sampled("TLS p95", part(Phase::Tls, 200), members);
    vec![
        exactly("search p95", goal::p95(search).below(ms(1200)), planned.all),
        exactly("search p99", goal::p99(search).below(ms(2000)), planned.all),
        exactly("semantic search p95", goal::p95(semantic).below(ms(1500)), planned.semantic),
        exactly("semantic search p99", goal::p99(semantic).below(ms(2500)), planned.semantic),
        exactly("filtered search p95", goal::p95(filtered).below(ms(800)), planned.filtered),
        exactly("filtered search p99", goal::p99(filtered).below(ms(1200)), planned.filtered),
        exactly("errors", goal::errors(search).below(0.001), planned.all),
        Goal::exact("results satisfy their filters", goal::always(series.filters_hold))
            .of_those_planned(planned.with_filters.min(1), "no query planned has a filter"),
        Goal::exact("known answers are among the first ten", goal::always(series.answers_known))
            .of_those_planned(planned.known.min(1), "no query planned has a known answer"),
        // Every member makes one connection and keeps it.
        Goal::sampled("connect p95", part(Phase::Connecting, 100), members),
        if tls { secured } else { secured.not_applicable("the target is not reached over TLS") },
        exactly("send p95", part(Phase::Sending, 10), planned.all),
        exactly("time to first byte p95", part(Phase::Waiting, 1000), planned.all),
        exactly("receive p95", part(Phase::Receiving, 100), planned.all),
    ]
}

/// A goal on every query of a kind: each is one request, so that there are never more than planned.
fn exactly(name: &str, claim: Claim, queries: u64) -> Goal {
    Goal::sampled(name, claim, queries).of_at_most(queries)
}

/// The scenario as it is played.
struct Searchers {
    turns: Vec<(u64, u64)>,
    shared: Arc<Shared>,
}

impl Searchers {
    fn queries(&self) -> impl Iterator<Item = ((u64, u64), &Query)> {
        self.turns.iter().map(|&(user, number)| ((user, number), self.shared.query(user, number)))
    }
}

/// What all members of one run share.
struct Shared {
    seed: u64,
    world: World,
    log: Log,
    facts: OnceLock<Facts>,
    series: Series,
}

impl Shared {
    fn query(&self, user: u64, number: u64) -> &Query {
        self.log.query(self.seed, user, number)
    }

    fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| Facts::of(&self.world))
    }

    /// Asks, and looks whether the answer is right.
    async fn ask(&self, context: &mut Context, query: &Query, due: Due) -> Result<Answer<SearchPage>, Fault> {
        let groups = std::slice::from_ref(self.series.of(query.kind));
        let recorder = context.recorder().clone();
        let call = context.call::<Search>(&query.params()).due(due).under(groups);
        call.checked(|answer| match answer {
            Answer::Done(page) => self.judge(page, query, &recorder),
            Answer::Refused(_) => Ok(()),
        })
        .await
    }

    /// Whether an answer is right; filters and known answers are promises of their own.
    fn judge(&self, page: &SearchPage, query: &Query, recorder: &Recorder) -> Result<(), Fault> {
        let filtered = right::filtered(page, query, self.facts());
        let known = right::known(page, query);
        if query.filters.count() > 0 {
            recorder.share(self.series.filters_hold, filtered.is_ok());
        }
        if !query.expected.is_empty() {
            recorder.share(self.series.answers_known, known.is_ok());
        }
        filtered.and_then(|()| right::ranked(page, query)).and(known)
    }
}

/// A member at the search box.
struct Member {
    shared: Arc<Shared>,
    context: Context,
}

impl VirtualUser for Member {
    async fn turn(&mut self, turn: Turn) {
        let query = self.shared.query(turn.user, turn.number);
        // An error is in the books, and six seconds later the member asks something else.
        let _ = self.shared.ask(&mut self.context, query, turn.due).await;
    }
}

impl Script for Searchers {
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.queries().map(|((user, number), query)| {
            format!("member {user} query {number} {}", Search::path(&query.params()))
        }))
    }

    fn user(&self, _flow: usize, _number: u64, context: Context) -> Box<dyn User> {
        Box::new(Member { shared: self.shared.clone(), context })
    }

    /// Members know nothing of each other, and a query is right or wrong by itself.
    fn splits(&self) -> bool {
        true
    }

    fn act(&self, _flow: usize) -> Act {
        Act { plural: "queries", requests: 1.0 }
    }

    /// Reads up on what results do not say of themselves, so that no answer waits for it.
    fn prepare<'a>(&'a self, _context: &'a mut Context) -> Local<'a, anyhow::Result<()>> {
        self.shared.facts();
        Box::pin(async { Ok(()) })
    }

    fn warm_up<'a>(&'a self, context: &'a mut Context, round: u64) -> Local<'a, ()> {
        Box::pin(async move {
            for kind in intent::MIX.map(|(kind, _)| kind) {
                let query = self.shared.log.draw(kind, self.shared.seed, round);
                let _ = self.shared.ask(context, query, Due::now()).await;
            }
        })
    }
}
