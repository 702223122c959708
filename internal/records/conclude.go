package records

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/bioenroll/bioenroll/enroll"
)

// maxCode bounds the provider's code in its searchable column, in bytes. The
// encrypted result keeps all of it.
const maxCode = 200

// Conclusion is the end of a journey.
type Conclusion struct {
	// Opening makes the record of a journey that ended before its first step.
	Opening Opening
	// Result is the outcome that the run came to.
	Result enroll.Result
}

// Conclude records how a journey ended and returns the outcome that counts:
// the one recorded first, also when another run recorded it. Receivers are told
// that one.
func (s *Store) Conclude(ctx context.Context, c Conclusion) (enroll.Result, error) {
	var result enroll.Result
	err := s.write(ctx, "conclude", func(tx transaction) error {
		// Also under an erasure: what has ended has to be told, and is emptied.
		record, created, err := tx.begin(ctx, c.Opening)
		if err != nil {
			return err
		}
		if record.Result != nil {
			result = *record.Result
			return nil
		}
		result = c.Result
		if err := tx.conclude(ctx, record, result); err != nil || !created {
			return err
		}
		return tx.emptyIfErasing(ctx, record)
	})
	if err != nil {
		return enroll.Result{}, err
	}
	return result, nil
}

// conclude writes the outcome of a record that is locked and has none.
func (t transaction) conclude(ctx context.Context, record enroll.Record, result enroll.Result) error {
	id := record.ID
	sealed, err := t.sealer.sealJSON(place{record: id, column: columnResult}, result)
	if err != nil {
		return err
	}
	if _, err := t.change(ctx, `UPDATE records SET outcome = $2, reason = $3, provider_code = $4, can_retry = $5, concluded_at = $6, result = $7,
		emptied_at = 0 WHERE id = $1`,
		id, result.Outcome, result.Reason, plain(result.ProviderCode), result.CanRetry, stamp(result.ConcludedAt), sealed); err != nil {
		return err
	}
	if err := t.tellConcluded(ctx, record, result); err != nil {
		return err
	}
	return t.audit(ctx, id, whatConcluded, strings.TrimSpace(string(result.Outcome)+" "+string(result.Reason)))
}

// plain returns a provider's text as both databases accept it: valid UTF-8, no
// NUL, bounded.
func plain(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if len(text) <= maxCode {
		return text
	}
	end := maxCode
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
