package activities

import (
	"context"

	"github.com/bioenroll/bioenroll/enroll"
)

// Opener reads sealed bytes. Bytes that are not there any more are an
// *enroll.Error of enroll.KindInputGone.
type Opener interface {
	Open(ctx context.Context, ref enroll.SealedRef) ([]byte, error)
}
