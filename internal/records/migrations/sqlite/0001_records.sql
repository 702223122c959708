-- Times are microseconds since 1970 in UTC; 0 and '' say "not yet".
-- Columns of type BLOB are encrypted.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE records (
    id               TEXT PRIMARY KEY,
    journey          TEXT NOT NULL,
    provider         TEXT NOT NULL,
    workflow_id      TEXT NOT NULL,
    run_id           TEXT NOT NULL,
    subject_hash     TEXT NOT NULL,
    digest           TEXT NOT NULL,
    subject          BLOB,
    refs             BLOB,
    began_at         INTEGER NOT NULL,
    outcome          TEXT NOT NULL DEFAULT '',
    reason           TEXT NOT NULL DEFAULT '',
    provider_code    TEXT NOT NULL DEFAULT '',
    can_retry        INTEGER NOT NULL DEFAULT 0,
    concluded_at     INTEGER NOT NULL DEFAULT 0,
    result           BLOB,
    resolved_outcome TEXT NOT NULL DEFAULT '',
    resolved_at      INTEGER NOT NULL DEFAULT 0,
    resolution       BLOB
) STRICT;

CREATE INDEX records_newest     ON records (began_at DESC, id DESC);
CREATE INDEX records_workflow   ON records (workflow_id, began_at DESC, id DESC);
CREATE INDEX records_subject    ON records (subject_hash, began_at DESC, id DESC);
CREATE INDEX records_unresolved ON records (began_at DESC, id DESC)
    WHERE outcome = 'unknown' AND resolved_outcome = '';

-- The first outcome wins, whoever writes.
CREATE TRIGGER records_outcome BEFORE UPDATE ON records
WHEN OLD.outcome <> '' AND NEW.outcome <> OLD.outcome
BEGIN
    SELECT RAISE(ABORT, 'a recorded outcome never changes');
END;

CREATE TABLE steps (
    record      TEXT NOT NULL REFERENCES records (id),
    name        TEXT NOT NULL,
    ordinal     INTEGER NOT NULL CHECK (ordinal >= 1),
    state       TEXT NOT NULL CHECK (state IN ('claimed', 'answered', 'lost')),
    run_id      TEXT NOT NULL,
    claimed_at  INTEGER NOT NULL,
    answered_at INTEGER NOT NULL DEFAULT 0,
    answer      BLOB,
    PRIMARY KEY (record, name, ordinal)
) STRICT;

CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    record TEXT REFERENCES records (id),
    at     INTEGER NOT NULL,
    what   TEXT NOT NULL,
    entry  BLOB NOT NULL
) STRICT;

CREATE INDEX audit_record ON audit (record, seq);

-- The records whose audit entries a retention sweep is deleting, within its
-- transaction only.
CREATE TABLE sweeping (
    record TEXT PRIMARY KEY
) STRICT;

CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TRIGGER audit_stays BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM sweeping WHERE record = OLD.record)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
