package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

const (
	journeyID  = "authid-0123456789abcdef"
	runID      = "11111111-2222-4333-8444-555555555555"
	otherRunID = "99999999-2222-4333-8444-555555555555"
	journey    = "/v1/journeys/" + journeyID + "." + runID
)

// noon is the clock of these tests.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// scripted answers what a test says and notes what it was asked.
type scripted struct {
	api.Journeys // What a test does not script, no handler may ask.

	shown   client.Shown
	result  enroll.Result
	renewed enroll.RenewReply
	erasing client.Erasure
	late    bool
	err     error

	hints    []enroll.HintName
	runs     []string
	hint     enroll.Hint
	keys     []string
	by       []client.By
	resolved []enroll.Resolution
	people   []client.Person
	limits   []int
}

func (s *scripted) Hint(_ context.Context, _, run string, name enroll.HintName, hint enroll.Hint) (bool, error) {
	s.runs = append(s.runs, run)
	s.hints, s.hint = append(s.hints, name), hint
	return s.late, s.err
}

func (s *scripted) Renew(_ context.Context, _, run, key string) (enroll.RenewReply, error) {
	s.runs, s.keys = append(s.runs, run), append(s.keys, key)
	return s.renewed, s.err
}

func (s *scripted) HandOver(context.Context, string, string) (*enroll.HandOver, error) {
	return s.renewed.HandOver, s.err
}

func (s *scripted) Show(_ context.Context, id, run string) (client.Shown, error) {
	shown := s.shown
	shown.ID, shown.RunID = id, run
	return shown, s.err
}

func (s *scripted) Wait(context.Context, string, string) (enroll.Result, error) {
	return s.result, s.err
}

func (s *scripted) Cancel(context.Context, string, string) error {
	s.by = append(s.by, client.By{})
	return s.err
}

func (s *scripted) CancelBy(_ context.Context, _, _ string, by client.By) error {
	s.by = append(s.by, by)
	return s.err
}

func (s *scripted) Resolve(_ context.Context, _ enroll.RecordID, resolution enroll.Resolution) error {
	s.resolved = append(s.resolved, resolution)
	return s.err
}

func (s *scripted) Erase(_ context.Context, key string, people []client.Person, by client.By) (client.Erasure, error) {
	s.keys, s.people, s.by = append(s.keys, key), people, append(s.by, by)
	return s.erasing, s.err
}

func (s *scripted) Erasure(_ context.Context, id string) (client.Erasure, error) {
	if id != s.erasing.ID {
		return client.Erasure{}, client.ErrNotFound
	}
	return s.erasing, s.err
}

func (s *scripted) Erasures(_ context.Context, _ bool, limit int) ([]client.Erasure, error) {
	s.limits = append(s.limits, limit)
	return []client.Erasure{s.erasing}, s.err
}

// doorkeeper knows a caller by the role that stands in the place of a token.
type doorkeeper struct{ hintsLeft int }

func (d *doorkeeper) Authenticate(r *http.Request) (access.Caller, error) {
	switch role := access.Role(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")); role {
	case access.Backend, access.Operator:
		return access.Caller{Name: "olga", Role: role}, nil
	case access.Relay:
		return access.Caller{Role: access.Relay, Journey: journeyID, Run: runID}, nil
	default:
		return access.Caller{}, &access.Error{Kind: access.Unauthenticated, Advice: "Send a token."}
	}
}

func (*doorkeeper) Issue(journey, run string, until time.Time) enroll.Secret {
	return enroll.Secret("token for " + journey + "." + run + " until " + until.Format(time.RFC3339))
}

func (d *doorkeeper) Hint(access.Caller, string, string) error {
	if d.hintsLeft--; d.hintsLeft < 0 {
		return &access.Error{Kind: access.TooManyHints, Advice: "Enough."}
	}
	return nil
}

// ask makes one request of a server on what is scripted.
func (s *scripted) ask(t *testing.T, role access.Role, method, target, body string, headers ...string) *http.Response {
	t.Helper()
	return s.asked(t, &doorkeeper{hintsLeft: 60}, role, method, target, body, headers...)
}

func (s *scripted) asked(t *testing.T, door *doorkeeper, role access.Role, method, target, body string, headers ...string) *http.Response {
	t.Helper()
	return askOf(t, s, door, role, method, target, body, headers...)
}

