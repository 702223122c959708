package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/s3test"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// TestSealedInBucket: the journeys that seal photos, samples and templates end
// as they do with a folder when worker and client share a bucket, and leave
// nothing in it that could be read.
func TestSealedInBucket(t *testing.T) {
	s := workerless(t, func(*enroll.Pace) {})
	server := s3test.Start(t)
	bucket := variables{
		config.AllowHTTP: "true", vault.SealedDir: "", vault.SealedS3Endpoint: server.Endpoint, vault.SealedS3Bucket: server.Bucket(t),
		vault.SealedS3Prefix: "sealed/", vault.SealedS3AccessKey: s3test.AccessKey, vault.SealedS3SecretKey: s3test.SecretKey,
	}
	stop := s.host(t, bucket)
	defer stop()
	environment := s.with(bucket)
	backend, err := client.Dial(t.Context(), client.WithLookup(config.Map(environment)))
	require.NoError(t, err)
	t.Cleanup(backend.Close)
	src := config.NewSource(config.Map(environment))
	shared, err := vault.Read(src).Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, shared.Close()) })

	for name, request := range map[string]client.Request{
		"a_photo":    photo(subject()),
		"samples":    withSamples(t, class()),
		"a_template": enroll.SmartIDEnrollment{User: subject(), Template: "template", PayLoad: "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			started, err := backend.Start(t.Context(), "key-of-"+name, request)
			require.NoError(t, err)
			if started.HandOver != nil && started.HandOver.IProov != nil {
				kept, err := shared.Sealed.Refs(t.Context())
				require.NoError(t, err)
				require.Len(t, kept, 1, "the photo is kept until the journey ends")
				s.complete(t, started)
			}
			require.Equal(t, enroll.Enrolled, s.outcome(t, started).Outcome)
			kept, err := shared.Sealed.Refs(t.Context())
			require.NoError(t, err)
			require.Empty(t, kept)
			used, err := shared.Sealed.UsedKeys(t.Context())
			require.NoError(t, err)
			require.Empty(t, used, "no journey's key is left")

			again, err := backend.Start(t.Context(), "key-of-"+name, request)
			require.NoError(t, err)
			require.Equal(t, started.RunID, again.RunID)
		})
	}
}
