package activities

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
)

// refused returns the verdict when the provider refused, else nil.
func refused(err error) *enroll.Verdict {
	if refusal, ok := errors.AsType[*enroll.Refusal](err); ok {
		return &refusal.Verdict
	}
	return nil
}

// failure turns a provider's error into the Temporal failure of the same kind.
// The kind is the failure's type, so that an operator reads it in the UI; the
// provider's Retry-After becomes the delay of the next attempt. A nil error
// stays nil.
func failure(err error) error {
	if err == nil {
		return nil
	}
	known, ok := errors.AsType[*enroll.Error](err)
	if !ok {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(known.Kind), temporal.ApplicationErrorOptions{
		NonRetryable:   !known.Kind.Retryable(),
		NextRetryDelay: known.RetryAfter,
		Details:        []any{enroll.FailureDetails{Code: known.Code, NotSent: known.NotSent, Said: known.Said}},
		Category:       category(known.Kind),
	})
}

// category keeps expected failures out of error logs and failure metrics.
func category(kind enroll.Kind) temporal.ApplicationErrorCategory {
	if kind == enroll.KindPending {
		return temporal.ApplicationErrorCategoryBenign
	}
	return temporal.ApplicationErrorCategoryUnspecified
}

// stillPending is the answer to a confirm that found no end yet: a benign
// failure that asks the server to repeat the activity later. With a pace it is
// the backup poll, which slows down; without one it is the brisk series after
// a hint.
func stillPending(ctx context.Context, op, status string, pace *enroll.Pace) error {
	attempt := int(activity.GetInfo(ctx).Attempt)
	delay := brisk(attempt)
	if pace != nil {
		delay = jitter(pace.After(attempt))
	}
	return failure(&enroll.Error{Op: op, Kind: enroll.KindPending, Code: status, Message: "the person has not finished", RetryAfter: delay})
}

// brisk doubles from one second: server timers are no finer than that.
func brisk(attempt int) time.Duration { return time.Second << min(attempt-1, 5) }

// jitter spreads a delay by a tenth either way, so that journeys that began
// together do not poll together.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()-0.5)*0.2*float64(d)) //nolint:gosec // spreading load needs no secret randomness
}
