-- What a journey relied on. It is not emptied: it says why the data was there.
ALTER TABLE records ADD COLUMN grounds BLOB;

-- When everything personal was taken out of a record.
ALTER TABLE records ADD COLUMN emptied_at INTEGER NOT NULL DEFAULT 0;

CREATE INDEX records_personal ON records (began_at) WHERE emptied_at = 0;

-- Removals of subjects from every provider, and what each came to.
CREATE TABLE erasures (
    id           TEXT PRIMARY KEY,
    digest       TEXT NOT NULL,
    began_at     INTEGER NOT NULL,
    concluded_at INTEGER NOT NULL DEFAULT 0,
    statement    BLOB
) STRICT;

CREATE INDEX erasures_newest ON erasures (began_at DESC, id DESC);

-- The subjects of erasures under way: no journey may start for them. Their
-- names are forgotten with the row.
CREATE TABLE erasing (
    provider     TEXT NOT NULL,
    subject_hash TEXT NOT NULL,
    erasure      TEXT NOT NULL REFERENCES erasures (id),
    name         BLOB NOT NULL,
    PRIMARY KEY (provider, subject_hash, erasure)
) STRICT;
