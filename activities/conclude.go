package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
)

// SealedStoreUnavailable is the type of the failure when sealed bytes could
// not be deleted. Repeating helps once the store works again.
const SealedStoreUnavailable = "SealedStoreUnavailable"

// Deleter deletes sealed bytes. Bytes that are not there are no error.
type Deleter interface {
	Delete(ctx context.Context, ref enroll.SealedRef) error
}

// Concluder holds the step that ends every journey. It calls no provider.
type Concluder struct{ sealed Deleter }

// NewConcluder returns the step on top of the sealed store.
func NewConcluder(sealed Deleter) *Concluder { return &Concluder{sealed: sealed} }

// Register registers the step under its name of package enroll.
func (c *Concluder) Register(r worker.ActivityRegistry) {
	register(r, enroll.Conclude, c.Conclude)
}

// Conclude deletes what the journey sealed. One reference that cannot be
// deleted does not keep the others alive; the step is safe to repeat.
func (c *Concluder) Conclude(ctx context.Context, in enroll.ConcludeInput) (enroll.Nothing, error) {
	var problems []error
	for _, ref := range in.Sealed {
		if err := c.sealed.Delete(ctx, ref); err != nil && !gone(err) {
			problems = append(problems, err)
		}
	}
	if len(problems) == 0 {
		return enroll.Nothing{}, nil
	}
	message := fmt.Sprintf("conclude: %d of %d sealed inputs could not be deleted", len(problems), len(in.Sealed))
	return enroll.Nothing{}, temporal.NewApplicationErrorWithCause(message, SealedStoreUnavailable, errors.Join(problems...))
}

// gone reports that the bytes were deleted before.
func gone(err error) bool {
	known, ok := errors.AsType[*enroll.Error](err)
	return ok && known.Kind == enroll.KindInputGone
}
