package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/bioenroll/bioenroll/codecserver/server"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
)

const (
	uiOrigin = "https://ui.example"
	secret   = "one-time-secret-4711"
	subject  = "account-0815"
)

// bench is a server with two operators, a clock that stands, and its log.
type bench struct {
	answers http.Handler
	codec   *codec.Codec
	file    server.File
	reader  enroll.Secret
	boss    enroll.Secret
	clock   time.Time
	log     *observer.ObservedLogs
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{file: server.File(filepath.Join(t.TempDir(), "operators")), clock: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	for _, o := range []struct {
		name   string
		reveal bool
		token  *enroll.Secret
	}{{"olga", false, &b.reader}, {"boss", true, &b.boss}} {
		operator, token, err := server.NewOperator(o.name, o.reveal)
		require.NoError(t, err)
		_, err = b.file.Put(operator)
		require.NoError(t, err)
		*o.token = token
	}
	var err error
	b.codec, err = codec.New(keys.New())
	require.NoError(t, err)
	core, log := observer.New(zapcore.DebugLevel)
	b.log = log
	made, err := server.New(server.Options{
		Codec: b.codec, Operators: b.file, UIOrigin: uiOrigin, Log: zap.New(core), Now: func() time.Time { return b.clock },
	})
	require.NoError(t, err)
	b.answers = made.Handler()
	return b
}

// encrypted is a payload of a workflow, as a history has it.
func (b *bench) encrypted(t *testing.T, workflowID string, value any) *commonpb.Payload {
	t.Helper()
	plain, err := converter.GetDefaultDataConverter().ToPayload(value)
	require.NoError(t, err)
	placed := b.codec.WithSerializationContext(converter.WorkflowSerializationContext{Namespace: "default", WorkflowID: workflowID})
	encrypted, err := placed.Encode([]*commonpb.Payload{plain})
	require.NoError(t, err)
	return encrypted[0]
}

// input is a payload with a secret, a subject, and something harmless.
func (b *bench) input(t *testing.T) *commonpb.Payload {
	t.Helper()
	return b.encrypted(t, "authid-1", map[string]any{"account_number": subject, "one_time_secret": secret, "outcome": "enrolled"})
}

// body is a request for payloads.
func body(t *testing.T, payloads ...*commonpb.Payload) string {
	t.Helper()
	written, err := protojson.Marshal(&commonpb.Payloads{Payloads: payloads})
	require.NoError(t, err)
	return string(written)
}

// post is a request as the command line sends it.
func post(path, content string, token enroll.Secret) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(content))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Namespace", "default")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	return r
}

func (b *bench) ask(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.answers.ServeHTTP(w, r)
	return w
}

// payloads are those of an answer.
func payloads(t *testing.T, w *httptest.ResponseRecorder) []*commonpb.Payload {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var answer commonpb.Payloads
	require.NoError(t, protojson.Unmarshal(w.Body.Bytes(), &answer))
	return answer.GetPayloads()
}

// lastLine is the last line of the log, as JSON would have it.
func (b *bench) lastLine(t *testing.T) map[string]any {
	t.Helper()
	lines := b.log.All()
	require.NotEmpty(t, lines)
	return lines[len(lines)-1].ContextMap()
}

