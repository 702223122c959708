package backend_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/backend"
)

// asked is what a gateway that says always the same was asked.
type asked struct {
	method, path, token, key, kind string
	body                           []byte
}

// gateway answers everything alike, and remembers what it was asked last.
func gateway(t *testing.T, status int, answer string) (backend.Backend, *asked) {
	t.Helper()
	var last asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		last = asked{r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"), r.Header.Get("Content-Type"), body}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return backend.Backend{URL: server.URL, Token: "token", HTTP: server.Client()}, &last
}

func photo() enroll.IProovPhotoEnrollment {
	return enroll.IProovPhotoEnrollment{UserID: "jane", Image: enroll.Bytes([]byte("a photo")), Source: enroll.SourceEID}
}

func TestStart(t *testing.T) {
	b, last := gateway(t, http.StatusCreated, `{"id":"id","phase":"waiting","hand_over":{"iproov":{"user_id":"jane","token":"secret"}},"relay_token":"relay"}`)
	t.Run("sends_json_and_reads_the_hand_over", func(t *testing.T) {
		started, err := b.Start(t.Context(), "key", photo())
		require.NoError(t, err)
		require.Equal(t, asked{
			http.MethodPost, "/v1/journeys", "Bearer token", "key", "application/json",
			[]byte(`{"input":{"image":"` + base64.StdEncoding.EncodeToString([]byte("a photo")) + `","source":"eid","user_id":"jane"},"journey":"iproov.photo-enroll"}`),
		}, *last)
		require.False(t, started.Repeated)
		require.Equal(t, "secret", started.HandOver.IProov.Token.Reveal())
		require.Equal(t, "relay", started.RelayToken.Reveal())
		require.Equal(t, "/v1/journeys/id", started.Path())
	})
	t.Run("tells_a_repeated_one", func(t *testing.T) {
		b, _ := gateway(t, http.StatusOK, `{"id":"id","phase":"concluded","outcome":"enrolled"}`)
		started, err := b.Start(t.Context(), "key", photo())
		require.NoError(t, err)
		require.True(t, started.Repeated)
		require.Equal(t, enroll.Enrolled, started.Outcome)
	})
}

func TestUpload(t *testing.T) {
	b, last := gateway(t, http.StatusCreated, `{"id":"id"}`)
	for name, row := range map[string]struct {
		request client.Request
		parts   map[string]string
	}{
		"a_photo": {photo(), map[string]string{
			"request": `{"input":{"source":"eid","user_id":"jane"},"journey":"iproov.photo-enroll"}`, "image": "a photo",
		}},
		"samples": {
			enroll.BioIDEnrollment{BCID: "bws.1.42", Samples: []enroll.BioIDSample{{Data: enroll.Bytes([]byte("one"))}, {Data: enroll.Bytes([]byte("two"))}}},
			map[string]string{"request": `{"input":{"bcid":"bws.1.42"},"journey":"bioid.enroll"}`, "samples[0].data": "one", "samples[1].data": "two"},
		},
		"a_template": {enroll.SmartIDEnrollment{User: "jane", Template: "template", PayLoad: "payload"}, map[string]string{
			"request": `{"input":{"user":"jane"},"journey":"smartid.enroll"}`, "template": "template", "pay_load": "payload",
		}},
	} {
		t.Run("sends_"+name, func(t *testing.T) {
			_, err := b.Upload(t.Context(), "key", row.request)
			require.NoError(t, err)
			require.Equal(t, row.parts, partsOf(t, last))
		})
	}
}

// partsOf reads an upload.
func partsOf(t *testing.T, last *asked) map[string]string {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(last.kind)
	require.NoError(t, err)
	require.Equal(t, "multipart/form-data", kind)
	found := map[string]string{}
	for reader := multipart.NewReader(strings.NewReader(string(last.body)), parameters["boundary"]); ; {
		part, err := reader.NextPart()
		if err == io.EOF { //nolint:errorlint // NextPart returns it as it is
			return found
		}
		require.NoError(t, err)
		content, err := io.ReadAll(part)
		require.NoError(t, err)
		found[part.FormName()] = string(content)
	}
}

func TestRefusedError(t *testing.T) {
	b, _ := gateway(t, http.StatusTooManyRequests, `{"type":"urn:bioenroll:problem:too-many-requests","status":429,"detail":"about jane"}`)
	_, err := b.Get(t.Context(), "id", 0)
	require.Equal(t, &backend.RefusedError{Status: http.StatusTooManyRequests, Type: "urn:bioenroll:problem:too-many-requests"}, err)
	require.EqualError(t, err, "the gateway answered 429 urn:bioenroll:problem:too-many-requests")
}

func TestVerbs(t *testing.T) {
	b, last := gateway(t, http.StatusOK, `{"late":true,"phase":"waiting"}`)
	t.Run("get_waits_as_long_as_told", func(t *testing.T) {
		found, err := b.Get(t.Context(), "id", 50*time.Second)
		require.NoError(t, err)
		require.Equal(t, enroll.Waiting, found.Phase)
		require.Equal(t, "/v1/journeys/id?wait=50", last.path)
	})
	t.Run("hint_carries_what_the_frontend_says", func(t *testing.T) {
		late, err := b.Hint(t.Context(), "id", enroll.SamplesUploaded, enroll.Hint{Samples: 4})
		require.NoError(t, err)
		require.True(t, late)
		require.Equal(t, "/v1/journeys/id/hints", last.path)
		require.JSONEq(t, `{"name":"samples-uploaded","samples":4}`, string(last.body))
	})
	t.Run("cancel_says_why", func(t *testing.T) {
		require.NoError(t, b.Cancel(t.Context(), "id", "asked to"))
		require.Equal(t, "/v1/journeys/id/cancel", last.path)
		var told map[string]string
		require.NoError(t, json.Unmarshal(last.body, &told))
		require.Equal(t, map[string]string{"why": "asked to"}, told)
	})
}
