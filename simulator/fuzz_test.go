package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/simulator"
)

// fuzzed starts a simulator that is asked without a network.
func fuzzed(f *testing.F) http.Handler {
	f.Helper()
	server, err := simulator.New(simulator.Options{DataDir: f.TempDir()})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, server.Close()) })
	return server.Handler()
}

func FuzzSmartIDTemplate(f *testing.F) {
	handler := fuzzed(f)
	f.Add("e30.deadbeef", "p")
	f.Add("", "p")
	f.Add("eyJjYXB0dXJlZF9hdCI6IjIwMjYtMDEtMDFUMDA6MDA6MDBaIn0.", "")
	f.Fuzz(func(t *testing.T, template, payload string) {
		body, err := json.Marshal(fields{"User": "u", "Template": "sim-template." + template, "PayLoad": payload, "OverWrite": "true"})
		require.NoError(t, err)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/kyc/enroll", strings.NewReader(string(body)))
		request.Header.Set("X-Api-Key", "sim-api-key")
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, request)
		require.Contains(t, []int{407, 412, 425, 426}, got.Code, "a template nobody made is never good")
	})
}

func FuzzIProovImageForm(f *testing.F) {
	handler := fuzzed(f)
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\nsim-api-key\r\n--x--\r\n")
	f.Add("multipart/form-data", "")
	f.Add("application/json", "{}")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v2/claim/enrol/image", strings.NewReader(body))
		request.Header.Set("Content-Type", contentType)
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, request)
		require.Contains(t, []int{400, 401}, got.Code, "a form without a token is never good")
		require.True(t, json.Valid(got.Body.Bytes()))
	})
}
