package workflows

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// bioIDLead is how long before the token's end the journey performs the
// enrollment without a hint, in case samples were uploaded and the hint lost.
const bioIDLead = 15 * time.Second

// bioIDDefaultTries is what a token allows when nothing was asked for.
const bioIDDefaultTries = 3

// BioIDEnrollment enrolls a class: look whether it exists, issue a token, then
// either upload the samples we hold, or hand over and wait for the browser's.
func BioIDEnrollment(ctx workflow.Context, in enroll.BioIDInput) (enroll.Result, error) {
	j, ctx, err := begin(ctx, enroll.BioIDEnroll, in.Envelope, in.BCID, sampleRefs(in)...)
	if err != nil {
		return enroll.Result{}, err
	}
	capture := &bioIDCapture{journey: j, in: in}
	return j.conclude(ctx, capture.run(ctx))
}

// bioIDCapture is one token's worth of attempts.
type bioIDCapture struct {
	*journey
	in    enroll.BioIDInput
	class enroll.BioIDClass
	token enroll.BioIDToken
	// left counts the attempts that the token still allows.
	left int
	// tokens and attempts count the tokens issued and the attempts made.
	tokens, attempts int
}

func (c *bioIDCapture) run(ctx workflow.Context) enroll.Verdict {
	var end *enroll.Verdict
	c.class, end = step(ctx, c.beginOptions(ctx, "look for the class"), enroll.BioIDIsEnrolled,
		enroll.BioIDIsEnrolledInput{Opening: &c.opening, BCID: c.in.BCID, Traits: c.in.Traits})
	if end != nil {
		return *end
	}
	if end = c.issueToken(ctx); end != nil {
		return *end
	}
	verdict := c.capture(ctx)
	c.result.Trained = verdict.Outcome == enroll.Enrolled && c.class.Enrolled
	return verdict
}

// issueToken gets a token with all of its attempts.
func (c *bioIDCapture) issueToken(ctx workflow.Context) *enroll.Verdict {
	c.tokens++
	token, end := step(ctx, c.beginOptions(ctx, "issue the token"), enroll.BioIDCreateToken, enroll.BioIDCreateTokenInput{
		Entry: enroll.Entry{Record: c.opening.Record, Ordinal: c.tokens},
		BCID:  c.in.BCID, Traits: c.in.Traits, MaxTries: c.in.MaxTries, Challenge: c.in.Challenge,
		LiveDetection: c.in.LiveDetection, PerformedBy: c.in.PerformedBy,
	})
	if end != nil {
		return end
	}
	c.token, c.left = token, cmp.Or(c.in.MaxTries, bioIDDefaultTries)
	c.state.AttemptsLeft = c.left
	return nil
}

// capture gets samples to the provider and learns what it made of them.
func (c *bioIDCapture) capture(ctx workflow.Context) enroll.Verdict {
	if len(c.in.Samples) > 0 {
		return c.enrollOurs(ctx)
	}
	c.handOver(ctx, c.token.HandOver, c.until(workflow.Now(ctx)))
	verdict := c.await(ctx, c.browserWait(ctx))
	if c.mayStillFinish(verdict) {
		c.leaveOpen(c.token.ExpiresAt, c.leftOpenClass())
	}
	return verdict
}

// mayStillFinish reports that the browser held a token with attempts left when
// the result was last read, although the journey ends without success: a token
// cannot be taken back.
func (c *bioIDCapture) mayStillFinish(v enroll.Verdict) bool {
	ended := v.Outcome == enroll.Expired && !c.state.Deadline.Before(c.token.ExpiresAt) // It was read after the token's end.
	return !v.Outcome.Success() && c.left > 0 && !ended
}

// leftOpenClass is what a watch looks at: nothing when the class existed
// before, because nobody can tell then what was added.
func (c *bioIDCapture) leftOpenClass() *enroll.WatchInput {
	if c.class.Enrolled {
		return nil
	}
	return &enroll.WatchInput{BioID: &enroll.BioIDLeftOpen{BCID: c.in.BCID, Traits: c.in.Traits}}
}

