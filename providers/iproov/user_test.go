package iproov_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// directory is iProov's user endpoints: it numbers the access tokens it hands
// out and takes each for 50 requests.
type directory struct {
	mu     sync.Mutex
	issued int
	uses   map[string]int

	expires string
	// refuse answers user requests when it is set.
	refuse http.HandlerFunc
	paths  []string
	logins []string
}

func newDirectory() *directory {
	return &directory{uses: map[string]int{}, expires: `"expires_in":3600,`}
}

func (d *directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/access_token") {
		d.issued++
		user, password, _ := r.BasicAuth()
		d.logins = append(d.logins, fmt.Sprint(r.URL.Path, " ", user, " ", password, " ", r.PostFormValue("grant_type")))
		says(http.StatusOK, fmt.Sprintf(`{"access_token":"access-%d",%s"token_type":"Bearer","scope":["user-read"]}`, d.issued, d.expires))(w, r)
		return
	}
	access := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	d.uses[access]++
	d.paths = append(d.paths, r.Method+" "+r.URL.EscapedPath())
	switch {
	case d.refuse != nil:
		d.refuse(w, r)
	case d.uses[access] > 50:
		says(http.StatusUnauthorized, `{"error":"token_quota_exceeded"}`)(w, r)
	case r.Method == http.MethodDelete:
		says(http.StatusOK, `{"user_id":"`+userID+`","status":"Deleted"}`)(w, r)
	default:
		says(http.StatusOK, `{"user_id":"`+userID+`","name":"n","status":"Active","activation_date":"2026-01-01T00:00:00Z","suspension_date":null}`)(w, r)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()

	t.Run("a_user_is_read_with_an_access_token", func(t *testing.T) {
		t.Parallel()
		d := newDirectory()
		user, err := newClient(t, d.ServeHTTP).ReadUser(t.Context(), userID)
		require.NoError(t, err)
		require.Equal(t, "Active", user.Status)
		require.Equal(t, userID, user.UserID)
		require.Equal(t, "2026-01-01T00:00:00Z", user.ActivationDate)
		require.Equal(t, []string{"/region/api/v2/" + apiKey + "/access_token " + oauthUser + " " + oauthSecret + " client_credentials"}, d.logins)
		require.Equal(t, []string{"GET /region/api/v2/users/o%27neil+1@bank_a.example-x"}, d.paths)
	})

	t.Run("a_removed_user_existed", func(t *testing.T) {
		t.Parallel()
		d := newDirectory()
		existed, err := newClient(t, d.ServeHTTP).RemoveUser(t.Context(), userID)
		require.NoError(t, err)
		require.True(t, existed)
		require.Equal(t, []string{"DELETE /region/api/v2/users/o%27neil+1@bank_a.example-x"}, d.paths)
	})

	t.Run("a_user_that_is_not_there_is_nothing_to_remove", func(t *testing.T) {
		t.Parallel()
		d := newDirectory()
		d.refuse = says(http.StatusBadRequest, `{"error":"invalid_user_id"}`)
		client := newClient(t, d.ServeHTTP)
		existed, err := client.RemoveUser(t.Context(), userID)
		require.NoError(t, err)
		require.False(t, existed)
		_, err = client.ReadUser(t.Context(), userID)
		require.Equal(t, "rejected/user_not_found", meaningOf(err))
	})

	for name, body := range map[string]string{
		"still_active":   `{"user_id":"` + userID + `","status":"Active"}`,
		"another_user":   `{"user_id":"other","status":"Deleted"}`,
		"without_status": `{"user_id":"` + userID + `"}`,
	} {
		t.Run("is_not_taken_as_removed_"+name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, withAccess(says(http.StatusOK, body))).RemoveUser(t.Context(), userID)
			require.Equal(t, unexpected, meaningOf(err))
		})
	}

	for _, id := range []string{"", ".", ".."} {
		t.Run(fmt.Sprintf("never_addresses_another_resource_by_%q", id), func(t *testing.T) {
			t.Parallel()
			client := newClient(t, withAccess(func(http.ResponseWriter, *http.Request) { t.Error("sent") }))
			_, err := client.RemoveUser(t.Context(), id)
			require.Equal(t, invalid, meaningOf(err))
		})
	}
}

