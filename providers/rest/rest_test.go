package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/rest/resttest"
)

func setup(t *testing.T, handler http.HandlerFunc, options ...rest.Option) *rest.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := rest.New(enroll.BioID, server.URL+"/base/", append([]rest.Option{rest.WithAllowHTTP(true)}, options...)...)
	require.NoError(t, err)
	return client
}

func failureOf(t *testing.T, err error) *enroll.Error {
	t.Helper()
	failed, ok := errors.AsType[*enroll.Error](err)
	require.True(t, ok, "want an enroll.Error, got %v", err)
	return failed
}

// TestConformance holds rest to the suite that it gives to the providers.
func TestConformance(t *testing.T) {
	do := func(method string, once bool) func(context.Context, string, ...rest.Option) (bool, error) {
		return func(ctx context.Context, baseURL string, options ...rest.Option) (bool, error) {
			client, err := rest.New(enroll.BioID, baseURL, options...)
			if err != nil {
				return false, err
			}
			r := rest.Request{
				Op: "test: ask", Method: method, Path: "/things/{id}", Params: map[string]string{"id": "subject/42"},
				Query: url.Values{"access_token": {"tok-in-query"}}, Auth: rest.Basic("app-user", "s3cr&t+value"),
				Once: once, Redact: []string{"tok-in-query"},
			}
			if method == http.MethodPost {
				r.Body = rest.JSON(map[string]string{"a": "b"})
			}
			answer, err := client.Do(ctx, r)
			if err != nil {
				return false, err
			}
			var body struct {
				OK      *bool
				Code    string
				Message string
			}
			if answer.Status != http.StatusOK {
				answer.Peek(&body)
				return false, answer.Failure(body.Code, body.Message)
			}
			if err := answer.Decode(&body); err != nil {
				return false, err
			}
			if body.OK == nil {
				return false, answer.Unexpected("", "field OK is missing")
			}
			return *body.OK, nil
		}
	}
	secrets := []string{"subject/42", "subject%2F42", "tok-in-query", "s3cr&t+value", "s3cr%26t%2Bvalue"}
	resttest.Run(t, []resttest.Call{
		{Name: "get", Good: `{"OK":true,"More":1}`, Secrets: secrets, Do: do(http.MethodGet, false)},
		{Name: "post", Good: `{"OK":true}`, Secrets: secrets, Do: do(http.MethodPost, false)},
		{Name: "get_once", Good: `{"OK":true}`, Secrets: secrets, Once: true, Do: do(http.MethodGet, true)},
		{Name: "post_once", Good: `{"OK":true}`, Secrets: secrets, Once: true, Do: do(http.MethodPost, true)},
	})
}

func TestKindFollowsFromStatus(t *testing.T) {
	for status, want := range map[int]struct{ ordinary, once enroll.Kind }{
		201: {enroll.KindUnexpected, enroll.KindLost},
		302: {enroll.KindUnexpected, enroll.KindLost},
		400: {enroll.KindInvalid, enroll.KindInvalid},
		401: {enroll.KindDenied, enroll.KindDenied},
		403: {enroll.KindInvalid, enroll.KindInvalid},
		408: {enroll.KindUnavailable, enroll.KindLost},
		429: {enroll.KindThrottled, enroll.KindThrottled},
		500: {enroll.KindUnavailable, enroll.KindLost},
		503: {enroll.KindUnavailable, enroll.KindLost},
		701: {enroll.KindUnexpected, enroll.KindLost},
	} {
		client := setup(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		for _, once := range []bool{false, true} {
			answer, err := client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x", Once: once})
			require.NoError(t, err)
			kind := want.ordinary
			if once {
				kind = want.once
			}
			require.Equal(t, kind, failureOf(t, answer.Failure("", "")).Kind, "status %d once %v", status, once)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		header string
		want   time.Duration
	}{
		"seconds":            {"7", 7 * time.Second},
		"a_date":             {"Mon, 04 May 2026 10:00:20 GMT", 20 * time.Second},
		"a_date_gone_by":     {"Mon, 04 May 2026 09:00:00 GMT", 0},
		"bounded":            {"86400", 30 * time.Second},
		"a_date_bounded":     {"Tue, 05 May 2026 10:00:00 GMT", 30 * time.Second},
		"negative_is_none":   {"-5", 0},
		"unreadable_is_none": {"soon", 0},
		"absent_is_none":     {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			client := setup(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", row.header)
				w.WriteHeader(http.StatusTooManyRequests)
			}, rest.WithClock(func() time.Time { return now }), rest.WithMaxRetryAfter(30*time.Second))
			answer, err := client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x"})
			require.NoError(t, err)
			require.Equal(t, row.want, failureOf(t, answer.Failure("", "")).RetryAfter)
		})
	}
}