// until is when the journey stops waiting: after its own time, or with its
// token when it was given none.
func (c *bioIDCapture) until(now time.Time) time.Time {
	if c.in.TimeoutSeconds == 0 {
		return c.token.ExpiresAt
	}
	return now.Add(time.Duration(c.in.TimeoutSeconds) * time.Second)
}

// browserWait describes the wait for the samples that the browser uploads.
func (c *bioIDCapture) browserWait(ctx workflow.Context) waiting {
	onHint := c.attempt
	if c.in.PerformedBy == enroll.ByBrowser {
		onHint = c.readOrAttempt
	}
	return waiting{
		heed:   func(h enroll.Hint) bool { return h.Samples >= c.in.MinSamples() },
		onHint: onHint,
		poll: func(ctx workflow.Context) (answer, error) {
			return c.read(ctx, c.pollOptions(ctx), &c.pace)
		},
		askAt:  c.beforeTokenEnds(ctx),
		onTime: c.readOrAttempt,
		last:   func(ctx workflow.Context) (answer, error) { return c.read(ctx, c.lastOptions(), nil) },
		renew:  c.renew,
	}
}

// beforeTokenEnds is the moment of the attempt without a hint.
func (c *bioIDCapture) beforeTokenEnds(ctx workflow.Context) []time.Time {
	life := c.token.ExpiresAt.Sub(workflow.Now(ctx))
	return []time.Time{c.token.ExpiresAt.Add(-min(bioIDLead, life/4))}
}

// renew looks once more what became of the old token and then issues another.
func (c *bioIDCapture) renew(ctx workflow.Context) renewed {
	if before, err := c.read(ctx, c.askOnceOptions("read the result"), nil); err == nil && before.verdict != nil && !before.again {
		return renewed{verdict: before.verdict}
	}
	if refused := c.issueToken(ctx); refused != nil {
		return renewed{refused: refused}
	}
	next := renewed{handOver: c.token.HandOver, askAt: c.beforeTokenEnds(ctx)}
	if c.in.TimeoutSeconds == 0 {
		next.deadline = c.token.ExpiresAt
	}
	return next
}

// attempt performs the enrollment with the samples uploaded so far. Should the
// answer be lost, the provider's result of the token's last task tells.
func (c *bioIDCapture) attempt(ctx workflow.Context) (answer, error) {
	got, err := c.attemptOnce(ctx)
	if err == nil || onceVerdictOf(err).Outcome != enroll.Unknown {
		return got, err
	}
	got, err = c.readOrAttempt(ctx)
	if err != nil {
		return answer{verdict: c.unknown(err)}, nil
	}
	if got.verdict != nil && got.verdict.Outcome == enroll.Enrolled {
		got.verdict.Reason = enroll.ReasonAfterLostAnswer
	}
	return got, nil
}

// readOrAttempt reads the result first and performs the enrollment when it
// tells nothing new: none was performed yet, or the failure it tells may be an
// older attempt's.
func (c *bioIDCapture) readOrAttempt(ctx workflow.Context) (answer, error) {
	before, err := c.read(ctx, c.hintOptions(), nil)
	if err != nil || (before.verdict != nil && !before.again) {
		return before, err
	}
	now, err := c.attemptOnce(ctx)
	ended := before.verdict != nil && now.verdict != nil && now.verdict.Outcome == enroll.Expired
	if err != nil || (now.verdict != nil && !ended) {
		return now, err
	}
	return before, nil // No samples are left, or the token has ended: the failure was the newest attempt's.
}

