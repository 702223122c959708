package iproov_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	settings "github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/providers/iproov"
)

// contextOf returns a context that the test ends.
func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := iproov.New(iproov.Config{})
	for _, field := range []string{"BaseURL", "APIKey", "APISecret", "OAuthUsername", "OAuthPassword"} {
		require.ErrorContains(t, err, field)
	}
	wrong := config("https://eu.rp.secure.iproov.me/api/v2")
	wrong.StreamingURL = "https://user:" + apiSecret + "@host"
	_, err = iproov.New(wrong)
	require.ErrorContains(t, err, "StreamingURL")
	require.NotContains(t, err.Error(), apiSecret)

	_, err = iproov.New(config("https://eu.rp.secure.iproov.me/api/v2"))
	require.NoError(t, err)
}

func TestLoadConfig(t *testing.T) {
	t.Parallel()
	given := map[string]string{
		"IPROOV_BASE_URL":       "https://eu.rp.secure.iproov.me/api/v2",
		"IPROOV_API_KEY":        apiKey,
		"IPROOV_API_SECRET":     apiSecret,
		"IPROOV_OAUTH_USERNAME": oauthUser,
		"IPROOV_OAUTH_PASSWORD": oauthSecret,
	}
	want := config("https://eu.rp.secure.iproov.me/api/v2")
	want.Resource = iproov.DefaultResource

	src := settings.NewSource(settings.Map(given))
	require.Equal(t, want, iproov.LoadConfig(src))
	require.NoError(t, src.Err())

	given["IPROOV_STREAMING_URL"] = "wss://eu.rp.secure.iproov.me/ws"
	src = settings.NewSource(settings.Map(given))
	require.Equal(t, "wss://eu.rp.secure.iproov.me/ws", iproov.LoadConfig(src).StreamingURL)
	require.NoError(t, src.Err())

	given["IPROOV_STREAMING_URL"] = "eu.rp.secure.iproov.me"
	src = settings.NewSource(settings.Map(given))
	iproov.LoadConfig(src)
	require.ErrorContains(t, src.Err(), "IPROOV_STREAMING_URL")

	src = settings.NewSource(settings.Map(nil))
	iproov.LoadConfig(src)
	for _, name := range []string{"BASE_URL", "API_KEY", "API_SECRET", "OAUTH_USERNAME", "OAUTH_PASSWORD"} {
		require.ErrorContains(t, src.Err(), "IPROOV_"+name)
	}
}
