-- Holds one row while entries are encrypted anew under another key, within the
-- transaction that does so only.
CREATE TABLE resealing (
    one INTEGER PRIMARY KEY
) STRICT;

-- The trail stays append-only: what may change, within such a transaction, is
-- the ciphertext of an entry, which is bound to the rest of it.
DROP TRIGGER audit_keeps;

CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit
WHEN NOT EXISTS (SELECT 1 FROM resealing)
    OR (NEW.seq, NEW.record, NEW.at, NEW.what) IS NOT (OLD.seq, OLD.record, OLD.at, OLD.what)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