// askOf makes one request of a server on any journeys.
func askOf(t *testing.T, journeys api.Journeys, door *doorkeeper, role access.Role, method, target, body string, headers ...string) *http.Response {
	t.Helper()
	server := api.New(api.Options{Journeys: journeys, Access: door, Log: zap.NewNop(), Now: func() time.Time { return noon }})
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+string(role))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	server.Handler().ServeHTTP(recorder, request)
	answer := recorder.Result()
	requireDescribed(t, method, target, answer)
	return answer
}

// told decodes an answer that has the status.
func told(t *testing.T, answer *http.Response, status int) map[string]any {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&body))
	require.NoError(t, answer.Body.Close())
	require.Equal(t, status, answer.StatusCode, "%v", body)
	return body
}

// requireProblem decodes a problem of the kind.
func requireProblem(t *testing.T, answer *http.Response, status int, kind api.Kind) map[string]any {
	t.Helper()
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	body := told(t, answer, status)
	require.Equal(t, "urn:bioenroll:problem:"+string(kind), body["type"])
	return body
}

// requireFields asserts which fields a problem complains about.
func requireFields(t *testing.T, answer *http.Response, fields ...string) {
	t.Helper()
	defer answer.Body.Close() //nolint:errcheck // read to its end
	require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode)
	var refused api.Problem
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&refused))
	require.Equal(t, "urn:bioenroll:problem:input-refused", refused.Type)
	var found []string
	for _, field := range refused.Fields {
		found = append(found, field.Field)
	}
	require.Equal(t, fields, found)
}

// within is a value in objects within each other.
func within(t *testing.T, body any, names ...string) any {
	t.Helper()
	for _, name := range names {
		require.IsType(t, map[string]any{}, body)
		require.Contains(t, body, name)
		body = body.(map[string]any)[name] //nolint:forcetypeassert,errcheck // its type was asserted
	}
	return body
}

func TestHint(t *testing.T) {
	const path = journey + "/hints"

	t.Run("wakes_the_journey", func(t *testing.T) {
		s := &scripted{}
		body := told(t, s.ask(t, access.Backend, http.MethodPost, path, `{"name":"samples-uploaded","samples":4,"code":"c"}`), http.StatusAccepted)
		require.Equal(t, map[string]any{"late": false}, body)
		require.Equal(t, []enroll.HintName{enroll.SamplesUploaded}, s.hints)
		require.Equal(t, []string{runID}, s.runs, "and no other journey of the subject")
		require.Equal(t, enroll.Hint{Samples: 4, Code: "c"}, s.hint, "a backend's own User-Agent is not the person's")
	})
	t.Run("takes_the_browser_for_the_client", func(t *testing.T) {
		s := &scripted{}
		told(t, s.ask(t, access.Relay, http.MethodPost, path, `{"name":"sdk-finished"}`, "User-Agent", "Browser\u0085/1\t\xff"), http.StatusAccepted)
		require.Equal(t, "Browser/1", s.hint.Client)
	})
	t.Run("is_a_success_that_woke_nobody_when_it_is_late", func(t *testing.T) {
		s := &scripted{late: true}
		require.Equal(t, map[string]any{"late": true}, told(t, s.ask(t, access.Relay, http.MethodPost, path, `{"name":"final-page"}`), http.StatusOK))
	})
	t.Run("names_every_field_that_is_wrong", func(t *testing.T) {
		requireFields(t, (&scripted{}).ask(t, access.Backend, http.MethodPost, path,
			`{"name":"webhook","samples":-1,"code":"`+strings.Repeat("c", 129)+`","client":"`+strings.Repeat("c", 513)+`"}`),
			"name", "samples", "code", "client")
		requireFields(t, (&scripted{}).ask(t, access.Backend, http.MethodPost, path, `{"name":"final-page","code":"a\u0000","client":"b\n"}`), "code", "client")
		requireFields(t, (&scripted{}).ask(t, access.Backend, http.MethodPost, path, `{"name":"samples-uploaded"}`), "samples")
		requireFields(t, (&scripted{}).ask(t, access.Backend, http.MethodPost, path, `{"name":"final-page","verdict":"enrolled"}`), "verdict")
	})
	t.Run("calls_the_hint_that_the_journey_does_not_listen_to_by_the_bodys_name", func(t *testing.T) {
		s := &scripted{}
		s.err = &enroll.InputError{Fields: []enroll.FieldError{{Field: "hint", Given: "g", Allowed: "a"}}}
		requireFields(t, s.ask(t, access.Backend, http.MethodPost, path, `{"name":"final-page"}`), "name")
	})
	t.Run("is_refused_when_there_were_enough", func(t *testing.T) {
		answer := (&scripted{}).asked(t, &doorkeeper{}, access.Relay, http.MethodPost, path, `{"name":"final-page"}`)
		require.Empty(t, answer.Header.Get("Retry-After"), "waiting does not help")
		requireProblem(t, answer, http.StatusConflict, api.TooManyHints)
	})
	t.Run("of_a_journey_that_is_not_there_is_not_found", func(t *testing.T) {
		requireProblem(t, (&scripted{err: client.ErrNotFound}).ask(t, access.Backend, http.MethodPost, path, `{"name":"final-page"}`), http.StatusNotFound, api.NotFound)
		requireProblem(t, (&scripted{}).ask(t, access.Backend, http.MethodPost, "/v1/journeys/nobody/hints", `{"name":"final-page"}`), http.StatusNotFound, api.NotFound)
	})
	t.Run("is_not_an_operators", func(t *testing.T) {
		requireProblem(t, (&scripted{}).ask(t, access.Operator, http.MethodPost, path, `{"name":"final-page"}`), http.StatusForbidden, api.Forbidden)
	})
	t.Run("of_another_journey_is_not_the_relay_tokens", func(t *testing.T) {
		other := "/v1/journeys/" + journeyID + "." + otherRunID + "/hints"
		requireProblem(t, (&scripted{}).ask(t, access.Relay, http.MethodPost, other, `{"name":"final-page"}`), http.StatusForbidden, api.Forbidden)
	})
	t.Run("is_JSON", func(t *testing.T) {
		requireProblem(t, (&scripted{}).ask(t, access.Relay, http.MethodPost, path, `name=final-page`, "Content-Type", "text/plain"),
			http.StatusUnsupportedMediaType, api.UnsupportedMediaType)
		requireProblem(t, (&scripted{}).ask(t, access.Relay, http.MethodPost, path, `{`), http.StatusBadRequest, api.InvalidRequest)
	})
}

