package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/s3test"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// TestCanary_in_a_bucket searches the files of a real bucket's server while
// photos, samples and templates are in it, and after they went.
func TestCanary_in_a_bucket(t *testing.T) {
	s := setStage(t)
	server := s3test.Start(t) // Its files are in the temporary folder, which is searched.
	maps.Copy(s.credentials, variables{
		config.AllowHTTP: "true", vault.SealedDir: "", vault.SealedS3Endpoint: server.Endpoint, vault.SealedS3Bucket: server.Bucket(t),
		vault.SealedS3AccessKey: s3test.AccessKey, vault.SealedS3SecretKey: s3test.SecretKey,
	})
	s.planted.add(&s.planted.credentials, "key of the bucket", []byte(s3test.SecretKey))
	var err error
	s.backend, err = client.Dial(t.Context(), client.WithLookup(config.Map(s.with(s.credentials))))
	require.NoError(t, err)
	t.Cleanup(s.backend.Close)

	end := s.work(t)
	waiting, err := s.Client().Start(t.Context(), "key", photo(s.personal("user_id that waits", plain())))
	require.NoError(t, err)
	s.requireSealed(t)
	t.Run("journeys", func(t *testing.T) {
		for _, l := range slices.Concat(s.bioIDLives(t), s.smartIDLives(), s.iProovLives(t)) {
			t.Run(strings.ReplaceAll(l.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				s.lead(t, l)
			})
		}
	})
	s.requireNowhere(t, s.exported(t, nil), s.needles())
	s.finishes(t, waiting)
	s.outcome(t, waiting)
	end(syscall.SIGTERM)
	s.close(t)
	s.requireNowhere(t, nil, s.needles())
}

// requireSealed makes sure that sealed bytes are among what is searched.
func (s *stage) requireSealed(t *testing.T) {
	t.Helper()
	var sealed []string
	require.NoError(t, filepath.WalkDir(filepath.Join(s.root, "tmp"), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.Contains(path, "buckets") {
			sealed = append(sealed, path)
		}
		return err
	}))
	require.NotEmpty(t, sealed, "a journey that waits has its photo in the bucket")
}