func TestSkewIsToldByTheDateHeader(t *testing.T) {
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"Mon, 04 May 2026 10:02:00 GMT": 2 * time.Minute,
		"Mon, 04 May 2026 09:59:30 GMT": -30 * time.Second,
		"noon":                          0,
	} {
		client := setup(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Date", header) },
			rest.WithClock(func() time.Time { return now }))
		answer, err := client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x"})
		require.NoError(t, err)
		require.Equal(t, want, answer.Skew)
	}
}

func TestRequestIsWrittenAsSaid(t *testing.T) {
	var got *http.Request
	var body string
	client := setup(t, func(_ http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got, body = r, string(data)
	})
	ask := func(r rest.Request) {
		r.Op = "test: ask"
		_, err := client.Do(t.Context(), r)
		require.NoError(t, err)
	}

	t.Run("path_parameters_are_escaped", func(t *testing.T) {
		ask(rest.Request{Method: http.MethodGet, Path: "/users/{id}/x", Params: map[string]string{"id": "a/b?c d%"}})
		require.Equal(t, "/base/users/a%2Fb%3Fc%20d%25/x", got.URL.EscapedPath())
	})
	t.Run("json_keeps_texts_as_they_are", func(t *testing.T) {
		ask(rest.Request{Method: http.MethodPost, Path: "/x", Body: rest.JSON(map[string]string{"T": "a<b>&c"})})
		require.Equal(t, `{"T":"a<b>&c"}`, body) //nolint:testifylint // byte for byte
		require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	})
	t.Run("text_and_form", func(t *testing.T) {
		ask(rest.Request{Method: http.MethodPost, Path: "/x", Body: rest.TextOf("data:image/png;base64,", resttest.Stream([]byte{0}).Base64())})
		require.Equal(t, "data:image/png;base64,AA==", body)
		require.Equal(t, "text/plain; charset=utf-8", got.Header.Get("Content-Type"))
		ask(rest.Request{Method: http.MethodPost, Path: "/x", Body: rest.Form(url.Values{"a": {"b c"}})})
		require.Equal(t, "a=b+c", body)
	})
	t.Run("credentials_go_into_headers", func(t *testing.T) {
		ask(rest.Request{Method: http.MethodGet, Path: "/x", Auth: rest.Basic("u", "p")})
		require.Equal(t, "Basic dTpw", got.Header.Get("Authorization"))
		ask(rest.Request{Method: http.MethodGet, Path: "/x", Auth: rest.Bearer("tok")})
		require.Equal(t, "Bearer tok", got.Header.Get("Authorization"))
		ask(rest.Request{Method: http.MethodGet, Path: "/x", Auth: rest.Key("X-Api-Key", "k")})
		require.Equal(t, "k", got.Header.Get("X-Api-Key"))
	})
	t.Run("a_post_without_body_says_so", func(t *testing.T) {
		ask(rest.Request{Method: http.MethodPost, Path: "/x"})
		require.Equal(t, int64(0), got.ContentLength)
		require.Empty(t, got.TransferEncoding)
	})
}

