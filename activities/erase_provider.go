package activities

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// Remove removes everything that a provider keeps of a subject, and reports
// whether there was anything. repeated says that an earlier call may have had
// its effect.
type Remove func(ctx context.Context, subject string, repeated bool) (existed bool, err error)

// ProviderEraser holds the step of an erasure at one provider.
type ProviderEraser struct {
	remove  Remove
	records Erasures
}

// NewProviderEraser returns the step.
func NewProviderEraser(remove Remove, kept Erasures) *ProviderEraser {
	return &ProviderEraser{remove: remove, records: kept}
}

// Register registers the step under its name of package enroll. The task queue
// tells the providers apart.
func (p *ProviderEraser) Register(r worker.ActivityRegistry) {
	register(r, enroll.EraseAtProvider, p.Erase)
}

// Erase removes what the provider keeps of the subject. It is safe to repeat.
func (p *ProviderEraser) Erase(ctx context.Context, in enroll.ErasureStepInput) (enroll.Erased, error) {
	name, err := p.records.ErasureName(ctx, in.Erasure, records.SubjectKey{Provider: in.Provider, Hash: in.SubjectHash})
	if err != nil {
		return enroll.Erased{}, unrecorded(fmt.Errorf("read the subject of the erasure: %w", err))
	}
	existed, err := p.remove(ctx, name.Reveal(), activity.GetInfo(ctx).Attempt > 1)
	if err != nil || !existed {
		return enroll.Erased{}, failure(err)
	}
	return enroll.Erased{Count: 1}, nil
}

// RemoveAtAuthID removes the account's credential.
func RemoveAtAuthID(client AuthIDClient) Remove {
	return func(ctx context.Context, account string, _ bool) (bool, error) {
		return client.RemoveCredential(ctx, account)
	}
}

// RemoveAtBioID removes the class.
func RemoveAtBioID(client BioIDClient) Remove {
	return func(ctx context.Context, bcid string, _ bool) (bool, error) { return client.DeleteClass(ctx, bcid) }
}

// RemoveAtIProov removes the user.
func RemoveAtIProov(client IProovClient) Remove {
	return func(ctx context.Context, userID string, _ bool) (bool, error) { return client.RemoveUser(ctx, userID) }
}

// RemoveAtSmartID unenrolls the user. That there was no enrollment is no
// failure; every other refusal is.
func RemoveAtSmartID(client SmartIDClient) Remove {
	return func(ctx context.Context, user string, repeated bool) (bool, error) {
		verdict, err := client.Unenroll(ctx, user, repeated)
		switch {
		case err != nil:
			return false, err
		case verdict.Outcome == enroll.Removed, verdict.Reason == enroll.ReasonNotEnrolled:
			return verdict.Outcome == enroll.Removed, nil
		}
		return false, &enroll.Error{Op: "unenroll", Kind: enroll.KindInvalid, Code: verdict.ProviderCode, Message: string(verdict.Reason)}
	}
}
