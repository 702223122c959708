package providerset_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/providerset"
)

func TestRead(t *testing.T) {
	t.Parallel()
	smartID := map[string]string{"SMARTID_BASE_URL": "https://smartid.example", "SMARTID_API_KEY": "key"}
	with := func(name, value string) *config.Source {
		values := map[string]string{name: value}
		maps.Copy(values, smartID)
		return config.NewSource(config.Map(values))
	}

	t.Run("needs_only_what_the_chosen_need", func(t *testing.T) {
		t.Parallel()
		src := with(providerset.Chosen, " smartid ")
		settings := providerset.Read(src)
		require.NoError(t, src.Err())
		clients, err := settings.Open()
		require.NoError(t, err)
		require.NotNil(t, clients.SmartID)
		require.Nil(t, clients.AuthID)
		require.Nil(t, clients.BioID)
		require.Nil(t, clients.IProov)
	})

	t.Run("keeps_the_documents_order", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, enroll.Providers(), providerset.Read(with(providerset.Chosen, "iproov,smartid,bioid,authid")).Chosen)
	})

	t.Run("refuses_a_provider_that_does_not_exist", func(t *testing.T) {
		t.Parallel()
		src := with(providerset.Chosen, "smartid,onfido")
		providerset.Read(src)
		require.ErrorContains(t, src.Err(), providerset.Chosen+`: given "onfido"`)
	})

	t.Run("keeps_calls_shorter_than_their_step", func(t *testing.T) {
		t.Parallel()
		src := with(providerset.HTTPTimeout, "10s")
		providerset.ReadOnly(src, []enroll.Provider{enroll.SmartID})
		require.ErrorContains(t, src.Err(), providerset.HTTPTimeout)
	})

	t.Run("refuses_plain_http_unless_a_setting_allows_it", func(t *testing.T) {
		t.Parallel()
		values := map[string]string{"SMARTID_BASE_URL": "http://127.0.0.1:7400", "SMARTID_API_KEY": "key", providerset.Chosen: "smartid"}
		src := config.NewSource(config.Map(values))
		providerset.Read(src)
		require.ErrorContains(t, src.Err(), "SMARTID_BASE_URL")
		values[config.AllowHTTP] = "true"
		src = config.NewSource(config.Map(values))
		_, err := providerset.Read(src).Open()
		require.NoError(t, err)
		require.NoError(t, src.Err())
	})
}

func TestVariables(t *testing.T) {
	t.Parallel()
	var names []string
	for _, v := range providerset.Variables() {
		names = append(names, v.Name)
	}
	for _, name := range []string{"AUTHID_BASE_URL", "BIOID_APP_SECRET", "SMARTID_API_KEY", "IPROOV_OAUTH_PASSWORD", config.AllowHTTP} {
		require.Contains(t, names, name)
	}
}