func waiting() client.Shown {
	return client.Shown{Journey: enroll.AuthIDEnroll, Phase: enroll.Waiting, Deadline: noon.Add(time.Hour)}
}

func TestRenew(t *testing.T) {
	const path = journey + "/renew"
	handed := &enroll.HandOver{ExpiresAt: noon.Add(time.Minute), AuthID: &enroll.AuthIDHandOver{OperationID: "op", OneTimeSecret: "s3cret"}}
	renew := func(t *testing.T, s *scripted) *http.Response {
		t.Helper()
		return s.ask(t, access.Relay, http.MethodPost, path, "", "Idempotency-Key", "again")
	}

	t.Run("brings_a_hand_over_and_a_token_that_lives_as_long_as_the_wait", func(t *testing.T) {
		s := &scripted{shown: waiting(), renewed: enroll.RenewReply{HandOver: handed, Left: 4}}
		body := told(t, renew(t, s), http.StatusOK)
		require.Equal(t, "s3cret", within(t, body, "hand_over", "authid", "one_time_secret"))
		require.Equal(t, "token for "+journeyID+"."+runID+" until 2026-11-21T13:00:00Z", body["relay_token"])
		require.InDelta(t, 4, body["renewals_left"], 0)
		require.Equal(t, []string{"again"}, s.keys)
	})
	t.Run("issues_no_token_that_ends_before_the_hand_over", func(t *testing.T) {
		s := &scripted{shown: client.Shown{Journey: enroll.AuthIDEnroll, Phase: enroll.Waiting}, renewed: enroll.RenewReply{HandOver: handed}}
		require.Contains(t, told(t, renew(t, s), http.StatusOK)["relay_token"], "until 2026-11-21T12:01:00Z")
	})
	t.Run("needs_a_key", func(t *testing.T) {
		s := &scripted{shown: waiting()}
		requireProblem(t, s.ask(t, access.Relay, http.MethodPost, path, ""), http.StatusBadRequest, api.InvalidRequest)
		require.Empty(t, s.keys)
	})
	t.Run("of_a_journey_that_has_concluded_is_gone", func(t *testing.T) {
		s := &scripted{err: client.ErrConcluded}
		requireProblem(t, renew(t, s), http.StatusGone, api.HandOverGone)
		require.Equal(t, []string{runID}, s.runs, "no other journey of the subject is asked")
	})
	t.Run("is_gone_when_the_person_had_finished", func(t *testing.T) {
		requireProblem(t, renew(t, &scripted{renewed: enroll.RenewReply{Result: &enroll.Result{}}}), http.StatusGone, api.HandOverGone)
	})
	t.Run("keeps_back_a_hand_over_of_before_the_end", func(t *testing.T) {
		s := &scripted{shown: client.Shown{Journey: enroll.AuthIDEnroll, Phase: enroll.Concluded}, renewed: enroll.RenewReply{HandOver: handed}}
		requireProblem(t, renew(t, s), http.StatusGone, api.HandOverGone)
	})
	t.Run("tells_why_the_provider_gave_nothing_new", func(t *testing.T) {
		refused := &enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonUserInactive, ProviderCode: "no_user", Message: "for operators"}
		body := requireProblem(t, renew(t, &scripted{renewed: enroll.RenewReply{Refused: refused}}), http.StatusConflict, api.NotRenewable)
		require.Contains(t, body["detail"], "user_inactive, code no_user")
		require.Equal(t, []any{"user_inactive", "no_user"}, []any{body["reason"], body["provider_code"]})
		require.NotContains(t, body["detail"], "for operators")
	})
	for name, row := range map[string]struct {
		err    error
		status int
		kind   api.Kind
	}{
		"too_often":         {client.ErrNotRenewable, http.StatusConflict, api.NotRenewable},
		"nobody":            {client.ErrNotFound, http.StatusNotFound, api.NotFound},
		"without_an_answer": {client.ErrNoAnswer, http.StatusServiceUnavailable, api.NoAnswer},
	} {
		t.Run("tells_"+name, func(t *testing.T) {
			requireProblem(t, renew(t, &scripted{err: row.err}), row.status, row.kind)
		})
	}
}

