package simulator_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCaptureFrame(t *testing.T) {
	s := newSim(t)
	nonce := regexp.MustCompile(`script-src 'nonce-([^']+)'`)
	var seen []string
	for range 2 {
		answer, err := http.Get(s.url + "/_sim/capture")
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Equal(t, "text/html; charset=utf-8", answer.Header.Get("Content-Type"))
		found := nonce.FindStringSubmatch(answer.Header.Get("Content-Security-Policy"))
		require.Len(t, found, 2, "scripts run by nonce only")
		seen = append(seen, found[1])
	}
	require.NotEqual(t, seen[0], seen[1])
}