func TestDecode(t *testing.T) {
	t.Run("hides_secrets_and_subjects", func(t *testing.T) {
		b := setup(t)
		shown := payloads(t, b.ask(post("/decode", body(t, b.input(t)), b.reader)))
		require.Len(t, shown, 1)
		require.JSONEq(t, `{"account_number":"[redacted]","one_time_secret":"[redacted]","outcome":"enrolled"}`, string(shown[0].GetData()))
		require.Equal(t, "json/plain", string(shown[0].GetMetadata()["encoding"]))
	})
	t.Run("hides_them_also_from_those_who_may_reveal", func(t *testing.T) {
		b := setup(t)
		require.NotContains(t, string(payloads(t, b.ask(post("/decode", body(t, b.input(t)), b.boss)))[0].GetData()), secret)
	})
	t.Run("reveals_when_asked_to", func(t *testing.T) {
		b := setup(t)
		shown := payloads(t, b.ask(post("/revealed/decode", body(t, b.input(t)), b.boss)))
		require.JSONEq(t, `{"account_number":"`+subject+`","one_time_secret":"`+secret+`","outcome":"enrolled"}`, string(shown[0].GetData()))
	})
	t.Run("reveals_nothing_without_the_right", func(t *testing.T) {
		b := setup(t)
		w := b.ask(post("/revealed/decode", body(t, b.input(t)), b.reader))
		require.Equal(t, http.StatusForbidden, w.Code)
		require.Contains(t, w.Body.String(), "olga has no right")
		require.NotContains(t, w.Body.String(), subject)
	})
	t.Run("shows_summaries", func(t *testing.T) {
		b := setup(t)
		shown := payloads(t, b.ask(post("/decode", body(t, b.encrypted(t, "w", "backup poll")), b.reader)))
		require.Equal(t, `"backup poll"`, string(shown[0].GetData()))
	})
	t.Run("hides_what_is_not_JSON", func(t *testing.T) {
		b := setup(t)
		odd := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(secret)}
		shown := payloads(t, b.ask(post("/decode", body(t, b.encrypted(t, "w", []byte(secret)), odd, b.encrypted(t, "w", nil)), b.reader)))
		require.Equal(t, `"[redacted]"`, string(shown[0].GetData()))
		require.Equal(t, `"[redacted]"`, string(shown[1].GetData()))
		require.Equal(t, "binary/null", string(shown[2].GetMetadata()["encoding"]), "nothing is nothing")
	})
	t.Run("says_what_is_wrong_with_one_and_shows_the_others", func(t *testing.T) {
		b := setup(t)
		damaged, foreign := b.input(t), setup(t).input(t)
		damaged.Data[20] ^= 1
		shown := payloads(t, b.ask(post("/decode", body(t, damaged, b.encrypted(t, "w", "fine"), foreign), b.reader)))
		require.Contains(t, string(shown[0].GetData()), "not readable")
		require.Contains(t, string(shown[0].GetData()), "damaged")
		require.Equal(t, `"fine"`, string(shown[1].GetData()))
		require.Contains(t, string(shown[2].GetData()), "another key")
		require.EqualValues(t, 2, b.lastLine(t)["unreadable"])
	})
}

func TestEncode(t *testing.T) {
	b := setup(t)
	typed := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`{"code":"x"}`)}
	shown := payloads(t, b.ask(post("/encode", body(t, typed), b.reader)))
	require.Equal(t, codec.Encoding, string(shown[0].GetMetadata()["encoding"]))
	require.NotContains(t, shown[0].GetMetadata(), "workflow-id", "bound to no workflow, as an operator's hint is")
	_, err := b.codec.WithSerializationContext(converter.WorkflowSerializationContext{WorkflowID: "w"}).Decode(shown)
	require.NoError(t, err, "workflows take it")
	_, err = b.codec.WithSerializationContext(converter.ActivitySerializationContext{WorkflowID: "w"}).Decode(shown)
	require.ErrorIs(t, err, codec.ErrNotProtected, "no step does")
	again := payloads(t, b.ask(post("/decode", body(t, shown...), b.reader)))
	require.JSONEq(t, `{"code":"x"}`, string(again[0].GetData()))
}

func TestLog(t *testing.T) {
	b := setup(t)
	w := b.ask(post("/revealed/decode", body(t, b.input(t), b.encrypted(t, "authid-2", "x"), b.input(t)), b.boss))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, map[string]any{
		"who": "boss", "from": "192.0.2.1:1234", "path": "/revealed/decode", "namespace": "default",
		"workflows": []any{"authid-1", "authid-2"}, "payloads": int64(3), "unreadable": int64(0), "revealed": true, "status": int64(200),
	}, b.lastLine(t))
	b.ask(post("/decode", body(t, b.input(t)), "wrong-"+b.boss))
	require.Equal(t, "wrong token", b.lastLine(t)["refused"])
	for _, line := range b.log.All() {
		for _, forbidden := range []string{secret, subject, b.boss.Reveal(), b.reader.Reveal()} {
			require.NotContains(t, fmt.Sprint(line.Message, line.ContextMap()), forbidden)
		}
	}
}

