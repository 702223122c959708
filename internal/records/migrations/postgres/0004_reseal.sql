-- Holds one row while entries are encrypted anew under another key, within the
-- transaction that does so only.
CREATE TABLE resealing (
    one BIGINT PRIMARY KEY
);

-- The trail stays append-only: what may change, within such a transaction, is
-- the ciphertext of an entry, which is bound to the rest of it.
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' THEN
        IF EXISTS (SELECT 1 FROM sweeping WHERE record = OLD.record) THEN
            RETURN OLD;
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' THEN
        IF EXISTS (SELECT 1 FROM resealing) AND (NEW.seq, NEW.at, NEW.what) = (OLD.seq, OLD.at, OLD.what)
            AND NEW.record IS NOT DISTINCT FROM OLD.record THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only';
END $$;
