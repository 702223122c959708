package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

// telling answers what a test says of receivers and notes what it was asked.
type telling struct {
	scripted

	receivers  []client.Receiver
	page       client.DeliveryPage
	name       string
	url        enroll.Secret
	atOnce     bool
	by         client.By
	did        string
	redelivery client.Redelivery
	filter     client.DeliveryFilter
}

func (s *telling) Receivers(context.Context) ([]client.Receiver, error) { return s.receivers, s.err }

func (s *telling) AddReceiver(_ context.Context, name string, url enroll.Secret, by client.By) (enroll.Secret, error) {
	s.did, s.name, s.url, s.by = "add", name, url, by
	return "whsec_Zmlyc3Q=", s.err
}

func (s *telling) RemoveReceiver(_ context.Context, name string, by client.By) error {
	s.did, s.name, s.by = "remove", name, by
	return s.err
}

func (s *telling) NewReceiverSecret(_ context.Context, name string, atOnce bool, by client.By) (enroll.Secret, error) {
	s.did, s.name, s.atOnce, s.by = "secret", name, atOnce, by
	return "whsec_c2Vjb25k", s.err
}

func (s *telling) ResumeReceiver(_ context.Context, name string, by client.By) error {
	s.did, s.name, s.by = "resume", name, by
	return s.err
}

func (s *telling) Redeliver(_ context.Context, chosen client.Redelivery, by client.By) (int, error) {
	s.did, s.redelivery, s.by = "redeliver", chosen, by
	return 3, s.err
}

func (s *telling) Deliveries(_ context.Context, filter client.DeliveryFilter) (client.DeliveryPage, error) {
	s.filter = filter
	return s.page, s.err
}

func (s *telling) ask(t *testing.T, role access.Role, method, target, body string) *http.Response {
	t.Helper()
	return askOf(t, s, &doorkeeper{}, role, method, target, body)
}

// olga is who asks with an operator's key in these tests.
var olga = client.By{Who: "olga", Why: "the shop goes live"}

func TestReceivers(t *testing.T) {
	t.Run("are_listed_with_what_waits", func(t *testing.T) {
		s := &telling{receivers: []client.Receiver{{
			Name: "shop", URL: "https://shop.example/hooks", CreatedAt: noon, GoneAt: noon, SecretsEnd: []time.Time{noon}, Pending: 2, Oldest: noon, GivenUp: 1,
		}, {Name: "till", Unreadable: true, CreatedAt: noon}}}
		require.Len(t, told(t, s.ask(t, access.Operator, http.MethodGet, "/v1/receivers", ""), http.StatusOK)["receivers"], 2)
		require.Empty(t, told(t, (&telling{}).ask(t, access.Operator, http.MethodGet, "/v1/receivers", ""), http.StatusOK)["receivers"])
	})
	t.Run("are_added_and_told_their_secret", func(t *testing.T) {
		s := &telling{}
		body := told(t, s.ask(t, access.Operator, http.MethodPost, "/v1/receivers", `{"name":"shop","url":"https://shop.example/?token=x","why":"the shop goes live"}`), http.StatusCreated)
		require.Equal(t, map[string]any{"name": "shop", "secret": "whsec_Zmlyc3Q="}, body)
		require.Equal(t, []any{"add", "shop", enroll.Secret("https://shop.example/?token=x"), olga}, []any{s.did, s.name, s.url, s.by})
	})
	t.Run("get_another_secret", func(t *testing.T) {
		s := &telling{}
		body := told(t, s.ask(t, access.Operator, http.MethodPost, "/v1/receivers/shop/secret", `{"at_once":true,"why":"the shop goes live"}`), http.StatusOK)
		require.Equal(t, "whsec_c2Vjb25k", body["secret"])
		require.Equal(t, []any{"secret", "shop", true, olga}, []any{s.did, s.name, s.atOnce, s.by})
	})
	t.Run("are_resumed_and_removed", func(t *testing.T) {
		s := &telling{}
		require.Equal(t, http.StatusNoContent, s.ask(t, access.Operator, http.MethodPost, "/v1/receivers/shop/resume", `{"why":"the shop goes live"}`).StatusCode)
		require.Equal(t, []any{"resume", "shop", olga}, []any{s.did, s.name, s.by})
		require.Equal(t, http.StatusNoContent, s.ask(t, access.Operator, http.MethodDelete, "/v1/receivers/shop?why=the+shop+goes+live", "").StatusCode)
		require.Equal(t, []any{"remove", "shop", olga}, []any{s.did, s.name, s.by})
		for _, query := range []string{"?who=me", "?why=a&why=b"} {
			requireProblem(t, s.ask(t, access.Operator, http.MethodDelete, "/v1/receivers/shop"+query, ""), http.StatusBadRequest, api.InvalidRequest)
		}
	})
	t.Run("are_sent_events_again", func(t *testing.T) {
		s := &telling{}
		body := told(t, s.ask(t, access.Operator, http.MethodPost, "/v1/receivers/shop/redeliver",
			`{"since":"2026-11-20T12:00:00Z","until":"2026-11-21T12:00:00Z","why":"the shop goes live"}`), http.StatusAccepted)
		require.InDelta(t, 3, body["events"], 0)
		require.Equal(t, client.Redelivery{Receiver: "shop", Since: noon.Add(-24 * time.Hour), Until: noon}, s.redelivery)
		told(t, s.ask(t, access.Operator, http.MethodPost, "/v1/receivers/shop/redeliver", `{"event":"evt_1","why":"the shop goes live"}`), http.StatusAccepted)
		require.Equal(t, client.Redelivery{Receiver: "shop", Event: "evt_1"}, s.redelivery)
		require.Equal(t, olga, s.by)
	})
	t.Run("tell_what_became_of_each_delivery", func(t *testing.T) {
		s := &telling{page: client.DeliveryPage{Next: "more", Deliveries: []client.DeliveryStatus{{
			Event: "evt_1", Type: enroll.EventConcluded, Receiver: "shop", Journey: "authid-1.run-1", Sequence: 1, State: "pending", At: noon,
			Attempts: 1, DueAt: noon, HeldBy: "worker", LastAt: noon, LastStatus: 503, LastError: "timeout",
		}}}}
		body := told(t, s.ask(t, access.Operator, http.MethodGet, "/v1/receivers/shop/deliveries?state=pending&limit=7&cursor=abc", ""), http.StatusOK)
		require.Equal(t, "more", body["next_cursor"])
		require.Len(t, body["deliveries"], 1)
		require.Equal(t, client.DeliveryFilter{Receiver: "shop", State: "pending", Limit: 7, After: "abc"}, s.filter)
		require.Empty(t, told(t, (&telling{}).ask(t, access.Operator, http.MethodGet, "/v1/receivers/shop/deliveries", ""), http.StatusOK)["deliveries"])
		for _, query := range []string{"state=lost", "limit=0", "limit=201", "limit=1&limit=2", "subject=jane"} {
			requireProblem(t, s.ask(t, access.Operator, http.MethodGet, "/v1/receivers/shop/deliveries?"+query, ""), http.StatusBadRequest, api.InvalidRequest)
		}
	})
}

