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
	j, ctx, err := begin(ctx, enroll.IProovPhotoEnroll, in.Envelope, in.Image)
	if err != nil {
		return enroll.Result{}, err
	}
	j.client, j.result.UserID, j.result.AssuranceType = in.Client, in.UserID, in.AssuranceType
	if end := j.enrolPhoto(ctx, in); end != nil {
		return j.conclude(ctx, *end)
	}
	verify, end := step(ctx, j.beginOptions(ctx, "issue the verify token"), enroll.IProovVerifyToken,
		enroll.IProovVerifyTokenInput{UserID: in.UserID, AssuranceType: in.AssuranceType})
	if end != nil {
		return j.conclude(ctx, *end)
	}
	j.handOver(ctx, iproovHandOver(in, verify), workflow.Now(ctx).Add(time.Duration(in.TimeoutSeconds)*time.Second))
	verdict := j.await(ctx, j.validationWait(ctx, in, verify.Token))
	if verdict.Outcome == enroll.Canceled || verdict.Outcome == enroll.Expired {
		j.onFailure("token", func(ctx workflow.Context) error {
			_, err := execute(ctx, j.cleanUpOptions("invalidate the token"), enroll.IProovInvalidateToken, enroll.IProovInvalidateTokenInput{Token: verify.Token})
			return err
		})
	}
	return j.conclude(ctx, verdict)
}

// enrolPhoto makes the user known to iProov by its photo, which also makes the
// user active. From the moment the image is sent, an unsuccessful journey has
// a user to remove.
func (j *journey) enrolPhoto(ctx workflow.Context, in enroll.IProovInput) *enroll.Verdict {
	token, end := step(ctx, j.beginOptions(ctx, "issue the enrol token"), enroll.IProovEnrolToken,
		enroll.IProovEnrolTokenInput{UserID: in.UserID, AssuranceType: in.AssuranceType})
	if end != nil {
		return end
	}
	_, end = stepOnce(ctx, j.onceOptions(ctx, "enrol the photo"), enroll.IProovEnrolImage,
		enroll.IProovEnrolImageInput{Token: token.Token, Image: in.Image, Source: in.Source})
	if end == nil || end.Outcome == enroll.Unknown {
		j.onFailure("user", func(ctx workflow.Context) error {
			_, err := execute(ctx, j.cleanUpOptions("remove the user"), enroll.IProovRemoveUser, enroll.IProovRemoveUserInput{UserID: in.UserID})
			return err
		})
	}
	return end
}

// iproovHandOver is what the SDK needs.
func iproovHandOver(in enroll.IProovInput, verify enroll.IProovToken) enroll.HandOver {
	return enroll.HandOver{ExpiresAt: verify.ExpiresAt, IProov: &enroll.IProovHandOver{
		UserID: in.UserID, Token: verify.Token, StreamingURL: verify.StreamingURL, AssuranceType: in.AssuranceType,
	}}
}

// validationWait describes the wait for the verification. Every question is a
// validate call, which gives its answer only once: it is repeated only after
// the definite answer that there is no result yet.
func (j *journey) validationWait(ctx workflow.Context, in enroll.IProovInput, token enroll.Secret) waiting {
	validate := func(ctx workflow.Context) (answer, error) {
		got, err := untilSent(ctx, j.pace.PollCap, func() (enroll.IProovValidation, error) {
			return execute(ctx, j.askOnceOptions("validate"), enroll.IProovValidate,
				enroll.IProovValidateInput{UserID: in.UserID, Token: token, Client: cmp.Or(j.client, in.Client)})
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
	w := waiting{onHint: briskly(validate), onTime: validate, last: validate}
	for _, after := range iproovBackup() {
		w.askAt = append(w.askAt, workflow.Now(ctx).Add(after))
	}
	return w
}

// briskly repeats a question after 1, 2 and 4 seconds while the answer is
// pending: a frontend may be faster than its provider.
func briskly(q question) question {
	return func(ctx workflow.Context) (answer, error) {
		for pause := time.Second; ; pause *= 2 {
			got, err := q(ctx)
			if err != nil || got.verdict != nil || pause > 4*time.Second {
				return got, err
			}
			if err := workflow.Sleep(ctx, pause); err != nil {
				return got, err
			}
		}
	}
}
