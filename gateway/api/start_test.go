package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/gateway/follow"
)

// starting answers starts, and reads what they bring as the real client does:
// twice.
type starting struct {
	scripted

	started  client.Started
	repeated bool
	page     client.ListedPage

	key     string
	request client.Request
	content []byte
	filter  client.Filter
	chosen  client.RecordFilter
	after   string
}

func (s *starting) StartOrRepeat(_ context.Context, key string, request client.Request) (client.Started, bool, error) {
	s.key, s.request = key, request
	if s.err != nil {
		return client.Started{}, false, s.err
	}
	var content enroll.Content
	switch r := request.(type) {
	case enroll.IProovPhotoEnrollment:
		content = r.Image
	case enroll.BioIDEnrollment:
		if len(r.Samples) > 0 {
			content = r.Samples[len(r.Samples)-1].Data
		}
	}
	for range 2 {
		opened, err := content.Open()
		if err != nil {
			return client.Started{}, false, err
		}
		if s.content, err = io.ReadAll(opened); err != nil {
			return client.Started{}, false, err
		}
	}
	return s.started, s.repeated, nil
}

func (s *starting) ListPage(_ context.Context, filter client.Filter, after string) (client.ListedPage, error) {
	s.filter, s.after = filter, after
	return s.page, s.err
}

func (s *starting) ListRecorded(_ context.Context, filter client.RecordFilter) (client.ListedPage, error) {
	s.chosen = filter
	return s.page, s.err
}

// checking refuses what the real client refuses.
type checking struct{ api.Journeys }

func (*checking) StartOrRepeat(_ context.Context, _ string, request client.Request) (client.Started, bool, error) {
	return client.Started{}, false, client.Check(request, enroll.DefaultLimits())
}

// serve serves the API on loopback, spooling into the folder.
func (s *starting) serve(t *testing.T, folder string) string {
	t.Helper()
	return serving(t, s, func(o *api.Options) { o.Spool.Dir = folder })
}

// serving serves the API on loopback.
func serving(t *testing.T, journeys api.Journeys, change ...func(*api.Options)) string {
	t.Helper()
	hub := follow.New(make(states), follow.DefaultLimits())
	t.Cleanup(hub.Close)
	options := api.Options{Journeys: journeys, Access: &doorkeeper{hintsLeft: 60}, Follow: hub, Spool: api.Spool{Dir: t.TempDir()}, Log: zap.NewNop()}
	for _, one := range change {
		one(&options)
	}
	server := httptest.NewServer(api.New(options).Handler())
	t.Cleanup(server.Close)
	return server.URL
}

// send makes one request and holds its answer to the description.
func send(t *testing.T, url, method, target string, role access.Role, body io.Reader, headers ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url+target, body)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+string(role))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	requireDescribed(t, method, target, answer)
	return answer
}

// startJSON starts a journey with JSON.
func (s *starting) startJSON(t *testing.T, body string) *http.Response {
	t.Helper()
	return send(t, s.serve(t, t.TempDir()), http.MethodPost, "/v1/journeys", access.Backend, strings.NewReader(body),
		"Content-Type", "application/json", "Idempotency-Key", "key")
}

const authIDStart = `{"journey": "authid.enroll", "input": {"account_number": "customer-42", "consent": "form-1"}}`

// waits is what a start answers whose journey waits.
func waits() client.Started {
	return client.Started{
		ID: journeyID, RunID: runID, Deadline: noon,
		HandOver: &enroll.HandOver{ExpiresAt: noon, AuthID: &enroll.AuthIDHandOver{OperationID: "op", OneTimeSecret: "hush", CaptureURL: "https://id.example/?s=hush"}},
	}
}

