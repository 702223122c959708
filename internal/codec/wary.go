package codec

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/bioenroll/bioenroll/enroll"
)

// wary reads what anybody may have written as a hint and as nothing else. A
// start, an answer or an outcome in clear is a forgery, or a program without
// the codec.
type wary struct{ converter.DataConverter }

// FromPayload reads a value that is protected, or a hint.
func (w wary) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	if _, hint := valuePtr.(*enroll.Hint); !hint && payload.GetMetadata()[metadataAnybody] != nil {
		return fmt.Errorf("codec: payload of %s for %T: %w: only hints may be sent by programs without our keys", kind(payload), valuePtr, ErrNotProtected)
	}
	return w.DataConverter.FromPayload(payload, valuePtr)
}

// FromPayloads reads each value as FromPayload does.
func (w wary) FromPayloads(payloads *commonpb.Payloads, valuePtrs ...any) error {
	for i, payload := range payloads.GetPayloads() {
		if i >= len(valuePtrs) {
			break
		}
		if err := w.FromPayload(payload, valuePtrs[i]); err != nil {
			return fmt.Errorf("payload %d: %w", i, err)
		}
	}
	return nil
}