func TestMultipart(t *testing.T) {
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("image")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		data, err := io.ReadAll(file)
		if err != nil || string(data) != "\x89PNG" || header.Filename != "photo.png" ||
			header.Header.Get("Content-Type") != "image/png" || r.FormValue("source") != "eid" {
			w.WriteHeader(http.StatusConflict)
		}
	})
	answer, err := client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodPost, Path: "/x", Once: true, Body: rest.Multipart(
		rest.Part{Name: "source", Data: []byte("eid")},
		rest.Part{Name: "image", Data: []byte("\x89PNG"), FileName: "photo.png", ContentType: "image/png"},
	)})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status)
}

func TestRequestThatWouldAskForAnotherResourceIsNotSent(t *testing.T) {
	client := setup(t, func(http.ResponseWriter, *http.Request) { t.Error("was sent") })
	for _, id := range []string{"", ".", ".."} {
		_, err := client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodDelete, Path: "/users/{id}", Params: map[string]string{"id": id}})
		require.Equal(t, enroll.KindInvalid, failureOf(t, err).Kind)
	}
}

func TestRedirectIsAnAnswer(t *testing.T) {
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/base/x" {
			t.Error("the redirect was followed")
		}
		http.Redirect(w, r, "/base/y", http.StatusFound)
	})
	answer, err := client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x"})
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, answer.Status)
}

func TestFailureBeforeSendingIsNeverLost(t *testing.T) {
	t.Run("no_such_host", func(t *testing.T) {
		client, err := rest.New(enroll.BioID, "https://no-such-host.invalid/base")
		require.NoError(t, err)
		_, err = client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x", Once: true})
		require.Equal(t, enroll.KindUnavailable, failureOf(t, err).Kind)
	})
	t.Run("tls_that_fails", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		t.Cleanup(server.Close)
		client, err := rest.New(enroll.BioID, server.URL)
		require.NoError(t, err)
		_, err = client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x", Once: true})
		require.Equal(t, enroll.KindUnavailable, failureOf(t, err).Kind)
		require.ErrorContains(t, err, "certificate")
	})
	t.Run("a_listener_that_never_greets", func(t *testing.T) {
		var config net.ListenConfig
		listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		client, err := rest.New(enroll.BioID, "https://"+listener.Addr().String(), rest.WithTimeout(100*time.Millisecond))
		require.NoError(t, err)
		_, err = client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x", Once: true})
		require.Equal(t, enroll.KindUnavailable, failureOf(t, err).Kind)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestRedaction(t *testing.T) {
	for name, row := range map[string]struct {
		text   string
		hide   []string
		expect string
	}{
		"hides_a_value":              {"account Jane-1 is unknown", []string{"Jane-1"}, "account [redacted] is unknown"},
		"hides_it_in_any_case":       {"account JANE-1", []string{"Jane-1"}, "account [redacted]"},
		"hides_its_escaped_form":     {"GET /a%20b?x=a+b", []string{"a b"}, "GET /[redacted]?x=[redacted]"},
		"hides_it_inside_json":       {`got {"user":"a\u0026\u00E9"}`, []string{"a&é"}, `got {"user":"[redacted]"}`},
		"hides_the_longest_first":    {"abcdef", []string{"abc", "abcdef"}, "[redacted]"},
		"a_short_value_is_a_word":    {"a cat sat, a.1", []string{"a"}, "[redacted] cat sat, [redacted].1"},
		"strips_control_characters":  {"a\x1b[31mb\nc\x00d", nil, "a [31mb c d"},
		"bounds_the_length":          {strings.Repeat("é ", 300), nil, strings.Repeat("é ", 100) + "…"},
		"hides_what_is_no_word":      {"sent " + strings.Repeat("Zm9v", 20) + " to us", nil, "sent [redacted] to us"},
		"leaves_a_uuid":              {"operation 0c5d6a3e-7c0a-4f0e-9d6e-1b2f3a4c5d6e", nil, "operation 0c5d6a3e-7c0a-4f0e-9d6e-1b2f3a4c5d6e"},
		"survives_a_wrong_encoding":  {"a\xffb", nil, "ab"},
		"an_empty_value_is_no_value": {"text", []string{""}, "text"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, row.expect, rest.Redact(row.text, row.hide...))
		})
	}
}

