package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

// accepting starts what the real client accepts.
type accepting struct{ api.Journeys }

func (accepting) StartOrRepeat(_ context.Context, _ string, request client.Request) (client.Started, bool, error) {
	if err := client.Check(request, enroll.DefaultLimits()); err != nil {
		return client.Started{}, false, err
	}
	return waits(), false, nil
}

// front is a server that any body can be sent to.
type front struct{ url, spool string }

// newFront serves the API. When the test is over nothing may be left of what was
// uploaded.
func newFront(f *testing.F) front {
	f.Helper()
	spool := f.TempDir()
	server := httptest.NewServer(api.New(api.Options{Journeys: accepting{}, Access: &doorkeeper{}, Spool: api.Spool{Dir: spool}, Log: zap.NewNop()}).Handler())
	f.Cleanup(func() {
		server.Close()
		left, err := os.ReadDir(spool)
		require.NoError(f, err)
		require.Empty(f, left)
	})
	return front{server.URL, spool}
}

// start sends a body and reports whether it was accepted. The answer is one of
// those described, and tells of no failure of ours.
func (o front) start(t *testing.T, kind, body string) bool {
	t.Helper()
	answer := send(t, o.url, http.MethodPost, "/v1/journeys", access.Backend, strings.NewReader(body), "Content-Type", kind, "Idempotency-Key", "key")
	require.Less(t, answer.StatusCode, http.StatusInternalServerError)
	told, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Less(t, len(told), 64<<10, "a short body can not make a long answer")
	return answer.StatusCode == http.StatusCreated
}

// FuzzStart sends any body as JSON: what is accepted is what the description
// allows, but for null in the place of a field that is left out.
func FuzzStart(f *testing.F) {
	examples, _ := published().object("/paths/~1v1~1journeys/post/requestBody/content/application~1json/examples")
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		example, _ := published().object("/paths/~1v1~1journeys/post/requestBody/content/application~1json/examples/" + name)
		body, err := json.Marshal(example["value"])
		require.NoError(f, err)
		f.Add(string(body))
	}
	f.Add(`{"journey": "bioid.enroll", "input": {"bcid": "bws.1.42", "samples": [{"data": "AAAA", "tag": "any", "index": 1, "trait": "Face"}, {"data": "AAAA"}]}}`)
	f.Add(`{"journey": "authid.live-selfie", "input": {"account_number": "x", "timeout_seconds": 0, "transport_type": 1, "attach_credential": true, "codeword": null}}`)
	f.Add(`{"journey": "authid.enroll", "journey": "bioid.enroll", "input": []}`)
	f.Add(`{"journey": "smartid.enroll", "input": {"user": "\ud800", "over_write": "true", "reset": 1e1000}}`)
	f.Add(strings.Repeat(`{"input":`, 20_000))
	f.Add("\ufeff{}")
	front := newFront(f)
	f.Fuzz(func(t *testing.T, body string) {
		if !front.start(t, "application/json", body) {
			return
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, published().check("/components/schemas/StartRequest", withoutNulls(value)), "%s", body)
	})
}

// withoutNulls is a value without the fields that are null.
func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		maps.DeleteFunc(value, func(_ string, field any) bool { return field == nil })
		for name, field := range value {
			value[name] = withoutNulls(field)
		}
	case []any:
		for i, item := range value {
			value[i] = withoutNulls(item)
		}
	}
	return value
}

// FuzzUpload sends any two parts after a request, and any bytes after them.
func FuzzUpload(f *testing.F) {
	const rest = "\r\n--b--\r\n"
	f.Add(photoStart, `form-data; name="image"; filename="a.png"`, []byte("photo"), `form-data; name="template"`, []byte("x"), rest)
	f.Add(`{"journey": "bioid.enroll", "input": {"bcid": "bws.1.42", "samples": [{"tag": "any"}]}}`,
		`form-data; name="samples[1].data"`, []byte{0}, `form-data; name="samples[0].data"`, []byte("x"), rest)
	f.Add(`{"journey": "smartid.enroll", "input": {"user": "u"}}`, `form-data; name=template`, []byte("t\r\n"), `form-data; name=pay_load`, []byte("\xff"), rest)
	f.Add(photoStart, `form-data; name="image"`, []byte("a"), `form-data; name="image"`, []byte("b"), rest)
	f.Add(photoStart, `form-data; name="../../etc/passwd"`, []byte("a"), `attachment`, []byte("--b"), "")
	f.Add("", "", []byte("\r\n\r\n"), "form-data\r\nContent-Transfer-Encoding: quoted-printable", []byte("=="), "\r\n--b")
	front := newFront(f)
	f.Fuzz(func(t *testing.T, request, first string, one []byte, second string, two []byte, end string) {
		var body bytes.Buffer
		fmt.Fprintf(&body, "--b\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n%s\r\n--b\r\nContent-Disposition: %s\r\n\r\n%s", request, first, one)
		fmt.Fprintf(&body, "\r\n--b\r\nContent-Disposition: %s\r\n\r\n%s%s", second, two, end)
		front.start(t, "multipart/form-data; boundary=b", body.String())
		front.start(t, "multipart/form-data; boundary=b", end)
	})
}
