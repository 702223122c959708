package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
)

// ageing is a sealed store and records that remember what they were asked to
// remove.
type ageing struct {
	failure error
	asked   map[string]time.Time
}

func (a *ageing) removed(what string, before time.Time, count int) (int, error) {
	if a.failure != nil {
		return 0, a.failure
	}
	a.asked[what] = before
	return count, nil
}

func (a *ageing) EmptyBefore(_ context.Context, before time.Time) (int, error) {
	return a.removed("personal", before, 2)
}

func (a *ageing) Sweep(_ context.Context, before time.Time) (int, error) {
	return a.removed("records", before, 3)
}

func (a *ageing) SweepErasures(_ context.Context, before time.Time) (int, error) {
	return a.removed("erasures", before, 4)
}

// ageingSealed is the sealed store of the two.
type ageingSealed struct{ *ageing }

func (a ageingSealed) Sweep(_ context.Context, before time.Time) (int, error) {
	return a.removed("sealed", before, 1)
}

// keepHouse runs one step of housekeeping.
func keepHouse(t *testing.T, store *ageing, retention activities.Retention, name enroll.Activity[enroll.Nothing, enroll.Swept]) (enroll.Swept, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment().SetDataConverter(codec.Plain())
	activities.NewHousekeeper(ageingSealed{store}, store, retention).Register(env)
	value, err := env.ExecuteActivity(string(name), enroll.Nothing{})
	if err != nil {
		return enroll.Swept{}, err
	}
	var swept enroll.Swept
	require.NoError(t, value.Get(&swept))
	return swept, nil
}

func TestHousekeeper(t *testing.T) {
	t.Parallel()
	retention := activities.Retention{SealedLife: 48 * time.Hour, Personal: 30 * 24 * time.Hour, Records: 365 * 24 * time.Hour}
	for _, row := range []struct {
		step   enroll.Activity[enroll.Nothing, enroll.Swept]
		period time.Duration
		asked  []string
		count  int
	}{
		{enroll.SweepSealed, retention.SealedLife, []string{"sealed"}, 1},
		{enroll.EmptyRecords, retention.Personal, []string{"personal"}, 2},
		{enroll.SweepRecords, retention.Records, []string{"records", "erasures"}, 3 + 4},
	} {
		t.Run(string(row.step)+"_removes_what_is_older_than_the_setting", func(t *testing.T) {
			t.Parallel()
			store := &ageing{asked: map[string]time.Time{}}
			earliest := time.Now().Add(-row.period)
			swept, err := keepHouse(t, store, retention, row.step)
			latest := time.Now().Add(-row.period)
			require.NoError(t, err)
			require.Equal(t, row.count, swept.Count)
			require.Len(t, store.asked, len(row.asked))
			for _, what := range row.asked {
				before := store.asked[what]
				require.True(t, swept.Before.Equal(before), "it tells the time that it used")
				require.False(t, before.Before(earliest))
				require.False(t, before.After(latest))
			}
		})
		t.Run(string(row.step)+"_removes_nothing_that_is_kept_for_good", func(t *testing.T) {
			t.Parallel()
			store := &ageing{asked: map[string]time.Time{}}
			swept, err := keepHouse(t, store, activities.Retention{}, row.step)
			require.NoError(t, err)
			require.Equal(t, enroll.Swept{}, swept)
			require.Empty(t, store.asked)
		})
		t.Run(string(row.step)+"_is_repeated_when_it_fails", func(t *testing.T) {
			t.Parallel()
			_, err := keepHouse(t, &ageing{failure: errors.New("disk gone")}, retention, row.step)
			var failure *temporal.ApplicationError
			require.ErrorAs(t, err, &failure)
			require.False(t, failure.NonRetryable())
			require.NotEmpty(t, failure.Type())
		})
	}
}
