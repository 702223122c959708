package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/erasing"
	"github.com/bioenroll/bioenroll/internal/records"
)

// PendingErasures is where erasures under way are found.
type PendingErasures interface {
	// PendingErasures lists the IDs of some that began before the given time.
	PendingErasures(ctx context.Context, before time.Time, after string) ([]string, error)
	// Erasure returns one of them.
	Erasure(ctx context.Context, id string) (records.Erasure, error)
}

var _ PendingErasures = (*records.Store)(nil)

// erasureGrace is how long whoever asked for an erasure has to start it
// themselves.
const erasureGrace = 5 * time.Minute

// Resumer holds the step of housekeeping that starts erasures whose caller was
// cut short. It calls no provider.
type Resumer struct {
	records  PendingErasures
	temporal erasing.Starter
}

// NewResumer returns the step on top of records and a connection to Temporal.
func NewResumer(kept PendingErasures, temporal erasing.Starter) *Resumer {
	return &Resumer{records: kept, temporal: temporal}
}

// Register registers the step under its name of package enroll.
func (r *Resumer) Register(to worker.ActivityRegistry) {
	register(to, enroll.ResumeErasures, r.ResumeErasures)
}

// ResumeErasures starts the workflow of every erasure under way that has none.
// One that cannot be started does not keep the others. It is safe to repeat.
func (r *Resumer) ResumeErasures(ctx context.Context, _ enroll.Nothing) (enroll.Resumed, error) {
	const op = "start erasures"
	var resumed enroll.Resumed
	var failed []error
	before, after := time.Now().Add(-erasureGrace), ""
	for {
		ids, err := r.records.PendingErasures(ctx, before, after)
		if err != nil {
			return enroll.Resumed{}, unrecorded(fmt.Errorf("%s: %w", op, err))
		}
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			started, err := r.resume(ctx, id)
			if err != nil {
				failed = append(failed, err)
			}
			if started {
				resumed.Count++
			}
		}
		after = ids[len(ids)-1]
	}
	if len(failed) > 0 {
		return enroll.Resumed{}, fmt.Errorf("%s: %d of them failed: %w", op, len(failed), errors.Join(failed...))
	}
	return resumed, nil
}

// resume starts one erasure unless it runs, or concluded meanwhile.
func (r *Resumer) resume(ctx context.Context, id string) (bool, error) {
	erasure, err := r.records.Erasure(ctx, id)
	if err != nil || erasure.Statement != nil || len(erasure.Subjects) == 0 {
		return false, err
	}
	return erasing.Start(ctx, r.temporal, erasing.Input(erasure))
}
