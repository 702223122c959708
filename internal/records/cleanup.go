package records

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// CleanedUp adds to a recorded result what became of the journey's traces at
// the provider: CleanUp, OpenUntil and WatchID. The outcome stays as it is, and
// so does a result that another run recorded. Repeated, it changes nothing.
func (s *Store) CleanedUp(ctx context.Context, id enroll.RecordID, result enroll.Result) error {
	return s.write(ctx, "record the clean-up", func(tx transaction) error {
		record, err := tx.locked(ctx, id)
		if err != nil {
			return err
		}
		if record.Result == nil || !record.EmptiedAt.IsZero() || record.Result.RunID != result.RunID {
			return nil
		}
		news := told(*record.Result, result)
		if len(news) == 0 {
			return nil
		}
		added := *record.Result
		added.CleanUp, added.OpenUntil, added.WatchID = result.CleanUp, result.OpenUntil, result.WatchID
		sealed, err := tx.sealer.sealJSON(place{record: id, column: columnResult}, added)
		if err != nil {
			return err
		}
		if _, err := tx.change(ctx, "UPDATE records SET result = $2 WHERE id = $1", id, sealed); err != nil {
			return err
		}
		return tx.audit(ctx, id, whatCleanedUp, strings.Join(news, "; "))
	})
}

// told tells in a few words what a clean-up adds to a recorded result.
func told(recorded, added enroll.Result) []string {
	var news []string
	for _, c := range added.CleanUp {
		switch {
		case slices.Contains(recorded.CleanUp, c):
		case c.Done:
			news = append(news, c.What+" removed")
		default:
			news = append(news, fmt.Sprintf("%s not removed: %s", c.What, c.Reason))
		}
	}
	if until := added.OpenUntil; until != nil && (recorded.OpenUntil == nil || !recorded.OpenUntil.Equal(*until)) {
		news = append(news, "open until "+until.UTC().Format(time.RFC3339))
	}
	if added.WatchID != recorded.WatchID {
		news = append(news, "watched by "+added.WatchID)
	}
	return news
}