func TestReceivers_problems(t *testing.T) {
	const receivers = "/v1/receivers"
	for _, row := range []struct {
		name   string
		err    error
		path   string
		body   string
		status int
		kind   api.Kind
	}{
		{"a_name_that_is_taken", client.ErrReceiverExists, receivers, `{"name":"shop","url":"https://shop.example","why":"x"}`, http.StatusConflict, api.ReceiverExists},
		{"too_many_receivers", client.ErrTooManyReceivers, receivers, `{"name":"shop","url":"https://shop.example","why":"x"}`, http.StatusConflict, api.TooManyReceivers},
		{"too_many_secrets", client.ErrTooManySecrets, receivers + "/shop/secret", `{"why":"x"}`, http.StatusConflict, api.TooManySecrets},
		{"no_such_receiver", client.ErrNoReceiver, receivers + "/shop/resume", `{"why":"x"}`, http.StatusNotFound, api.NotFound},
		{"no_such_event", client.ErrNoEvent, receivers + "/shop/redeliver", `{"event":"evt_1","why":"x"}`, http.StatusNotFound, api.NotFound},
		{"a_url_that_is_refused", &enroll.InputError{Fields: []enroll.FieldError{{Field: "url"}}}, receivers, `{"name":"shop","url":"ftp://shop","why":"x"}`, http.StatusUnprocessableEntity, api.InputRefused},
		{"a_time_that_is_none", nil, receivers + "/shop/redeliver", `{"since":"yesterday","why":"x"}`, http.StatusUnprocessableEntity, api.InputRefused},
		{"a_field_that_does_not_exist", nil, receivers + "/shop/resume", `{"who":"x"}`, http.StatusUnprocessableEntity, api.InputRefused},
		{"no_body", nil, receivers + "/shop/resume", "", http.StatusUnsupportedMediaType, api.UnsupportedMediaType},
		{"too_much", nil, receivers, `{"name":"` + strings.Repeat("x", 5<<20) + `"}`, http.StatusRequestEntityTooLarge, api.TooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &telling{scripted: scripted{err: row.err}}
			requireProblem(t, s.ask(t, access.Operator, http.MethodPost, row.path, row.body), row.status, row.kind)
		})
	}
	t.Run("say_what_a_time_looks_like", func(t *testing.T) {
		body := requireProblem(t, (&telling{}).ask(t, access.Operator, http.MethodPost, receivers+"/shop/redeliver", `{"since":"yesterday","why":"x"}`), http.StatusUnprocessableEntity, api.InputRefused)
		require.Contains(t, fmt.Sprint(body["fields"]), "a time such as 2026-11-20T08:00:00Z")
	})
	t.Run("are_for_operators", func(t *testing.T) {
		requireProblem(t, (&telling{}).ask(t, access.Backend, http.MethodGet, receivers, ""), http.StatusForbidden, api.Forbidden)
		requireProblem(t, (&telling{}).ask(t, "", http.MethodGet, receivers, ""), http.StatusUnauthorized, api.Unauthenticated)
	})
}
