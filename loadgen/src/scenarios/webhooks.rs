//! webhooks-load: Stripe's burst.
//!
//! A hundred distinct events a second for five minutes, each delivered as Stripe delivers: at least once (2 %
//! again, half of those at the same moment as the first copy), in any order (1 % with the older of two changes
//! last), while a secret rolls (1 % with two signatures), and with a forged one in between (0.5 %), which must
//! be refused and change nothing. What the target answers 5xx or not at all is retried, as Stripe would, on a
//! compressed schedule. Afterwards the target's own record says whether each event was applied exactly once.

mod account;
mod intent;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use contract::{
    Endpoint as _, Nothing,
    auth::Login,
    stripe::{self, EventKind, Facts},
    subscriptions::MySubscription,
    webhooks::{Receipt, ReceiptStatus, ReceiveStripe},
};
use engine::{
    clock,
    curve::Curve,
    driver::{Due, Turn, VirtualUser},
    ends::Ends,
    goal::{self, Goal},
    load::{Flow, Load},
    record::{CounterId, Fault, FaultKind, Registry, ShareId},
};
use fixtures::World;

use self::{
    account::{Journal, PAIRS_LOOKED_UP},
    intent::{Copies, Forgery, Intent, Place, Rolling},
};
use crate::{
    call::{Answer, ensure},
    context::Context,
    scenario::{Act, Local, Needs, Plan, Scenario, Scope, Script, Settling, User},
};

const NAME: &str = "webhooks-load";
/// Distinct events a second.
const RATE: f64 = 100.0;
/// How long, at `full`.
const SECONDS: f64 = 300.0;
/// How much newer the first of such a pair is, in seconds; far more than deliveries can differ.
const NEWER_BY_SECONDS: i64 = 30;
/// Pauses before the retries of a delivery that failed. Stripe's are minutes and hours.
const RETRY_AFTER: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];
/// How long a delivery may take with all its retries, when each attempt times out.
const RETRIES_TAKE: Duration = Duration::from_secs(45);

/// The scenario's card.
pub(super) struct WebhooksLoad;

impl Scenario for WebhooksLoad {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Stripe's webhook burst"
    }

    fn description(&self) -> &'static str {
        "100 signed Stripe events a second, delivered at least once and in any order; every event must be applied \
         exactly once, every forged one refused."
    }

    fn plan(&self, scope: &Scope) -> Plan {
        let burst = Load::Arrivals(Curve::flat(scope.sizing.rate(RATE), scope.sizing.seconds(SECONDS)));
        let events = burst.planned_starts();
        let payers = Payer::all(&scope.world);
        let intents = |n| Intent::new(scope.seed, n, payers.len() as u32);
        let valid: u64 = (0..events).map(|n| intents(n).valid_deliveries()).sum();
        let forged = (0..events).filter(|&n| intents(n).forged.is_some()).count() as u64;
        let pairs =
            (0..events).filter(|&n| intents(n).order == Place::AheadOfOlder).count().min(PAIRS_LOOKED_UP);

        // Each of them retried to the end.
        let most = (valid + forged) * (1 + RETRY_AFTER.len() as u64);
        let mut registry = Registry::new();
        let deliveries = registry.endpoint(ReceiveStripe::ROUTE);
        let series = Series::declare(&mut registry);
        let below = |ms| Duration::from_millis(ms);
        let goals = vec![
            Goal::sampled("delivery p95", goal::p95(deliveries).below(below(500)), valid + forged)
                .of_at_most(most),
            Goal::sampled("delivery p99", goal::p99(deliveries).below(below(1000)), valid + forged)
                .of_at_most(most),
            Goal::sampled("deliveries accepted", goal::share(series.accepted).above(0.999), valid),
            Goal::exact("valid signatures accepted", goal::always(series.signature_valid)).of_at_least(valid),
            Goal::exact("bad signatures refused", goal::always(series.forged_refused))
                .of_those_planned(forged, "no delivery planned is forged"),
            Goal::exact("every event applied exactly once", goal::always(series.exactly_once))
                .of_at_least(events),
            Goal::exact("no event claimed or applied twice", goal::always(series.claimed_once))
                .of_at_least(events),
            Goal::exact("failed deliveries succeed when retried", goal::always(series.recovered)),
            Goal::exact("newest state stands", goal::always(series.newest_stands))
                .of_those_planned(pairs as u64, "no two changes planned come out of order"),
            Goal::sampled("errors", goal::errors(deliveries).below(0.001), valid + forged).of_at_most(most),
        ];
        Plan {
            flows: vec![Flow::new("events", burst).grace(RETRIES_TAKE)],
            beside: Vec::new(),
            registry,
            goals,
            needs: Needs {
                requests: valid + forged,
                connections: pooled(scope.sizing.rate(RATE)),
                // Whose subscription came out of order is asked what it is.
                routes: &[Login::ROUTE, MySubscription::ROUTE],
                ..Needs::default()
            },
            script: Arc::new(Webhooks(Arc::new(Shared {
                seed: scope.seed,
                events,
                nonce: scope.nonce.clone(),
                secret: scope.stripe_secret.clone(),
                payers,
                series,
                journal: Mutex::default(),
            }))),
        }
    }
}

