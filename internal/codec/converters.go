package codec

import (
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/internal/keys"
)

// Converters returns the converters for client.Options, worker replayers and
// test environments. Both encrypt with the codec keys.
func Converters(k *keys.Keys) (converter.DataConverter, converter.FailureConverter, error) {
	codec, err := New(k)
	if err != nil {
		return nil, nil, err
	}
	payloads := converter.NewCodecDataConverter(wary{Plain()}, codec)
	failures := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec)
	return payloads, newFailureConverter(failures), nil
}

// failureConverter encrypts messages, stack traces and details of failures.
// The SDK's own converter does that too, but drops the serialization context:
// this one passes it to the codec.
type failureConverter struct {
	data  converter.DataConverter
	inner converter.FailureConverter
}

var _ converter.FailureConverterWithSerializationContext = (*failureConverter)(nil)

func newFailureConverter(data converter.DataConverter) *failureConverter {
	return &failureConverter{
		data: data,
		inner: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter:          data,
			EncodeCommonAttributes: true,
		}),
	}
}

// WithSerializationContext returns the converter for the place that the SDK
// names.
func (c *failureConverter) WithSerializationContext(where converter.SerializationContext) converter.FailureConverter {
	return newFailureConverter(converter.WithDataConverterSerializationContext(c.data, where))
}

// ErrorToFailure encrypts an error.
func (c *failureConverter) ErrorToFailure(err error) *failurepb.Failure {
	return c.inner.ErrorToFailure(err)
}

// FailureToError decrypts an error. A failure that cannot be decrypted keeps
// its type and says only that it is encoded.
func (c *failureConverter) FailureToError(failure *failurepb.Failure) error {
	return c.inner.FailureToError(failure)
}
