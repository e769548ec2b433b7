//! Stripe's side of webhooks: signed events delivered at least once, in no particular order, and again while they
//! fail. [`plan`] says what is due when, [`send`] delivers, [`summary`] counts; here they are put together.

pub mod events;
pub mod plan;
pub mod send;
pub mod summary;
pub mod target;

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use self::events::Events;
use self::plan::{Mix, Queue, Reason, Retries};
use self::send::Sender;
use self::summary::Summary;
use self::target::Target;
use crate::clock;

/// What is replayed, and how.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Distinct events.
    pub events: u32,
    /// Events a second.
    pub rate: f64,
    /// What is drawn.
    pub seed: u64,
    /// What is delivered in other ways than once and in order.
    pub mix: Mix,
    /// What happens to what fails.
    pub retries: Retries,
    /// Each signs everything; two while a secret rolls.
    pub secrets: Vec<String>,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Deliveries under way at once, at most.
    pub concurrency: usize,
}

impl Replay {
    /// Delivers everything, or until `stop` completes; then what is under way is waited for, for at most the
    /// timeout, and what waits is counted as unfinished. `told` is given the summary so far and how many wait.
    pub async fn run(
        &self,
        events: Events,
        target: &Target,
        stop: impl Future,
        mut told: impl FnMut(&Summary, usize),
    ) -> Summary {
        let sender = Sender::new(target, &self.secrets, self.timeout);
        let first = plan::first_attempts(self.seed, self.events, self.rate, &self.mix);
        let mut queue = Queue::new(first, self.retries);
        let (events, mut sent, mut summary) = (Arc::new(events), HashSet::new(), Summary::new());
        let (started, mut stop, mut is_stopped) = (clock::now(), pin!(stop), false);
        let mut under_way = JoinSet::new();
        loop {
            while !is_stopped && under_way.len() < self.concurrency.max(1) {
                let Some(delivery) = queue.take(started.elapsed()) else { break };
                if delivery.reason != Reason::Forgery {
                    sent.insert(delivery.event);
                }
                let (sender, events) = (sender.clone(), Arc::clone(&events));
                under_way.spawn(async move {
                    let body = events.body(delivery.event);
                    let is_forgery = delivery.reason == Reason::Forgery;
                    let (outcome, took) = sender.send(body, is_forgery, delivery.event % 2 == 1).await;
                    (delivery, outcome, took)
                });
            }
            let is_full = under_way.len() >= self.concurrency.max(1);
            let due = queue.next_due().filter(|_| !is_stopped && !is_full);
            if under_way.is_empty() && due.is_none() {
                break;
            }
            tokio::select! {
                biased;
                _ = &mut stop, if !is_stopped => is_stopped = true,
                Some(ended) = under_way.join_next() => {
                    // A delivery does not panic; if it did, it is missing from the counts of its kind.
                    let Ok((delivery, outcome, took)) = ended else { continue };
                    let again = !outcome.is_success() && queue.failed(delivery, started.elapsed());
                    summary.attempted(&delivery, outcome, took, again);
                    told(&summary, queue.len());
                }
                () = sleep_until(started + due.unwrap_or_default()), if due.is_some() => {}
            }
        }
        summary.events = sent.len() as u64;
        summary.finish(queue.len())
    }
}
