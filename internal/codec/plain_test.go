package codec_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
)

func TestPlain(t *testing.T) {
	t.Run("brings_secrets_and_their_type_back", func(t *testing.T) {
		payload, err := codec.Plain().ToPayload(enroll.BioIDReadResultInput{Token: secret})
		require.NoError(t, err)
		require.JSONEq(t, `{"token":"`+secret+`"}`, string(payload.GetData()))
		var back enroll.BioIDReadResultInput
		require.NoError(t, codec.Plain().FromPayload(payload, &back))
		require.Equal(t, secret, back.Token.Reveal())
	})
	large := strings.Repeat("x", codec.MaxPayload)
	for name, value := range map[string]any{
		"enroll.SmartIDForwardEnrollInput": enroll.SmartIDForwardEnrollInput{User: large},
		"[]uint8":                          []byte(large + "x"),
		"*wrapperspb.StringValue":          wrapperspb.String(large),
	} {
		t.Run("names_the_type_of_a_value_that_is_too_large_"+name, func(t *testing.T) {
			_, err := codec.Plain().ToPayload(value)
			require.ErrorIs(t, err, codec.ErrTooLarge)
			require.ErrorContains(t, err, " of "+name+",")
			require.ErrorContains(t, err, "sealed storage")
			require.NotContains(t, err.Error(), "xxx")
		})
	}
	t.Run("takes_a_value_of_just_the_limit", func(t *testing.T) {
		_, err := codec.Plain().ToPayload([]byte(large))
		require.NoError(t, err)
	})
}
