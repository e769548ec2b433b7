//! Subscriptions and payments as events leave them: an older event never overwrites what a newer one said.

use std::collections::{BTreeMap, HashMap, VecDeque};

use fixtures::{Record, Subscription};

use super::change::{Change, News, SubscriptionNews, Version};
use crate::area::AuditCheck;
use crate::dataset::Dataset;

/// What is held, and the journal of what was done to it.
#[derive(Default)]
pub(crate) struct Billing {
    rows: Vec<Row>,
    by_member: HashMap<String, usize>,
    by_stripe: HashMap<String, usize>,
    by_customer: HashMap<String, String>,
    seeded: usize,
    payments: HashMap<String, Payment>,
    journal: VecDeque<Effect>,
}

struct Row {
    held: Subscription,
    /// The event it was written by last; none yet for a seeded row.
    version: Option<Version>,
    /// What it was before the first event.
    before: Option<Subscription>,
}

struct Payment {
    paid: bool,
    version: Version,
}

/// One event's effect, as it was journaled when it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) event_id: String,
    change: Change,
}

/// Which of two events about one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wins {
    /// The one that happened last.
    Newest,
    /// The one that came last: a planted defect.
    Last,
}

/// What applying an event wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// A payment.
    Payment,
    /// A subscription.
    Subscription,
    /// Nothing: something newer is written already.
    Nothing,
}

impl Billing {
    /// Effects (with the payments they wrote) and unknown subscriptions that are kept; the oldest effects give
    /// way.
    const MAX: usize = 400_000;

    pub(super) fn load(dataset: &Dataset) -> Self {
        let mut billing = Self::default();
        for member in &dataset.members {
            if let Some(customer) = &member.stripe_customer_id {
                billing.by_customer.insert(customer.clone(), member.id.clone());
            }
        }
        dataset.subscriptions.iter().for_each(|row| billing.push(row.clone(), None));
        billing.seeded = billing.rows.len();
        billing
    }

    fn push(&mut self, held: Subscription, version: Option<Version>) {
        let at = self.rows.len();
        self.by_member.entry(held.member_id.clone()).or_insert(at);
        if let Some(id) = &held.stripe_subscription_id {
            self.by_stripe.insert(id.clone(), at);
        }
        self.rows.push(Row { held, version, before: None });
    }

    pub(super) fn of_member(&self, member_id: &str) -> Option<&Subscription> {
        self.by_member.get(member_id).map(|&at| &self.rows[at].held)
    }

    #[cfg(test)]
    pub(crate) fn apply(&mut self, event_id: &str, change: &Change) -> Written {
        self.apply_as(Wins::Newest, event_id, change)
    }

    pub(super) fn apply_as(&mut self, wins: Wins, event_id: &str, change: &Change) -> Written {
        let written = match &change.news {
            News::Payment { id, paid, .. } => self.pay(wins, id, *paid, &change.version),
            News::Subscription(news) => self.subscribe(wins, news, &change.version),
        };
        if self.journal.len() >= Self::MAX {
            self.forget_oldest();
        }
        self.journal.push_back(Effect { event_id: event_id.to_owned(), change: change.clone() });
        written
    }

    fn pay(&mut self, wins: Wins, id: &str, paid: bool, version: &Version) -> Written {
        if wins == Wins::Newest && self.payments.get(id).is_some_and(|held| held.version > *version) {
            return Written::Nothing;
        }
        self.payments.insert(id.to_owned(), Payment { paid, version: version.clone() });
        Written::Payment
    }

    /// Lets go of the oldest effect, and of the payment it wrote if nothing was written over it.
    fn forget_oldest(&mut self) {
        let Some(Effect { change: Change { version, news }, .. }) = self.journal.pop_front() else { return };
        if let News::Payment { id, .. } = news
            && self.payments.get(&id).is_some_and(|held| held.version == version)
        {
            self.payments.remove(&id);
        }
    }

