package access_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// clock is a time that stands still until it is moved.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{at: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.at }

func (c *clock) pass(length time.Duration) { c.at = c.at.Add(length) }

// door is an Access with one API key.
type door struct {
	*access.Access

	clock *clock
	file  access.KeyFile
	made  *keys.Keys
	key   enroll.Secret
}

// setup returns a door that has the rates and signs with the keys.
func setup(t *testing.T, keyRate, relayRate access.Rate) *door {
	t.Helper()
	d := &door{clock: newClock(), made: keys.New(), file: access.KeyFile(filepath.Join(t.TempDir(), "keys"))}
	var err error
	d.key, _, err = d.file.Put("shop", access.Backend)
	require.NoError(t, err)
	d.Access = access.New(access.Options{Keys: d.file.Watch(time.Now), Signing: d.made, KeyRate: keyRate, RelayRate: relayRate, Now: d.clock.now})
	return d
}

// asking is a request with the token.
func asking(token enroll.Secret) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v1/journeys", nil)
	r.Header.Set("Authorization", "Bearer "+token.Reveal())
	return r
}

// refused makes sure that an error is a refusal of the kind.
func refused(t *testing.T, err error, kind access.Kind) {
	t.Helper()
	require.Error(t, refusal(t, err, kind))
}

// refusal returns the refusal that an error is.
func refusal(t *testing.T, err error, kind access.Kind) *access.Error {
	t.Helper()
	var told *access.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, kind, told.Kind)
	return told
}

const (
	journey = "authid-6f1e2d3c4b5a69788796a5b4c3d2e1f0"
	run     = "0197b3a4-5c6d-7e8f-9a0b-1c2d3e4f5a6b"
)

func TestAuthenticate(t *testing.T) {
	t.Run("knows_an_API_key_and_its_role", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		for _, role := range access.Roles() {
			key, replaced, err := d.file.Put("a-"+string(role), role)
			require.NoError(t, err)
			require.False(t, replaced)
			caller, err := d.Authenticate(asking(key))
			require.NoError(t, err)
			require.Equal(t, access.Caller{Name: "a-" + string(role), Role: role}, caller)
			require.True(t, caller.May("any", "journey"))
			require.Equal(t, "a-"+string(role), caller.String())
		}
	})
	t.Run("knows_a_relay_token_and_its_journey", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		caller, err := d.Authenticate(asking(d.Issue(journey, run, d.clock.now())))
		require.NoError(t, err)
		require.Equal(t, access.Caller{Role: access.Relay, Journey: journey, Run: run}, caller)
		require.True(t, caller.May(journey, run))
		require.False(t, caller.May(journey, "another run"))
		require.False(t, caller.May("another journey", run))
		require.Contains(t, caller.String(), journey)
	})
	t.Run("takes_the_scheme_in_any_letters", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		r := asking("")
		r.Header.Set("Authorization", "bEARER  "+d.key.Reveal()+" ")
		_, err := d.Authenticate(r)
		require.NoError(t, err)
	})
	t.Run("refuses_a_key_that_was_taken_out_or_replaced", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		fresh, replaced, err := d.file.Put("shop", access.Relay)
		require.NoError(t, err)
		require.True(t, replaced)
		_, err = d.Authenticate(asking(d.key))
		refused(t, err, access.Unauthenticated)
		caller, err := d.Authenticate(asking(fresh))
		require.NoError(t, err)
		require.Equal(t, access.Relay, caller.Role)
		found, err := d.file.Remove("shop")
		require.NoError(t, err)
		require.True(t, found)
		_, err = d.Authenticate(asking(fresh))
		refused(t, err, access.Unauthenticated)
	})
	t.Run("does_not_touch_the_body", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		r := asking(d.key)
		r.Body = io.NopCloser(strings.NewReader("photo"))
		_, err := d.Authenticate(r)
		require.NoError(t, err)
		left, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, "photo", string(left))
	})
}