func TestStart(t *testing.T) {
	t.Parallel()

	t.Run("answers_the_hand_over_with_its_secrets", func(t *testing.T) {
		t.Parallel()
		s := &starting{started: waits()}
		answer := s.startJSON(t, authIDStart)
		require.Equal(t, journey, answer.Header.Get("Location"))
		body := told(t, answer, http.StatusCreated)
		require.Equal(t, journeyID+"."+runID, body["id"])
		require.Equal(t, "waiting", body["phase"])
		require.Equal(t, "hush", within(t, body, "hand_over", "authid", "one_time_secret"))
		require.Equal(t, "token for "+journeyID+"."+runID+" until "+noon.Format(time.RFC3339), body["relay_token"])
		require.Equal(t, "key", s.key)
		require.Equal(t, "customer-42", s.request.SubjectName())
		require.Equal(t, "form-1", s.request.ReliesOn().Consent)
	})

	t.Run("repeated_after_a_renewal_brings_what_is_good_now", func(t *testing.T) {
		t.Parallel()
		s := &starting{started: waits(), repeated: true, scripted: scripted{shown: waiting()}}
		s.shown.State = &enroll.State{Phase: enroll.Waiting}
		s.renewed.HandOver = &enroll.HandOver{AuthID: &enroll.AuthIDHandOver{OneTimeSecret: "renewed"}}
		body := told(t, s.startJSON(t, authIDStart), http.StatusOK)
		require.Equal(t, "renewed", within(t, body, "hand_over", "authid", "one_time_secret"))
		require.Equal(t, "token for "+journeyID+"."+runID+" until "+noon.Add(time.Hour).Format(time.RFC3339), body["relay_token"])
	})

	t.Run("answers_the_outcome_of_a_journey_that_ended_at_once", func(t *testing.T) {
		t.Parallel()
		s := &starting{started: client.Started{ID: journeyID, RunID: runID, Result: &enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}}}
		body := told(t, s.startJSON(t, `{"journey": "smartid.enroll", "input": {"user": "u", "template": "t", "pay_load": "p"}}`), http.StatusCreated)
		require.Equal(t, "concluded", body["phase"])
		require.Equal(t, "enrolled", body["outcome"])
		require.NotContains(t, body, "relay_token")
	})

	t.Run("says_that_the_key_was_used_before_and_how_it_stands_now", func(t *testing.T) {
		t.Parallel()
		s := &starting{started: waits(), repeated: true}
		s.shown = client.Shown{
			Journey: enroll.AuthIDEnroll, Phase: enroll.Concluded,
			State: &enroll.State{Phase: enroll.Concluded, Result: &enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Expired}}},
		}
		answer := s.startJSON(t, authIDStart)
		require.Equal(t, "true", answer.Header.Get("Idempotency-Replayed"))
		body := told(t, answer, http.StatusOK)
		require.Equal(t, "expired", body["outcome"])
		require.NotContains(t, body, "hand_over")
	})

	for name, trouble := range map[string]struct {
		err    error
		status int
		kind   api.Kind
	}{
		"a_conflict_is_409":               {client.ErrConflict, 409, api.JourneyAlive},
		"an_erasure_under_way_is_409":     {client.ErrErasing, 409, api.SubjectErasing},
		"a_key_of_another_request_is_422": {client.ErrKeyReused, 422, api.KeyReused},
		"input_not_acceptable_is_422":     {&enroll.InputError{Fields: []enroll.FieldError{{Field: "bcid"}}}, 422, api.InputRefused},
		"a_hold_is_503":                   {&client.HeldError{}, 503, api.OnHold},
		"no_answer_in_time_is_503":        {client.ErrNoAnswer, 503, api.NoAnswer},
		"other_keys_are_503":              {client.ErrOtherKeys, 503, api.Unavailable},
		"a_server_that_is_away_is_503":    {serviceerror.NewUnavailable("secret"), 503, api.Unavailable},
		"whatever_else_is_500":            {errors.New("secret"), 500, api.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &starting{}
			s.err = trouble.err
			require.NotContains(t, requireProblem(t, s.startJSON(t, authIDStart), trouble.status, trouble.kind)["detail"], "secret")
		})
	}

	for name, wrong := range map[string]struct {
		body   string
		status int
		kind   api.Kind
	}{
		"nothing_is_400":                     {"", 400, api.InvalidRequest},
		"half_an_object_is_400":              {`{"journey": "auth`, 400, api.InvalidRequest},
		"two_values_are_400":                 {authIDStart + authIDStart, 400, api.InvalidRequest},
		"a_name_twice_is_400":                {`{"journey": "authid.enroll", "journey": "bioid.enroll"}`, 400, api.InvalidRequest},
		"what_is_not_utf8_is_400":            {"{\"journey\": \"\xff\"}", 400, api.InvalidRequest},
		"a_list_is_422":                      {`[]`, 422, api.InputRefused},
		"a_journey_that_is_none_is_422":      {`{"journey": "x", "input": {}}`, 422, api.InputRefused},
		"a_field_that_does_not_exist_is_422": {`{"journey": "authid.enroll", "input": {"acount_number": "x"}}`, 422, api.InputRefused},
		"a_field_of_another_kind_is_422":     {`{"journey": "authid.enroll", "input": {"account_number": 7}}`, 422, api.InputRefused},
		"more_than_json_may_have_is_413":     {`{"journey": "` + strings.Repeat("x", 5<<20) + `"}`, 413, api.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireProblem(t, (&starting{}).startJSON(t, wrong.body), wrong.status, wrong.kind)
		})
	}

	for field, start := range map[string]string{
		"timeout_seconds": `{"journey": "authid.enroll", "input": {"account_number": "customer-42", "timeout_seconds": 0}}`,
		"max_tries":       `{"journey": "bioid.enroll", "input": {"bcid": "bws.1.42", "performed_by": "us", "max_tries": 0}}`,
	} {
		t.Run("takes_no_0_for_"+field+"_that_was_not_given", func(t *testing.T) {
			t.Parallel()
			s := &checking{}
			answer := send(t, serving(t, s), http.MethodPost, "/v1/journeys", access.Backend, strings.NewReader(start), "Content-Type", "application/json", "Idempotency-Key", "key")
			body := requireProblem(t, answer, 422, api.InputRefused)
			require.Len(t, body["fields"], 1)
			refused, ok := body["fields"].([]any)[0].(map[string]any)
			require.True(t, ok)
			require.Equal(t, []any{field, "0"}, []any{refused["field"], refused["given"]})
			require.Regexp(t, `^\d+ to \d+$`, refused["allowed"])
		})
	}

	t.Run("names_the_field_as_the_caller_wrote_it", func(t *testing.T) {
		t.Parallel()
		requireFields(t, (&starting{}).startJSON(t, `{"journey": "bioid.enroll", "input": {"bcid": "bws.1.42", "samples": [{}, {"tag": 3}]}}`), "samples[1].tag")
	})

	for name, bad := range map[string][]string{
		"needs_a_key":           {"Content-Type", "application/json"},
		"needs_a_key_of_bounds": {"Content-Type", "application/json", "Idempotency-Key", strings.Repeat("k", 257)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireProblem(t, send(t, (&starting{}).serve(t, ""), http.MethodPost, "/v1/journeys", access.Backend, strings.NewReader(authIDStart), bad...), 400, api.InvalidRequest)
		})
	}

	t.Run("takes_no_other_content_type", func(t *testing.T) {
		t.Parallel()
		answer := send(t, (&starting{}).serve(t, ""), http.MethodPost, "/v1/journeys", access.Backend, strings.NewReader(authIDStart), "Content-Type", "text/plain", "Idempotency-Key", "k")
		requireProblem(t, answer, 415, api.UnsupportedMediaType)
	})

	t.Run("tells_nothing_of_a_panic", func(t *testing.T) {
		t.Parallel()
		answer := (&scripted{}).ask(t, access.Backend, http.MethodPost, "/v1/journeys", authIDStart, "Idempotency-Key", "k") // Nobody is there to be asked.
		require.NotContains(t, requireProblem(t, answer, 500, api.Internal)["detail"], "nil")
	})

	t.Run("is_for_backends", func(t *testing.T) {
		t.Parallel()
		url := (&starting{}).serve(t, "")
		requireProblem(t, send(t, url, http.MethodPost, "/v1/journeys", access.Operator, http.NoBody), 403, api.Forbidden)
		requireProblem(t, send(t, url, http.MethodPost, "/v1/journeys", access.Relay, http.NoBody), 403, api.Forbidden)
		requireProblem(t, send(t, url, http.MethodPost, "/v1/journeys", "nobody", http.NoBody), 401, api.Unauthenticated)
	})
}

