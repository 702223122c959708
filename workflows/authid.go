package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// authIDGrace is added to an operation's own end, so that authID has closed it
// when it is asked for the last time.
const authIDGrace = 2 * time.Second

// AuthIDEnrollment enrolls a face credential for an account: read the account,
// create the operation, hand over, wait, confirm the status.
func AuthIDEnrollment(ctx workflow.Context, in enroll.AuthIDInput) (enroll.Result, error) {
	j, ctx, err := begin(ctx, enroll.AuthIDEnroll, in.Envelope)
	if err != nil {
		return enroll.Result{}, err
	}
	verdict := j.authIDOperation(ctx, in)
	return j.conclude(ctx, verdict)
}

// AuthIDLiveSelfie captures a live selfie of an account: the same steps, and
// when asked the selfie becomes the account's credential.
func AuthIDLiveSelfie(ctx workflow.Context, in enroll.AuthIDInput) (enroll.Result, error) {
	j, ctx, err := begin(ctx, enroll.AuthIDSelfie, in.Envelope)
	if err != nil {
		return enroll.Result{}, err
	}
	verdict := j.authIDOperation(ctx, in)
	if verdict.Outcome == enroll.Captured && in.AttachCredential {
		j.attachSelfie(ctx, in.AccountNumber)
	}
	return j.conclude(ctx, verdict)
}

// authIDOperation is one operation at authID, from the account to the verdict.
func (j *journey) authIDOperation(ctx workflow.Context, in enroll.AuthIDInput) enroll.Verdict {
	_, end := step(ctx, j.beginOptions(ctx, "read the account"), enroll.AuthIDReadAccount,
		enroll.AuthIDReadAccountInput{AccountNumber: in.AccountNumber})
	if end != nil {
		return *end
	}
	operation, end := j.createOperation(ctx, in)
	if end != nil {
		return *end
	}
	j.handOver(ctx, operation.HandOver, operation.ExpiresAt.Add(authIDGrace))
	verdict := j.await(ctx, j.operationWait(operation.AuthID.OperationID))
	if verdict.Outcome == enroll.Canceled && verdict.Reason == enroll.ReasonCanceledByRequest {
		j.result.OpenUntil = &operation.ExpiresAt // No cancel call is known: the person may still finish.
	}
	return verdict
}

// createOperation opens the capture. With an out-of-band transport each call
// sends a message to the person, so it is made only once.
func (j *journey) createOperation(ctx workflow.Context, in enroll.AuthIDInput) (enroll.AuthIDOperation, *enroll.Verdict) {
	tag := in.Tag
	if tag == "" {
		tag = workflow.GetInfo(ctx).WorkflowExecution.ID
	}
	request := enroll.AuthIDCreateOperationInput{
		Journey: j.spec.Journey, AccountNumber: in.AccountNumber, Codeword: in.Codeword, Tag: tag,
		TimeoutSeconds: in.TimeoutSeconds, TransportType: in.TransportType,
	}
	if in.TransportType == enroll.TransportInline {
		return step(ctx, j.beginOptions(ctx, "create the operation"), enroll.AuthIDCreateOperation, request)
	}
	return stepOnce(ctx, j.onceOptions(ctx, "create the operation and send the message"), enroll.AuthIDCreateOperation, request)
}

// operationWait describes the wait for one operation: every question is a
// confirm of its status.
func (j *journey) operationWait(operationID string) waiting {
	confirm := func(ctx workflow.Context, options workflow.ActivityOptions, poll *enroll.Pace) (answer, error) {
		status, err := execute(ctx, options, enroll.AuthIDConfirmStatus,
			enroll.AuthIDConfirmStatusInput{Journey: j.spec.Journey, OperationID: operationID, Poll: poll})
		if err != nil {
			return answer{}, err
		}
		j.result.Selfie = status.Selfie
		return answer{verdict: &status.Verdict}, nil
	}
	return waiting{
		onHint: func(ctx workflow.Context) (answer, error) { return confirm(ctx, j.hintOptions(), nil) },
		poll:   func(ctx workflow.Context) (answer, error) { return confirm(ctx, j.pollOptions(ctx), &j.pace) },
		last:   func(ctx workflow.Context) (answer, error) { return confirm(ctx, j.lastOptions(), nil) },
	}
}

// attachSelfie makes the captured selfie the account's credential. A refusal
// leaves the selfie captured and is reported beside it.
func (j *journey) attachSelfie(ctx workflow.Context, accountNumber string) {
	_, refused := step(ctx, j.lastOptions(), enroll.AuthIDAttachCredential,
		enroll.AuthIDAttachCredentialInput{AccountNumber: accountNumber, TempID: j.result.Selfie.TempID})
	j.result.Selfie.Attached, j.result.Selfie.AttachRefused = refused == nil, refused
}