    fn subscribe(&mut self, wins: Wins, news: &SubscriptionNews, version: &Version) -> Written {
        let Some(&at) = self.by_stripe.get(&news.id) else {
            if self.rows.len() - self.seeded >= Self::MAX {
                return Written::Nothing;
            }
            let row = self.unknown(news);
            self.push(row, Some(version.clone()));
            return Written::Subscription;
        };
        let row = &mut self.rows[at];
        if wins == Wins::Newest && row.version.as_ref().is_some_and(|held| held > version) {
            return Written::Nothing;
        }
        row.before.get_or_insert_with(|| row.held.clone());
        row.version = Some(version.clone());
        row.held.status = news.status;
        row.held.tier = news.tier.unwrap_or(row.held.tier);
        row.held.current_period_start = news.period_start;
        row.held.current_period_end = news.period_end;
        row.held.cancel_at_period_end = news.cancel_at_period_end;
        Written::Subscription
    }

    /// A subscription Stripe knows and the platform does not yet: of the customer's member, or of nobody.
    fn unknown(&self, news: &SubscriptionNews) -> Subscription {
        Subscription {
            id: uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, news.id.as_bytes()).to_string(),
            member_id: self.by_customer.get(&news.customer).cloned().unwrap_or_default(),
            tier: news.tier.unwrap_or(contract::subscriptions::Tier::Basic),
            status: news.status,
            stripe_subscription_id: Some(news.id.clone()),
            stripe_customer_id: news.customer.clone(),
            current_period_start: news.period_start,
            current_period_end: news.period_end,
            cancel_at_period_end: news.cancel_at_period_end,
            created_at: news.period_start,
        }
    }

    /// The journal of effects, oldest first.
    pub(super) fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.journal.iter()
    }

    /// Whether each subject is as the newest event about it says, told by replaying the journal.
    pub(super) fn newest_stands(&self) -> AuditCheck {
        let mut newest: BTreeMap<&str, &Change> = BTreeMap::new();
        for Effect { change, .. } in &self.journal {
            let known = newest.entry(change.news.subject()).or_insert(change);
            if change.version > known.version {
                *known = change;
            }
        }
        let wrong = newest.iter().filter(|(id, change)| !self.says(id, &change.news));
        let wrong = wrong.map(|(id, _)| (*id).to_owned()).collect();
        AuditCheck::new("newest_event_stands", newest.len(), "payments and subscriptions", wrong)
    }

    fn says(&self, id: &str, news: &News) -> bool {
        match news {
            News::Payment { paid, .. } => self.payments.get(id).is_some_and(|held| held.paid == *paid),
            News::Subscription(news) => self.by_stripe.get(id).is_some_and(|&at| {
                let held = &self.rows[at].held;
                held.status == news.status
                    && held.current_period_end == news.period_end
                    && news.tier.is_none_or(|tier| held.tier == tier)
            }),
        }
    }

    /// Back to what was seeded.
    pub(super) fn reset(&mut self) {
        for row in self.rows.drain(self.seeded..) {
            if let Some(id) = &row.held.stripe_subscription_id {
                self.by_stripe.remove(id);
            }
            if self.by_member.get(&row.held.member_id).is_some_and(|&at| at >= self.seeded) {
                self.by_member.remove(&row.held.member_id);
            }
        }
        for row in &mut self.rows {
            row.version = None;
            if let Some(before) = row.before.take() {
                row.held = before;
            }
        }
        self.payments.clear();
        self.journal.clear();
    }

    pub(super) fn rows(&self, each: &mut dyn FnMut(Record)) {
        self.rows.iter().for_each(|row| each(Record::Subscription(row.held.clone())));
    }

    /// Plants a defect: an older event's word over a newer one's.
    #[cfg(test)]
    pub(crate) fn plant_overwrite(&mut self, stripe_id: &str, status: fixtures::records::SubscriptionStatus) {
        self.rows[self.by_stripe[stripe_id]].held.status = status;
    }
}
