//! `subscriptions`: what paying members pay for.

use fixtures::Subscription;

use super::super::copy::{Id, Name, Tuples};
use super::{Columns, Kind, Table, column};

pub(super) static TABLE: Table = Table {
    name: "subscriptions",
    kind: "subscription",
    columns: &[
        column("id", Kind::Uuid),
        column("user_id", Kind::Uuid),
        column("tier", Kind::Text),
        column("status", Kind::Text),
        column("stripe_subscription_id", Kind::Text),
        column("stripe_customer_id", Kind::Text),
        column("current_period_start", Kind::Timestamp),
        column("current_period_end", Kind::Timestamp),
        column("cancel_at_period_end", Kind::Boolean),
        column("created_at", Kind::Timestamp),
    ],
    lookup: None,
};

pub(super) fn write(row: &Subscription, to: &mut Tuples) {
    to.put(Id(&row.id))
        .put(Id(&row.member_id))
        .put(Name(row.tier))
        .put(Name(row.status))
        .put(row.stripe_subscription_id.as_deref())
        .put(&*row.stripe_customer_id)
        .put(row.current_period_start)
        .put(row.current_period_end)
        .put(row.cancel_at_period_end)
        .put(row.created_at);
}

pub(super) fn read(columns: &mut Columns<'_>) -> Result<Subscription, sqlx::Error> {
    Ok(Subscription {
        id: columns.id()?,
        member_id: columns.id()?,
        tier: columns.named()?,
        status: columns.named()?,
        stripe_subscription_id: columns.get()?,
        stripe_customer_id: columns.get()?,
        current_period_start: columns.get()?,
        current_period_end: columns.get()?,
        cancel_at_period_end: columns.get()?,
        created_at: columns.get()?,
    })
}
