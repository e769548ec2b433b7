//! Removing what load left: bookings of load addresses, and nothing else. The events' own counts are then those of the
//! bookings that remain.

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};

use super::fault;
use crate::error::SeedError;
use crate::tally::{self, Line, Tally};

/// Addresses of participants whom only a load run books for; the seeded ones have no `+`.
const LOAD_ADDRESS: &str = "loadtest+%@wwmaa.com";

/// One statement, so that whoever reads in between sees either all or nothing of it.
const RESET: &str = "
    WITH gone AS (
        DELETE FROM event_rsvps WHERE email LIKE $1 RETURNING event_id
    ), booked AS (
        SELECT r.event_id, count(*) FILTER (WHERE r.status IN ('confirmed', 'attended', 'no_show')) AS taken,
               count(*) FILTER (WHERE r.status = 'waitlist') AS waiting
        FROM event_rsvps r WHERE r.email NOT LIKE $1 AND r.event_id IN (SELECT event_id FROM gone)
        GROUP BY r.event_id
    ), recounted AS (
        UPDATE events e SET current_registrations = coalesce(b.taken, 0), waitlist_count = coalesce(b.waiting, 0)
        FROM (SELECT DISTINCT event_id FROM gone) g LEFT JOIN booked b USING (event_id)
        WHERE e.id = g.event_id
          AND (e.current_registrations, e.waitlist_count) IS DISTINCT FROM (coalesce(b.taken, 0), coalesce(b.waiting, 0))
        RETURNING e.id
    )
    SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM recounted)";

/// Removes them.
pub(super) async fn reset_load(conn: &mut PgConnection) -> Result<Vec<Line>, SeedError> {
    let failed = |error| fault::of("removing what load left", error);
    let mut tx = conn.begin().await.map_err(failed)?;
    let row =
        sqlx::query(RESET).bind(LOAD_ADDRESS).persistent(false).fetch_one(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    let count = |column: usize| row.try_get::<i64, _>(column).map(i64::unsigned_abs).map_err(failed);
    let mut lines = Vec::new();
    let (gone, recounted) = (count(0)?, count(1)?);
    tally::add(&mut lines, super::apply::STORE, "event_rsvps", Tally { deleted: gone, ..Tally::default() });
    tally::add(&mut lines, super::apply::STORE, "events", Tally { updated: recounted, ..Tally::default() });
    Ok(lines)
}
