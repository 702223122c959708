-- Who asked for an erasure and why, so that whoever finds one that never began
-- can begin it. It is NULL in older rows.
ALTER TABLE erasures ADD COLUMN opening BLOB;

CREATE INDEX erasures_pending ON erasures (id) WHERE concluded_at = 0;
