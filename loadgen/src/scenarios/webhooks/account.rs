//! What was sent, held against what the target says became of it.

use std::collections::BTreeMap;

use contract::{
    Nothing,
    auth::{Login, LoginInput, SEEDED_PASSWORD},
    subscriptions::{MySubscription, SubscriptionStatus},
};
use engine::record::Recorder;

use super::{Shared, intent::Place};
use crate::{books::WebhookEntry, call::Answer, context::Context};

/// Out-of-order pairs whose outcome is looked up afterwards, at most.
pub(super) const PAIRS_LOOKED_UP: usize = 20;

/// What was sent, for the account afterwards.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// Every event that was sent, and whether it was accepted in the end.
    pub(super) sent: Vec<(String, bool)>,
    /// Ids that only forged deliveries carried.
    pub(super) forged: Vec<String>,
    /// By payer: what accepted events said of the subscription, and when that happened.
    pub(super) changes: BTreeMap<u32, Vec<(i64, SubscriptionStatus)>>,
}

impl Shared {
    /// Holds what was sent against the target's own record: every event applied once, no forged one known.
    pub(super) fn compare(
        &self,
        journal: &Journal,
        book: &BTreeMap<String, WebhookEntry>,
        recorder: &Recorder,
    ) {
        for (id, _) in &journal.sent {
            let applied = book.get(id).map_or(0, |entry| entry.applied);
            recorder.share(self.series.exactly_once, applied == 1);
            if applied > 1 {
                recorder.share(self.series.claimed_once, false);
                recorder.counter(self.series.twice, || format!("{id}: applied {applied} times"));
            }
        }
        for id in &journal.forged {
            if book.get(id).is_some_and(|entry| entry.applied > 0) {
                recorder.share(self.series.forged_refused, false);
            }
        }
    }

    /// Asks the platform itself, as the member would, what became of subscriptions whose changes came out of
    /// order: the newest must stand.
    pub(super) async fn look_up_pairs(&self, journal: &Journal, context: &mut Context, recorder: &Recorder) {
        let heads =
            (0..self.events).map(|n| self.intent(n)).filter(|intent| intent.order == Place::AheadOfOlder);
        for intent in heads.take(PAIRS_LOOKED_UP) {
            let Some(changes) = journal.changes.get(&intent.payer) else { continue };
            let newest = changes.iter().map(|(created, _)| *created).max();
            let allowed: Vec<_> = changes
                .iter()
                .filter(|(created, _)| Some(*created) == newest)
                .map(|(_, status)| *status)
                .collect();
            let stands = self.status_of(intent.payer, context).await;
            // Without an answer nothing is known, and the goal stays short of its number.
            if let Some(stands) = stands {
                recorder.share(self.series.newest_stands, allowed.contains(&stands));
            }
        }
    }

    /// A payer's subscription status, as the platform shows it to them; gone counts as canceled.
    async fn status_of(&self, payer: u32, context: &mut Context) -> Option<SubscriptionStatus> {
        let input = LoginInput {
            email: self.payers[payer as usize].email.clone(),
            password: SEEDED_PASSWORD.to_owned(),
        };
        let login = context.call::<Login>(&Nothing {}).input(&input).send().await.ok()?.done()?;
        let call = context.call::<MySubscription>(&Nothing {}).bearer(&login.access_token).or(&[404]);
        match call.send().await.ok()? {
            Answer::Done(subscription) => Some(subscription.status),
            Answer::Refused(_) => Some(SubscriptionStatus::Canceled),
        }
    }
}
