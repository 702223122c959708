package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/converter"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
)

// seen is a journey as its history has it, with what must not be seen of it.
type seen struct {
	client.Started
	account, codeword string
	history           *historypb.History
}

// lookedAt plays a journey with a secret and returns it.
func (s *system) lookedAt(t *testing.T) seen {
	t.Helper()
	request := enrollment(s.account(t))
	request.Codeword = "codeword-of-a-person"
	started := s.begin(t, "key", request)
	s.complete(t, started)
	require.Equal(t, enroll.Enrolled, s.outcome(t, started).Outcome)
	all := &historypb.History{}
	events := s.Temporal().GetWorkflowHistory(t.Context(), started.ID, started.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		all.Events = append(all.Events, event)
	}
	return seen{Started: started, account: request.AccountNumber, codeword: request.Codeword.Reveal(), history: all}
}

// secrets are what operators see only when they ask for it.
func (s seen) secrets() []string {
	return []string{s.account, s.codeword, s.HandOver.AuthID.OneTimeSecret.Reveal()}
}

// decoded is the history after every encrypted payload went through the codec,
// as text.
func (s seen) decoded(t *testing.T, remote converter.PayloadCodec) string {
	t.Helper()
	var text strings.Builder
	copied, ok := proto.Clone(s.history).(*historypb.History)
	require.True(t, ok)
	err := proxy.VisitPayloads(t.Context(), copied, proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true,
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			decoded, err := remote.Decode(payloads)
			for _, payload := range decoded {
				text.Write(payload.GetData())
			}
			return decoded, err
		},
	})
	require.NoError(t, err)
	return text.String()
}

// commandLine is how Temporal's own command line asks a codec server.
func commandLine(endpoint string, token enroll.Secret) converter.PayloadCodec {
	return converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{
		Endpoint: endpoint,
		ModifyRequest: func(r *http.Request) error {
			r.Header.Set("X-Namespace", "default")
			r.Header.Set("Authorization", "Bearer "+token.Reveal())
			return nil
		},
	})
}

func TestCodecServer(t *testing.T) {
	core, log := observer.New(zapcore.InfoLevel)
	opts := options(t.TempDir())
	opts.UIPort, opts.Log = 0, zap.New(core)
	s, err := startWith(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	journey := s.lookedAt(t)

	t.Run("shows_the_command_line_a_history_without_secrets_and_subjects", func(t *testing.T) {
		text := journey.decoded(t, commandLine(s.CodecURL(), s.CodecToken()))
		require.Contains(t, text, `"Enroll a face credential for an existing authID account."`, "summaries")
		require.Contains(t, text, `"read the account"`)
		require.Contains(t, text, `"account_number":"[redacted]"`, "inputs")
		require.Contains(t, text, `"outcome":"enrolled"`, "results")
		require.NotContains(t, text, "not readable")
		for _, secret := range journey.secrets() {
			require.NotContains(t, text, secret)
		}
	})

	t.Run("reveals_it_when_asked_to", func(t *testing.T) {
		text := journey.decoded(t, commandLine(s.CodecURL()+"/revealed", s.CodecToken()))
		for _, secret := range journey.secrets() {
			require.Contains(t, text, secret)
		}
	})

	t.Run("logs_who_read_what_and_no_content", func(t *testing.T) {
		revealed := map[bool]int{}
		for _, line := range log.FilterMessage("payloads").All() {
			fields := line.ContextMap()
			require.Equal(t, "standalone-cli", fields["who"])
			require.Equal(t, []any{journey.ID}, fields["workflows"])
			require.Equal(t, "default", fields["namespace"])
			revealed[fields["revealed"] == true]++
		}
		require.Positive(t, revealed[true])
		require.Equal(t, revealed[true], revealed[false])
		for _, line := range log.All() {
			for _, secret := range append(journey.secrets(), s.CodecToken().Reveal()) {
				require.NotContains(t, fmt.Sprint(line.Message, line.ContextMap()), secret)
			}
		}
	})

	t.Run("shows_the_UI_payloads_with_no_further_step", func(t *testing.T) { s.browse(t, journey) })

	t.Run("tells_the_command_line_where_it_is", func(t *testing.T) {
		path, err := s.WriteEnvironment()
		require.NoError(t, err)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(content), "export TEMPORAL_CODEC_ENDPOINT='"+s.CodecURL()+"'\n")
		require.Contains(t, string(content), "export TEMPORAL_CODEC_AUTH='Bearer "+s.CodecToken().Reveal()+"'\n")
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	})
}

// browse plays a browser: it opens the UI, and then asks as the UI's pages do.
func (s *system) browse(t *testing.T, journey seen) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	input := journey.history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetInput()
	require.Equal(t, codec.Encoding, string(input.GetPayloads()[0].GetMetadata()["encoding"]))
	content, err := protojson.Marshal(input)
	require.NoError(t, err)

	asks := func(method, url string, headers map[string]string) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(content))
		require.NoError(t, err)
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		answer, err := browser.Do(request)
		require.NoError(t, err)
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
	decode := func(origin string) *http.Response {
		return asks(http.MethodPost, s.CodecURL()+"/decode?preserveStorageRefs=true", map[string]string{
			"Origin": origin, "Content-Type": "application/json", "X-Namespace": "default",
		})
	}

	require.Equal(t, http.StatusUnauthorized, decode(s.UIURL()).StatusCode, "not before the UI was opened")
	page := asks(http.MethodGet, s.UIURL(), map[string]string{"Accept": "text/html"})
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Contains(t, page.Header.Get("Content-Type"), "text/html")

	settings := asks(http.MethodGet, s.UIURL()+"/api/v1/settings", nil)
	var told struct {
		Codec struct {
			Endpoint           string `json:"Endpoint"`           //nolint:tagliatelle // the UI's casing
			IncludeCredentials bool   `json:"IncludeCredentials"` //nolint:tagliatelle // the UI's casing
		} `json:"Codec"` //nolint:tagliatelle // the UI's casing
	}
	require.NoError(t, json.NewDecoder(settings.Body).Decode(&told))
	require.Equal(t, s.CodecURL(), told.Codec.Endpoint)
	require.True(t, told.Codec.IncludeCredentials)

	preflight := asks(http.MethodOptions, s.CodecURL()+"/decode", map[string]string{"Origin": s.UIURL(), "Access-Control-Request-Method": "POST"})
	require.Equal(t, http.StatusNoContent, preflight.StatusCode)
	require.Equal(t, s.UIURL(), preflight.Header.Get("Access-Control-Allow-Origin"))

	answer := decode(s.UIURL())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	raw, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	var shown commonpb.Payloads
	require.NoError(t, protojson.Unmarshal(raw, &shown))
	require.Contains(t, string(shown.GetPayloads()[0].GetData()), `"account_number":"[redacted]"`)
	require.NotContains(t, string(shown.GetPayloads()[0].GetData()), journey.account)

	require.Equal(t, http.StatusForbidden, decode("http://127.0.0.1:1").StatusCode, "another page of this machine")
	require.Equal(t, http.StatusForbidden, asks(http.MethodPost, s.CodecURL()+"/revealed/decode", map[string]string{
		"Origin": s.UIURL(), "Content-Type": "application/json",
	}).StatusCode, "the UI's browser reveals nothing")
}
