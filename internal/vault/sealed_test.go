package vault_test

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/s3test"
	"github.com/bioenroll/bioenroll/internal/seal"
	"github.com/bioenroll/bioenroll/internal/vault"
)

var buckets s3test.Shared

func TestMain(m *testing.M) { os.Exit(buckets.Run(m)) }

// inBucket is an environment with every setting of a bucket.
func inBucket() map[string]string {
	return map[string]string{
		vault.SealedS3Endpoint: "https://s3.example.com/", vault.SealedS3Bucket: "faces", vault.SealedS3Prefix: "bioenroll/",
		vault.SealedS3Region: "eu-central-1", vault.SealedS3AccessKey: "access", vault.SealedS3SecretKey: "canary",
	}
}

func TestReadBucket(t *testing.T) {
	t.Parallel()
	src := config.NewSource(config.Map(inBucket()))
	require.Equal(t, seal.Bucket{
		Endpoint: "https://s3.example.com", Name: "faces", Prefix: "bioenroll/", Region: "eu-central-1", AccessKey: "access", SecretKey: "canary",
	}, vault.Read(src).Bucket)
	require.NoError(t, src.Err())
	for _, variable := range src.Known() {
		require.False(t, variable.Required, variable.Name)
		require.Equal(t, variable.Name == vault.Records || variable.Name == vault.SealedS3SecretKey, variable.Secret, variable.Name)
	}
}

func TestReadBucket_refuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change map[string]string
		names  []string
	}{
		"a_folder_beside_the_bucket":    {map[string]string{vault.SealedDir: "/sealed"}, []string{vault.SealedDir}},
		"an_endpoint_alone":             {map[string]string{vault.SealedS3Bucket: "", vault.SealedS3Prefix: ""}, []string{vault.SealedS3Bucket}},
		"plain_http":                    {map[string]string{vault.SealedS3Endpoint: "http://s3.example.com"}, []string{vault.SealedS3Endpoint}},
		"an_access_key_alone":           {map[string]string{vault.SealedS3SecretKey: ""}, []string{vault.SealedS3SecretKey}},
		"a_secret_key_alone":            {map[string]string{vault.SealedS3AccessKey: ""}, []string{vault.SealedS3AccessKey}},
		"a_prefix_that_is_no_folder":    {map[string]string{vault.SealedS3Prefix: "bioenroll"}, []string{vault.SealedS3Prefix}},
		"a_bucket_without_its_endpoint": {map[string]string{vault.SealedS3Endpoint: ""}, []string{vault.SealedS3Bucket, vault.SealedS3Prefix, vault.SealedS3Region, vault.SealedS3AccessKey, vault.SealedS3SecretKey}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environment := inBucket()
			maps.Copy(environment, row.change)
			src := config.NewSource(config.Map(environment))
			vault.Read(src)
			var wrong *config.Error
			require.ErrorAs(t, src.Err(), &wrong)
			var names []string
			for _, problem := range wrong.Problems {
				names = append(names, problem.Name)
			}
			require.Equal(t, row.names, names)
			require.NotContains(t, src.Err().Error(), "canary")
		})
	}
	t.Run("nothing_when_credentials_come_from_elsewhere", func(t *testing.T) {
		t.Parallel()
		environment := inBucket()
		environment[vault.SealedS3AccessKey], environment[vault.SealedS3SecretKey] = "", ""
		src := config.NewSource(config.Map(environment))
		vault.Read(src)
		require.NoError(t, src.Err())
	})
}

func TestVaultInBucket(t *testing.T) {
	t.Parallel()
	server, bucket := buckets.Bucket(t)
	dir := t.TempDir()
	environment := inBucket()
	environment[config.AllowHTTP], environment[vault.SealedS3Endpoint], environment[vault.SealedS3Bucket] = "true", server.Endpoint, bucket
	environment[vault.SealedS3AccessKey], environment[vault.SealedS3SecretKey], environment[vault.SealedS3Region] = s3test.AccessKey, s3test.SecretKey, ""
	environment[vault.KeyFile], environment[vault.Records] = filepath.Join(dir, "keys.json"), "sqlite:"+filepath.Join(dir, "records.db")
	src := config.NewSource(config.Map(environment))
	settings := vault.Read(src)
	require.NoError(t, src.Err())
	_, err := settings.OpenOrCreateKeys()
	require.NoError(t, err)

	open := func() vault.Vault {
		opened, err := settings.OpenOrCreate(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, opened.Close()) })
		return opened
	}
	const ref = enroll.SealedRef("0123-image")
	_, err = open().Sealed.Put(t.Context(), ref, func(w io.Writer) error {
		_, err := io.WriteString(w, "a face")
		return err
	})
	require.NoError(t, err)
	content, _, err := open().Sealed.Open(t.Context(), ref)
	require.NoError(t, err)
	data, err := io.ReadAll(content)
	require.NoError(t, err)
	require.NoError(t, content.Close())
	require.Equal(t, "a face", string(data))

	settings.Bucket.Name = "nobody-made-it"
	_, err = settings.Open(t.Context())
	requireNames(t, err, vault.SealedS3Bucket)
	require.NotContains(t, err.Error(), s3test.SecretKey)
}
