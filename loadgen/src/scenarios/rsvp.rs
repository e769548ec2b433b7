//! event-rsvp-load: registration opens.
//!
//! Five hundred people in ten minutes, half of them in the first two. Each looks at the event, thinks, takes a
//! seat, thinks, and reads the registration back. Four in five want the large event; the others crowd into one
//! of fifty seats, which has to turn people away: those join its waitlist. Some pay, some with a card that
//! declines, some click twice, some give their seat back, and the head of the waitlist must get it.

mod account;
mod intent;
mod registrant;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use contract::{
    Endpoint as _,
    auth::Login,
    events::{
        CancelRsvp, CreateRsvp, EventParams, GetEvent, JoinWaitlist, ListRegistrations, ParticipantParams,
        RegistrationsParams, RsvpInput,
    },
};
use engine::{
    curve::Curve,
    goal::{self, Goal},
    load::{Flow, Load},
    record::{CounterId, Registry, ShareId, TimingId},
};

use self::{
    account::Journal,
    intent::{Intent, Venue, participant},
    registrant::Registrant,
};
use crate::{
    context::Context,
    scenario::{Act, Local, Needs, Plan, Scenario, Scope, Script, Settling, User},
};

const NAME: &str = "event-rsvp-load";
/// Registrations in all, and those of them in the first rush. Every preset keeps both.
const REGISTRATIONS: f64 = 500.0;
const RUSH: f64 = 250.0;
/// Seconds of the rush, and of everything, at `full`.
const RUSH_SECONDS: f64 = 120.0;
const SECONDS: f64 = 600.0;

/// Seats of the small event.
const SMALL_CAPACITY: u64 = 50;

/// The scenario's card.
pub(super) struct RsvpLoad;

impl Scenario for RsvpLoad {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Registration opens"
    }

    fn description(&self) -> &'static str {
        "500 registrations, half of them in the first fifth of the time, for an event of 1000 seats and one of 50: \
         no seat sold twice, none left empty, the waitlist first in, first out."
    }

    fn plan(&self, scope: &Scope) -> Plan {
        let stretch = scope.sizing.stretch(SECONDS);
        let rush = RUSH / RUSH_SECONDS;
        let calm = (REGISTRATIONS - RUSH) / (SECONDS - RUSH_SECONDS);
        let shape = [(0.0, rush), (RUSH_SECONDS, rush), (RUSH_SECONDS, calm), (SECONDS, calm)];
        let curve =
            Curve::new(shape.to_vec()).expect("the points ascend").stretched(stretch).times(1.0 / stretch);
        let flow = Flow::new("registrations", Load::Arrivals(curve));
        plan(scope, flow, Intent::new, true)
    }

    fn fixed(&self) -> Option<&'static str> {
        Some(
            "what it promises is about 1 000 seats and 50; with more people the large event fills as well, and every \
             trial would have to find both events empty",
        )
    }

    fn baseline(&self, scope: &Scope, length: Duration) -> Option<Plan> {
        let alone = Curve::flat(1.0, length.as_secs_f64());
        let flow = Flow::new("registrations", Load::Paced { users: alone, every: Duration::from_secs(3) });
        let intent = |_, _| Intent { venue: Venue::Baseline, card: None, double_click: false, cancels: true };
        Some(Plan { goals: Vec::new(), ..plan(scope, flow, intent, false) })
    }
}

type Intents = fn(u64, u64) -> Intent;

fn plan(scope: &Scope, flow: Flow, intent: Intents, empty_load_events: bool) -> Plan {
    let planned = Planned::count(flow.load.planned_starts(), |n| intent(scope.seed, n));
    let mut registry = Registry::new();
    let series = Series::declare(&mut registry);
    let shared = Shared {
        seed: scope.seed,
        intent,
        registrants: planned.registrants,
        nonce: scope.nonce.clone(),
        series,
        journal: Mutex::default(),
    };
    Plan {
        flows: vec![flow],
        beside: Vec::new(),
        registry,
        goals: goals(series, planned),
        needs: Needs {
            requests: planned.requests,
            connections: planned.registrants + planned.double_clicks,
            empty_load_events,
            // The lists are read by somebody who teaches.
            routes: &[Login::ROUTE],
            ..Needs::default()
        },
        script: Arc::new(Registrations(Arc::new(shared))),
    }
}

/// How many of what the plan makes at least.
#[derive(Debug, Clone, Copy, Default)]
struct Planned {
    registrants: u64,
    double_clicks: u64,
    /// Those a seat is there for.
    seated: u64,
    /// Of these, those who pay.
    paying: u64,
    /// Declined cards at an event with seats.
    declined: u64,
    /// Those who come too late for the small event, even if everyone who may gives a seat back.
    turned_away: u64,
    /// Events that are asked for a seat; the list of each is read afterwards.
    venues: u64,
    requests: u64,
}

impl Planned {
    fn count(registrants: u64, intent: impl Fn(u64) -> Intent) -> Self {
        let mut planned = Self { registrants, ..Self::default() };
        let (mut venues, mut wanted, mut given_back) = (BTreeSet::new(), 0_u64, 0);
        for intent in (0..registrants).map(intent) {
            let small = u64::from(intent.venue == Venue::Small && !intent.declines());
            wanted += small;
            given_back += small * u64::from(intent.cancels);
            venues.insert(intent.venue);
            let seated = intent.seat_is_there();
            planned.double_clicks += u64::from(intent.double_click);
            planned.seated += u64::from(seated);
            planned.paying += u64::from(seated && intent.card.is_some());
            planned.declined += u64::from(intent.declines() && intent.venue != Venue::Small);
        }
        planned.turned_away = wanted.saturating_sub(SMALL_CAPACITY + given_back);
        planned.venues = venues.len() as u64;
        planned.requests = 3 * registrants + planned.double_clicks;
        planned
    }
}

