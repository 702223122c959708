-- Workers that leave a receiver alone for a while do so within one epoch of it:
-- whoever wants it asked at once begins another.
ALTER TABLE receivers ADD COLUMN epoch BIGINT NOT NULL DEFAULT 1;