/// Connections a delivery service keeps open at a rate, at most: each for a second, with some to spare.
fn pooled(rate: f64) -> u64 {
    (1.28 * rate).ceil() as u64
}

#[derive(Debug, Clone, Copy)]
struct Series {
    accepted: ShareId,
    signature_valid: ShareId,
    forged_refused: ShareId,
    exactly_once: ShareId,
    recovered: ShareId,
    newest_stands: ShareId,
    claimed_once: ShareId,
    twice: CounterId,
}

impl Series {
    fn declare(registry: &mut Registry) -> Self {
        Self {
            accepted: registry.share("webhook_processing_success"),
            signature_valid: registry.share("webhook_signature_valid"),
            forged_refused: registry.share("webhook_forged_refused"),
            exactly_once: registry.share("webhook_exactly_once"),
            recovered: registry.share("webhook_retries_recovered"),
            newest_stands: registry.share("webhook_newest_stands"),
            claimed_once: registry.share("webhook_claimed_once"),
            twice: registry.counter("webhook_duplicates"),
        }
    }
}

/// A member whom Stripe bills.
#[derive(Debug, Clone)]
struct Payer {
    email: String,
    customer: String,
    subscription: String,
    plan: &'static str,
    amount: u64,
    period: (i64, i64),
}

impl Payer {
    fn all(world: &World) -> Vec<Self> {
        world
            .members()
            .filter(|member| member.email.starts_with("loadtest_user_"))
            .filter_map(|member| {
                let bill = world.subscription_of(member.index)?;
                Some(Self {
                    email: member.email,
                    customer: bill.stripe_customer_id,
                    subscription: bill.stripe_subscription_id?,
                    plan: bill.tier.as_str(),
                    amount: u64::from(bill.tier.price_usd()) * 100,
                    period: (bill.current_period_start.timestamp(), bill.current_period_end.timestamp()),
                })
            })
            .collect()
    }
}

/// The scenario as it is played.
struct Webhooks(Arc<Shared>);

/// What all users of one run share.
struct Shared {
    seed: u64,
    events: u64,
    nonce: Arc<str>,
    secret: Arc<str>,
    payers: Vec<Payer>,
    series: Series,
    journal: Mutex<Journal>,
}

/// An event that happened.
struct Event {
    id: String,
    created: i64,
    body: String,
}

impl Shared {
    fn intent(&self, n: u64) -> Intent {
        Intent::new(self.seed, n, self.payers.len() as u32)
    }

    /// Event `n`, happening now. `label` tells a forged event's ids from a real one's.
    fn event(&self, n: u64, intent: &Intent, label: &str) -> Event {
        let payer = &self.payers[intent.payer as usize];
        let key = format!("lt{}{label}{n}", self.nonce);
        let newer_by = if intent.order == Place::AheadOfOlder { NEWER_BY_SECONDS } else { 0 };
        let facts = Facts {
            event_id: format!("evt_{key}"),
            created: unix_now() + newer_by,
            customer: payer.customer.clone(),
            subscription: payer.subscription.clone(),
            payment_intent: format!("pi_{key}"),
            invoice: format!("in_{key}"),
            request: format!("req_{key}"),
            email: payer.email.clone(),
            amount: payer.amount,
            plan: payer.plan.to_owned(),
            subscription_status: if intent.past_due { "past_due" } else { "active" }.to_owned(),
            period_start: payer.period.0,
            period_end: payer.period.1,
        };
        let body = facts.render(intent.kind);
        Event { id: facts.event_id, created: facts.created, body }
    }