#[derive(Debug, Clone, Copy)]
struct Series {
    view: TimingId,
    rsvp: TimingId,
    all: TimingId,
    success: ShareId,
    payments: ShareId,
    declined: ShareId,
    read_back: ShareId,
    sold_out: ShareId,
    one_each: ShareId,
    within_capacity: ShareId,
    says_full: ShareId,
    in_order: ShareId,
    duplicates: CounterId,
}

impl Series {
    fn declare(registry: &mut Registry) -> Self {
        let view = registry.endpoint(GetEvent::ROUTE);
        let rsvp = registry.endpoint(CreateRsvp::ROUTE);
        registry.endpoint(ListRegistrations::ROUTE);
        registry.endpoint(JoinWaitlist::ROUTE);
        registry.endpoint(CancelRsvp::ROUTE);
        Self {
            view,
            rsvp,
            all: registry.group("all"),
            success: registry.share("rsvp_success"),
            payments: registry.share("payment_processing_success"),
            declined: registry.share("declined_cards_refused"),
            read_back: registry.share("bookings_read_back"),
            sold_out: registry.share("capacity_enforced"),
            one_each: registry.share("one_booking_each"),
            within_capacity: registry.share("seats_within_capacity"),
            says_full: registry.share("refusals_say_full"),
            in_order: registry.share("waitlist_in_order"),
            duplicates: registry.counter("duplicate_bookings"),
        }
    }
}

/// Errors below 0.1 % take 2 995 requests to show, more than are planned here: they are judged over the suite.
fn goals(series: Series, planned: Planned) -> Vec<Goal> {
    let ms = Duration::from_millis;
    let rsvps = planned.registrants + planned.double_clicks;
    vec![
        Goal::sampled("rsvp p95", goal::p95(series.rsvp).below(ms(800)), rsvps),
        Goal::sampled("rsvp p99", goal::p99(series.rsvp).below(ms(1500)), rsvps),
        Goal::sampled("event view p95", goal::p95(series.view).below(ms(500)), planned.registrants),
        Goal::sampled(
            "registrations that should get a seat get one",
            goal::share(series.success).above(0.95),
            planned.seated,
        ),
        Goal::exact("no duplicate bookings", goal::always(series.one_each)).of_at_least(planned.venues),
        Goal::exact("seats sold never exceed capacity", goal::always(series.within_capacity))
            .of_at_least(planned.venues),
        Goal::exact("no seat left empty while people wait", goal::always(series.sold_out))
            .of_at_least(planned.venues),
        Goal::exact("refusals are 400 \"full\", never 5xx", goal::always(series.says_full))
            .of_those_planned(planned.turned_away.min(1), "everyone planned finds a seat"),
        Goal::census("payments of valid cards", goal::share(series.payments).above(0.98), planned.paying),
        Goal::exact("declined cards get 402 and no seat", goal::always(series.declined))
            .of_those_planned(planned.declined, "nobody planned has a card that declines"),
        Goal::exact("confirmed bookings read back", goal::always(series.read_back)).of_at_least(1),
        Goal::exact("waitlist is first in, first out", goal::always(series.in_order))
            .of_those_planned(planned.turned_away.min(1), "everyone planned finds a seat"),
    ]
}

/// The scenario as it is played.
struct Registrations(Arc<Shared>);

/// What all registrants of one run share.
struct Shared {
    seed: u64,
    intent: Intents,
    registrants: u64,
    nonce: Arc<str>,
    series: Series,
    journal: Mutex<Journal>,
}

impl Shared {
    fn journal(&self, note: impl FnOnce(&mut Journal)) {
        note(&mut self.journal.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Script for Registrations {
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_> {
        let Shared { seed, intent, registrants, .. } = *self.0;
        Box::new((0..registrants).map(move |n| intent(seed, n).to_string()))
    }

    fn user(&self, _flow: usize, _number: u64, context: Context) -> Box<dyn User> {
        Box::new(Registrant::new(self.0.clone(), context))
    }

    fn act(&self, _flow: usize) -> Act {
        Act { plural: "registrations", requests: 3.0 }
    }

    /// A seat of the baseline's event, taken and given back.
    fn warm_up<'a>(&'a self, context: &'a mut Context, round: u64) -> Local<'a, ()> {
        Box::pin(async move {
            let params = EventParams { event_id: Venue::Baseline.event_id().to_owned() };
            let mut person = participant(&self.0.nonce, round);
            person.email = format!("loadtest+{}w{round}@wwmaa.com", self.0.nonce);
            let input = RsvpInput { event_id: None, participant: person.clone(), payment: None };
            let email = Some(person.email.clone());
            let back =
                RegistrationsParams { event_id: params.event_id.clone(), email, limit: None, page: None };
            let cancel = ParticipantParams { event_id: params.event_id.clone(), email: person.email };
            // A warm-up has no goals: what goes wrong here shows in its own labelled series.
            drop(context.call::<GetEvent>(&params).send().await);
            drop(context.call::<CreateRsvp>(&params).input(&input).send().await);
            drop(context.call::<ListRegistrations>(&back).send().await);
            drop(context.call::<CancelRsvp>(&cancel).send().await);
        })
    }

    fn settle<'a>(&'a self, settling: Settling<'a>) -> Local<'a, ()> {
        Box::pin(async move {
            let journal = std::mem::take(&mut *self.0.journal.lock().unwrap_or_else(PoisonError::into_inner));
            self.0.settle(&journal, settling.context, settling.recorder).await;
        })
    }
}
