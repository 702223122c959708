-- Providers at which no new journey may start.

CREATE TABLE holds (
    provider TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    hold     BYTEA NOT NULL
);

-- The trail of what concerns no single journey.
CREATE INDEX audit_general ON audit (seq) WHERE record IS NULL;
