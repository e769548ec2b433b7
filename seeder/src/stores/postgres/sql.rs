//! Statements made from a table's description. Names come from [`super::tables`] and types from the database's own
//! catalogue, so nothing that a person typed gets into one.

use super::schema::Target;

/// The temporary table in which a chunk's rows arrive.
fn incoming(target: &Target) -> String {
    format!("incoming_{}", target.table.name)
}

/// Makes the temporary table; it goes with the transaction. `ours` says of a row whether the ledger knows it.
pub(super) fn make_incoming(target: &Target) -> String {
    let columns: Vec<String> =
        target.table.columns.iter().map(|column| format!("{} {}", column.name, column.kind.sql())).collect();
    format!("CREATE TEMP TABLE {} ({}, ours boolean) ON COMMIT DROP", incoming(target), columns.join(", "))
}

/// Takes rows into it.
pub(super) fn copy_incoming(target: &Target) -> String {
    format!("COPY {} FROM STDIN (FORMAT binary)", incoming(target))
}

/// Lets the temporary table be searched by id: then no plan can be bad, whatever the statistics say.
pub(super) fn index_incoming(target: &Target) -> String {
    format!("CREATE INDEX ON {} (id)", incoming(target))
}

/// Counts the rows that are there and may be.
pub(super) fn present(target: &Target) -> String {
    format!(
        "SELECT count(*) FROM {incoming} i JOIN {table} t ON {same} WHERE i.ours",
        incoming = incoming(target),
        table = target.table.name,
        same = same(target),
    )
}

/// Writes rows that are there, are ours and say something else; those that say the same are not touched.
pub(super) fn update(target: &Target) -> String {
    let set: Vec<String> = written(target).map(|(name, cast)| format!("{name} = i.{name}::{cast}")).collect();
    format!(
        "UPDATE {table} t SET {set} FROM {incoming} i WHERE {same} AND i.ours AND {differs}",
        table = target.table.name,
        set = set.join(", "),
        incoming = incoming(target),
        same = same(target),
        differs = differs(target),
    )
}

/// The columns that a row which is there is written with, if it says something else.
fn written(target: &Target) -> impl Iterator<Item = (&'static str, &str)> {
    let columns = target.columns().zip(target.table.columns).skip(1);
    columns.filter(|(_, column)| column.counted.is_none()).map(|(named, _)| named)
}

/// Writes rows that are not there.
pub(super) fn insert(target: &Target) -> String {
    let names: Vec<&str> = target.columns().map(|(name, _)| name).collect();
    let values: Vec<String> = target.columns().map(|(name, cast)| format!("i.{name}::{cast}")).collect();
    format!(
        "INSERT INTO {} ({}) SELECT {} FROM {} i ON CONFLICT DO NOTHING",
        target.table.name,
        names.join(", "),
        values.join(", "),
        incoming(target),
    )
}

/// Counts the rows that are not there and those that say something else.
pub(super) fn compare(target: &Target) -> String {
    format!(
        "SELECT count(*) FILTER (WHERE t.id IS NULL), count(*) FILTER (WHERE t.id IS NOT NULL AND {differs}) \
         FROM {incoming} i LEFT JOIN {table} t ON {same}",
        differs = differs(target),
        incoming = incoming(target),
        table = target.table.name,
        same = same(target),
    )
}

/// A row that stands in the way of an incoming one and was not written by this transaction: it has the id of one that
/// the ledger does not know, or another id and an address that must be unique.
pub(super) fn in_the_way(target: &Target) -> String {
    const KEYS: [&str; 4] = ["email", "stripe_customer_id", "user_id", "stripe_subscription_id"];
    let by_key = if target.table.kind == "rsvp" {
        "t.event_id = i.event_id AND t.email = i.email".to_owned()
    } else {
        let unique = target.columns().filter(|(name, _)| KEYS.contains(name));
        unique.map(|(name, cast)| format!("t.{name} = i.{name}::{cast}")).collect::<Vec<_>>().join(" OR ")
    };
    let by_key = if by_key.is_empty() { "false" } else { &by_key };
    format!(
        "SELECT t.id::text, coalesce(to_jsonb(t)->>'email', '') FROM {incoming} i \
         JOIN {table} t ON ({same} AND NOT i.ours) OR (({by_key}) AND NOT {same}) \
         WHERE t.xmin <> pg_current_xact_id()::xid LIMIT 1",
        incoming = incoming(target),
        table = target.table.name,
        same = same(target),
    )
}

/// Counts anew how many seats of events are taken and how many people wait, where it is said otherwise: of the events of
/// the chunk under way, or of those with the ids in `$1`.
pub(super) fn recount(events: &Target, which: Which) -> String {
    let (source, id) = match which {
        Which::Incoming => (incoming(events), events.id_type()),
        Which::Listed => ("unnest($1::text[]) AS i (id)".to_owned(), events.id_type()),
    };
    let source = if which == Which::Incoming { format!("{source} i") } else { source };
    format!(
        "UPDATE events e SET current_registrations = b.taken, waitlist_count = b.waiting FROM ( \
             SELECT i.id::{id} AS id, \
                    count(r.id) FILTER (WHERE r.status IN ('confirmed', 'attended', 'no_show')) AS taken, \
                    count(r.id) FILTER (WHERE r.status = 'waitlist') AS waiting \
             FROM {source} LEFT JOIN event_rsvps r ON r.event_id = i.id::{id} GROUP BY i.id \
         ) b WHERE e.id = b.id AND (e.current_registrations, e.waitlist_count) IS DISTINCT FROM (b.taken, b.waiting)"
    )
}

/// Which events are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those of the chunk under way.
    Incoming,
    /// Those with the ids in `$1`.
    Listed,
}

/// Reads the rows with these ids ($1); what counts other rows leaves out those that are not among $2.
pub(super) fn select(target: &Target) -> String {
    let mut columns: Vec<String> = target
        .table
        .columns
        .iter()
        .map(|column| match column.counted {
            Some(expression) => expression.to_owned(),
            None => format!("t.{}::{}", column.name, column.kind.sql()),
        })
        .collect();
    let mut join = "";
    if let Some(lookup) = &target.table.lookup {
        columns.push(lookup.expression.to_owned());
        join = lookup.join;
    }
    format!(
        "SELECT {} FROM {} t {join} WHERE t.id = ANY ($1::{}[])",
        columns.join(", "),
        target.table.name,
        target.id_type(),
    )
}

/// Counts the rows with these ids.
pub(super) fn count(target: &Target) -> String {
    format!("SELECT count(*) FROM {} WHERE id = ANY ($1::{}[])", target.table.name, target.id_type())
}

/// Removes the rows with these ids.
pub(super) fn delete(target: &Target) -> String {
    format!("DELETE FROM {} WHERE id = ANY ($1::{}[])", target.table.name, target.id_type())
}

/// An incoming row and the one that is there have the same id.
fn same(target: &Target) -> String {
    format!("t.id = i.id::{}", target.id_type())
}

/// They say something else.
fn differs(target: &Target) -> String {
    let there: Vec<String> = written(target).map(|(name, _)| format!("t.{name}")).collect();
    let arriving: Vec<String> = written(target).map(|(name, cast)| format!("i.{name}::{cast}")).collect();
    format!("({}) IS DISTINCT FROM ({})", there.join(", "), arriving.join(", "))
}
