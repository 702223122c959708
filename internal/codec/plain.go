package codec

import (
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/internal/reveal"
)

// MaxPayload is how large a payload may be before encryption, in bytes.
const MaxPayload = 64 << 10

// ErrTooLarge says that a value makes a payload larger than MaxPayload.
var ErrTooLarge = errors.New("payload too large")

// Plain returns the converter below the encryption, which writes values and
// their secrets in clear and refuses those larger than MaxPayload. Alone it is
// of use where nothing leaves the process, as in the SDK's test environments.
func Plain() converter.DataConverter {
	return converter.NewCompositeDataConverter(
		converter.NewNilPayloadConverter(),
		small{converter.NewByteSlicePayloadConverter()},
		small{converter.NewProtoJSONPayloadConverter()}, // The SDK's own answers to a UI.
		small{converter.NewProtoPayloadConverter()},
		small{revealing{converter.NewJSONPayloadConverter()}},
	)
}

// small refuses large values while their type is known, because bytes alone
// would not tell whose they are.
type small struct{ converter.PayloadConverter }

// ToPayload converts the value, unless it is too large.
func (s small) ToPayload(value any) (*commonpb.Payload, error) {
	payload, err := s.PayloadConverter.ToPayload(value)
	if err != nil {
		return nil, err
	}
	if size := len(payload.GetData()); size > MaxPayload {
		return nil, fmt.Errorf("codec: %w: %d bytes of %T, the limit is %d; pass large values by reference to sealed storage", ErrTooLarge, size, value, MaxPayload)
	}
	return payload, nil
}

// revealing is the SDK's JSON, with secrets in clear.
type revealing struct {
	*converter.JSONPayloadConverter
}

// ToPayload writes the value and its secrets as JSON.
func (r revealing) ToPayload(value any) (*commonpb.Payload, error) {
	data, err := reveal.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", converter.ErrUnableToEncode, err)
	}
	return &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte(r.Encoding())}, Data: data}, nil
}
