package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/reveal"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// Request is one of the requests of package enroll, such as
// enroll.AuthIDEnrollment.
type Request interface {
	// Journey names the journey to start.
	Journey() enroll.Journey
	// SubjectName is the provider's name of the person.
	SubjectName() string
	// ReliesOn returns the grounds of the request.
	ReliesOn() enroll.Grounds
	// CalledBy returns what the caller calls the journey, or nothing.
	CalledBy() enroll.Secret
	// Check returns an *enroll.InputError for fields that are not acceptable.
	Check(limits enroll.Limits) error
}

// Started is what Start returns.
type Started struct {
	// ID names the journey in every other call. It is opaque: a keyed hash of
	// the subject.
	ID string `json:"id"`
	// RunID tells this journey from others of the same subject. It stays good
	// when the journey is reset and goes on in another run.
	RunID string `json:"run_id"`
	// HandOver is what the frontend needs; nil when the journey ended at once.
	// A key that is repeated after the end brings the hand-over of then:
	// Concluded tells.
	HandOver *enroll.HandOver `json:"hand_over,omitempty"`
	// Deadline is when the journey stops waiting for the person.
	Deadline time.Time `json:"deadline,omitzero"`
	// Result is the outcome of a journey that has ended already.
	Result *enroll.Result `json:"result,omitempty"`
}

// startLimit bounds Start when the caller's context has no deadline: the begin
// budget, one call that may not be cut off, and room for a busy cluster. A lost
// answer at SmartID is sought for longer: Start returns ErrNoAnswer then, and
// the journey goes on.
const startLimit = 40 * time.Second

// encodedFailure is what the SDK shows in the place of an encrypted message.
const encodedFailure = "Encoded failure"

// conflictLasts is about how long a conflict is looked at before it is told.
const conflictLasts = 200 * time.Millisecond

// maxKeyBytes bounds an idempotency key.
const maxKeyBytes = 256

// plan is a request made ready: the normalized request, and the workflow's input
// once its parts are sealed.
type plan struct {
	request Request
	input   func(enroll.Envelope, []enroll.SealedRef) any
}

// Start begins a journey and returns its hand-over or outcome. The idempotency
// key, up to 256 bytes, makes repeating safe.
//
// As long as the journey's record is kept, repeating the key gives the answer
// of then, also after later journeys of the subject. When Temporal has
// forgotten the journey the answer is its outcome alone.
//
// It returns *enroll.InputError when the request is not acceptable,
// ErrConflict, ErrKeyReused, ErrHeld, ErrErasing, ErrNoAnswer or ErrOtherKeys. Except for the
// last two nothing was started and nothing is left behind.
func (c *Client) Start(ctx context.Context, key string, request Request) (Started, error) {
	started, _, err := c.StartOrRepeat(ctx, key, request)
	return started, err
}

// StartOrRepeat is Start for callers who want to know whether the key was used
// before, so that nothing was started. Of calls at the same moment several may
// be told that it was not.
func (c *Client) StartOrRepeat(ctx context.Context, key string, request Request) (started Started, repeated bool, err error) {
	if key == "" || len(key) > maxKeyBytes {
		return Started{}, false, keyError(request.Journey(), key)
	}
	planned, err := c.plan(key, request)
	if err != nil {
		return Started{}, false, err
	}
	inspected, err := inspect(planned.request, c.limits)
	if err != nil {
		return Started{}, false, err
	}
	spec, err := request.Journey().Spec()
	if err != nil {
		return Started{}, false, err
	}
	digest, err := c.digest(planned.request, inspected)
	if err != nil {
		return Started{}, false, err
	}
	s := starting{
		Client: c, spec: spec, plan: planned, inspected: inspected, digest: digest,
		subject: c.keys.SubjectHash(spec.Provider, planned.request.SubjectName()),
		key:     key,
	}
	return s.run(ctx)
}

// keyError refuses an idempotency key.
func keyError(journey enroll.Journey, key string) error {
	return &enroll.InputError{Journey: journey, Fields: []enroll.FieldError{
		{Field: "idempotency_key", Given: fmt.Sprintf("%d bytes", len(key)), Allowed: fmt.Sprintf("1 to %d bytes", maxKeyBytes)},
	}}
}

// digest is the keyed digest of the whole request, bytes included.
func (c *Client) digest(request Request, inspected [][]byte) (string, error) {
	body, err := reveal.Marshal(request) // Content is redacted here, too, and counts by its own digest.
	if err != nil {
		return "", fmt.Errorf("start: digest the request: %w", err)
	}
	return c.keys.Digest(request.Journey(), append([][]byte{body}, inspected...)...), nil
}

// starting is one call of Start.
type starting struct {
	*Client
	plan
	spec enroll.Spec
	// inspected are the digests of the parts, digest is that of all.
	inspected [][]byte
	digest    string
	subject   string
	key       string
}

// id is the workflow ID: one live journey per subject at one provider.
func (s starting) id() string { return s.ID(s.spec.Provider, s.request.SubjectName()) }

// updateID stands for the idempotency key. Update IDs are visible in clear, and
// a caller's key may hold anything, so it is a keyed hash.
func (s starting) updateID() string { return string(s.keys.Ref(s.id(), s.key, "begin")) }

// record names the journey's record: the same whenever the start is repeated,
// and in every run of the journey.
func (s starting) record() enroll.RecordID {
	return enroll.RecordID(s.keys.Ref(s.id(), s.key, "record"))
}