func TestCancel(t *testing.T) {
	const path = journey + "/cancel"

	t.Run("answers_at_once_where_to_look", func(t *testing.T) {
		s := &scripted{}
		answer := s.ask(t, access.Backend, http.MethodPost, path, "")
		require.Equal(t, journey, answer.Header.Get("Location"))
		told(t, answer, http.StatusAccepted)
		require.Equal(t, []client.By{{}}, s.by)
	})
	t.Run("keeps_a_reason_with_the_name_of_the_key", func(t *testing.T) {
		for _, role := range []access.Role{access.Backend, access.Operator} {
			s := &scripted{}
			told(t, s.ask(t, role, http.MethodPost, path, `{"why":"ticket 4711"}`), http.StatusAccepted)
			require.Equal(t, []client.By{{Who: "olga", Why: "ticket 4711"}}, s.by)
		}
	})
	t.Run("needs_an_operators_reason", func(t *testing.T) {
		s := &scripted{}
		requireFields(t, s.ask(t, access.Operator, http.MethodPost, path, `{}`), "why")
		require.Empty(t, s.by)
	})
	t.Run("of_a_journey_that_has_concluded_is_a_conflict", func(t *testing.T) {
		requireProblem(t, (&scripted{err: client.ErrConcluded}).ask(t, access.Backend, http.MethodPost, path, ""), http.StatusConflict, api.JourneyConcluded)
	})
	t.Run("is_not_for_frontends", func(t *testing.T) {
		requireProblem(t, (&scripted{}).ask(t, access.Relay, http.MethodPost, path, ""), http.StatusForbidden, api.Forbidden)
	})
}

func TestResolve(t *testing.T) {
	const path, asked = journey + "/resolve", `{"outcome":"enrolled","why":"seen in the portal"}`
	unknown := client.Shown{Journey: enroll.AuthIDEnroll, Phase: enroll.Concluded, Outcome: enroll.Unknown, Record: "r1"}

	t.Run("settles_beside_the_outcome_in_the_name_of_the_key", func(t *testing.T) {
		s := &scripted{shown: unknown}
		s.shown.Resolution = &enroll.Resolution{Outcome: enroll.Enrolled, Who: "olga", Why: "seen in the portal", At: noon}
		body := told(t, s.ask(t, access.Operator, http.MethodPost, path, asked), http.StatusOK)
		require.Equal(t, "unknown", body["outcome"])
		require.Equal(t, map[string]any{"outcome": "enrolled", "who": "olga", "why": "seen in the portal", "at": "2026-11-21T12:00:00Z"}, body["resolution"])
		require.Equal(t, []enroll.Resolution{{Outcome: enroll.Enrolled, Who: "olga", Why: "seen in the portal"}}, s.resolved)
	})
	t.Run("of_a_journey_without_a_record_has_nothing_to_settle", func(t *testing.T) {
		requireProblem(t, (&scripted{shown: waiting()}).ask(t, access.Operator, http.MethodPost, path, asked), http.StatusConflict, api.NotUnknown)
	})
	t.Run("is_for_operators", func(t *testing.T) {
		requireProblem(t, (&scripted{}).ask(t, access.Backend, http.MethodPost, path, asked), http.StatusForbidden, api.Forbidden)
		requireProblem(t, (&scripted{}).ask(t, "", http.MethodPost, path, asked), http.StatusUnauthorized, api.Unauthenticated)
	})
}

