-- The first seed script's names for the same rows, for queries written against it. Views, so that there is one truth:
-- `location_city` is `city`, `active` is `published`, `elite` is `lifetime`, prices are in dollars.

CREATE SCHEMA IF NOT EXISTS legacy;

CREATE OR REPLACE VIEW legacy.users AS
SELECT id, email, first_name, last_name, password_hash, status, created_at FROM users;

CREATE OR REPLACE VIEW legacy.instructors AS
SELECT id, email, first_name, last_name, style, rank, bio, city, state, years_experience, created_at
FROM instructors;

CREATE OR REPLACE VIEW legacy.events AS
SELECT id, title, description, start_date, end_date, location_name, location_address, city AS location_city,
       state AS location_state, postal_code AS location_zip, capacity, (price / 100.0)::numeric(12, 2) AS price, instructor_id,
       CASE status WHEN 'published' THEN 'active' ELSE status END AS status, created_at
FROM events;

CREATE OR REPLACE VIEW legacy.event_rsvps AS
SELECT id, event_id, user_id, status, created_at FROM event_rsvps;

CREATE OR REPLACE VIEW legacy.content AS
SELECT c.id, c.title, c.body AS content, c.type, i.first_name || ' ' || i.last_name AS author, c.tags,
       c.published_at, c.published_at AS created_at
FROM content c LEFT JOIN instructors i ON i.id = c.instructor_id;

CREATE OR REPLACE VIEW legacy.subscriptions AS
SELECT user_id, CASE tier WHEN 'lifetime' THEN 'elite' ELSE tier END AS tier, status, stripe_subscription_id,
       current_period_start AS start_date,
       CASE WHEN status IN ('canceled', 'expired') THEN current_period_end END AS end_date, created_at
FROM subscriptions;
