package enroll_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

// keeper has a secret where nobody asks it to hide itself.
type keeper struct {
	enroll.Private

	name  string
	token enroll.Secret
}

func TestPrivate_never_prints(t *testing.T) {
	const secret = "hunter2"
	k := keeper{name: "jane", token: secret}
	require.Contains(t, fmt.Sprint(struct{ token enroll.Secret }{secret}), secret, "or else nobody needs a Private")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("kept", "keeper", k, "pointer", &k)
	written, err := json.Marshal(map[string]any{"keeper": k, "pointer": &k})
	require.NoError(t, err)
	texts := []string{log.String(), string(written), fmt.Sprint([]keeper{k}), fmt.Sprint(map[string]keeper{"k": k})}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, k), fmt.Sprintf(verb, &k))
	}
	for _, text := range texts {
		require.NotContains(t, text, k.token.Reveal())
		require.NotContains(t, text, k.name)
		require.Contains(t, text, enroll.Redacted)
	}
}