func TestAuthenticate_without_a_good_token(t *testing.T) {
	d := setup(t, access.Rate{}, access.Rate{})
	for name, row := range map[string]struct {
		sent    []string
		invalid bool
	}{
		"none":                     {nil, false},
		"an_empty_one":             {[]string{"Bearer "}, false},
		"another_scheme":           {[]string{"Basic " + d.key.Reveal()}, false},
		"no_scheme":                {[]string{d.key.Reveal()}, false},
		"two_of_them":              {[]string{"Bearer " + d.key.Reveal(), "Bearer " + d.key.Reveal()}, false},
		"a_guess":                  {[]string{"Bearer hunter2"}, true},
		"the_hash_of_a_key":        {[]string{"Bearer sha256:00"}, true},
		"a_key_and_more":           {[]string{"Bearer " + d.key.Reveal() + "x"}, true},
		"a_beginning_of_a_key":     {[]string{"Bearer " + d.key.Reveal()[:40]}, true},
		"a_relay_token_of_nothing": {[]string{"Bearer " + access.RelayPrefix}, true},
	} {
		t.Run("refuses_"+name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/v1/journeys", nil)
			r.Header["Authorization"] = row.sent
			caller, err := d.Authenticate(r)
			told := refusal(t, err, access.Unauthenticated)
			require.Equal(t, access.Caller{}, caller)
			require.NotContains(t, err.Error(), "hunter2")
			require.NotContains(t, err.Error(), d.key.Reveal())
			head := http.Header{}
			told.SetHeaders(head)
			require.True(t, strings.HasPrefix(head.Get("WWW-Authenticate"), `Bearer realm="`))
			require.Equal(t, row.invalid, strings.Contains(head.Get("WWW-Authenticate"), "invalid_token"))
			require.Empty(t, head.Get("Retry-After"))
		})
	}
}

func TestKeyFile(t *testing.T) {
	t.Run("is_refused_while_it_cannot_be_trusted", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		known, err := d.Known()
		require.NoError(t, err)
		require.Equal(t, 1, known)
		require.NoError(t, os.Chmod(string(d.file), 0o666))
		_, err = d.Authenticate(asking(d.key))
		told := refusal(t, err, access.Unusable)
		require.ErrorContains(t, err, "chmod 600")
		require.NotContains(t, told.Advice, string(d.file), "a caller learns no path")
		_, err = d.Known()
		require.ErrorContains(t, err, "chmod 600")
	})
	t.Run("that_is_gone_is_no_reason_to_call_keys_wrong", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		_, err := d.Authenticate(asking(d.key))
		require.NoError(t, err)
		require.NoError(t, os.Rename(string(d.file), string(d.file)+".away"))
		_, err = d.Authenticate(asking(d.key))
		told := refusal(t, err, access.Unusable)
		require.ErrorContains(t, err, "gateway key NAME")
		require.NotContains(t, told.Advice, string(d.file), "a caller learns no path")
		_, err = d.Known()
		require.ErrorContains(t, err, "gone", "the gateway is not ready")
	})
	t.Run("has_one_role_for_each_key", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		content, err := os.ReadFile(string(d.file))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(string(d.file), []byte(strings.Replace(string(content), "backend", "backend,operator", 1)), 0o600))
		_, err = d.Authenticate(asking(d.key))
		require.ErrorContains(t, err, "shop has several roles")
	})
	t.Run("has_no_key_in_it", func(t *testing.T) {
		d := setup(t, access.Rate{}, access.Rate{})
		content, err := os.ReadFile(string(d.file))
		require.NoError(t, err)
		require.NotContains(t, string(content), strings.TrimPrefix(d.key.Reveal(), "bioenroll_key_"))
	})
	t.Run("takes_names_and_roles_that_exist", func(t *testing.T) {
		file := access.KeyFile(filepath.Join(t.TempDir(), "keys"))
		_, _, err := file.Put("a b", access.Backend)
		require.ErrorContains(t, err, "name")
		_, _, err = file.Put("shop", "admin")
		require.ErrorContains(t, err, `"admin" is not a role`)
		require.NoFileExists(t, string(file))
	})
}