func TestErasures(t *testing.T) {
	const asked = `{"people":[{"provider":"authid","name":"jane"}],"why":"ticket 4711"}`
	underWay := client.Erasure{ID: "erasure-1", Statement: enroll.ErasureStatement{ID: "erasure-1", RequestedAt: noon}}
	over := client.Erasure{ID: "erasure-1", Statement: enroll.ErasureStatement{ID: "erasure-1", RequestedAt: noon, ConcludedAt: noon, Complete: true}}

	t.Run("begin_and_tell_where_to_look", func(t *testing.T) {
		s := &scripted{erasing: underWay}
		answer := s.ask(t, access.Operator, http.MethodPost, "/v1/erasures", asked, "Idempotency-Key", "k")
		require.Equal(t, "/v1/erasures/erasure-1", answer.Header.Get("Location"))
		body := told(t, answer, http.StatusAccepted)
		require.Equal(t, "erasure-1", body["id"])
		require.NotContains(t, body["links"], "statement")
		require.Equal(t, []client.Person{{Provider: enroll.AuthID, Name: "jane"}}, s.people)
		require.Equal(t, []client.By{{Who: "olga", Why: "ticket 4711"}}, s.by)
		require.Equal(t, []string{"k"}, s.keys)
	})
	t.Run("are_told_as_over_when_the_key_was_used_before", func(t *testing.T) {
		body := told(t, (&scripted{erasing: over}).ask(t, access.Operator, http.MethodPost, "/v1/erasures", asked, "Idempotency-Key", "k"), http.StatusOK)
		require.Equal(t, "/v1/erasures/erasure-1/statement", within(t, body, "links", "statement"))
	})
	t.Run("need_a_key", func(t *testing.T) {
		requireProblem(t, (&scripted{}).ask(t, access.Operator, http.MethodPost, "/v1/erasures", asked), http.StatusBadRequest, api.InvalidRequest)
	})
	t.Run("refuse_a_key_of_other_people", func(t *testing.T) {
		requireProblem(t, (&scripted{err: client.ErrKeyReused}).ask(t, access.Operator, http.MethodPost, "/v1/erasures", asked, "Idempotency-Key", "k"),
			http.StatusUnprocessableEntity, api.KeyReused)
	})
	t.Run("can_be_looked_at_and_listed", func(t *testing.T) {
		s := &scripted{erasing: underWay}
		require.Equal(t, "erasure-1", told(t, s.ask(t, access.Operator, http.MethodGet, "/v1/erasures/erasure-1", ""), http.StatusOK)["id"])
		require.Len(t, told(t, s.ask(t, access.Operator, http.MethodGet, "/v1/erasures?pending=true&limit=7", ""), http.StatusOK)["erasures"], 1)
		require.Equal(t, []int{7}, s.limits)
		requireProblem(t, s.ask(t, access.Operator, http.MethodGet, "/v1/erasures/erasure-2", ""), http.StatusNotFound, api.NotFound)
	})
	t.Run("refuse_parameters_that_mean_nothing", func(t *testing.T) {
		for _, query := range []string{"pending=maybe", "limit=0", "limit=1001", "limit=1&limit=2", "subject=jane"} {
			requireProblem(t, (&scripted{}).ask(t, access.Operator, http.MethodGet, "/v1/erasures?"+query, ""), http.StatusBadRequest, api.InvalidRequest)
		}
	})
	t.Run("have_a_statement_to_download_once_they_are_over", func(t *testing.T) {
		requireProblem(t, (&scripted{erasing: underWay}).ask(t, access.Operator, http.MethodGet, "/v1/erasures/erasure-1/statement", ""), http.StatusNotFound, api.NotFound)
		answer := (&scripted{erasing: over}).ask(t, access.Operator, http.MethodGet, "/v1/erasures/erasure-1/statement", "")
		require.Equal(t, `attachment; filename="erasure-1.json"`, answer.Header.Get("Content-Disposition"))
		require.Equal(t, true, told(t, answer, http.StatusOK)["complete"])
	})
	t.Run("are_for_operators", func(t *testing.T) {
		requireProblem(t, (&scripted{}).ask(t, access.Backend, http.MethodPost, "/v1/erasures", asked, "Idempotency-Key", "k"), http.StatusForbidden, api.Forbidden)
	})
}
