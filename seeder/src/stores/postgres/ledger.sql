-- The seeder's own schema: the proof of what this database is, and the books of what the seeder put into it.
-- Planted once by `seed adopt`; nothing of the platform's own is touched.

CREATE SCHEMA IF NOT EXISTS wwmaa_seed;

-- Which environment this database is. One row. A copy of the database in another cluster fails it.
CREATE TABLE IF NOT EXISTS wwmaa_seed.marker (
    singleton         boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    environment       text NOT NULL,
    database          text NOT NULL,
    system_identifier text NOT NULL,
    planted_by        text NOT NULL,
    planted_at        timestamptz NOT NULL DEFAULT now()
);

-- Which parts of which worlds are here: the rows follow from world, part and bounds, so they need not be listed. `ids`
-- is a digest of their ids, by which a seeder that would make other ones is found out.
CREATE TABLE IF NOT EXISTS wwmaa_seed.chunks (
    world text NOT NULL,
    part  text NOT NULL,
    first integer NOT NULL,
    past  integer NOT NULL,
    ids   text NOT NULL,
    PRIMARY KEY (world, part, first, past)
);

-- Objects in stores that cannot be asked in SQL; see the seeder's `objects.rs`.
CREATE TABLE IF NOT EXISTS wwmaa_seed.objects (
    store      text NOT NULL,
    kind       text NOT NULL,
    seed_key   text NOT NULL,
    remote_id  text,
    digest     text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store, kind, seed_key)
);
CREATE INDEX IF NOT EXISTS objects_intended ON wwmaa_seed.objects (store, kind, seed_key) WHERE remote_id IS NULL;

-- Where a store's objects are: its host, and the project or account there. It comes with the first object and goes with
-- the last, so that ids of one place are never used in another.
CREATE TABLE IF NOT EXISTS wwmaa_seed.places (
    store text PRIMARY KEY,
    place text NOT NULL
);