func (s starting) run(ctx context.Context) (started Started, repeated bool, err error) {
	if _, ok := ctx.Deadline(); !ok {
		limited, cancel := context.WithTimeout(ctx, startLimit)
		defer cancel()
		ctx = limited
	}
	if started, done, err := s.known(ctx); done || err != nil {
		return started, done, err
	}
	refs, created, err := s.seal(ctx)
	if err == nil {
		if started, repeated, err = s.begin(ctx, refs); err == nil || errors.Is(err, ErrNoAnswer) {
			return started, repeated, err
		}
	}
	return Started{}, false, errors.Join(err, s.discard(ctx, created))
}

// seal puts the parts into sealed storage, each under a reference that a
// repeated call derives again. A journey that has deleted its bytes already
// needs none: it answers as it did.
func (s starting) seal(ctx context.Context) (refs, created []enroll.SealedRef, err error) {
	for i, p := range partsOf(s.request, s.limits) {
		ref := enroll.SealedPart(s.record(), p.name)
		fresh, err := s.sealed.Put(ctx, ref, func(out io.Writer) error { return p.sealInto(out, s.request.Journey(), s.inspected[i]) })
		switch refused, ok := errors.AsType[*enroll.InputError](err); {
		case ok:
			return refs, created, refused
		case errors.Is(err, seal.ErrDigestMismatch):
			return refs, created, fmt.Errorf("start: %w", ErrKeyReused)
		case err != nil && !errors.Is(err, seal.ErrDestroyed):
			return refs, created, fmt.Errorf("start: seal %s: %w", p.field, err)
		}
		refs = append(refs, ref)
		if fresh {
			created = append(created, ref)
		}
	}
	return refs, created, nil
}

// discard removes what this call sealed for a journey that was not started.
func (s starting) discard(ctx context.Context, refs []enroll.SealedRef) error {
	if err := s.sealed.Discard(context.WithoutCancel(ctx), refs...); err != nil {
		return fmt.Errorf("start: discard the sealed input: %w", err)
	}
	return nil
}

// begin makes the round trip. Of calls with one key at the same moment one
// starts the workflow, and the others may find it before they find its update:
// for them a conflict is only true when it lasts, and the run is not ours. It
// can be: a server that dies may keep a workflow and lose its first update.
func (s starting) begin(ctx context.Context, refs []enroll.SealedRef) (started Started, repeated bool, err error) {
	for pause := 20 * time.Millisecond; ; pause *= 3 {
		started, err := s.beginOnce(ctx, refs)
		if !errors.Is(err, ErrConflict) {
			return started, false, err
		}
		if pause > conflictLasts {
			if own, ok, failed := s.latest(ctx); ok || failed != nil {
				return own, ok, failed
			}
			return started, false, err
		}
		select {
		case <-ctx.Done():
			return started, false, err
		case <-time.After(pause):
		}
	}
}

// beginOnce makes the one round trip.
func (s starting) beginOnce(ctx context.Context, refs []enroll.SealedRef) (Started, error) {
	envelope := enroll.Envelope{
		Record: s.record(), SubjectHash: s.subject, Digest: s.digest, Pace: s.pace, AfterEnd: s.afterEnd,
		Grounds: s.request.ReliesOn(), Reference: s.request.CalledBy(),
	}
	start := s.temporal.NewWithStartWorkflowOperation(s.options(), s.spec.Workflow, s.input(envelope, refs))
	handle, err := s.temporal.UpdateWithStartWorkflow(ctx, sdk.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: sdk.UpdateWorkflowOptions{
			WorkflowID: s.id(), UpdateID: s.updateID(), UpdateName: enroll.BeginUpdate, WaitForStage: sdk.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return Started{}, s.explain(ctx, err)
	}
	return s.answer(ctx, handle)
}

// options of the workflow. Nothing here but the memo is encrypted, so nothing
// here is personal.
func (s starting) options() sdk.StartWorkflowOptions {
	return sdk.StartWorkflowOptions{
		ID:                       s.id(),
		TaskQueue:                enroll.WorkflowTaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            s.spec.About,
		Memo:                     map[string]any{memoStart: s.mark()},
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(enroll.AttrProvider).ValueSet(string(s.spec.Provider)),
			temporal.NewSearchAttributeKeyKeyword(enroll.AttrJourney).ValueSet(string(s.spec.Journey)),
			temporal.NewSearchAttributeKeyKeyword(enroll.AttrPhase).ValueSet(string(enroll.Beginning)),
			temporal.NewSearchAttributeKeyKeyword(enroll.AttrSubject).ValueSet(s.subject),
		),
	}
}

// explain turns Temporal's error into one that tells what to do.
func (s starting) explain(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return fmt.Errorf("start %s: %w", s.id(), ErrConflict)
	}
	if _, ok := errors.AsType[*sdk.WorkflowUpdateServiceTimeoutOrCanceledError](err); ok || ctx.Err() != nil {
		return reason("start "+s.id(), ErrNoAnswer, err)
	}
	if unreadable(err) {
		return fmt.Errorf("start %s: %w", s.id(), ErrOtherKeys)
	}
	return fmt.Errorf("start %s: %w", s.id(), err)
}

// unreadable reports a failure that arrived encrypted and stayed so.
func unreadable(err error) bool {
	failed, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && failed.Message() == encodedFailure
}
