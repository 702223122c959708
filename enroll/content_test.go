package enroll_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func TestContent(t *testing.T) {
	path := t.TempDir() + "/photo"
	require.NoError(t, os.WriteFile(path, []byte("canary"), 0o600))
	var sent enroll.Content
	require.NoError(t, json.Unmarshal([]byte(`"Y2FuYXJ5"`), &sent))
	for name, content := range map[string]enroll.Content{
		"of_bytes":    enroll.Bytes([]byte("canary")),
		"of_a_file":   enroll.File(path),
		"of_a_source": enroll.Source(func() (io.ReadCloser, error) { return os.Open(path) }),
		"from_json":   sent,
	} {
		t.Run(name, func(t *testing.T) {
			require.False(t, content.IsZero())
			for range 2 { // It opens from the start each time.
				source, err := content.Open()
				require.NoError(t, err)
				data, err := io.ReadAll(source)
				require.NoError(t, err)
				require.NoError(t, source.Close())
				require.Equal(t, "canary", string(data))
			}
			requireHidden(t, content)
		})
	}
}

// requireHidden requires that the content prints nowhere, also where fmt does
// not ask it how.
func requireHidden(t *testing.T, content enroll.Content) {
	t.Helper()
	request := enroll.IProovPhotoEnrollment{Image: content}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{content, request, &request, struct{ hidden enroll.Content }{content}} {
			printed := fmt.Sprintf(verb, value)
			require.NotContains(t, printed, "canary", verb)
			require.NotContains(t, printed, "63616e617279", verb)
			require.NotContains(t, printed, "99 97 110", verb)
		}
	}
	encoded, err := json.Marshal(request)
	require.NoError(t, err)
	require.Contains(t, string(encoded), `"image":"[redacted]"`)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "content", content)
	require.Contains(t, log.String(), "content=[redacted]")
}

func TestNoContent(t *testing.T) {
	var fromNull enroll.Content
	require.NoError(t, json.Unmarshal([]byte("null"), &fromNull))
	for _, none := range []enroll.Content{{}, enroll.Bytes(nil), fromNull} {
		require.True(t, none.IsZero())
		require.Empty(t, none.String())
		source, err := none.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(source)
		require.NoError(t, err)
		require.Empty(t, data)
	}
}

func TestContentFromJSON_refuses(t *testing.T) {
	for name, text := range map[string]string{"an_object": `{"path": "canary"}`, "no_base64": `"canary!"`, "a_number": "1"} {
		t.Run(name, func(t *testing.T) {
			var content enroll.Content
			err := json.Unmarshal([]byte(text), &content)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "canary")
			require.True(t, content.IsZero())
		})
	}
}
