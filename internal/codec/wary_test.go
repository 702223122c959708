package codec_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// TestForgery takes what somebody may send who reaches the server and has no
// keys, or has only a codec server, which binds payloads to no workflow.
func TestForgery(t *testing.T) {
	k := keys.New()
	data, _, err := codec.Converters(k)
	require.NoError(t, err)
	server, err := codec.New(k)
	require.NoError(t, err)
	ours := converter.WithDataConverterSerializationContext(data, inWorkflow("w-1"))
	inClear := func(value any) *commonpb.Payload {
		payload, err := converter.GetDefaultDataConverter().ToPayload(value)
		require.NoError(t, err)
		return payload
	}
	for name, write := range map[string]func(any) *commonpb.Payload{
		"in_clear":            inClear,
		"bound_to_no_journey": func(value any) *commonpb.Payload { return encode(t, server, inClear(value)) },
	} {
		t.Run(name+"_is_taken_for_a_hint", func(t *testing.T) {
			var hint enroll.Hint
			require.NoError(t, ours.FromPayload(write(enroll.Hint{Code: "x"}), &hint))
			require.Equal(t, "x", hint.Code)
		})
		for what, row := range map[string]struct{ value, into any }{
			"an_outcome":  {enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}}, &enroll.Result{}},
			"a_start":     {enroll.SmartIDEnrollInput{User: "jane"}, &enroll.SmartIDEnrollInput{}},
			"a_reply":     {enroll.BeginReply{Digest: "x"}, &enroll.BeginReply{}},
			"a_hand_over": {&enroll.HandOver{}, new(*enroll.HandOver)},
		} {
			t.Run(name+"_is_refused_as_"+what, func(t *testing.T) {
				require.ErrorIs(t, ours.FromPayload(write(row.value), row.into), codec.ErrNotProtected)
				require.ErrorIs(t, ours.FromPayloads(&commonpb.Payloads{Payloads: []*commonpb.Payload{write(row.value)}}, row.into), codec.ErrNotProtected)
			})
		}
	}
	t.Run("of_the_mark_only_hinders_the_forger", func(t *testing.T) {
		payload, err := ours.ToPayload(enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Enrolled}})
		require.NoError(t, err)
		payload.Metadata["bioenroll-anybody"] = []byte("true")
		var result enroll.Result
		require.NoError(t, ours.FromPayload(payload, &result), "it is not part of what was encrypted")
	})
}