// holding holds the first start until it may end.
type holding struct {
	api.Journeys

	once       sync.Once
	begun, end chan struct{}
}

func (h *holding) StartOrRepeat(context.Context, string, client.Request) (client.Started, bool, error) {
	h.once.Do(func() { close(h.begun) })
	<-h.end
	return waits(), false, nil
}

// part is one part of an upload.
type part struct{ name, content string }

// form writes an upload and its content type.
func form(t *testing.T, parts ...part) (string, string) {
	t.Helper()
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for _, p := range parts {
		out, err := writer.CreateFormFile(p.name, "file")
		require.NoError(t, err)
		_, err = io.WriteString(out, p.content)
		require.NoError(t, err)
	}
	require.NoError(t, writer.Close())
	return body.String(), writer.FormDataContentType()
}

func (s *starting) upload(t *testing.T, folder string, parts ...part) *http.Response {
	t.Helper()
	body, kind := form(t, parts...)
	return send(t, s.serve(t, folder), http.MethodPost, "/v1/journeys", access.Backend, strings.NewReader(body), "Content-Type", kind, "Idempotency-Key", "key")
}

// photoStart starts a journey that needs a photo.
const photoStart = `{"journey": "iproov.photo-enroll", "input": {"source": "selfie"}}`

func TestUpload(t *testing.T) {
	t.Parallel()

	t.Run("streams_a_photo_that_can_be_read_twice_and_leaves_no_file", func(t *testing.T) {
		t.Parallel()
		folder, photo := t.TempDir(), strings.Repeat("photo", 100_000)
		s := &starting{started: waits()}
		answer := s.upload(t, folder, part{"request", photoStart}, part{"image", photo})
		told(t, answer, http.StatusCreated)
		require.Equal(t, photo, string(s.content))
		left, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Empty(t, left)
	})

	t.Run("puts_samples_where_their_names_say", func(t *testing.T) {
		t.Parallel()
		s := &starting{started: waits()}
		answer := s.upload(t, t.TempDir(), part{"request", `{"journey": "bioid.enroll", "input": {"bcid": "bws.1.42", "samples": [{"tag": "any"}]}}`},
			part{"samples[1].data", "second"}, part{"samples[0].data", "first"})
		told(t, answer, http.StatusCreated)
		require.Equal(t, "second", string(s.content))
		request, ok := s.request.(enroll.BioIDEnrollment)
		require.True(t, ok)
		require.Equal(t, "any", request.Samples[0].Tag)
	})

	t.Run("takes_text_byte_for_byte", func(t *testing.T) {
		t.Parallel()
		s := &starting{started: client.Started{ID: journeyID, RunID: runID, Result: &enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}}}
		answer := s.upload(t, t.TempDir(), part{"request", `{"journey": "smartid.enroll", "input": {"user": "u"}}`}, part{"template", "t\r\n"}, part{"pay_load", "p\n"})
		told(t, answer, http.StatusCreated)
		request, ok := s.request.(enroll.SmartIDEnrollment)
		require.True(t, ok)
		require.Equal(t, "t\r\n", request.Template.Reveal())
		require.Equal(t, "p\n", request.PayLoad.Reveal())
	})

	for name, wrong := range map[string]struct {
		parts  []part
		status int
		kind   api.Kind
	}{
		"no_parts_is_400":                    {nil, 400, api.InvalidRequest},
		"the_request_comes_first":            {[]part{{"image", "x"}, {"request", photoStart}}, 400, api.InvalidRequest},
		"a_part_twice_is_400":                {[]part{{"request", photoStart}, {"image", "x"}, {"image", "x"}}, 400, api.InvalidRequest},
		"a_part_that_no_journey_has_is_422":  {[]part{{"request", photoStart}, {"photo", "x"}}, 422, api.InputRefused},
		"a_part_of_another_journey_is_422":   {[]part{{"request", photoStart}, {"template", "x"}}, 422, api.InputRefused},
		"a_template_that_is_not_utf8_is_422": {[]part{{"request", photoStart}, {"template", "\xff"}}, 422, api.InputRefused},
		"a_request_without_bounds_is_413":    {[]part{{"request", strings.Repeat("x", 5<<20)}}, 413, api.TooLarge},
		"a_photo_that_is_too_large_is_422":   {[]part{{"request", photoStart}, {"image", strings.Repeat("x", 2<<20+1)}}, 422, api.InputRefused},
		"a_sample_that_is_too_large_is_422":  {[]part{{"request", photoStart}, {"samples[0].data", strings.Repeat("x", 4<<20+1)}}, 422, api.InputRefused},
		"a_template_that_is_too_long_is_422": {[]part{{"request", photoStart}, {"template", strings.Repeat("x", 1<<20+1)}}, 422, api.InputRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireProblem(t, (&starting{}).upload(t, t.TempDir(), wrong.parts...), wrong.status, wrong.kind)
		})
	}

	t.Run("that_is_refused_is_read_to_its_end", func(t *testing.T) {
		t.Parallel()
		large := strings.Repeat("x", 30<<20)
		for _, parts := range [][]part{{{"request", photoStart}, {"image", large}}, {{"request", large}}, {{"image", large}}} {
			body, kind := form(t, parts...)
			sent := strings.NewReader(body)
			send(t, (&starting{}).serve(t, t.TempDir()), http.MethodPost, "/v1/journeys", access.Backend, sent, "Content-Type", kind, "Idempotency-Key", "key")
			require.Zero(t, sent.Len(), "whoever answers earlier may cut off who still sends")
		}
	})

	t.Run("without_bounds_is_413", func(t *testing.T) {
		t.Parallel()
		body, kind := form(t, part{"request", photoStart}, part{"image", "photo"})
		answer := send(t, (&starting{}).serve(t, t.TempDir()), http.MethodPost, "/v1/journeys", access.Backend,
			strings.NewReader(strings.Repeat("before the first part\r\n", 3<<20)+body), "Content-Type", kind, "Idempotency-Key", "key")
		requireProblem(t, answer, 413, api.TooLarge)
	})

	t.Run("is_taken_up_to_the_last_byte_that_the_field_may_have", func(t *testing.T) {
		t.Parallel()
		limits := enroll.DefaultLimits()
		photo, sample, text := strings.Repeat("x", limits.ImageMaxBytes), strings.Repeat("x", limits.SampleMaxBytes), strings.Repeat("x", limits.TemplateMaxBytes)
		told(t, (&starting{started: waits()}).upload(t, t.TempDir(), part{"request", photoStart}, part{"image", photo}), http.StatusCreated)
		parts := []part{{"request", `{"journey": "bioid.enroll", "input": {"bcid": "bws.1.42"}}`}}
		for i := range 10 {
			parts = append(parts, part{fmt.Sprintf("samples[%d].data", i), sample})
		}
		told(t, (&starting{started: waits()}).upload(t, t.TempDir(), parts...), http.StatusCreated)
		parts = []part{{"request", `{"journey": "smartid.enroll", "input": {"user": "u"}}`}, {"template", text}, {"pay_load", text}}
		told(t, (&starting{started: waits()}).upload(t, t.TempDir(), parts...), http.StatusCreated)
	})

	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		t.Run("without_space_left_is_told_to_come_again_after_"+full.Error(), func(t *testing.T) {
			t.Parallel()
			s := &starting{scripted: scripted{err: fmt.Errorf("spool: %w", &os.PathError{Op: "write", Path: "/tmp/file", Err: full})}}
			answer := s.upload(t, t.TempDir(), part{"request", photoStart}, part{"image", "photo"})
			require.Equal(t, "5", answer.Header.Get("Retry-After"))
			requireProblem(t, answer, 503, api.Unavailable)
		})
	}

	t.Run("beyond_the_number_at_the_same_time_is_told_to_come_again", func(t *testing.T) {
		t.Parallel()
		s := &holding{begun: make(chan struct{}), end: make(chan struct{})}
		url := serving(t, s, func(o *api.Options) { o.Uploads = 1 })
		body, kind := form(t, part{"request", photoStart}, part{"image", "photo"})
		upload := func() *http.Response {
			return send(t, url, http.MethodPost, "/v1/journeys", access.Backend, strings.NewReader(body), "Content-Type", kind, "Idempotency-Key", "key")
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/journeys", strings.NewReader(body))
		require.NoError(t, err)
		request.Header = http.Header{"Authorization": {"Bearer backend"}, "Content-Type": {kind}, "Idempotency-Key": {"first"}}
		first := make(chan error)
		go func() {
			answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
			if err == nil {
				err = answer.Body.Close()
			}
			first <- err
		}()
		<-s.begun
		refused := upload()
		require.Equal(t, "5", refused.Header.Get("Retry-After"))
		requireProblem(t, refused, 503, api.Unavailable)
		close(s.end)
		require.NoError(t, <-first)
		require.Equal(t, http.StatusCreated, upload().StatusCode, "there is room again")
	})

	t.Run("that_ends_early_is_400", func(t *testing.T) {
		t.Parallel()
		body, kind := form(t, part{"request", photoStart}, part{"image", "photo"})
		answer := send(t, (&starting{}).serve(t, t.TempDir()), http.MethodPost, "/v1/journeys", access.Backend, strings.NewReader(body[:len(body)-30]), "Content-Type", kind, "Idempotency-Key", "key")
		requireProblem(t, answer, 400, api.InvalidRequest)
	})
}

