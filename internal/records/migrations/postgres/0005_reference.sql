-- What the caller calls the journey in systems of its own. It may be personal,
-- so it is encrypted, and found by its keyed hash.
ALTER TABLE records ADD COLUMN reference BYTEA;
ALTER TABLE records ADD COLUMN reference_hash TEXT NOT NULL DEFAULT '';

CREATE INDEX records_reference ON records (reference_hash, began_at DESC, id DESC) WHERE reference_hash <> '';

-- The run that made the record. Callers know the journey by it, also after a
-- workflow reset has put another into run_id. Of older records the run that
-- wrote last is all that is known.
ALTER TABLE records ADD COLUMN first_run TEXT NOT NULL DEFAULT '';
UPDATE records SET first_run = run_id;