func TestAuthentication(t *testing.T) {
	for _, row := range []struct {
		name   string
		header func(b *bench) string
		want   int
	}{
		{"takes_an_operators_token", func(b *bench) string { return "Bearer " + b.reader.Reveal() }, http.StatusOK},
		{"takes_the_scheme_in_any_case", func(b *bench) string { return "bearer " + b.reader.Reveal() }, http.StatusOK},
		{"wants_one", func(*bench) string { return "" }, http.StatusUnauthorized},
		{"refuses_another", func(*bench) string { return "Bearer bioenroll_codec_x" }, http.StatusUnauthorized},
		{"refuses_an_empty_one", func(*bench) string { return "Bearer " }, http.StatusUnauthorized},
		{"refuses_part_of_one", func(b *bench) string { return "Bearer " + b.reader.Reveal()[:20] }, http.StatusUnauthorized},
		{"refuses_the_hash_that_is_in_the_file", func(b *bench) string {
			content, err := os.ReadFile(string(b.file))
			if err != nil {
				return ""
			}
			return "Bearer " + strings.Fields(string(content))[1]
		}, http.StatusUnauthorized},
		{"refuses_another_scheme", func(b *bench) string {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte("olga:"+b.reader.Reveal()))
		}, http.StatusUnauthorized},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := setup(t)
			r := post("/decode", body(t, b.input(t)), "")
			r.Header.Set("Authorization", row.header(b))
			w := b.ask(r)
			require.Equal(t, row.want, w.Code)
			if w.Code == http.StatusUnauthorized {
				require.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer")
				require.NotContains(t, w.Body.String(), "outcome")
			}
		})
	}

	t.Run("forgets_a_removed_operator_at_once", func(t *testing.T) {
		b := setup(t)
		cookie := b.signIn(t, b.reader)
		found, err := b.file.Remove("olga")
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, http.StatusUnauthorized, b.ask(post("/decode", body(t), b.reader)).Code)
		require.Equal(t, http.StatusUnauthorized, b.ask(fromUI(post("/decode", body(t), ""), cookie)).Code)
		require.Equal(t, http.StatusOK, b.ask(post("/decode", body(t), b.boss)).Code)
	})

	t.Run("lets_nobody_in_while_the_list_cannot_be_trusted", func(t *testing.T) {
		b := setup(t)
		require.NoError(t, os.Chmod(string(b.file), 0o666))
		require.Equal(t, http.StatusServiceUnavailable, b.ask(post("/decode", body(t), b.boss)).Code)
		require.Equal(t, http.StatusServiceUnavailable, b.ask(httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody)).Code)
		require.NoError(t, os.Chmod(string(b.file), 0o600))
		require.Equal(t, http.StatusOK, b.ask(httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody)).Code)
	})
}

func TestGuessing(t *testing.T) {
	guess := func(b *bench, from, token string) int {
		r := post("/decode", `{}`, enroll.Secret(token))
		r.RemoteAddr = from
		return b.ask(r).Code
	}

	t.Run("ends_for_a_minute_after_ten_wrong_tokens", func(t *testing.T) {
		b := setup(t)
		for range server.Guesses {
			require.Equal(t, http.StatusUnauthorized, guess(b, "198.51.100.7:1", "wrong"))
		}
		require.Equal(t, http.StatusTooManyRequests, guess(b, "198.51.100.7:2", "wrong"), "from another port of the address, too")
		require.Equal(t, http.StatusTooManyRequests, guess(b, "198.51.100.7:2", b.reader.Reveal()), "or a guess could be told right from wrong")
		require.Equal(t, http.StatusOK, guess(b, "198.51.100.8:1", b.reader.Reveal()), "others are not hindered")
		b.clock = b.clock.Add(server.GuessTime)
		require.Equal(t, http.StatusOK, guess(b, "198.51.100.7:2", b.reader.Reveal()))
	})
	t.Run("counts_the_addresses_of_one_customer_together", func(t *testing.T) {
		b := setup(t)
		for i := range server.Guesses {
			guess(b, fmt.Sprintf("[2001:db8:0:1::%x]:1", i+1), "wrong")
		}
		require.Equal(t, http.StatusTooManyRequests, guess(b, "[2001:db8:0:1:ffff::1]:1", "wrong"))
		require.Equal(t, http.StatusUnauthorized, guess(b, "[2001:db8:0:2::1]:1", "wrong"))
	})
	t.Run("is_counted_also_when_there_are_more_addresses_than_are_told_apart", func(t *testing.T) {
		b := setup(t)
		for i := range server.MaxAddresses {
			guess(b, fmt.Sprintf("203.0.%d.%d:1", i/256, i%256), "wrong")
		}
		for i := range server.Guesses {
			require.Equal(t, http.StatusUnauthorized, guess(b, fmt.Sprintf("198.51.100.%d:1", i), "wrong"))
		}
		require.Equal(t, http.StatusTooManyRequests, guess(b, "198.51.100.99:1", "wrong"))
		b.clock = b.clock.Add(server.GuessTime)
		require.Equal(t, http.StatusUnauthorized, guess(b, "198.51.100.99:1", "wrong"))
	})
	t.Run("does_not_hinder_those_who_are_signed_in", func(t *testing.T) {
		b := setup(t)
		cookie := b.signIn(t, b.reader)
		for range server.Guesses {
			guess(b, "192.0.2.1:1", "wrong")
		}
		require.Equal(t, http.StatusOK, b.ask(fromUI(post("/decode", body(t), ""), cookie)).Code)
	})
}

