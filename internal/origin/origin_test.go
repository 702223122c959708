package origin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/origin"
)

func TestCheck(t *testing.T) {
	for _, text := range []string{"https://app.example", "http://127.0.0.1:8233", "https://app.example:8443", "http://localhost:443", "https://[::1]:8443"} {
		t.Run("takes_"+text, func(t *testing.T) { require.NoError(t, origin.Check(text)) })
	}
	for _, text := range []string{
		"", "app.example", "null", "*", "https://*.example", "https://app.example/", "https://app.example?", "https://app.example#x",
		"https://App.example", "HTTPS://app.example", "https://app.example:443", "http://app.example:80", "https://app.example:",
		"https://me:hunter2@app.example", "ftp://app.example", "https://", "https://[::1", "https://:8443", " https://app.example", "https://a.example https://b.example",
		"https://a.example,https://b.example",
	} {
		t.Run("refuses_"+text, func(t *testing.T) {
			err := origin.Check(text)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}
