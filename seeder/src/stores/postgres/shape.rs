//! Whether the rows have the shape of a real association's: asked in SQL, since it is the rows that load will meet.

use fixtures::World;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};

use super::apply::STORE;
use super::fault;
use crate::check::Check;
use crate::error::SeedError;

/// Shares of members by tier.
const TIERS: [(&str, f64); 4] = [("free", 0.55), ("basic", 0.25), ("premium", 0.15), ("lifetime", 0.05)];

/// Slope of ln(bookings) over ln(rank) that counts as Zipf's law with exponent 1, beyond the head, which is flat since no
/// event is asked for without limit, and short of the tail that ends at the least popular one.
const SLOPE: std::ops::Range<f64> = -1.1..-0.85;

/// Members, events and bookings below which a shape says nothing.
const FEWEST_MEMBERS: i64 = 1_000;
const FEWEST_EVENTS: i64 = 200;
const FEWEST_BOOKINGS: i64 = 5_000;

/// Least shares of an event's bookings on its first day, and in the last two before it starts.
const FIRST_DAY: f64 = 0.25;
const LAST_TWO_DAYS: f64 = 0.20;

/// Looks at all of them.
pub(super) async fn check(conn: &mut PgConnection, world: World) -> Result<Vec<Check>, SeedError> {
    let failed = |error| fault::of("looking at the shape of the rows", error);
    let mut checks = tiers(conn, world).await.map_err(failed)?;
    checks.push(popularity(conn).await.map_err(failed)?);
    checks.push(rush(conn).await.map_err(failed)?);
    Ok(checks)
}

/// Tiers come in their shares, within four standard errors and half a percent.
async fn tiers(conn: &mut PgConnection, world: World) -> Result<Vec<Check>, sqlx::Error> {
    let sql = r"SELECT count(*), count(*) FILTER (WHERE tier = $1) FROM users
                WHERE email LIKE 'loadtest\_user\_%@wwmaa.com' OR email ~ '@example\.(com|org|net)$'";
    let mut checks = Vec::new();
    for (tier, share) in TIERS {
        let name = format!("{:.0} % of members are {tier}", share * 100.0);
        let mut tx = conn.begin().await?;
        let row = sqlx::query(sql).bind(tier).persistent(false).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        let (all, of_tier): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if world.size().subscriptions.is_some() {
            checks.push(Check::not_judged(STORE, name, "how many pay was given"));
        } else if all < FEWEST_MEMBERS {
            checks.push(Check::not_judged(STORE, name, format!("{all} of {FEWEST_MEMBERS} members needed")));
        } else {
            let found = of_tier as f64 / all as f64;
            let tolerance = 4.0 * (share * (1.0 - share) / all as f64).sqrt() + 0.005;
            let holds = (found - share).abs() <= tolerance;
            checks.push(Check::new(STORE, name, holds, format!("{:.1} %", found * 100.0)));
        }
    }
    Ok(checks)
}

/// How many book an event follows Zipf's law.
async fn popularity(conn: &mut PgConnection) -> Result<Check, sqlx::Error> {
    const NAME: &str = "popularity of events follows Zipf's law";
    let sql = r"WITH ranked AS (
                    SELECT count(*) AS bookings, row_number() OVER (ORDER BY count(*) DESC) AS rank, count(*) OVER () AS events
                    FROM event_rsvps WHERE email NOT LIKE 'loadtest+%@wwmaa.com' GROUP BY event_id
                )
                SELECT coalesce(max(events), 0), regr_slope(ln(bookings), ln(rank))
                FROM ranked WHERE rank BETWEEN events / 25 AND events * 9 / 10";
    let mut tx = conn.begin().await?;
    let row = sqlx::query(sql).persistent(false).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    let (events, slope): (i64, Option<f64>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(match slope {
        Some(slope) if events >= FEWEST_EVENTS => {
            Check::new(STORE, NAME, SLOPE.contains(&slope), format!("slope {slope:.3} of {events} events"))
        }
        _ => Check::not_judged(STORE, NAME, format!("{events} of {FEWEST_EVENTS} booked events needed")),
    })
}

/// Bookings come in a burst when they open and in a ramp before the event.
async fn rush(conn: &mut PgConnection) -> Result<Check, sqlx::Error> {
    const NAME: &str = "bookings come in an opening burst and a last rush";
    let sql = r"WITH booked AS (
                    SELECT r.created_at, e.start_date, min(r.created_at) OVER (PARTITION BY r.event_id) AS opened
                    FROM event_rsvps r JOIN events e ON e.id = r.event_id
                    WHERE e.status = 'completed' AND r.email NOT LIKE 'loadtest+%@wwmaa.com'
                )
                SELECT count(*), avg((created_at < opened + interval '1 day')::int)::float8,
                       avg((created_at > start_date - interval '2 days')::int)::float8
                FROM booked";
    let mut tx = conn.begin().await?;
    let row = sqlx::query(sql).persistent(false).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    let bookings: i64 = row.try_get(0)?;
    if bookings < FEWEST_BOOKINGS {
        let why = format!("{bookings} of {FEWEST_BOOKINGS} bookings of past events needed");
        return Ok(Check::not_judged(STORE, NAME, why));
    }
    let (first, last): (f64, f64) = (row.try_get(1)?, row.try_get(2)?);
    let found = format!("{:.0} % on the first day, {:.0} % in the last two", first * 100.0, last * 100.0);
    Ok(Check::new(STORE, NAME, first >= FIRST_DAY && last >= LAST_TWO_DAYS, found))
}
