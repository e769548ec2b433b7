//! event-rsvp-load: registration opens.
//!
//! Five hundred people in ten minutes, half of them in the first two. Each looks at the event, thinks, takes a
//! seat, thinks, and reads the registration back. Four in five want the large event; the others crowd into one
//! of fifty seats, which has to turn people away: those join its waitlist. Some pay, some with a card that
//! declines, some click twice, some give their seat back, and the head of the waitlist must get it.

mod account;
mod intent;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use contract::{
    ApiError, Detail, Endpoint as _,
    events::{
        CancelRsvp, CreateRsvp, Event, EventParams, GetEvent, JoinWaitlist, ListRegistrations,
        ParticipantParams, PaymentStatus, RegistrationPage, RegistrationsParams, RsvpInput, RsvpOutput,
        RsvpStatus, WaitlistInput,
    },
};
use engine::{
    curve::Curve,
    driver::{Due, Turn, VirtualUser},
    ends::Leave,
    goal::{self, Goal},
    load::{Flow, Load},
    record::{CounterId, Fault, FaultKind, Registry, ShareId, TimingId},
};

use self::{
    account::Journal,
    intent::{Intent, Venue, participant},
};
use crate::{
    call::{Answer, ensure},
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
/// Between looking at an event and taking a seat; between that and reading it back.
const DECIDES: Duration = Duration::from_millis(500);
const READS_BACK: Duration = Duration::from_secs(1);
/// Before a seat is given back.
const CHANGES_MIND: Duration = Duration::from_secs(1);

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
        registry,
        goals: goals(series, planned),
        needs: Needs {
            requests: planned.requests,
            connections: planned.registrants + planned.double_clicks,
            empty_load_events,
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
    requests: u64,
}

impl Planned {
    fn count(registrants: u64, intent: impl Fn(u64) -> Intent) -> Self {
        let mut planned = Self { registrants, ..Self::default() };
        for intent in (0..registrants).map(intent) {
            let seated = intent.seat_is_there();
            planned.double_clicks += u64::from(intent.double_click);
            planned.seated += u64::from(seated);
            planned.paying += u64::from(seated && intent.card.is_some());
            planned.declined += u64::from(intent.declines() && intent.venue != Venue::Small);
        }
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
    duplicates: CounterId,
    oversold: CounterId,
    wrong_refusals: CounterId,
    queue_jumped: CounterId,
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
            duplicates: registry.counter("duplicate_bookings"),
            oversold: registry.counter("seats_oversold"),
            wrong_refusals: registry.counter("refusals_not_full"),
            queue_jumped: registry.counter("waitlist_out_of_order"),
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
        Goal::exact("no duplicate bookings", goal::never(series.duplicates)),
        Goal::exact("seats sold never exceed capacity", goal::never(series.oversold)),
        Goal::exact("no seat left empty while people wait", goal::always(series.sold_out)).of_at_least(2),
        Goal::exact("refusals are 400 \"full\", never 5xx", goal::never(series.wrong_refusals)),
        Goal::census("payments of valid cards", goal::share(series.payments).above(0.98), planned.paying),
        Goal::exact("declined cards get 402 and no seat", goal::always(series.declined))
            .of_at_least(planned.declined),
        Goal::exact("confirmed bookings read back", goal::always(series.read_back)).of_at_least(1),
        Goal::exact("waitlist is first in, first out", goal::never(series.queue_jumped)),
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

/// Somebody who wants a seat.
struct Registrant {
    shared: Arc<Shared>,
    context: Context,
}

/// What became of asking for a seat.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Confirmed {
        booking_id: String,
    },
    /// No seat left.
    Full,
    /// The card was refused.
    Declined,
    /// Somebody with this address holds this booking.
    AlreadyBooked {
        booking_id: String,
    },
    /// An error, recorded with its request.
    Failed,
}

impl VirtualUser for Registrant {
    async fn turn(&mut self, turn: Turn) {
        // An error on the way is in the books; the rest of the way would only repeat it. A run that ends
        // cuts the way short.
        let _ = self.register(&turn).await;
    }
}

impl Registrant {
    async fn register(&mut self, turn: &Turn) -> Result<(), Interrupted> {
        let n = if turn.number == 0 { turn.user } else { turn.number };
        let intent = (self.shared.intent)(self.shared.seed, n);
        let wish = Wish { venue: intent.venue, intent, email: participant(&self.shared.nonce, n).email, n };
        self.view(&wish, turn.due).await?;
        let due = turn.ends.think(DECIDES).await?;
        let outcome = self.ask(&wish, due).await;
        self.account(&wish, &outcome);
        let due = turn.ends.think(READS_BACK).await?;
        self.read_back(&wish, &outcome, due).await?;
        match outcome {
            Outcome::Full => self.queue(&wish).await?,
            Outcome::Confirmed { .. } if intent.cancels => {
                let due = turn.ends.think(CHANGES_MIND).await?;
                self.cancel(&wish, due).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Looks at the event.
    async fn view(&mut self, wish: &Wish, due: Due) -> Result<(), Fault> {
        let series = self.shared.series;
        let params = EventParams { event_id: wish.venue.event_id().to_owned() };
        let call = self.context.call::<GetEvent>(&params).due(due).under(std::slice::from_ref(&series.all));
        let answer = call.checked(|answer| check_event(answer, wish.venue)).await?;
        if let Some(event) = answer.done() {
            self.watch_capacity(&event);
        }
        Ok(())
    }

    /// Seats sold may exceed capacity at no moment anybody looks.
    fn watch_capacity(&self, event: &Event) {
        if event.current_registrations > event.capacity {
            let evidence = || format!("{}: {} of {}", event.id, event.current_registrations, event.capacity);
            self.context.recorder().counter(self.shared.series.oversold, evidence);
        }
    }

    /// Takes a seat; those who click twice ask twice at the same moment.
    async fn ask(&mut self, wish: &Wish, due: Due) -> Outcome {
        if !wish.intent.double_click {
            return self.ask_once(wish, due).await;
        }
        let mut second = Self { shared: self.shared.clone(), context: self.context.another() };
        let (first, second) = tokio::join!(self.ask_once(wish, due), second.ask_once(wish, due));
        self.reconcile(wish, first, second)
    }

    async fn ask_once(&mut self, wish: &Wish, due: Due) -> Outcome {
        let series = self.shared.series;
        let params = EventParams { event_id: wish.venue.event_id().to_owned() };
        let input = RsvpInput {
            event_id: Some(params.event_id.clone()),
            participant: participant(&self.shared.nonce, wish.n),
            payment: wish.intent.payment(),
        };
        let call = self.context.call::<CreateRsvp>(&params).due(due).under(std::slice::from_ref(&series.all));
        let allowed = wish.refusals();
        let answer = call.input(&input).or(allowed).checked(|answer| check_rsvp(answer, wish)).await;
        match answer {
            Ok(Answer::Done(booking)) => Outcome::Confirmed { booking_id: booking.booking_id },
            Ok(Answer::Refused(error)) => match error.status {
                402 => Outcome::Declined,
                409 => Outcome::AlreadyBooked { booking_id: error.body.booking_id.unwrap_or_default() },
                _ => Outcome::Full,
            },
            Err(fault) => {
                if is_wrong_refusal(&fault.kind) {
                    self.context.recorder().counter(series.wrong_refusals, || fault.detail.clone());
                }
                Outcome::Failed
            }
        }
    }

    /// Of two clicks at once one gets the seat and the other the same booking, or both are turned away.
    fn reconcile(&self, wish: &Wish, first: Outcome, second: Outcome) -> Outcome {
        let twice = |a: &str, b: &str| {
            let evidence = || format!("{}: two clicks hold {a} and {b}", wish.email);
            self.context.recorder().counter(self.shared.series.duplicates, evidence);
        };
        match (first, second) {
            (Outcome::Confirmed { booking_id: a }, Outcome::Confirmed { booking_id: b }) => {
                twice(&a, &b);
                Outcome::Confirmed { booking_id: a }
            }
            (Outcome::Confirmed { booking_id: a }, Outcome::AlreadyBooked { booking_id: b })
            | (Outcome::AlreadyBooked { booking_id: b }, Outcome::Confirmed { booking_id: a }) => {
                if a != b {
                    twice(&a, &b);
                }
                Outcome::Confirmed { booking_id: a }
            }
            (Outcome::Failed | Outcome::AlreadyBooked { .. }, other) => other,
            (one, _) => one,
        }
    }

    /// Books what became of a wish.
    fn account(&self, wish: &Wish, outcome: &Outcome) {
        let series = self.shared.series;
        let recorder = self.context.recorder();
        let confirmed = matches!(outcome, Outcome::Confirmed { .. });
        if wish.intent.declines() {
            // At a full event the card is not even tried.
            if !matches!(outcome, Outcome::Full | Outcome::Failed) {
                recorder.share(series.declined, *outcome == Outcome::Declined);
            }
        } else if confirmed || wish.intent.seat_is_there() {
            recorder.share(series.success, confirmed);
            if wish.intent.card.is_some() {
                recorder.share(series.payments, confirmed);
            }
        }
        self.shared.journal(|journal| journal.asked(wish, outcome));
    }

    /// Reads the registration back: there when confirmed, not there when not.
    async fn read_back(&mut self, wish: &Wish, outcome: &Outcome, due: Due) -> Result<(), Fault> {
        let series = self.shared.series;
        let call = self.context.call::<ListRegistrations>(&wish.registrations()).due(due);
        let call = call.under(std::slice::from_ref(&series.all));
        let answer = call.checked(|answer| check_read_back(answer, outcome)).await;
        if matches!(outcome, Outcome::Confirmed { .. }) {
            let lost = matches!(&answer, Err(fault) if fault.kind.answered());
            self.context.recorder().share(series.read_back, !lost);
        }
        if wish.intent.declines() && matches!(&answer, Err(fault) if matches!(fault.kind, FaultKind::Body(_)))
        {
            self.context.recorder().share(series.declined, false);
        }
        answer.map(drop)
    }

    /// Joins the waitlist of the full event. A seat may have been given back meanwhile; then it is no longer
    /// full and says so.
    async fn queue(&mut self, wish: &Wish) -> Result<(), Fault> {
        let params = EventParams { event_id: wish.venue.event_id().to_owned() };
        let input = WaitlistInput { participant: participant(&self.shared.nonce, wish.n) };
        let call =
            self.context.call::<JoinWaitlist>(&params).under(std::slice::from_ref(&self.shared.series.all));
        let answer = call
            .input(&input)
            .or(&[400])
            .checked(|answer| match answer {
                Answer::Done(place) => {
                    let waits = place.status == RsvpStatus::Waitlist && place.position >= 1;
                    ensure(waits, "a place in the queue", || format!("{}: {place:?}", wish.email))
                }
                Answer::Refused(_) => Ok(()),
            })
            .await?;
        if let Answer::Done(place) = answer {
            self.shared.journal(|journal| journal.queued(wish, place.booking_id));
        }
        Ok(())
    }

    /// Gives the seat back.
    async fn cancel(&mut self, wish: &Wish, due: Due) -> Result<(), Fault> {
        let params =
            ParticipantParams { event_id: wish.venue.event_id().to_owned(), email: wish.email.clone() };
        let paid = wish.intent.card.is_some();
        let call = self.context.call::<CancelRsvp>(&params).due(due);
        let call = call.under(std::slice::from_ref(&self.shared.series.all));
        call.checked(|answer| match answer {
            Answer::Done(canceled) => {
                ensure(canceled.success, "canceled", || wish.email.clone())?;
                ensure(canceled.refund_issued == paid, "refund when paid", || {
                    format!("{}: {canceled:?}", wish.email)
                })
            }
            Answer::Refused(_) => Ok(()),
        })
        .await?;
        self.shared.journal(|journal| journal.canceled(wish));
        Ok(())
    }
}

/// Why a registrant goes home early.
enum Interrupted {
    Fault,
    Leave,
}

impl From<Fault> for Interrupted {
    fn from(_: Fault) -> Self {
        Self::Fault
    }
}

impl From<Leave> for Interrupted {
    fn from(_: Leave) -> Self {
        Self::Leave
    }
}

/// Who wants what where.
struct Wish {
    venue: Venue,
    intent: Intent,
    email: String,
    n: u64,
}

impl Wish {
    /// Statuses that are no errors for this wish: full, the card declined, the other click was faster.
    fn refusals(&self) -> &'static [u16] {
        match (self.intent.declines(), self.intent.double_click) {
            (true, true) => &[400, 402, 409],
            (true, false) => &[400, 402],
            (false, true) => &[400, 409],
            (false, false) => &[400],
        }
    }

    fn registrations(&self) -> RegistrationsParams {
        let event_id = self.venue.event_id().to_owned();
        RegistrationsParams { event_id, email: Some(self.email.clone()), limit: None, page: None }
    }
}

fn check_event(answer: &Answer<Event>, venue: Venue) -> Result<(), Fault> {
    let Answer::Done(event) = answer else { return Ok(()) };
    ensure(event.id == venue.event_id(), "the event asked for", || event.id.clone())
}

/// A confirmation of this wish, or a refusal for one of the reasons there may be.
fn check_rsvp(answer: &Answer<RsvpOutput>, wish: &Wish) -> Result<(), Fault> {
    match answer {
        Answer::Done(booking) => {
            let seen = || format!("{}: {booking:?}", wish.email);
            ensure(!wish.intent.declines(), "declined card got a seat", seen)?;
            ensure(booking.status == RsvpStatus::Confirmed, "confirmed", seen)?;
            ensure(
                booking.email == wish.email && booking.event_id == wish.venue.event_id(),
                "booking as asked",
                seen,
            )?;
            let paid = booking.payment_status == Some(PaymentStatus::Succeeded);
            ensure(paid == wish.intent.card.is_some(), "paid as asked", seen)
        }
        Answer::Refused(error) if error.status == 400 => {
            ensure(says_full(error), SAYS_FULL, || format!("{}: {error}", wish.email))
        }
        Answer::Refused(_) => Ok(()),
    }
}

/// The name of the check on a refusal's sentence.
const SAYS_FULL: &str = "refusal says full";

/// Turned away, but not with 400 and "full".
fn is_wrong_refusal(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::Status(_)) || matches!(kind, FaultKind::Body(check) if check == SAYS_FULL)
}

fn says_full(error: &ApiError) -> bool {
    matches!(&error.body.detail, Detail::Sentence(sentence) if sentence.contains("full capacity"))
}

/// What was confirmed is there under its booking id; what was not holds no seat.
fn check_read_back(answer: &Answer<RegistrationPage>, outcome: &Outcome) -> Result<(), Fault> {
    let Answer::Done(page) = answer else { return Ok(()) };
    let seats: Vec<_> = page.registrations.iter().filter(|row| row.status == RsvpStatus::Confirmed).collect();
    let seen = || format!("{outcome:?}, read back {:?}", page.registrations);
    match outcome {
        Outcome::Confirmed { booking_id } => ensure(
            seats.iter().any(|row| row.booking_id == *booking_id),
            "confirmed booking reads back",
            seen,
        ),
        Outcome::Full | Outcome::Declined => ensure(seats.is_empty(), "no seat without confirmation", seen),
        Outcome::AlreadyBooked { .. } | Outcome::Failed => Ok(()),
    }
}

impl Script for Registrations {
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_> {
        let Shared { seed, intent, registrants, .. } = *self.0;
        Box::new((0..registrants).map(move |n| intent(seed, n).to_string()))
    }

    fn user(&self, _flow: usize, _number: u64, context: Context) -> Box<dyn User> {
        Box::new(Registrant { shared: self.0.clone(), context })
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
