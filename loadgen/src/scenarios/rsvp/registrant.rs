//! One registrant, from looking at the event to reading the registration back.

use std::{sync::Arc, time::Duration};

use contract::{
    ApiError, Detail,
    events::{
        CancelRsvp, CreateRsvp, Event, EventParams, GetEvent, JoinWaitlist, ListRegistrations,
        ParticipantParams, PaymentStatus, RegistrationPage, RegistrationsParams, RsvpInput, RsvpOutput,
        RsvpStatus, WaitlistInput,
    },
};
use engine::{
    clock::{self, Instant},
    driver::{Due, Turn, VirtualUser},
    ends::Leave,
    record::{Fault, FaultKind},
};

use super::{
    Shared,
    account::Queued,
    intent::{Intent, Venue, participant},
};
use crate::{
    call::{Answer, ensure},
    context::Context,
};

/// Between looking at an event and taking a seat; between that and reading it back.
const DECIDES: Duration = Duration::from_millis(500);
const READS_BACK: Duration = Duration::from_secs(1);
/// Before a seat is given back.
const CHANGES_MIND: Duration = Duration::from_secs(1);

/// Somebody who wants a seat.
pub(super) struct Registrant {
    shared: Arc<Shared>,
    context: Context,
}

/// What became of asking for a seat.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
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
    pub(super) fn new(shared: Arc<Shared>, context: Context) -> Self {
        Self { shared, context }
    }

    async fn register(&mut self, turn: &Turn) -> Result<(), Interrupted> {
        let n = if turn.number == 0 { turn.user } else { turn.number };
        let intent = (self.shared.intent)(self.shared.seed, n);
        let wish = Wish { venue: intent.venue, intent, email: participant(&self.shared.nonce, n).email, n };
        if let Err(fault) = self.view(&wish, turn.due).await {
            // Whoever cannot even see the event gets no seat either.
            self.account(&wish, &Outcome::Failed, clock::now());
            return Err(fault.into());
        }
        let due = turn.ends.think(DECIDES).await?;
        let asked = clock::now();
        let outcome = self.ask(&wish, due).await;
        self.account(&wish, &outcome, asked);
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

    /// Seats sold may exceed capacity at no moment anybody looks. That they never do is shown by the lists
    /// read afterwards, so only what is wrong counts here.
    fn watch_capacity(&self, event: &Event) {
        if event.current_registrations > event.capacity {
            self.context.recorder().share(self.shared.series.within_capacity, false);
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
                _ => {
                    self.context.recorder().share(series.says_full, true);
                    Outcome::Full
                }
            },
            Err(fault) => {
                if is_wrong_refusal(&fault.kind) {
                    self.context.recorder().share(series.says_full, false);
                }
                if matches!(&fault.kind, FaultKind::Body(check) if check == DECLINED_YET_SEATED) {
                    self.context.recorder().share(series.declined, false);
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
            self.context.recorder().share(self.shared.series.one_each, false);
        };
        match (first, second) {
            (Outcome::Confirmed { booking_id: a }, other) | (other, Outcome::Confirmed { booking_id: a }) => {
                if let Outcome::Confirmed { booking_id: b } | Outcome::AlreadyBooked { booking_id: b } =
                    &other
                    && a != *b
                {
                    twice(&a, b);
                }
                Outcome::Confirmed { booking_id: a }
            }
            (Outcome::Failed | Outcome::AlreadyBooked { .. }, other) => other,
            (one, _) => one,
        }
    }

    /// Books what became of a wish.
    fn account(&self, wish: &Wish, outcome: &Outcome, asked: Instant) {
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
        self.shared.journal(|journal| journal.asked(wish, outcome, asked));
    }

    /// Reads the registration back: there when confirmed, not there when not.
    async fn read_back(&mut self, wish: &Wish, outcome: &Outcome, due: Due) -> Result<(), Fault> {
        let series = self.shared.series;
        let call = self.context.call::<ListRegistrations>(&wish.registrations()).due(due);
        let call = call.under(std::slice::from_ref(&series.all));
        let answer = call.checked(|answer| check_read_back(answer, outcome)).await;
        // No answer proves nothing, either way.
        let answered = answer.as_ref().err().is_none_or(|fault| fault.kind.answered());
        if answered && matches!(outcome, Outcome::Confirmed { .. }) {
            self.context.recorder().share(series.read_back, answer.is_ok());
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
        let asked = clock::now();
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
            let queued = Queued { asked, answered: clock::now() };
            self.shared.journal(|journal| journal.queued(wish, place.booking_id, queued));
        }
        Ok(())
    }

    /// Gives the seat back.
    async fn cancel(&mut self, wish: &Wish, due: Due) -> Result<(), Fault> {
        let params =
            ParticipantParams { event_id: wish.venue.event_id().to_owned(), email: wish.email.clone() };
        let paid = wish.intent.card.is_some();
        // From here on nobody can say whether the seat is held until there is an answer.
        self.shared.journal(|journal| journal.gives_back(wish));
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
pub(super) struct Wish {
    pub(super) venue: Venue,
    intent: Intent,
    pub(super) email: String,
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
            ensure(!wish.intent.declines(), DECLINED_YET_SEATED, seen)?;
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

/// The name of the check that nobody gets a seat without paying for it.
const DECLINED_YET_SEATED: &str = "no seat for a declined card";

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