func TestCode(t *testing.T) {
	client := setup(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) })
	answer, err := client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x", Redact: []string{"jane"}})
	require.NoError(t, err)
	for name, row := range map[string]struct{ code, expect string }{
		"a_constant":               {"E_ACCOUNT_BIOCREDENTIAL_ALREADY_EXISTS", "E_ACCOUNT_BIOCREDENTIAL_ALREADY_EXISTS"},
		"a_number":                 {"408", "408"},
		"a_fact":                   {"passed=false", "passed=false"},
		"nothing":                  {" ", "409"},
		"a_sentence":               {"no such user", "409"},
		"a_subject":                {"jane", "409"},
		"a_subject_in_a_constant":  {"E_JANE_UNKNOWN", "409"},
		"what_is_too_long_for_one": {strings.Repeat("E", 65), "409"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, row.expect, answer.Code(row.code))
		})
	}
}

func TestFailure_keeps_the_words_of_a_provider_out_of_its_text(t *testing.T) {
	client := setup(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	answer, err := client.Do(t.Context(), rest.Request{Op: "test: ask", Method: http.MethodGet, Path: "/x", Redact: []string{"jane"}})
	require.NoError(t, err)
	failed := failureOf(t, answer.Failure("E_NO", "jane is 42 and lives in Ghent"))
	require.Equal(t, "[redacted] is 42 and lives in Ghent", failed.Said)
	require.Equal(t, "test: ask: RequestRefused (E_NO)", failed.Error())
}

func TestRequest_prints_nothing_of_what_is_asked(t *testing.T) {
	const secret = "hunter2"
	request := rest.Request{
		Op: "test: ask", Params: map[string]string{"user": secret}, Query: url.Values{"token": {secret}}, Auth: rest.Bearer(secret),
		Body: rest.JSON(map[string]enroll.Secret{"token": secret}), Redact: []string{secret},
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.Equal(t, "test: ask", fmt.Sprintf(verb, request))
		for _, part := range []any{request.Auth, request.Body, &request} {
			printed := fmt.Sprintf(verb, part)
			require.NotContains(t, printed, secret)
			require.NotContains(t, printed, "68756e74657232") // the same in hex
			require.NotContains(t, printed, "104 117 110")    // and in decimals
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("the account jane is unknown", "jane")
	f.Add("a+b%2Fc", "a b/c")
	f.Add("\x00\xff(", "(")
	f.Add("a wrong encoding", "a\xff")
	f.Fuzz(func(t *testing.T, text, secret string) {
		got := rest.Redact(text, secret)
		require.LessOrEqual(t, len([]rune(got)), 201)
		visible := strings.ReplaceAll(got, enroll.Redacted, "\n")
		if len(secret) > 3 && utf8.ValidString(text) && !strings.ContainsAny(secret, " \n…") {
			require.NotContains(t, visible, secret)
		}
	})
}

func TestNewSaysWhatIsWrongWithTheAddress(t *testing.T) {
	for name, row := range map[string]struct{ url, says string }{
		"missing":          {"", "missing"},
		"relative":         {"/base", "absolute"},
		"without_a_host":   {"https:///base", "absolute"},
		"plain_http":       {"http://host/base", "in clear"},
		"another_scheme":   {"ftp://host", "scheme"},
		"with_credentials": {"https://user:hunter2@host", "credentials"},
		"with_a_query":     {"https://host?key=hunter2", "query"},
		"unreadable":       {"https://host/%zz-hunter2", "absolute"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rest.New(enroll.IProov, row.url)
			require.ErrorContains(t, err, "iproov: BaseURL")
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	client, err := rest.New(enroll.IProov, "https://host/base/")
	require.NoError(t, err)
	require.Equal(t, "https://host/base", client.BaseURL())
}