// attemptOnce calls enroll a single time. Failures that new samples can mend
// lead back to waiting while attempts last.
func (c *bioIDCapture) attemptOnce(ctx workflow.Context) (answer, error) {
	c.attempts++
	attempt, err := untilSent(ctx, c.journey, func() (enroll.BioIDAttempt, error) {
		return executeOnce(ctx, c.journey, c.askOnceOptions("enroll the uploaded samples"), enroll.BioIDEnrollSamples,
			enroll.BioIDEnrollSamplesInput{
				Entry: enroll.Entry{Record: c.opening.Record, Ordinal: c.attempts},
				Token: c.token.BioID.Token, LiveDetection: c.in.EnrollLiveDetection,
			})
	})
	if err != nil || attempt.NotPerformed || c.tokenEnded(ctx, attempt.Verdict) {
		return answer{}, err
	}
	if attempt.Used {
		c.left--
		c.state.AttemptsLeft = c.left
	}
	return answer{verdict: &attempt.Verdict, again: attempt.Again && c.left > 0}, nil
}

// tokenEnded reports that the attempt found the token at its end while the
// journey has time left: it waits for a renewal.
func (c *bioIDCapture) tokenEnded(ctx workflow.Context, v enroll.Verdict) bool {
	return v.Outcome == enroll.Expired && workflow.Now(ctx).Before(c.state.Deadline)
}

// read asks for the result of the token's last task. A failure that new
// samples can mend comes with again.
func (c *bioIDCapture) read(ctx workflow.Context, options workflow.ActivityOptions, poll *enroll.Pace) (answer, error) {
	attempt, err := execute(ctx, options, enroll.BioIDReadResult, enroll.BioIDReadResultInput{Token: c.token.BioID.Token, Poll: poll})
	if err != nil || attempt.NotPerformed {
		return answer{}, err
	}
	return answer{verdict: &attempt.Verdict, again: attempt.Again}, nil
}

// enrollOurs uploads the sealed samples and performs the enrollment. A busy
// provider is a reason to send the same samples again, and so is, once, a token
// that has ended.
func (c *bioIDCapture) enrollOurs(ctx workflow.Context) enroll.Verdict {
	renewed := false
	for pause := 2 * time.Second; ; pause *= 2 {
		verdict, again := c.uploadAndAttempt(ctx)
		switch {
		case verdict.Outcome == enroll.Expired && !renewed:
			renewed, c.began = true, workflow.Now(ctx)
			if end := c.issueToken(ctx); end != nil {
				return *end
			}
		case !again || verdict.Reason != enroll.ReasonProviderUnavailable:
			return verdict
		}
		if workflow.Sleep(ctx, pause) != nil {
			return verdict
		}
	}
}

// uploadAndAttempt is one attempt with the sealed samples.
func (c *bioIDCapture) uploadAndAttempt(ctx workflow.Context) (verdict enroll.Verdict, again bool) {
	if _, end := step(ctx, c.uploadOptions(len(c.in.Samples)), enroll.BioIDUploadSamples,
		enroll.BioIDUploadSamplesInput{Token: c.token.BioID.Token, Samples: c.in.Samples}); end != nil {
		return *end, false
	}
	got, err := c.attempt(ctx)
	switch {
	case err != nil:
		return *onceVerdictOf(err), false
	case got.verdict == nil:
		return enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonNotEnoughSamples, CanRetry: true}, false
	default:
		return *got.verdict, got.again
	}
}

// unknown is the verdict when nothing can tell what became of an attempt. A
// class that may have come into being is removed.
func (c *bioIDCapture) unknown(err error) *enroll.Verdict {
	if !c.class.Enrolled {
		c.onFailure("class", func(ctx workflow.Context) error {
			_, err := execute(ctx, c.cleanUpOptions("delete the class"), enroll.BioIDDeleteClass, enroll.BioIDDeleteClassInput{BCID: c.in.BCID})
			return err
		})
	}
	_, details := kindOf(err)
	return verdictOfKind(enroll.KindLost, details.Code)
}

// sampleRefs lists what a journey with samples of ours has sealed.
func sampleRefs(in enroll.BioIDInput) []enroll.SealedRef {
	refs := make([]enroll.SealedRef, len(in.Samples))
	for i, sample := range in.Samples {
		refs[i] = sample.Data
	}
	return refs
}
