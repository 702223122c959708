package codec_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
)

const secret = "one-time-secret-4711"

// inWorkflow and inActivity are the places that the SDK names.
func inWorkflow(id string) converter.SerializationContext {
	return converter.WorkflowSerializationContext{Namespace: "default", WorkflowID: id}
}

func inActivity(id string) converter.SerializationContext {
	return converter.ActivitySerializationContext{Namespace: "default", WorkflowID: id, ActivityType: "Step"}
}

func setup(t *testing.T) *codec.Codec {
	t.Helper()
	made, err := codec.New(keys.New())
	require.NoError(t, err)
	return made
}

// plain returns a payload in clear.
func plain(t *testing.T) *commonpb.Payload {
	t.Helper()
	payload, err := converter.GetDefaultDataConverter().ToPayload(secret)
	require.NoError(t, err)
	return payload
}

// encode encrypts one payload in a place, nil for none.
func encode(t *testing.T, c converter.PayloadCodec, payload *commonpb.Payload) *commonpb.Payload {
	t.Helper()
	encoded, err := c.Encode([]*commonpb.Payload{payload})
	require.NoError(t, err)
	require.Len(t, encoded, 1)
	return encoded[0]
}

func TestEncode(t *testing.T) {
	t.Run("hides_data_and_type", func(t *testing.T) {
		encoded := encode(t, setup(t).WithSerializationContext(inWorkflow("w-1")), plain(t))
		wire, err := proto.Marshal(encoded)
		require.NoError(t, err)
		require.NotContains(t, string(wire), secret)
		require.NotContains(t, string(wire), "json/plain")
		require.Equal(t, codec.Encoding, string(encoded.GetMetadata()[converter.MetadataEncoding]))
	})
	t.Run("never_gives_the_same_bytes_twice", func(t *testing.T) {
		c := setup(t)
		first, second := encode(t, c, plain(t)), encode(t, c, plain(t))
		require.NotEqual(t, first.GetData(), second.GetData())
	})
	t.Run("leaves_the_payload_as_it_was", func(t *testing.T) {
		payload := plain(t)
		encode(t, setup(t), payload)
		require.True(t, proto.Equal(plain(t), payload))
	})
	t.Run("refuses_a_workflow_without_an_id", func(t *testing.T) {
		_, err := setup(t).WithSerializationContext(inWorkflow("")).Encode([]*commonpb.Payload{plain(t)})
		require.ErrorIs(t, err, codec.ErrNoWorkflow)
	})
	t.Run("keeps_a_summary_within_the_servers_400_bytes", func(t *testing.T) {
		payload, err := converter.GetDefaultDataConverter().ToPayload(strings.Repeat("s", 120))
		require.NoError(t, err)
		workflowID := "smartid-" + strings.Repeat("0", 32)
		encoded := encode(t, setup(t).WithSerializationContext(inWorkflow(workflowID)), payload)
		require.LessOrEqual(t, proto.Size(encoded), 400)
	})
}

func TestDecode(t *testing.T) {
	c := setup(t)
	other := setup(t)
	for _, row := range []struct {
		name    string
		written converter.PayloadCodec
		read    converter.PayloadCodec
		refused error
	}{
		{"gives_back_what_a_workflow_wrote", c.WithSerializationContext(inWorkflow("w-1")), c.WithSerializationContext(inWorkflow("w-1")), nil},
		{"lets_an_activity_read_its_workflow", c.WithSerializationContext(inWorkflow("w-1")), c.WithSerializationContext(inActivity("w-1")), nil},
		{"needs_no_context_to_read", c.WithSerializationContext(inWorkflow("w-1")), c, nil},
		{"takes_unbound_signals", c, c.WithSerializationContext(inWorkflow("w-1")), nil},
		{"refuses_unbound_activity_payloads", c, c.WithSerializationContext(inActivity("w-1")), codec.ErrNotProtected},
		{"refuses_another_workflow", c.WithSerializationContext(inWorkflow("w-1")), c.WithSerializationContext(inWorkflow("w-2")), codec.ErrOtherWorkflow},
		{"refuses_another_workflow_in_activities", c.WithSerializationContext(inActivity("w-1")), c.WithSerializationContext(inActivity("w-2")), codec.ErrOtherWorkflow},
		{"refuses_another_key", other.WithSerializationContext(inWorkflow("w-1")), c.WithSerializationContext(inWorkflow("w-1")), codec.ErrOtherKey},
	} {
		t.Run(row.name, func(t *testing.T) {
			decoded, err := row.read.Decode([]*commonpb.Payload{encode(t, row.written, plain(t))})
			if row.refused != nil {
				require.ErrorIs(t, err, row.refused)
				require.Nil(t, decoded)
				return
			}
			require.NoError(t, err)
			require.Equal(t, plain(t).GetData(), decoded[0].GetData())
		})
	}
}