func TestAccessTokens(t *testing.T) {
	t.Parallel()

	t.Run("one_serves_fifty_requests", func(t *testing.T) {
		t.Parallel()
		d := newDirectory()
		client := newClient(t, d.ServeHTTP)
		for range 51 {
			_, err := client.ReadUser(t.Context(), userID)
			require.NoError(t, err)
		}
		require.Equal(t, map[string]int{"access-1": 50, "access-2": 1}, d.uses)
	})

	t.Run("many_callers_share_each_one", func(t *testing.T) {
		t.Parallel()
		d := newDirectory()
		client := newClient(t, d.ServeHTTP)
		var group sync.WaitGroup
		var failed atomic.Int64
		for range 200 {
			group.Go(func() {
				if _, err := client.ReadUser(t.Context(), userID); err != nil {
					failed.Add(1)
				}
			})
		}
		group.Wait()
		require.Zero(t, failed.Load())
		require.Equal(t, map[string]int{"access-1": 50, "access-2": 50, "access-3": 50, "access-4": 50}, d.uses)
	})

	t.Run("one_is_renewed_before_it_ends", func(t *testing.T) {
		t.Parallel()
		d := newDirectory()
		var now atomic.Int64
		client := newClient(t, d.ServeHTTP, rest.WithClock(func() time.Time { return time.Unix(now.Load(), 0) }))
		for _, second := range []int64{0, 3569, 3570} {
			now.Store(second)
			_, err := client.ReadUser(t.Context(), userID)
			require.NoError(t, err)
		}
		require.Equal(t, map[string]int{"access-1": 2, "access-2": 1}, d.uses)
	})

	t.Run("a_shorter_life_is_obeyed_and_a_longer_one_is_not", func(t *testing.T) {
		t.Parallel()
		for expires, life := range map[string]int64{`"expires_in":60,`: 30, `"expires_in":86400,`: 3570, "": 3570} {
			d := newDirectory()
			d.expires = expires
			var now atomic.Int64
			client := newClient(t, d.ServeHTTP, rest.WithClock(func() time.Time { return time.Unix(now.Load(), 0) }))
			for _, second := range []int64{0, life - 1, life} {
				now.Store(second)
				_, err := client.ReadUser(t.Context(), userID)
				require.NoError(t, err)
			}
			require.Equal(t, map[string]int{"access-1": 2, "access-2": 1}, d.uses, expires)
		}
	})

	for _, code := range []string{"invalid_oauth", "token_quota_exceeded"} {
		t.Run("one_that_is_refused_is_replaced_once_"+code, func(t *testing.T) {
			t.Parallel()
			d := newDirectory()
			var refusals atomic.Int64
			d.refuse = func(w http.ResponseWriter, r *http.Request) {
				if refusals.Add(1) == 1 {
					says(http.StatusUnauthorized, fmt.Sprintf(`{"error":%q}`, code))(w, r)
					return
				}
				says(http.StatusOK, `{"user_id":"`+userID+`","status":"Deleted"}`)(w, r)
			}
			existed, err := newClient(t, d.ServeHTTP).RemoveUser(t.Context(), userID)
			require.NoError(t, err)
			require.True(t, existed)
			require.Equal(t, map[string]int{"access-1": 1, "access-2": 1}, d.uses)
		})

		t.Run("the_second_refusal_is_final_"+code, func(t *testing.T) {
			t.Parallel()
			d := newDirectory()
			d.refuse = says(http.StatusUnauthorized, fmt.Sprintf(`{"error":%q}`, code))
			_, err := newClient(t, d.ServeHTTP).RemoveUser(t.Context(), userID)
			require.Equal(t, map[string]string{"invalid_oauth": denied, "token_quota_exceeded": throttled}[code], meaningOf(err))
			require.Len(t, d.paths, 2)
		})
	}

	t.Run("a_user_who_left_does_not_take_the_token_from_the_others", func(t *testing.T) {
		t.Parallel()
		asked, answer := make(chan struct{}), make(chan struct{})
		client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/access_token") {
				close(asked)
				<-answer
				handsOutAccess(w, r)
				return
			}
			says(http.StatusOK, `{"user_id":"`+userID+`","status":"Active"}`)(w, r)
		})
		ctx, leave := contextOf(t)
		left := make(chan error, 1)
		go func() {
			_, err := client.ReadUser(ctx, userID)
			left <- err
		}()
		<-asked
		leave()
		require.ErrorIs(t, <-left, ctx.Err())
		close(answer)
		_, err := client.ReadUser(t.Context(), userID)
		require.NoError(t, err, "asked is closed twice when the token was fetched twice")
	})

	t.Run("a_password_is_never_told", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, says(http.StatusBadRequest, `{"error":"invalid_client","error_description":"`+oauthSecret+` is wrong for `+apiKey+`"}`))
		_, err := client.ReadUser(t.Context(), userID)
		require.Equal(t, denied, meaningOf(err))
		var failed *enroll.Error
		require.ErrorAs(t, err, &failed)
		require.Equal(t, enroll.Redacted+" is wrong for "+enroll.Redacted, failed.Said)
		require.NotContains(t, err.Error(), failed.Said)
	})
}
