package seal_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// between puts a proxy before the bucket's service, which changes requests and
// may answer them itself.
func between(t *testing.T, place seal.Bucket, change func(http.ResponseWriter, *http.Request) (answered bool)) seal.Bucket {
	t.Helper()
	target, err := url.Parse(place.Endpoint)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // It is signed.
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !change(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	place.Endpoint = server.URL
	return place
}

func TestOpenBucket_refuses(t *testing.T) {
	t.Parallel()
	good := bucket(t)
	wrongKey, missing, noAddress := good, good, good
	wrongKey.SecretKey = "canary-secret"
	missing.Name = "nobody-made-it"
	noAddress.Endpoint = "s3.example.com"
	// A proxy leaves a signed header in and a service that knows nothing of the
	// condition ignores it: this one answers as such a service does.
	replacing := between(t, good, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && r.Header.Get("If-None-Match") != "" {
			w.Header().Set("ETag", `"0"`)
			return true
		}
		return false
	})
	versioned := between(t, good, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("versioning") {
			_, _ = w.Write([]byte("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"))
			return true
		}
		return false
	})
	for name, row := range map[string]struct {
		place seal.Bucket
		says  string
	}{
		"wrong_credentials":      {wrongKey, "ask for the bucket"},
		"a_bucket_nobody_made":   {missing, "no such bucket"},
		"what_is_no_address":     {noAddress, "https://"},
		"a_service_that_forgets": {replacing, "If-None-Match"},
		"a_bucket_with_versions": {versioned, "without versioning"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := seal.OpenBucket(t.Context(), row.place, keys.New())
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), "canary")
		})
	}
}

// TestBucket_survives_trouble: an answer that is lost on the way is asked for
// again, and what was stored meanwhile is recognised.
func TestBucket_survives_trouble(t *testing.T) {
	t.Parallel()
	lost := map[string]bool{}
	place := between(t, bucket(t), func(w http.ResponseWriter, r *http.Request) bool {
		call := r.Method + " " + r.URL.Path
		if !strings.Contains(call, string(record)) || lost[call] {
			return false
		}
		lost[call] = true
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	store, err := seal.OpenBucket(t.Context(), place, keys.New())
	require.NoError(t, err)
	put(t, store, ref)
	requireReads(t, store, ref, photo)
	require.NoError(t, store.Delete(t.Context(), ref))
	require.Len(t, lost, 5)
}

// TestBucket_leaves_no_scratch_file: what is fetched lies in files without a
// name.
func TestBucket_leaves_no_scratch_file(t *testing.T) {
	place := bucket(t)
	t.Setenv("TMPDIR", t.TempDir())
	store, err := seal.OpenBucket(t.Context(), place, keys.New())
	require.NoError(t, err)
	put(t, store, ref)
	content, _, err := store.Open(t.Context(), ref)
	require.NoError(t, err)
	entries, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, entries)
	require.NoError(t, content.Close())
}
