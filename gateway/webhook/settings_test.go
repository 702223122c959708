package webhook_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/webhook"
	"github.com/bioenroll/bioenroll/internal/config"
)

func read(values map[string]string) (webhook.Settings, error) {
	src := config.NewSource(config.Map(values))
	return webhook.Read(src), src.Err()
}

func TestRead(t *testing.T) {
	t.Parallel()
	const authID = webhook.Prefix + "AUTHID_"

	t.Run("opens_no_webhook_by_itself", func(t *testing.T) {
		t.Parallel()
		s, err := read(map[string]string{authID + "FIELD": "id"})
		require.NoError(t, err)
		require.Empty(t, s.Hooks)
	})

	t.Run("follows_the_environment", func(t *testing.T) {
		t.Parallel()
		s, err := read(map[string]string{authID + "SECRET": secret})
		require.NoError(t, err)
		require.Equal(t, map[enroll.Provider]webhook.Hook{enroll.AuthID: {Secrets: []enroll.Secret{secret}, Field: field}}, s.Hooks)

		s, err = read(map[string]string{
			authID + "SECRET": secret, authID + "SECRET_BEFORE": before, authID + "LOGIN": "hook", authID + "PASSWORD": "pass", authID + "FIELD": "id",
		})
		require.NoError(t, err)
		require.Equal(t, webhook.Hook{Secrets: []enroll.Secret{secret, before}, Login: "hook", Password: "pass", Field: "id"}, s.Hooks[enroll.AuthID])
	})

	t.Run("reads_a_secret_from_a_file", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(file, []byte(secret+"\n"), 0o600))
		s, err := read(map[string]string{authID + "SECRET_FILE": file})
		require.NoError(t, err)
		require.Equal(t, []enroll.Secret{secret}, s.Hooks[enroll.AuthID].Secrets)
	})

	for promise, row := range map[string]struct {
		values map[string]string
		says   string
	}{
		"refuses_a_short_secret":              {map[string]string{authID + "SECRET": secret[1:]}, "SECRET: given a secret of 31 characters"},
		"refuses_a_secret_that_is_no_address": {map[string]string{authID + "SECRET": secret + "/"}, "letters, digits"},
		"refuses_a_short_secret_from_before":  {map[string]string{authID + "SECRET": secret, authID + "SECRET_BEFORE": before[1:]}, "SECRET_BEFORE: "},
		"refuses_a_login_without_a_password":  {map[string]string{authID + "SECRET": secret, authID + "LOGIN": "hook"}, "LOGIN: given one of"},
		"refuses_a_password_without_a_login":  {map[string]string{authID + "SECRET": secret, authID + "PASSWORD": "hunter2"}, "LOGIN: given one of"},
		"refuses_a_login_without_a_secret":    {map[string]string{authID + "LOGIN": "hook", authID + "PASSWORD": "hunter2"}, "SECRET: given nothing"},
		"refuses_a_secret_from_before_alone":  {map[string]string{authID + "SECRET_BEFORE": before}, "SECRET: given nothing"},
		"refuses_a_file_that_cannot_be_read":  {map[string]string{authID + "SECRET_FILE": "/nowhere/secret"}, "SECRET_FILE: "},
	} {
		t.Run(promise, func(t *testing.T) {
			t.Parallel()
			_, err := read(row.values)
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), secret[1:])
			require.NotContains(t, err.Error(), before[1:])
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}
