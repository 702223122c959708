package authid_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/authid"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// clock is a clock that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func readAccount(t *testing.T, client *authid.Client) {
	t.Helper()
	require.NoError(t, client.ReadAccount(t.Context(), "jane-1"))
}

const account = `{"AccountNumber":"jane-1","Enabled":true}`

func TestAccessToken(t *testing.T) {
	t.Run("is_shared_by_calls", func(t *testing.T) {
		f := newFake(t, says(account))
		client := f.client()
		for range 3 {
			readAccount(t, client)
		}
		issued, refreshed := f.sessions()
		require.Equal(t, []int{1, 0}, []int{issued, refreshed})
	})
	t.Run("is_refreshed_before_its_end", func(t *testing.T) {
		c := newClock()
		f := newFake(t, says(account))
		f.expires = c.Now().Add(15 * time.Minute).Format(time.RFC3339)
		client := f.client(rest.WithClock(c.Now))
		readAccount(t, client)
		c.pass(13 * time.Minute)
		readAccount(t, client)
		issued, refreshed := f.sessions()
		require.Equal(t, []int{1, 0}, []int{issued, refreshed})
		c.pass(90 * time.Second)
		readAccount(t, client)
		issued, refreshed = f.sessions()
		require.Equal(t, []int{1, 1}, []int{issued, refreshed})
	})
	t.Run("is_asked_for_with_the_key_when_refresh_is_refused", func(t *testing.T) {
		c := newClock()
		f := newFake(t, says(account))
		f.noRefresh = http.StatusBadRequest
		client := f.client(rest.WithClock(c.Now))
		readAccount(t, client)
		c.pass(authid.AssumedLife)
		readAccount(t, client)
		issued, refreshed := f.sessions()
		require.Equal(t, []int{2, 1}, []int{issued, refreshed})
	})
	t.Run("that_cannot_be_refreshed_now_is_asked_for_with_the_key_next_time", func(t *testing.T) {
		c := newClock()
		f := newFake(t, says(account))
		f.noRefresh = http.StatusServiceUnavailable
		client := f.client(rest.WithClock(c.Now))
		readAccount(t, client)
		c.pass(authid.AssumedLife)
		require.Equal(t, enroll.KindUnavailable, kindOf(t, client.ReadAccount(t.Context(), "jane-1")))
		readAccount(t, client)
		issued, refreshed := f.sessions()
		require.Equal(t, []int{2, 1}, []int{issued, refreshed})
	})
	t.Run("that_ended_early_costs_one_retry", func(t *testing.T) {
		f := newFake(t, says(account))
		f.noRefresh = http.StatusUnauthorized
		client := f.client()
		readAccount(t, client)
		f.endSession()
		readAccount(t, client)
		issued, refreshed := f.sessions()
		require.Equal(t, []int{2, 1}, []int{issued, refreshed})
	})
	t.Run("that_cannot_be_had_means_that_nothing_was_sent", func(t *testing.T) {
		server := newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		client, err := authid.New(authid.Config{BaseURL: server, APIKeyID: "a", APIKeyValue: "b"}, rest.WithAllowHTTP(true))
		require.NoError(t, err)
		_, err = client.CreateOperation(t.Context(), operation(enroll.AuthIDEnroll, enroll.TransportSMS))
		failed, ok := errors.AsType[*enroll.Error](err)
		require.True(t, ok)
		require.Equal(t, enroll.KindUnavailable, failed.Kind)
		require.True(t, failed.NotSent)
	})
	t.Run("that_is_always_refused_is_a_matter_of_credentials", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusUnauthorized, "E_USER_NOT_AUTHENTICATED", "No.")
		})
		require.Equal(t, enroll.KindDenied, kindOf(t, f.client().ReadAccount(t.Context(), "jane-1")))
		require.Equal(t, 1, countOf(f.requests(), "POST "+identityPath+"/auth/refresh"), "one retry only")
	})
	t.Run("needs_the_right_key", func(t *testing.T) {
		f := newFake(t, says(account))
		client, err := authid.New(authid.Config{BaseURL: f.url, APIKeyID: "key-id", APIKeyValue: "wrong"}, rest.WithAllowHTTP(true))
		require.NoError(t, err)
		require.Equal(t, enroll.KindDenied, kindOf(t, client.ReadAccount(t.Context(), "jane-1")))
		_, err = client.Check(t.Context())
		require.Equal(t, enroll.KindDenied, kindOf(t, err))
	})
}

func TestAThousandCallsShareOneTokenRefresh(t *testing.T) {
	const calls = 1000
	c := newClock()
	f := newFake(t, says(account))
	client := f.client(rest.WithClock(c.Now), rest.WithTimeout(time.Minute))
	readAccount(t, client)
	c.pass(authid.AssumedLife)

	start := make(chan struct{})
	failures := make(chan error, calls)
	var wait sync.WaitGroup
	for range calls {
		wait.Go(func() {
			<-start
			failures <- client.ReadAccount(t.Context(), "jane-1")
		})
	}
	close(start)
	wait.Wait()
	close(failures)
	for err := range failures {
		require.NoError(t, err)
	}
	issued, refreshed := f.sessions()
	require.Equal(t, []int{1, 1}, []int{issued, refreshed})
}

func TestACallerThatGivesUpDoesNotTakeTheOthersAlong(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	f := newFake(t, says(account))
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == identityPath+"/auth/token" {
			close(asked)
			<-answer
		}
		f.ServeHTTP(w, r)
	})
	f.url = server
	client := f.client()

	impatient, giveUp := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- client.ReadAccount(impatient, "jane-1") }()
	<-asked
	go func() { second <- client.ReadAccount(t.Context(), "jane-1") }()
	giveUp()
	require.ErrorIs(t, <-first, context.Canceled)
	close(answer)
	require.NoError(t, <-second)
	issued, _ := f.sessions()
	require.Equal(t, 1, issued)
}

func TestLifeOfAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UTC()
		for name, row := range map[string]struct {
			date string
			want time.Duration
		}{
			"with_a_zone":         {now.Add(15 * time.Minute).Format(time.RFC3339), 15 * time.Minute},
			"with_a_fraction":     {now.Add(15 * time.Minute).Format("2006-01-02T15:04:05.0000000Z"), 15 * time.Minute},
			"without_a_zone":      {now.Add(15 * time.Minute).Format("2006-01-02T15:04:05.000"), 15 * time.Minute},
			"in_words":            {now.Add(15 * time.Minute).Format(http.TimeFormat), 15 * time.Minute},
			"gone_by":             {now.Add(-time.Hour).Format(time.RFC3339), authid.AssumedLife},
			"unreadable":          {"in a quarter of an hour", authid.AssumedLife},
			"absent":              {"", authid.AssumedLife},
			"a_number_of_seconds": {"900", authid.AssumedLife},
		} {
			require.Equal(t, row.want, authid.LifeOf(row.date, now).Round(time.Second), name)
		}
	})
}

func countOf(list []string, want string) int {
	count := 0
	for _, item := range list {
		if item == want {
			count++
		}
	}
	return count
}

func kindOf(t *testing.T, err error) enroll.Kind {
	t.Helper()
	failed, ok := errors.AsType[*enroll.Error](err)
	require.True(t, ok, "want an enroll.Error, got %v", err)
	return failed.Kind
}

func verdictOf(t *testing.T, err error) enroll.Verdict {
	t.Helper()
	refusal, ok := errors.AsType[*enroll.Refusal](err)
	require.True(t, ok, "want an enroll.Refusal, got %v", err)
	return refusal.Verdict
}