func TestLimits(t *testing.T) {
	b := setup(t)
	for _, row := range []struct {
		name   string
		change func(*http.Request)
		body   string
		want   int
	}{
		{"refuses_another_method", func(r *http.Request) { r.Method = http.MethodGet }, `{}`, http.StatusMethodNotAllowed},
		{"refuses_what_a_form_can_send", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, `{}`, http.StatusUnsupportedMediaType},
		{"refuses_compressed_bodies", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, `{}`, http.StatusUnsupportedMediaType},
		{"refuses_a_large_body", func(*http.Request) {}, strings.Repeat(" ", server.MaxBody+1), http.StatusRequestEntityTooLarge},
		{"refuses_a_large_body_of_unknown_length", func(r *http.Request) { r.ContentLength = -1 }, strings.Repeat(" ", server.MaxBody+1), http.StatusBadRequest},
		{"refuses_more_payloads_than_a_page_has", func(*http.Request) {}, `{"payloads":[{}` + strings.Repeat(`,{}`, server.MaxPayloads) + `]}`, http.StatusBadRequest},
		{"takes_as_many_as_a_page_has", func(*http.Request) {}, `{"payloads":[{}` + strings.Repeat(`,{}`, server.MaxPayloads-1) + `]}`, http.StatusOK},
		{"refuses_what_is_no_JSON", func(*http.Request) {}, `{"payloads":`, http.StatusBadRequest},
		{"refuses_payloads_that_are_null", func(*http.Request) {}, `{"payloads":[null]}`, http.StatusBadRequest},
		{"takes_no_payloads", func(*http.Request) {}, `{}`, http.StatusOK},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := post("/decode", row.body, b.boss)
			row.change(r)
			w := b.ask(r)
			require.Equal(t, row.want, w.Code, w.Body)
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		})
	}
	t.Run("knows_no_other_paths", func(t *testing.T) {
		for _, path := range []string{"/x/decode", "/revealed", "/decode/", "/download", "/revealed/login"} {
			require.Equal(t, http.StatusNotFound, b.ask(post(path, `{}`, b.boss)).Code, path)
		}
	})
}

func FuzzDecodeBody(f *testing.F) {
	f.Add([]byte(`{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA=="},"data":"AAAA"}]}`))
	f.Add([]byte(`{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"eyJ0b2tlbiI6IngifQ=="}]}`))
	f.Add([]byte(`null`))
	made, err := codec.New(keys.New())
	require.NoError(f, err)
	operator, token, err := server.NewOperator("fuzz", false)
	require.NoError(f, err)
	answers, err := server.New(server.Options{Codec: made, Operators: server.Fixed{operator}, Log: zap.NewNop()})
	require.NoError(f, err)
	handler := answers.Handler()
	f.Fuzz(func(t *testing.T, content []byte) {
		r := httptest.NewRequest(http.MethodPost, "/decode", bytes.NewReader(content))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token.Reveal())
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, w.Code)
		if w.Code != http.StatusOK {
			return
		}
		var asked, answer commonpb.Payloads
		require.NoError(t, protojson.Unmarshal(content, &asked))
		require.NoError(t, protojson.Unmarshal(w.Body.Bytes(), &answer))
		require.Len(t, answer.GetPayloads(), len(asked.GetPayloads()))
		for _, payload := range answer.GetPayloads() {
			if string(payload.GetMetadata()["encoding"]) != "binary/null" {
				require.True(t, json.Valid(payload.GetData()), "%q", payload.GetData())
			}
		}
	})
}
