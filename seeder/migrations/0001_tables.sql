-- What WWMAA's launch API keeps. Names and values are the API's; money is in cents, times are UTC.
-- Ids of people and bookings are UUIDs; those of events and sessions are text, since the load test's have names.
-- With --migrate, tables that are there already stay as they are.

CREATE TABLE IF NOT EXISTS users (
    id                 uuid PRIMARY KEY,
    email              text NOT NULL UNIQUE,
    password_hash      text NOT NULL,
    first_name         text NOT NULL,
    last_name          text NOT NULL,
    phone              text,
    role               text NOT NULL DEFAULT 'member'
                       CHECK (role IN ('public', 'member', 'instructor', 'board_member', 'admin')),
    tier               text NOT NULL DEFAULT 'free' CHECK (tier IN ('free', 'basic', 'premium', 'lifetime')),
    status             text NOT NULL DEFAULT 'active',
    belt_rank          text,
    dojo               text,
    discipline         text,
    city               text,
    state              text,
    country            text NOT NULL DEFAULT 'USA',
    locale             text NOT NULL DEFAULT 'en-US',
    is_verified        boolean NOT NULL DEFAULT false,
    stripe_customer_id text UNIQUE,
    created_at         timestamptz NOT NULL DEFAULT now()
);

-- They sign in too, with a password of their own.
CREATE TABLE IF NOT EXISTS instructors (
    id               uuid PRIMARY KEY,
    email            text NOT NULL UNIQUE,
    password_hash    text NOT NULL,
    first_name       text NOT NULL,
    last_name        text NOT NULL,
    style            text NOT NULL,
    rank             text NOT NULL,
    bio              text NOT NULL DEFAULT '',
    city             text NOT NULL,
    state            text NOT NULL,
    years_experience integer NOT NULL CHECK (years_experience >= 0),
    rating           double precision CHECK (rating BETWEEN 0 AND 5),
    created_at       timestamptz NOT NULL DEFAULT now()
);

-- An instructor's name is read from `instructors`, so that there is one truth.
CREATE TABLE IF NOT EXISTS events (
    id                    text PRIMARY KEY,
    title                 text NOT NULL,
    description           text NOT NULL,
    event_type            text NOT NULL CHECK (event_type IN ('training', 'tournament', 'seminar', 'workshop',
                                                              'demonstration', 'belt_test', 'sparring', 'kata')),
    style                 text NOT NULL,
    start_date            timestamptz NOT NULL,
    end_date              timestamptz NOT NULL,
    timezone              text NOT NULL,
    location_name         text NOT NULL,
    location_address      text NOT NULL,
    city                  text NOT NULL,
    state                 text NOT NULL,
    postal_code           text NOT NULL,
    is_online             boolean NOT NULL DEFAULT false,
    capacity              integer NOT NULL CHECK (capacity >= 0),
    current_registrations integer NOT NULL DEFAULT 0,
    waitlist_count        integer NOT NULL DEFAULT 0,
    price                 bigint NOT NULL DEFAULT 0 CHECK (price >= 0),
    currency              text NOT NULL DEFAULT 'usd',
    visibility            text NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'members_only')),
    status                text NOT NULL DEFAULT 'draft'
                          CHECK (status IN ('draft', 'published', 'canceled', 'completed')),
    instructor_id         uuid REFERENCES instructors,
    tags                  text[] NOT NULL DEFAULT '{}',
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    CHECK (end_date > start_date)
);

-- A participant need not be a member: the load test's are addresses without an account.
CREATE TABLE IF NOT EXISTS event_rsvps (
    id                uuid PRIMARY KEY,
    event_id          text NOT NULL REFERENCES events,
    user_id           uuid REFERENCES users,
    email             text NOT NULL,
    first_name        text NOT NULL,
    last_name         text NOT NULL,
    phone             text,
    status            text NOT NULL
                      CHECK (status IN ('confirmed', 'waitlist', 'canceled', 'attended', 'no_show')),
    payment_status    text CHECK (payment_status IN ('succeeded', 'failed', 'refunded')),
    amount            bigint CHECK (amount >= 0),
    waitlisted        boolean NOT NULL DEFAULT false,
    promoted_at       timestamptz,
    canceled_at       timestamptz,
    waitlist_position integer,
    created_at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS subscriptions (
    id                     uuid PRIMARY KEY,
    user_id                uuid NOT NULL UNIQUE REFERENCES users,
    tier                   text NOT NULL CHECK (tier IN ('basic', 'premium', 'lifetime')),
    status                 text NOT NULL CHECK (status IN ('active', 'past_due', 'canceled', 'expired')),
    stripe_subscription_id text UNIQUE,
    stripe_customer_id     text NOT NULL,
    current_period_start   timestamptz NOT NULL,
    current_period_end     timestamptz NOT NULL,
    cancel_at_period_end   boolean NOT NULL DEFAULT false,
    created_at             timestamptz NOT NULL DEFAULT now(),
    CHECK (current_period_end > current_period_start)
);

CREATE TABLE IF NOT EXISTS content (
    id            uuid PRIMARY KEY,
    type          text NOT NULL CHECK (type IN ('article', 'video', 'tutorial', 'guide', 'technique')),
    title         text NOT NULL,
    body          text NOT NULL,
    snippet       text NOT NULL,
    url           text NOT NULL,
    style         text,
    location      text,
    level         text,
    instructor_id uuid REFERENCES instructors,
    rank          text,
    age_group     text,
    category      text,
    tags          text[] NOT NULL DEFAULT '{}',
    verified      boolean NOT NULL DEFAULT false,
    published_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS training_sessions (
    id            text PRIMARY KEY,
    title         text NOT NULL,
    capacity      integer NOT NULL CHECK (capacity > 0),
    instructor_id uuid REFERENCES instructors,
    starts_at     timestamptz NOT NULL
);
