package reveal_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/reveal"
)

// holder has a secret in every place that a type can have one.
type holder struct {
	Field   enroll.Secret            `json:"field"`
	Empty   enroll.Secret            `json:"empty,omitempty"`
	Pointer *enroll.Secret           `json:"pointer"`
	List    []enroll.Secret          `json:"list"`
	Named   map[string]enroll.Secret `json:"named"`
	Any     any                      `json:"any"`
	Inner   struct {
		Secret enroll.Secret `json:"secret"`
	} `json:"inner"`
}

const secret = enroll.Secret("s3cr3t <&> \u2028 ü")

func full() holder {
	own := secret
	h := holder{Field: secret, Pointer: &own, List: []enroll.Secret{secret}, Named: map[string]enroll.Secret{"k": secret}, Any: secret}
	h.Inner.Secret = secret
	return h
}

func TestMarshal(t *testing.T) {
	t.Run("writes_secrets_in_clear_wherever_they_stand", func(t *testing.T) {
		written, err := reveal.Marshal(full())
		require.NoError(t, err)
		require.NotContains(t, string(written), enroll.Redacted)
		require.NotContains(t, string(written), `"empty"`)
		var back holder
		require.NoError(t, json.Unmarshal(written, &back))
		want := full()
		want.Any = secret.Reveal() // JSON knows no type of its own for a secret.
		require.Equal(t, want, back)
	})
	t.Run("leaves_the_redaction_of_encoding_json_alone", func(t *testing.T) {
		written, err := json.Marshal(full())
		require.NoError(t, err)
		require.NotContains(t, string(written), "s3cr3t")
		require.Equal(t, 6, strings.Count(string(written), enroll.Redacted))
	})
	t.Run("writes_everything_else_as_encoding_json_does", func(t *testing.T) {
		live := false
		for _, value := range []any{
			nil, 1, 1.5, "text", true, []byte("bytes"), []string(nil), map[string]int(nil),
			map[string]int{"b": 1, "a": 2},
			struct{}{},
			enroll.DefaultPace(),
			enroll.State{Journey: enroll.AuthIDEnroll, Since: time.Unix(1, 2).UTC(), Hints: map[enroll.HintName]int{"b": 1, "a": 2}},
			enroll.BioIDInput{BCID: "bws.1.2", LiveDetection: &live, Samples: []enroll.BioIDSampleRef{{Data: "ref"}}},
			enroll.BeginReply{Digest: "d"},
			&enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}, (*enroll.Result)(nil),
		} {
			ours, err := reveal.Marshal(value)
			require.NoError(t, err)
			theirs, err := json.Marshal(value)
			require.NoError(t, err)
			require.Equal(t, string(theirs), string(ours))
		}
	})
	t.Run("refuses_what_JSON_cannot_hold", func(t *testing.T) {
		_, err := reveal.Marshal(make(chan int))
		require.ErrorContains(t, err, "chan")
	})
}

func BenchmarkMarshal(b *testing.B) {
	value := enroll.AuthIDCreateOperationInput{AccountNumber: "account", Codeword: secret, Tag: "tag", TimeoutSeconds: 3600}
	b.Run("reveal", func(b *testing.B) {
		for b.Loop() {
			_, _ = reveal.Marshal(value)
		}
	})
	b.Run("encoding_json", func(b *testing.B) {
		for b.Loop() {
			_, _ = json.Marshal(value)
		}
	})
}
