-- Times are microseconds since 1970 in UTC; 0 and '' say "not yet".
-- Columns of type BYTEA are encrypted.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE records (
    id               TEXT PRIMARY KEY,
    journey          TEXT NOT NULL,
    provider         TEXT NOT NULL,
    workflow_id      TEXT NOT NULL,
    run_id           TEXT NOT NULL,
    subject_hash     TEXT NOT NULL,
    digest           TEXT NOT NULL,
    subject          BYTEA,
    refs             BYTEA,
    began_at         BIGINT NOT NULL,
    outcome          TEXT NOT NULL DEFAULT '',
    reason           TEXT NOT NULL DEFAULT '',
    provider_code    TEXT NOT NULL DEFAULT '',
    can_retry        BOOLEAN NOT NULL DEFAULT FALSE,
    concluded_at     BIGINT NOT NULL DEFAULT 0,
    result           BYTEA,
    resolved_outcome TEXT NOT NULL DEFAULT '',
    resolved_at      BIGINT NOT NULL DEFAULT 0,
    resolution       BYTEA
);

CREATE INDEX records_newest     ON records (began_at DESC, id DESC);
CREATE INDEX records_workflow   ON records (workflow_id, began_at DESC, id DESC);
CREATE INDEX records_subject    ON records (subject_hash, began_at DESC, id DESC);
CREATE INDEX records_unresolved ON records (began_at DESC, id DESC)
    WHERE outcome = 'unknown' AND resolved_outcome = '';

-- The first outcome wins, whoever writes.
CREATE FUNCTION records_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a recorded outcome never changes';
END $$;

CREATE TRIGGER records_outcome BEFORE UPDATE ON records
FOR EACH ROW WHEN (OLD.outcome <> '' AND NEW.outcome <> OLD.outcome)
EXECUTE FUNCTION records_outcome();

CREATE TABLE steps (
    record      TEXT NOT NULL REFERENCES records (id),
    name        TEXT NOT NULL,
    ordinal     BIGINT NOT NULL CHECK (ordinal >= 1),
    state       TEXT NOT NULL CHECK (state IN ('claimed', 'answered', 'lost')),
    run_id      TEXT NOT NULL,
    claimed_at  BIGINT NOT NULL,
    answered_at BIGINT NOT NULL DEFAULT 0,
    answer      BYTEA,
    PRIMARY KEY (record, name, ordinal)
);

CREATE TABLE audit (
    seq    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record TEXT REFERENCES records (id),
    at     BIGINT NOT NULL,
    what   TEXT NOT NULL,
    entry  BYTEA NOT NULL
);

CREATE INDEX audit_record ON audit (record, seq);

-- The records whose audit entries a retention sweep is deleting, within its
-- transaction only.
CREATE TABLE sweeping (
    record TEXT PRIMARY KEY
);

CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' THEN
        IF EXISTS (SELECT 1 FROM sweeping WHERE record = OLD.record) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only';
END $$;

CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_append_only();

CREATE TRIGGER audit_stays BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
