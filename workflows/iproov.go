package workflows

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// iproovBackup are the moments after the hand-over at which validate is called
// without a hint: iProov has no status to read.
func iproovBackup() []time.Duration {
	return []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute}
}

// IProovPhotoEnrollment enrolls a trusted photo and verifies the live person
// against it: enrol token, enrol image, verify token, hand over, wait,
// validate.
func IProovPhotoEnrollment(ctx workflow.Context, in enroll.IProovInput) (enroll.Result, error) {
	j, ctx, err := begin(ctx, enroll.IProovPhotoEnroll, in.Envelope, in.UserID, in.Image)
	if err != nil {
		return enroll.Result{}, err
	}
	j.client, j.result.UserID, j.result.AssuranceType = in.Client, in.UserID, in.AssuranceType
	capture := &iproovCapture{journey: j, in: in}
	return j.conclude(ctx, capture.run(ctx))
}

// iproovCapture is the capture of one journey: one verify token, and one more
// for each renewal.
type iproovCapture struct {
	*journey
	in enroll.IProovInput
	// token is the newest verify token, and tokens counts them.
	token  enroll.IProovToken
	tokens int
}

// run goes from the photo to the verdict.
func (c *iproovCapture) run(ctx workflow.Context) enroll.Verdict {
	if end := c.enrolPhoto(ctx); end != nil {
		return *end
	}
	if end := c.issueToken(ctx); end != nil {
		return *end
	}
	c.handOver(ctx, c.handedOver(), workflow.Now(ctx).Add(time.Duration(c.in.TimeoutSeconds)*time.Second))
	verdict := c.await(ctx, waiting{
		onHint: c.validate, brisk: []time.Duration{time.Second, 2 * time.Second, 4 * time.Second},
		askAt: backupMoments(ctx), onTime: c.validate, last: c.validate, renew: c.renew,
	})
	if verdict.Outcome == enroll.Canceled || verdict.Outcome == enroll.Expired {
		c.onFailure("token", c.invalidate)
	}
	return verdict
}

// enrolPhoto makes the user known to iProov by its photo, which also makes the
// user active. From the moment the image is sent, an unsuccessful journey has
// a user to remove.
func (c *iproovCapture) enrolPhoto(ctx workflow.Context) *enroll.Verdict {
	token, end := step(ctx, c.beginOptions(ctx, "issue the enrol token"), enroll.IProovEnrolToken,
		enroll.IProovEnrolTokenInput{Opening: c.opening, UserID: c.in.UserID, AssuranceType: c.in.AssuranceType})
	if end != nil {
		return end
	}
	_, end = stepOnce(ctx, c.journey, c.onceOptions(ctx, "enrol the photo"), enroll.IProovEnrolImage, enroll.IProovEnrolImageInput{
		Entry: enroll.Entry{Record: c.opening.Record, Ordinal: 1}, UserID: c.in.UserID, Token: token.Token, Image: c.in.Image, Source: c.in.Source,
	})
	if end == nil || end.Outcome == enroll.Unknown {
		c.onFailure("user", func(ctx workflow.Context) error {
			_, err := execute(ctx, c.cleanUpOptions("remove the user"), enroll.IProovRemoveUser, enroll.IProovRemoveUserInput{UserID: c.in.UserID})
			return err
		})
	}
	if end != nil && end.Outcome == enroll.Unknown {
		return c.lookForPhoto(ctx, end)
	}
	return end
}

// lookForPhoto learns what became of a photo whose answer was lost: the enrol
// token was given for a user who had none, so an active user has ours.
func (c *iproovCapture) lookForPhoto(ctx workflow.Context, unknown *enroll.Verdict) *enroll.Verdict {
	user, err := execute(ctx, c.lastOptions(), enroll.IProovReadUser, enroll.IProovReadUserInput{UserID: c.in.UserID})
	switch {
	case err != nil:
		return unknown
	case user.Active:
		return nil
	default:
		return &enroll.Verdict{Outcome: enroll.Failed, Reason: enroll.ReasonLostAnswer, CanRetry: true}
	}
}

// issueToken gets a verify token, which the SDK must claim within two minutes.
func (c *iproovCapture) issueToken(ctx workflow.Context) *enroll.Verdict {
	c.tokens++
	token, end := step(ctx, c.beginOptions(ctx, "issue the verify token"), enroll.IProovVerifyToken,
		enroll.IProovVerifyTokenInput{Entry: enroll.Entry{Record: c.opening.Record, Ordinal: c.tokens}, UserID: c.in.UserID, AssuranceType: c.in.AssuranceType})
	if end == nil {
		c.token = token
	}
	return end
}

// handedOver is what the SDK needs.
func (c *iproovCapture) handedOver() enroll.HandOver {
	return enroll.HandOver{ExpiresAt: c.token.ExpiresAt, IProov: &enroll.IProovHandOver{
		UserID: c.in.UserID, Token: c.token.Token, StreamingURL: c.token.StreamingURL, AssuranceType: c.in.AssuranceType,
	}}
}

// backupMoments are when validate is called without a hint.
func backupMoments(ctx workflow.Context) []time.Time {
	var moments []time.Time
	for _, after := range iproovBackup() {
		moments = append(moments, workflow.Now(ctx).Add(after))
	}
	return moments
}

// validate asks how the verification ended. It gives its answer only once: it
// is repeated only after the definite answer that there is no result yet.
func (c *iproovCapture) validate(ctx workflow.Context) (answer, error) {
	got, err := untilSent(ctx, c.journey, func() (enroll.IProovValidation, error) {
		return executeOnce(ctx, c.journey, c.askOnceOptions("validate"), enroll.IProovValidate,
			enroll.IProovValidateInput{Entry: enroll.Entry{Record: c.opening.Record, Ordinal: c.tokens}, UserID: c.in.UserID, Token: c.token.Token, Client: cmp.Or(c.client, c.in.Client)})
	})
	switch {
	case err == nil && got.Pending:
		return answer{}, nil
	case err == nil:
		return answer{verdict: &got.Verdict}, nil
	case onceVerdictOf(err).Outcome == enroll.Unknown:
		return answer{verdict: onceVerdictOf(err)}, nil
	default:
		return answer{}, err
	}
}

// renew looks once more what became of the old token, makes it useless, and
// issues another.
func (c *iproovCapture) renew(ctx workflow.Context) renewed {
	before, err := c.validate(ctx)
	switch {
	case err != nil:
		return renewed{refused: verdictOf(err)}
	case before.verdict != nil && before.verdict.Outcome != enroll.Expired: // Expired is what a renewal is for.
		return renewed{verdict: before.verdict}
	}
	old := c.token
	if refused := c.issueToken(ctx); refused != nil {
		return renewed{refused: refused}
	}
	if err := c.invalidateToken(ctx, c.beginOptions(ctx, "invalidate the old token"), old.Token); err != nil {
		workflow.GetLogger(ctx).Warn("old token not invalidated", "error", err)
	}
	return renewed{handOver: c.handedOver(), askAt: backupMoments(ctx)}
}

// invalidate makes the newest token useless.
func (c *iproovCapture) invalidate(ctx workflow.Context) error {
	return c.invalidateToken(ctx, c.cleanUpOptions("invalidate the token"), c.token.Token)
}

func (c *iproovCapture) invalidateToken(ctx workflow.Context, options workflow.ActivityOptions, token enroll.Secret) error {
	_, err := execute(ctx, options, enroll.IProovInvalidateToken, enroll.IProovInvalidateTokenInput{UserID: c.in.UserID, Token: token})
	return err
}
