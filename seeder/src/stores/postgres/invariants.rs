//! What must hold of the rows, asked in SQL: each statement counts what breaks a rule.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::apply::STORE;
use super::fault;
use crate::check::Check;
use crate::error::SeedError;

/// A rule, and the statement that counts what breaks it.
struct Rule {
    name: &'static str,
    broken_by: &'static str,
}

/// Accounts the seeder makes: load addresses without a `+`, and those under reserved domains.
const SEEDED: &str = r"(u.email LIKE 'loadtest\_%@wwmaa.com' OR u.email ~ '@example\.(com|org|net)$')";

/// Placeholders of the statements below: a booking that had a seat at some time, and one that has it now.
const HAD_SEAT: &str = "(NOT r.waitlisted OR r.promoted_at IS NOT NULL)";
const HAS_SEAT: &str = "(r.status IN ('confirmed', 'attended', 'no_show'))";

const RULES: [Rule; 18] = [
    Rule {
        name: "every booking is of an event",
        broken_by: "SELECT count(*) FROM event_rsvps r WHERE NOT EXISTS (SELECT FROM events e WHERE e.id = r.event_id)",
    },
    Rule {
        name: "every booking of a member is of one there is",
        broken_by: "SELECT count(*) FROM event_rsvps r
                    WHERE r.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM users u WHERE u.id = r.user_id)",
    },
    Rule {
        name: "every subscription is a user's",
        broken_by: "SELECT count(*) FROM subscriptions s WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = s.user_id)",
    },
    Rule {
        name: "whoever teaches an event is an instructor",
        broken_by: "SELECT count(*) FROM events t WHERE t.instructor_id IS NOT NULL
                    AND NOT EXISTS (SELECT FROM instructors i WHERE i.id = t.instructor_id)",
    },
    Rule {
        name: "whoever wrote an item is an instructor",
        broken_by: "SELECT count(*) FROM content t WHERE t.instructor_id IS NOT NULL
                    AND NOT EXISTS (SELECT FROM instructors i WHERE i.id = t.instructor_id)",
    },
    Rule {
        name: "whoever teaches a session is an instructor",
        broken_by: "SELECT count(*) FROM training_sessions t WHERE t.instructor_id IS NOT NULL
                    AND NOT EXISTS (SELECT FROM instructors i WHERE i.id = t.instructor_id)",
    },
    Rule {
        name: "a member's booking has the member's address",
        broken_by: "SELECT count(*) FROM event_rsvps r JOIN users u ON u.id = r.user_id
                    WHERE {seeded} AND u.email IS DISTINCT FROM r.email",
    },
    Rule {
        name: "nobody booked before they joined",
        broken_by: "SELECT count(*) FROM event_rsvps r JOIN users u ON u.id = r.user_id
                    WHERE {seeded} AND r.created_at < u.created_at",
    },
    Rule {
        name: "seats were within capacity at every moment",
        broken_by: "WITH change AS (
                        SELECT r.event_id, coalesce(r.promoted_at, r.created_at) AS at, 1 AS seats
                        FROM event_rsvps r WHERE {had_seat}
                        UNION ALL
                        SELECT r.event_id, r.canceled_at, -1 FROM event_rsvps r WHERE {had_seat} AND r.canceled_at IS NOT NULL
                    ), moment AS (
                        SELECT event_id, at, sum(seats) AS seats FROM change GROUP BY event_id, at
                    ), held AS (
                        SELECT event_id, sum(seats) OVER (PARTITION BY event_id ORDER BY at) AS taken FROM moment
                    )
                    SELECT count(DISTINCT h.event_id) FROM held h JOIN events e ON e.id = h.event_id WHERE h.taken > e.capacity",
    },
    Rule {
        name: "events say how many seats are taken and how many wait",
        broken_by: "SELECT count(*) FROM events e LEFT JOIN (
                        SELECT r.event_id, count(*) FILTER (WHERE {has_seat}) AS taken,
                               count(*) FILTER (WHERE r.status = 'waitlist') AS waiting
                        FROM event_rsvps r GROUP BY r.event_id
                    ) b ON b.event_id = e.id
                    WHERE (e.current_registrations, e.waitlist_count)
                          IS DISTINCT FROM (coalesce(b.taken, 0), coalesce(b.waiting, 0))",
    },
    Rule {
        name: "nobody holds two seats or places of one event",
        broken_by: "SELECT count(*) FROM (SELECT FROM event_rsvps r WHERE r.status <> 'canceled'
                    GROUP BY r.event_id, lower(r.email) HAVING count(*) > 1) twice",
    },
    Rule {
        name: "no seat is free while somebody waits",
        broken_by: "SELECT count(*) FROM events e
                    WHERE e.status <> 'canceled' AND e.waitlist_count > 0 AND e.current_registrations < e.capacity",
    },
    Rule {
        name: "the waitlist is first in, first out",
        broken_by: "SELECT count(*) FROM event_rsvps r WHERE r.promoted_at IS NOT NULL AND EXISTS (
                        SELECT FROM event_rsvps p WHERE p.event_id = r.event_id AND p.waitlisted AND p.created_at < r.created_at
                        AND coalesce(p.promoted_at, 'infinity') > r.promoted_at
                        AND coalesce(p.canceled_at, 'infinity') > r.promoted_at)",
    },
    Rule {
        name: "those who wait are numbered in the order of asking",
        broken_by: r"SELECT count(*) FROM (
                        SELECT r.waitlist_position AS said,
                               row_number() OVER (PARTITION BY r.event_id ORDER BY r.created_at) AS stands
                        FROM event_rsvps r WHERE r.status = 'waitlist' AND r.email NOT LIKE 'loadtest+%@wwmaa.com'
                    ) line WHERE line.said IS DISTINCT FROM line.stands",
    },
    Rule {
        name: "exactly those who had a seat of a paid event paid, and its price",
        broken_by: "SELECT count(*) FROM event_rsvps r JOIN events e ON e.id = r.event_id JOIN users u ON u.id = r.user_id
                    WHERE {seeded} AND r.amount IS DISTINCT FROM CASE WHEN {had_seat} AND e.price > 0 THEN e.price END",
    },
    Rule {
        name: "exactly those who pay have a subscription, of their tier",
        broken_by: "SELECT count(*) FROM users u LEFT JOIN subscriptions s ON s.user_id = u.id
                    WHERE {seeded} AND coalesce(s.tier, 'free') IS DISTINCT FROM u.tier",
    },
    Rule {
        name: "a subscription is of its member's Stripe customer",
        broken_by: "SELECT count(*) FROM users u LEFT JOIN subscriptions s ON s.user_id = u.id
                    WHERE {seeded} AND s.stripe_customer_id IS DISTINCT FROM u.stripe_customer_id",
    },
    Rule {
        name: "every seeded account opens with the password of the load test",
        broken_by: "SELECT count(*) FROM (SELECT email, password_hash FROM users
                    UNION ALL SELECT email, password_hash FROM instructors) u WHERE {seeded} AND u.password_hash IS DISTINCT FROM $1",
    },
];

/// Asks all of them.
pub(super) async fn check(conn: &mut PgConnection) -> Result<Vec<Check>, SeedError> {
    let mut checks = Vec::new();
    for rule in &RULES {
        let failed = |error| fault::of(format!("checking that {}", rule.name), error);
        let sql = rule
            .broken_by
            .replace("{had_seat}", HAD_SEAT)
            .replace("{has_seat}", HAS_SEAT)
            .replace("{seeded}", SEEDED);
        let mut tx = conn.begin().await.map_err(failed)?;
        let mut query = sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false);
        if rule.broken_by.contains("$1") {
            query = query.bind(fixtures::PASSWORD_BCRYPT);
        }
        let broken: i64 = query.fetch_one(&mut *tx).await.map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        let found = if broken == 0 { "always".to_owned() } else { format!("not so {broken} times") };
        checks.push(Check::new(STORE, rule.name, broken == 0, found));
    }
    Ok(checks)
}
