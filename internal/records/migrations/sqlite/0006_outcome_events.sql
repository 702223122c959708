-- Backends that are told outcomes.
CREATE TABLE receivers (
    name       TEXT PRIMARY KEY,
    url        BLOB NOT NULL,
    secrets    BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    gone_at    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What is told of journeys. A body holds nothing personal. Events go with their
-- record, also when a release sweeps that does not know of them.
CREATE TABLE events (
    id       TEXT PRIMARY KEY,
    record   TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    type     TEXT NOT NULL,
    at       INTEGER NOT NULL,
    body     TEXT NOT NULL,
    UNIQUE (record, sequence)
) STRICT;

CREATE INDEX events_at ON events (at, id);

-- The way of each event to each receiver. Whoever claims one counts up its
-- claims and puts off when it is due, so one that nobody settles is due again.
CREATE TABLE deliveries (
    event       TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    receiver    TEXT NOT NULL REFERENCES receivers (name),
    state       TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'given_up')),
    at          INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    claims      INTEGER NOT NULL DEFAULT 0,
    claimed_by  TEXT NOT NULL DEFAULT '',
    last_at     INTEGER NOT NULL DEFAULT 0,
    last_status INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (event, receiver)
) STRICT;

CREATE INDEX deliveries_due      ON deliveries (receiver, due_at, event) WHERE state = 'pending';
CREATE INDEX deliveries_given_up ON deliveries (receiver) WHERE state = 'given_up';
CREATE INDEX deliveries_newest   ON deliveries (receiver, at DESC, event DESC);

-- No event without its deliveries, and no second write for whoever tells one.
CREATE TRIGGER events_delivered AFTER INSERT ON events
BEGIN
    INSERT INTO deliveries (event, receiver, at, due_at) SELECT NEW.id, name, NEW.at, NEW.at FROM receivers;
END;