// TestRotation takes a ring through its life: a key is added, used, and the
// old one retired.
func TestRotation(t *testing.T) {
	codecOf := func(k *keys.Keys) converter.PayloadCodec {
		made, err := codec.New(k)
		require.NoError(t, err)
		return made.WithSerializationContext(inWorkflow("w-1"))
	}
	keyOf := func(p *commonpb.Payload) string { return string(p.GetMetadata()["key-id"]) }
	first := keys.New()
	old := first.Codec().Newest().ID()
	added, key, err := first.Added(keys.ForCodec)
	require.NoError(t, err)
	used, err := added.Used(key.ID())
	require.NoError(t, err)
	retired, err := used.Retired(old)
	require.NoError(t, err)

	before := encode(t, codecOf(added), plain(t))
	require.Equal(t, old, keyOf(before), "an added key is not in use")
	after := encode(t, codecOf(used), plain(t))
	require.Equal(t, key.ID(), keyOf(after))
	for name, row := range map[string]struct {
		reader  *keys.Keys
		payload *commonpb.Payload
		refused bool
	}{
		"old_payloads_stay_readable":                {used, before, false},
		"new_ones_are_readable_before_they_exist":   {added, after, false},
		"new_ones_need_the_new_key":                 {first, after, true},
		"new_ones_do_not_need_the_retired_key":      {retired, after, false},
		"old_ones_are_unreadable_without_their_key": {retired, before, true},
	} {
		t.Run(name, func(t *testing.T) {
			decoded, err := codecOf(row.reader).Decode([]*commonpb.Payload{row.payload})
			if !row.refused {
				require.NoError(t, err)
				require.True(t, proto.Equal(plain(t), decoded[0]))
				return
			}
			require.ErrorIs(t, err, codec.ErrOtherKey)
			require.ErrorContains(t, err, keyOf(row.payload), "the key that is missing")
			for _, id := range row.reader.Codec().IDs() {
				require.ErrorContains(t, err, id, "the keys that are there")
			}
			require.Nil(t, decoded)
		})
	}
	t.Run("a_payload_under_a_forged_key_id_is_damaged", func(t *testing.T) {
		forged := encode(t, codecOf(used), plain(t))
		forged.Metadata["key-id"] = []byte(old)
		decoded, err := codecOf(used).Decode([]*commonpb.Payload{forged})
		require.ErrorIs(t, err, codec.ErrDamaged)
		require.Nil(t, decoded)
	})
}

func TestDecodeInClear(t *testing.T) {
	c := setup(t)
	t.Run("is_for_operators_who_signal", func(t *testing.T) {
		decoded, err := c.WithSerializationContext(inWorkflow("w-1")).Decode([]*commonpb.Payload{plain(t)})
		require.NoError(t, err)
		require.Equal(t, plain(t).GetData(), decoded[0].GetData())
	})
	t.Run("is_refused_from_activities", func(t *testing.T) {
		_, err := c.WithSerializationContext(inActivity("w-1")).Decode([]*commonpb.Payload{plain(t)})
		require.ErrorIs(t, err, codec.ErrNotProtected)
		require.NotContains(t, err.Error(), secret)
	})
}

func TestDecodeDamaged(t *testing.T) {
	base := setup(t)
	c := base.WithSerializationContext(inWorkflow("w-1"))
	refused := func(t *testing.T, change func(*commonpb.Payload)) {
		t.Helper()
		payload := encode(t, c, plain(t))
		change(payload)
		decoded, err := c.Decode([]*commonpb.Payload{payload})
		require.ErrorIs(t, err, codec.ErrDamaged)
		require.Nil(t, decoded)
	}
	t.Run("is_refused_with_any_bit_flipped", func(t *testing.T) {
		for i := range encode(t, c, plain(t)).GetData() {
			refused(t, func(p *commonpb.Payload) { p.Data[i] ^= 1 })
		}
	})
	t.Run("is_refused_at_any_shorter_length", func(t *testing.T) {
		for i := range encode(t, c, plain(t)).GetData() {
			refused(t, func(p *commonpb.Payload) { p.Data = p.Data[:i] })
		}
	})
	t.Run("is_refused_under_a_forged_workflow_id", func(t *testing.T) {
		payload := encode(t, c, plain(t))
		payload.Metadata["workflow-id"] = []byte("w-2")
		_, err := base.WithSerializationContext(inWorkflow("w-2")).Decode([]*commonpb.Payload{payload})
		require.ErrorIs(t, err, codec.ErrDamaged)
	})
	t.Run("is_refused_when_its_binding_was_taken_away", func(t *testing.T) {
		refused(t, func(p *commonpb.Payload) { delete(p.Metadata, "workflow-id") })
	})
}

// FuzzDecode feeds a codec with two keys whatever a server may store: nothing
// but what we encrypted for this workflow decrypts.
func FuzzDecode(f *testing.F) {
	first := keys.New()
	added, key, err := first.Added(keys.ForCodec)
	require.NoError(f, err)
	used, err := added.Used(key.ID())
	require.NoError(f, err)
	written := map[string]bool{}
	for _, k := range []*keys.Keys{first, used} {
		made, err := codec.New(k)
		require.NoError(f, err)
		encoded, err := made.WithSerializationContext(inWorkflow("w-1")).Encode([]*commonpb.Payload{{Data: []byte(secret)}})
		require.NoError(f, err)
		metadata := encoded[0].GetMetadata()
		written[string(encoded[0].GetData())] = true
		f.Add(encoded[0].GetData(), []byte(codec.Encoding), metadata["key-id"], metadata["workflow-id"])
	}
	f.Add([]byte{}, []byte(codec.Encoding), []byte{}, []byte{})
	f.Add([]byte(`"clear"`), []byte("json/plain"), []byte{}, []byte{})
	reader, err := codec.New(used)
	require.NoError(f, err)
	c := reader.WithSerializationContext(inActivity("w-1"))
	f.Fuzz(func(t *testing.T, data, encoding, keyID, workflowID []byte) {
		decoded, err := c.Decode([]*commonpb.Payload{{Data: data, Metadata: map[string][]byte{
			converter.MetadataEncoding: encoding, "key-id": keyID, "workflow-id": workflowID,
		}}})
		if err != nil {
			require.Nil(t, decoded)
			return
		}
		require.True(t, written[string(data)], "only what we encrypted decrypts")
		require.Equal(t, secret, string(decoded[0].GetData()))
	})
}
