package access_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// calm sets no limit.
func calm() access.Rate { return access.Rate{} }

func TestRate(t *testing.T) {
	rate := access.Rate{Every: 10 * time.Second, Burst: 3}
	t.Run("lets_a_burst_through_and_then_one_at_a_time", func(t *testing.T) {
		d := setup(t, rate, calm())
		for range 3 {
			_, err := d.Authenticate(asking(d.key))
			require.NoError(t, err)
		}
		caller, err := d.Authenticate(asking(d.key))
		told := refusal(t, err, access.TooMany)
		require.Equal(t, "shop", caller.Name, "the log has to know")
		require.Equal(t, 10*time.Second, told.Wait)
		head := http.Header{}
		told.SetHeaders(head)
		require.Equal(t, "10", head.Get("Retry-After"))
		require.Empty(t, head.Get("WWW-Authenticate"))

		d.clock.pass(9500 * time.Millisecond)
		_, err = d.Authenticate(asking(d.key))
		told = refusal(t, err, access.TooMany)
		require.Equal(t, 500*time.Millisecond, told.Wait, "a refusal takes no turn")
		told.SetHeaders(head)
		require.Equal(t, "1", head.Get("Retry-After"), "whoever waits as told is let through")

		d.clock.pass(told.Wait)
		_, err = d.Authenticate(asking(d.key))
		require.NoError(t, err)
		_, err = d.Authenticate(asking(d.key))
		refused(t, err, access.TooMany)

		d.clock.pass(time.Hour)
		for range 3 {
			_, err := d.Authenticate(asking(d.key))
			require.NoError(t, err, "the burst comes back and does not grow")
		}
		_, err = d.Authenticate(asking(d.key))
		refused(t, err, access.TooMany)
	})
	t.Run("is_each_keys_own", func(t *testing.T) {
		d := setup(t, access.Rate{Every: time.Minute, Burst: 1}, calm())
		other, _, err := d.file.Put("other", access.Backend)
		require.NoError(t, err)
		for _, key := range []enroll.Secret{d.key, other} {
			_, err := d.Authenticate(asking(key))
			require.NoError(t, err)
			_, err = d.Authenticate(asking(key))
			refused(t, err, access.TooMany)
		}
	})
	t.Run("is_each_journeys_own_whatever_its_tokens", func(t *testing.T) {
		d := setup(t, calm(), access.Rate{Every: time.Minute, Burst: 1})
		_, err := d.Authenticate(asking(d.Issue(journey, run, d.clock.now())))
		require.NoError(t, err)
		_, err = d.Authenticate(asking(d.Issue(journey, run, d.clock.now().Add(time.Second))))
		refused(t, err, access.TooMany)
		_, err = d.Authenticate(asking(d.Issue(journey, "another run", d.clock.now())))
		require.NoError(t, err)
		_, err = d.Authenticate(asking(d.key))
		require.NoError(t, err, "API keys have a rate of their own")
	})
	t.Run("is_lifted_by_none", func(t *testing.T) {
		d := setup(t, calm(), calm())
		for range 1000 {
			_, err := d.Authenticate(asking(d.key))
			require.NoError(t, err)
		}
	})
	t.Run("costs_a_wrong_token_nobodys_turn", func(t *testing.T) {
		d := setup(t, access.Rate{Every: time.Minute, Burst: 1}, calm())
		for range 10 {
			_, err := d.Authenticate(asking("wrong"))
			refused(t, err, access.Unauthenticated)
		}
		_, err := d.Authenticate(asking(d.key))
		require.NoError(t, err)
	})
	t.Run("counts_right_for_many_at_once", func(t *testing.T) {
		d := setup(t, access.Rate{Every: time.Minute, Burst: 50}, calm())
		var passed atomic.Int64
		var group sync.WaitGroup
		for range 200 {
			group.Go(func() {
				if _, err := d.Authenticate(asking(d.key)); err == nil {
					passed.Add(1)
				}
			})
		}
		group.Wait()
		require.Equal(t, int64(50), passed.Load())
	})
	t.Run("is_shared_by_those_beyond_the_table_until_others_were_quiet", func(t *testing.T) {
		d := setup(t, calm(), access.Rate{Every: time.Minute, Burst: 1})
		ask := func(run string) error {
			_, err := d.Authenticate(asking(d.Issue(journey, run, d.clock.now())))
			return err
		}
		for i := range access.MaxCallers {
			require.NoError(t, ask(strconv.Itoa(i)))
		}
		require.NoError(t, ask("one more"))
		refused(t, ask("and another"), access.TooMany)
		d.clock.pass(time.Minute)
		require.NoError(t, ask("one more"))
		require.NoError(t, ask("and another"), "the quiet ones were forgotten")
		require.NoError(t, ask("0"))
	})
}

func TestHint(t *testing.T) {
	shop := access.Caller{Name: "shop", Role: access.Backend}
	page := access.Caller{Role: access.Relay, Journey: journey, Run: run}
	t.Run("is_let_through_sixty_times_a_journey", func(t *testing.T) {
		d := setup(t, calm(), calm())
		for range access.MaxHints {
			require.NoError(t, d.Hint(page, journey, run))
		}
		for range 3 {
			told := refusal(t, d.Hint(page, journey, run), access.TooManyHints)
			head := http.Header{}
			told.SetHeaders(head)
			require.Empty(t, head.Get("Retry-After"), "waiting does not help")
		}
		require.NoError(t, d.Hint(shop, journey, run), "a page cannot use up what its backend may send")
		require.NoError(t, d.Hint(page, journey, "another run"))
	})
	t.Run("is_counted_for_many_journeys", func(t *testing.T) {
		d := setup(t, calm(), calm())
		for range access.MaxHints {
			require.NoError(t, d.Hint(shop, journey, run))
		}
		for i := range access.CountedJourneys - 1 {
			require.NoError(t, d.Hint(shop, journey, strconv.Itoa(i)))
		}
		refused(t, d.Hint(shop, journey, run), access.TooManyHints)
		require.NoError(t, d.Hint(shop, journey, "one more"))
		refused(t, d.Hint(shop, journey, run), access.TooManyHints)
	})
}