func TestList(t *testing.T) {
	t.Parallel()

	t.Run("tells_a_page_and_how_to_go_on", func(t *testing.T) {
		t.Parallel()
		s := &starting{page: client.ListedPage{Journeys: []client.Shown{{ID: journeyID, RunID: runID, Journey: enroll.AuthIDEnroll, Phase: enroll.Waiting, StartedAt: noon}}, Next: "more"}}
		body := told(t, send(t, s.serve(t, ""), http.MethodGet, "/v1/journeys?provider=authid&phase=waiting&overdue=true&limit=7&cursor=abc", access.Operator, http.NoBody), http.StatusOK)
		require.Equal(t, "more", body["next_cursor"])
		require.Len(t, body["journeys"], 1)
		require.Equal(t, client.Filter{Provider: enroll.AuthID, Phase: enroll.Waiting, Overdue: true, Limit: 7}, s.filter)
		require.Equal(t, "abc", s.after)
	})

	for name, query := range map[string]string{
		"refuses_a_filter_that_does_not_exist": "?fase=waiting", "refuses_a_value_that_is_no_word": "?phase=asleep",
		"refuses_a_limit_without_bounds": "?limit=100000", "refuses_a_filter_twice": "?phase=waiting&phase=concluded",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireProblem(t, send(t, (&starting{}).serve(t, ""), http.MethodGet, "/v1/journeys"+query, access.Backend, http.NoBody), 400, api.InvalidRequest)
		})
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	ended := scripted{
		shown:  client.Shown{Journey: enroll.IProovPhotoEnroll, Phase: enroll.Concluded, ClosedAt: noon},
		result: enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonFaceRefused, ProviderCode: "c", CanRetry: true}, UserID: "customer-42", ConcludedAt: noon},
	}

	t.Run("tells_everything_of_the_outcome", func(t *testing.T) {
		t.Parallel()
		body := told(t, send(t, (&starting{scripted: ended}).serve(t, ""), http.MethodGet, journey, access.Backend, http.NoBody), http.StatusOK)
		require.Equal(t, []any{"concluded", "rejected", "face_refused", "c", true}, []any{body["phase"], body["outcome"], body["reason"], body["provider_code"], body["can_retry"]})
		require.Equal(t, "customer-42", within(t, body, "details", "user_id"))
		require.Equal(t, map[string]any{"self": journey}, body["links"])
	})

	t.Run("tells_a_frontend_no_more_than_it_needs", func(t *testing.T) {
		t.Parallel()
		body := told(t, send(t, (&starting{scripted: ended}).serve(t, ""), http.MethodGet, journey, access.Relay, http.NoBody), http.StatusOK)
		require.Equal(t, map[string]any{
			"id": journeyID + "." + runID, "journey": "iproov.photo-enroll", "provider": "iproov", "phase": "concluded", "can_retry": true, "links": map[string]any{"self": journey},
		}, body)
	})

	t.Run("is_not_for_the_frontend_of_another_journey", func(t *testing.T) {
		t.Parallel()
		answer := send(t, (&starting{scripted: ended}).serve(t, ""), http.MethodGet, strings.Replace(journey, runID, otherRunID, 1), access.Relay, http.NoBody)
		requireProblem(t, answer, 403, api.Forbidden)
	})

	t.Run("answers_404_alike", func(t *testing.T) {
		t.Parallel()
		url := (&starting{scripted: scripted{err: client.ErrNotFound}}).serve(t, "")
		for _, id := range []string{journeyID + "." + runID, "x", "authid-1.x", strings.Repeat("x", 300)} {
			requireProblem(t, send(t, url, http.MethodGet, "/v1/journeys/"+id, access.Backend, http.NoBody), 404, api.NotFound)
		}
	})

	for _, wait := range []string{"-1", "51", "soon", ""} {
		t.Run("does_not_wait_for_"+wait, func(t *testing.T) {
			t.Parallel()
			requireProblem(t, send(t, (&starting{scripted: ended}).serve(t, ""), http.MethodGet, journey+"?wait="+wait, access.Backend, http.NoBody), 400, api.InvalidRequest)
		})
	}

	t.Run("knows_no_other_method_or_path", func(t *testing.T) {
		t.Parallel()
		url := (&starting{}).serve(t, "")
		answer := send(t, url, http.MethodDelete, journey, access.Backend, http.NoBody)
		require.Contains(t, answer.Header.Get("Allow"), http.MethodGet)
		requireProblem(t, answer, 405, api.MethodNotAllowed)
		for _, path := range []string{"/v2", "//v1/journeys", "/v1/./journeys", "/v1/../v1/journeys", "/v1/journeys/", "/", "//"} {
			requireProblem(t, send(t, url, http.MethodGet, path, access.Backend, http.NoBody), 404, api.NotFound)
		}
	})

	t.Run("tells_the_catalogue", func(t *testing.T) {
		t.Parallel()
		body := told(t, send(t, (&starting{}).serve(t, ""), http.MethodGet, "/v1/catalogue", access.Backend, http.NoBody), http.StatusOK)
		require.Len(t, body["journeys"], len(enroll.Catalogue()))
	})
}
