package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/providers/authid"
)

// AuthIDClient is what the steps ask authID.
type AuthIDClient interface {
	ReadAccount(ctx context.Context, accountNumber string) error
	CreateOperation(ctx context.Context, operation authid.Operation) (enroll.HandOver, error)
	Status(ctx context.Context, journey enroll.Journey, operationID string) (authid.Status, error)
	SelfieReference(ctx context.Context, operationID string) (enroll.SelfieReference, error)
	AttachCredential(ctx context.Context, accountNumber, tempID string) error
	RemoveCredential(ctx context.Context, accountNumber string) (existed bool, err error)
}

var _ AuthIDClient = (*authid.Client)(nil)

// AuthID holds the steps at authID.
type AuthID struct {
	client  AuthIDClient
	journal Journal
	keys    *keys.Keys
}

// NewAuthID returns the steps. The keys hash what a webhook will name.
func NewAuthID(client AuthIDClient, journal Journal, keys *keys.Keys) *AuthID {
	return &AuthID{client: client, journal: journal, keys: keys}
}

// Register registers every step under its name of package enroll.
func (a *AuthID) Register(r worker.ActivityRegistry) {
	register(r, enroll.AuthIDReadAccount, a.ReadAccount)
	register(r, enroll.AuthIDCreateOperation, a.CreateOperation)
	register(r, enroll.AuthIDConfirmStatus, a.ConfirmStatus)
	register(r, enroll.AuthIDAttachCredential, a.AttachCredential)
	register(r, enroll.AuthIDRemoveCredential, a.RemoveCredential)
}

// ReadAccount makes sure that the account exists. It is safe to repeat.
func (a *AuthID) ReadAccount(ctx context.Context, in enroll.AuthIDReadAccountInput) (enroll.AuthIDAccount, error) {
	err := a.client.ReadAccount(ctx, in.AccountNumber)
	if v := refused(err); v != nil {
		return enroll.AuthIDAccount{Refused: v}, nil
	}
	return enroll.AuthIDAccount{}, failure(err)
}

// CreateOperation opens the capture, and the journey. An operation that was created before is
// given again, so that a run after a workflow reset waits for the one that the
// person holds. When an answer was lost, another is created inline, which is
// harmless; with another transport it is not, because each call sends the person
// a message.
func (a *AuthID) CreateOperation(ctx context.Context, in enroll.AuthIDCreateOperationInput) (enroll.AuthIDOperation, error) {
	return once(ctx, a.journal, fenced[enroll.AuthIDOperation]{
		opening: in.Opening, entry: in.Entry, repeatable: in.TransportType == enroll.TransportInline,
		keep: func(o enroll.AuthIDOperation) references { return operationOf(in.Entry, o) },
		call: func(ctx context.Context, _ bool) (enroll.AuthIDOperation, error) { return a.create(ctx, in) },
	})
}

// create makes the call.
func (a *AuthID) create(ctx context.Context, in enroll.AuthIDCreateOperationInput) (enroll.AuthIDOperation, error) {
	handOver, err := a.client.CreateOperation(ctx, authid.Operation{
		Journey:       in.Journey,
		AccountNumber: in.AccountNumber,
		Codeword:      in.Codeword,
		Tag:           in.Tag,
		Timeout:       time.Duration(in.TimeoutSeconds) * time.Second,
		TransportType: in.TransportType,
	})
	if v := refused(err); v != nil {
		return enroll.AuthIDOperation{Refused: v}, nil
	}
	if err != nil {
		return enroll.AuthIDOperation{}, err
	}
	return enroll.AuthIDOperation{HandOver: handOver, Hash: a.keys.OperationHash(enroll.AuthID, handOver.AuthID.OperationID)}, nil
}

// operationOf is what the record keeps of an operation.
func operationOf(entry enroll.Entry, o enroll.AuthIDOperation) references {
	if o.AuthID == nil {
		return nil
	}
	return references{numbered("operation_id", entry): enroll.Secret(o.AuthID.OperationID)}
}

// ConfirmStatus asks what became of the operations, the newest first: one that
// succeeded decides, otherwise the newest does. Not ended is the failure
// KindPending, whose code names a status outside the documentation. A captured
// selfie's reference is read in the same step, so that no outcome is without
// it.
func (a *AuthID) ConfirmStatus(ctx context.Context, in enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error) {
	id, status, err := a.decisive(ctx, in)
	switch {
	case err != nil:
		return enroll.AuthIDStatus{}, failure(err)
	case !status.Final:
		return enroll.AuthIDStatus{}, stillPending(ctx, "authid: operation status", undocumented(status.Code), in.Poll)
	case status.Verdict.Outcome != enroll.Captured:
		return enroll.AuthIDStatus{Verdict: status.Verdict}, nil
	}
	selfie, err := a.client.SelfieReference(ctx, id)
	if err != nil {
		return enroll.AuthIDStatus{}, failure(err)
	}
	return enroll.AuthIDStatus{Verdict: status.Verdict, Selfie: &selfie}, nil
}

// decisive returns the operation whose status counts.
func (a *AuthID) decisive(ctx context.Context, in enroll.AuthIDConfirmStatusInput) (string, authid.Status, error) {
	var newest authid.Status
	for i, id := range in.OperationIDs {
		status, err := a.client.Status(ctx, in.Journey, id)
		if err != nil {
			return "", authid.Status{}, err
		}
		if status.Final && status.Verdict.Outcome.Success() {
			return id, status, nil
		}
		if i == 0 {
			newest = status
		}
	}
	return "", newest, nil
}

// undocumented names a status that is neither an end nor pending.
func undocumented(code int) string {
	if code == authid.StatusPending {
		return ""
	}
	return fmt.Sprintf("status %d", code)
}

// AttachCredential makes a captured selfie the account's credential. After a
// lost answer the account may hold the credential of the earlier attempt: then
// the refusal says so, and nobody can tell the two apart.
func (a *AuthID) AttachCredential(ctx context.Context, in enroll.AuthIDAttachCredentialInput) (enroll.AuthIDAttachment, error) {
	err := a.client.AttachCredential(ctx, in.AccountNumber, in.TempID)
	v := refused(err)
	if v == nil {
		return enroll.AuthIDAttachment{}, failure(err)
	}
	if v.Outcome == enroll.AlreadyEnrolled && activity.GetInfo(ctx).Attempt > 1 {
		v.Reason = enroll.ReasonAfterLostAnswer
	}
	return enroll.AuthIDAttachment{Refused: v}, nil
}

// RemoveCredential takes back a credential that came into being after its
// journey had ended. It is safe to repeat.
func (a *AuthID) RemoveCredential(ctx context.Context, in enroll.AuthIDRemoveCredentialInput) (enroll.Nothing, error) {
	_, err := a.client.RemoveCredential(ctx, in.AccountNumber)
	return enroll.Nothing{}, failure(err)
}
