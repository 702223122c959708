-- Providers at which no new journey may start.

CREATE TABLE holds (
    provider TEXT PRIMARY KEY,
    at       INTEGER NOT NULL,
    hold     BLOB NOT NULL
) STRICT;

-- The trail of what concerns no single journey.
CREATE INDEX audit_general ON audit (seq) WHERE record IS NULL;
