package workflows

import (
	"cmp"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// authIDGrace is added to an operation's own end, so that authID has closed it
// when it is asked for the last time.
const authIDGrace = 2 * time.Second

// authIDShortest is the least time that is worth a new operation.
const authIDShortest = 30 * time.Second

// AuthIDEnrollment enrolls a face credential for an account: read the account,
// create the operation, hand over, wait, confirm the status.
func AuthIDEnrollment(ctx workflow.Context, in enroll.AuthIDInput) (enroll.Result, error) {
	j, ctx, err := begin(ctx, enroll.AuthIDEnroll, in.Envelope, in.AccountNumber)
	if err != nil {
		return enroll.Result{}, err
	}
	capture := &authIDCapture{journey: j, in: in}
	return j.conclude(ctx, capture.run(ctx))
}

// AuthIDLiveSelfie captures a live selfie of an account: the same steps, and
// when asked the selfie becomes the account's credential.
func AuthIDLiveSelfie(ctx workflow.Context, in enroll.AuthIDInput) (enroll.Result, error) {
	j, ctx, err := begin(ctx, enroll.AuthIDSelfie, in.Envelope, in.AccountNumber)
	if err != nil {
		return enroll.Result{}, err
	}
	capture := &authIDCapture{journey: j, in: in}
	verdict := capture.run(ctx)
	if verdict.Outcome == enroll.Captured && in.AttachCredential {
		j.attachSelfie(ctx, in.AccountNumber)
	}
	return j.conclude(ctx, verdict)
}

// authIDCapture is the capture of one journey: one operation, and one more for
// each renewal.
type authIDCapture struct {
	*journey
	in enroll.AuthIDInput
	// operations are all that were ever created, the newest first.
	operations []string
	// hashes are their keyed hashes, which authID's webhook is found by.
	hashes []string
	// creates counts the calls that create one, whatever came of them.
	creates int
}

// run goes from the account to the verdict.
func (c *authIDCapture) run(ctx workflow.Context) enroll.Verdict {
	_, end := step(ctx, c.beginOptions(ctx, "read the account"), enroll.AuthIDReadAccount,
		enroll.AuthIDReadAccountInput{AccountNumber: c.in.AccountNumber})
	if end != nil {
		return *end
	}
	operation, end := c.create(ctx, c.in.TimeoutSeconds)
	if end != nil {
		return *end
	}
	c.handOver(ctx, operation.HandOver, operation.ExpiresAt.Add(authIDGrace), attrOperation.ValueSet(c.hashes))
	verdict := c.await(ctx, c.waiting())
	if c.mayStillFinish(verdict) {
		c.leaveOpen(c.state.Deadline, &enroll.WatchInput{
			AuthID: &enroll.AuthIDLeftOpen{AccountNumber: c.in.AccountNumber, OperationIDs: c.operations},
		})
	}
	return verdict
}

// mayStillFinish reports that an operation was open when it was last asked for,
// although the journey ends without success: no cancel call is known. The clock
// does not tell, because a journey may be held up before it concludes.
func (c *authIDCapture) mayStillFinish(v enroll.Verdict) bool {
	older := len(c.operations) > 1 && v.Outcome != enroll.Expired // Expired is learned when all have ended.
	return !v.Outcome.Success() && (v.Reason == enroll.ReasonCanceledByRequest || older)
}

// create opens the capture. With an out-of-band transport each call sends a
// message to the person, so it is made only once.
func (c *authIDCapture) create(ctx workflow.Context, seconds int) (enroll.AuthIDOperation, *enroll.Verdict) {
	c.creates++
	request := enroll.AuthIDCreateOperationInput{
		Entry:   enroll.Entry{Record: c.opening.Record, Ordinal: c.creates},
		Journey: c.spec.Journey, AccountNumber: c.in.AccountNumber, Codeword: c.in.Codeword,
		Tag:            cmp.Or(c.in.Tag, workflow.GetInfo(ctx).WorkflowExecution.ID),
		TimeoutSeconds: seconds, TransportType: c.in.TransportType,
	}
	if c.creates == 1 {
		request.Opening = &c.opening
	}
	var operation enroll.AuthIDOperation
	var end *enroll.Verdict
	if c.in.TransportType == enroll.TransportInline {
		operation, end = step(ctx, c.beginOptions(ctx, "create the operation"), enroll.AuthIDCreateOperation, request)
	} else {
		operation, end = stepOnce(ctx, c.journey, c.onceOptions(ctx, "create the operation and send the message"), enroll.AuthIDCreateOperation, request)
	}
	if end == nil {
		c.operations = slices.Insert(c.operations, 0, operation.AuthID.OperationID)
		c.hashes = append(c.hashes, operation.Hash)
	}
	return operation, end
}

// waiting describes the wait: every question is a confirm of the status. The
// backup poll asks for the newest operation, the others for all.
func (c *authIDCapture) waiting() waiting {
	return waiting{
		onHint:   func(ctx workflow.Context) (answer, error) { return c.confirm(ctx, c.hintOptions(), nil) },
		readOnly: true,
		poll:     func(ctx workflow.Context) (answer, error) { return c.confirm(ctx, c.pollOptions(ctx), &c.pace) },
		last:     func(ctx workflow.Context) (answer, error) { return c.confirm(ctx, c.lastOptions(), nil) },
		renew:    c.renew,
	}
}

func (c *authIDCapture) confirm(ctx workflow.Context, options workflow.ActivityOptions, poll *enroll.Pace) (answer, error) {
	operations := slices.Clone(c.operations)
	if poll != nil {
		operations = operations[:1]
	}
	status, err := execute(ctx, options, enroll.AuthIDConfirmStatus,
		enroll.AuthIDConfirmStatusInput{Journey: c.spec.Journey, OperationIDs: operations, Poll: poll})
	if err != nil {
		return answer{}, err
	}
	c.result.Selfie = status.Selfie
	return answer{verdict: &status.Verdict}, nil
}

// renew creates another operation that ends when the journey does. The earlier
// ones stay open at authID, so they are asked for as well from now on.
func (c *authIDCapture) renew(ctx workflow.Context) renewed {
	left := c.state.Deadline.Sub(workflow.Now(ctx)) - authIDGrace
	if left < authIDShortest {
		return renewed{refused: &enroll.Verdict{Outcome: enroll.Expired, Reason: enroll.ReasonTimeout, CanRetry: true}}
	}
	operation, refused := c.create(ctx, int(left/time.Second))
	if refused == nil {
		c.upsert(ctx, attrOperation.ValueSet(c.hashes))
	}
	return renewed{handOver: operation.HandOver, refused: refused}
}

// attachSelfie makes the captured selfie the account's credential. A refusal
// leaves the selfie captured and is reported beside it.
func (j *journey) attachSelfie(ctx workflow.Context, accountNumber string) {
	_, refused := step(ctx, j.lastOptions(), enroll.AuthIDAttachCredential,
		enroll.AuthIDAttachCredentialInput{AccountNumber: accountNumber, TempID: j.result.Selfie.TempID})
	j.result.Selfie.Attached, j.result.Selfie.AttachRefused = refused == nil, refused
}