    fn journal(&self, note: impl FnOnce(&mut Journal)) {
        note(&mut self.journal.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn unix_now() -> i64 {
    let since = clock::wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// One event on its way.
struct Sender {
    shared: Arc<Shared>,
    context: Context,
}

/// A delivery whose signature is good.
#[derive(Clone, Copy)]
struct Delivery<'a> {
    event: &'a Event,
    rolling: Option<Rolling>,
    /// Nobody can have delivered the event before: it cannot be a duplicate.
    first: bool,
}

impl VirtualUser for Sender {
    async fn turn(&mut self, turn: Turn) {
        let intent = self.shared.intent(turn.user);
        let event = self.shared.event(turn.user, &intent, "e");
        let first = intent.copies != Copies::Concurrent;
        let delivery = Delivery { event: &event, rolling: intent.rolling, first };
        let statuses = match intent.copies {
            Copies::Once => vec![self.deliver(&delivery, turn.due, &turn.ends).await],
            Copies::Concurrent => {
                let mut second = Self { shared: self.shared.clone(), context: self.context.another() };
                let copy = second.deliver(&delivery, turn.due, &turn.ends);
                let (first, second) = tokio::join!(self.deliver(&delivery, turn.due, &turn.ends), copy);
                vec![first, second]
            }
            Copies::Later => {
                let first = self.deliver(&delivery, turn.due, &turn.ends).await;
                match turn.ends.think(Duration::from_secs(1)).await {
                    Ok(due) => {
                        let again = Delivery { first: false, ..delivery };
                        vec![first, self.deliver(&again, due, &turn.ends).await]
                    }
                    Err(_) => vec![first],
                }
            }
        };
        self.note(&event, &intent, &statuses);
        if let Some(forgery) = intent.forged {
            self.forge(turn.user, &intent, forgery).await;
        }
    }
}

impl Sender {
    /// Delivers a valid copy, and again while it fails as Stripe would.
    async fn deliver(&mut self, delivery: &Delivery<'_>, due: Due, ends: &Ends) -> Option<ReceiptStatus> {
        let series = self.shared.series;
        let mut outcome = self.attempt(delivery, due).await;
        self.context.recorder().share(series.accepted, outcome.is_ok());
        let mut retried = false;
        for pause in RETRY_AFTER {
            if !matches!(&outcome, Err(fault) if retryable(fault)) {
                break;
            }
            let Ok(due) = ends.think(pause).await else { return None };
            retried = true;
            outcome = self.attempt(&Delivery { first: false, ..*delivery }, due).await;
        }
        if retried {
            self.context.recorder().share(series.recovered, outcome.is_ok());
        }
        // No answer, or a 5xx, says nothing about the signature.
        if !matches!(&outcome, Err(fault) if retryable(fault)) {
            let refused = matches!(&outcome, Err(fault) if fault.kind == FaultKind::Status(400));
            self.context.recorder().share(series.signature_valid, !refused);
        }
        outcome.ok()
    }

    async fn attempt(&mut self, delivery: &Delivery<'_>, due: Due) -> Result<ReceiptStatus, Fault> {
        let secret = self.shared.secret.clone();
        let rolling = format!("{secret}_next");
        let secrets: &[&str] = match delivery.rolling {
            None => &[&secret],
            Some(Rolling::KnownFirst) => &[&secret, &rolling],
            Some(Rolling::KnownLast) => &[&rolling, &secret],
        };
        let signature = stripe::header(secrets, unix_now(), delivery.event.body.as_bytes());
        let call = self.context.call::<ReceiveStripe>(&Nothing {}).due(due);
        let call = call.header(stripe::SIGNATURE_HEADER, signature).raw(delivery.event.body.clone());
        let answer = call.checked(|answer| check_receipt(answer, delivery)).await?;
        answer
            .done()
            .map(|receipt| receipt.status)
            .ok_or_else(|| Fault::body("no receipt", delivery.event.id.clone()))
    }

    /// Accounts for the copies of one event: exactly one may say that it was applied.
    fn note(&self, event: &Event, intent: &Intent, statuses: &[Option<ReceiptStatus>]) {
        let applied = statuses.iter().filter(|said| **said == Some(ReceiptStatus::Success)).count();
        self.context.recorder().share(self.shared.series.claimed_once, applied <= 1);
        if applied > 1 {
            let evidence = || format!("{}: {applied} copies say `success`", event.id);
            self.context.recorder().counter(self.shared.series.twice, evidence);
        }
        let accepted = statuses.iter().any(Option::is_some);
        self.shared.journal(|journal| {
            journal.sent.push((event.id.clone(), accepted));
            if let (true, Some(status)) = (accepted, intent.state()) {
                journal.changes.entry(intent.payer).or_default().push((event.created, status));
            }
        });
    }

    async fn forge(&mut self, n: u64, intent: &Intent, forgery: Forgery) {
        let Event { id, body, .. } = self.shared.event(n, intent, "f");
        let secret = &self.shared.secret;
        let signature = match forgery {
            Forgery::WrongSecret => stripe::header(&["whsec_of_somebody_else"], unix_now(), body.as_bytes()),
            Forgery::Stale => {
                let then = unix_now() - 2 * stripe::TOLERANCE_SECONDS;
                stripe::header(&[secret], then, body.as_bytes())
            }
            Forgery::Garbled => {
                stripe::header(&[secret], unix_now(), body.as_bytes()).replace(",v1=", ",v1=zz")
            }
        };
        self.shared.journal(|journal| journal.forged.push(id.clone()));
        let call =
            self.context.call::<ReceiveStripe>(&Nothing {}).header(stripe::SIGNATURE_HEADER, signature);
        let answer = call
            .raw(body)
            .or(&[400])
            .checked(|answer| {
                ensure(answer.refusal() == Some(400), "forged event accepted", || {
                    format!("{id}: {forgery:?}")
                })
            })
            .await;
        // No answer, or a 5xx, proves nothing; it is an error of its own.
        if !matches!(&answer, Err(fault) if retryable(fault)) {
            self.context.recorder().share(self.shared.series.forged_refused, answer.is_ok());
        }
    }
}

fn retryable(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::Status(status) => status >= 500,
        _ => !fault.kind.answered(),
    }
}

/// A receipt for this event that says it was applied, now or, if it was delivered before, then.
fn check_receipt(answer: &Answer<Receipt>, delivery: &Delivery<'_>) -> Result<(), Fault> {
    let Answer::Done(receipt) = answer else { return Ok(()) };
    let id = &delivery.event.id;
    ensure(receipt.event_id == *id, "receipt of another event", || format!("{} for {id}", receipt.event_id))?;
    ensure(receipt.received, "not received", || id.to_owned())?;
    let known = matches!(receipt.status, ReceiptStatus::Success | ReceiptStatus::Duplicate);
    ensure(known, "not applied", || format!("{id}: {:?}", receipt.status))?;
    let never_seen = delivery.first && receipt.status == ReceiptStatus::Duplicate;
    ensure(!never_seen, "a new event is no duplicate", || id.to_owned())
}

impl Script for Webhooks {
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new((0..self.0.events).map(|n| self.0.intent(n).to_string()))
    }

    fn user(&self, _flow: usize, _number: u64, context: Context) -> Box<dyn User> {
        Box::new(Sender { shared: self.0.clone(), context })
    }

    fn act(&self, _flow: usize) -> Act {
        let deliveries: u64 = (0..self.0.events).map(|n| self.0.intent(n).deliveries()).sum();
        Act { plural: "webhook events", requests: deliveries as f64 / self.0.events.max(1) as f64 }
    }

    fn pooled(&self, _flow: usize) -> bool {
        true
    }

    fn prepare<'a>(&'a self, _context: &'a mut Context) -> Local<'a, anyhow::Result<()>> {
        Box::pin(async {
            anyhow::ensure!(
                !self.0.payers.is_empty(),
                "nobody in this world pays by subscription, so Stripe has no events: seed and name a larger one"
            );
            Ok(())
        })
    }

    fn warm_up<'a>(&'a self, context: &'a mut Context, round: u64) -> Local<'a, ()> {
        Box::pin(async move {
            let kind = EventKind::PaymentIntentSucceeded;
            let event = self.0.event(round, &Intent { kind, ..self.0.intent(0) }, "w");
            let signature = stripe::header(&[&self.0.secret], unix_now(), event.body.as_bytes());
            let call = context.call::<ReceiveStripe>(&Nothing {}).header(stripe::SIGNATURE_HEADER, signature);
            // A warm-up has no goals: what goes wrong here shows in its own labelled series.
            drop(call.raw(event.body).send().await);
        })
    }

    fn settle<'a>(&'a self, settling: Settling<'a>) -> Local<'a, ()> {
        Box::pin(async move {
            let Settling { context, recorder, books } = settling;
            let journal = std::mem::take(&mut *self.0.journal.lock().unwrap_or_else(PoisonError::into_inner));
            if let Some(books) = books {
                match books.webhooks().await {
                    Ok(book) => self.0.compare(&journal, &book, recorder),
                    Err(e) => tracing::warn!("the webhook book cannot be read, so nothing is proved: {e:#}"),
                }
            }
            self.0.look_up_pairs(&journal, context, recorder).await;
        })
    }
}
