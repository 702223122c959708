package workflows_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/bioenroll/bioenroll/enroll"
)

// plays is how many random courses each property is tried with.
const plays = "2000"

// course is a random course of events around one wait. Times count from the
// start and never coincide, because each kind has its own fraction of a second.
type course struct {
	// deadline is when the journey stops waiting.
	deadline time.Duration
	// finished is when the person finishes, or never if it is zero.
	finished time.Duration
	// canceled is when somebody cancels, or never if it is zero.
	canceled time.Duration
	// down and up bound a time in which the provider cannot be reached.
	down, up time.Duration
	hints    []time.Duration
	renewals []time.Duration
	verdict  enroll.Verdict
}

// String tells the course as a failing run prints it.
func (c course) String() string {
	return fmt.Sprintf("deadline %s, finished %s as %s, canceled %s, down %s to %s, hints %v, renewals %v",
		c.deadline, c.finished, c.verdict.Outcome, c.canceled, c.down, c.up, c.hints, c.renewals)
}

// drawCourse draws a course whose wait lasts at most an hour.
func drawCourse(t *rapid.T, deadline time.Duration) course {
	moment := func(name string, fraction time.Duration) time.Duration {
		return time.Duration(rapid.IntRange(1, int(deadline/time.Second)+60).Draw(t, name))*time.Second + fraction
	}
	c := course{deadline: deadline, verdict: enroll.Verdict{Outcome: enroll.Enrolled}}
	if rapid.Bool().Draw(t, "finishes") {
		c.finished = moment("finished", 100*time.Millisecond)
	}
	if rapid.IntRange(0, 3).Draw(t, "cancels") == 0 {
		c.canceled = moment("canceled", 200*time.Millisecond)
	}
	if rapid.Bool().Draw(t, "refused") {
		c.verdict = enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonFaceRefused}
	}
	if rapid.IntRange(0, 2).Draw(t, "trouble") == 0 {
		c.down = moment("down", 300*time.Millisecond)
		c.up = c.down + time.Duration(rapid.IntRange(1, 100).Draw(t, "seconds down"))*time.Second
	}
	for range rapid.IntRange(0, 12).Draw(t, "hints") {
		c.hints = append(c.hints, moment("hint", 400*time.Millisecond))
	}
	for range rapid.IntRange(0, 3).Draw(t, "renewals") {
		c.renewals = append(c.renewals, moment("renewal", 500*time.Millisecond))
	}
	return c
}

// allowed is the model: what may come out of a course, told without knowing
// how the story waits. What the person did before waiting ended counts,
// whoever asked first; what came later does not.
func (c course) allowed() []enroll.Outcome {
	end, otherwise := c.deadline, enroll.Expired
	if c.canceled != 0 && c.canceled < end {
		end, otherwise = c.canceled, enroll.Canceled
	}
	had := c.finished != 0 && c.finished <= end
	// A call that was held up by the trouble may still be under way then.
	downThen := c.down != 0 && c.down <= end && end < c.up+5*time.Second
	switch {
	case !downThen && had:
		return []enroll.Outcome{c.verdict.Outcome}
	case !downThen:
		return []enroll.Outcome{otherwise}
	case otherwise == enroll.Canceled && had: // Nobody waits long for a provider that is down.
		return []enroll.Outcome{c.verdict.Outcome, enroll.Canceled}
	case had:
		return []enroll.Outcome{c.verdict.Outcome}
	case c.finished != 0 && c.finished <= c.up+time.Minute: // Asked late, the provider knows more.
		return []enroll.Outcome{otherwise, c.verdict.Outcome}
	default:
		return []enroll.Outcome{otherwise}
	}
}

// play sets the course's events up.
func (c course) play(b *bundle, hint enroll.HintName) {
	for _, at := range c.hints {
		b.hint(at, hint, enroll.Hint{})
	}
	for i, at := range c.renewals {
		b.renew(at, fmt.Sprint("renewal-", i))
	}
	if c.canceled != 0 {
		b.after(c.canceled, b.CancelWorkflow)
	}
}

// provider plays the provider's side at a moment of the course.
func (c course) provider(now time.Duration) (finished, down bool) {
	return c.finished != 0 && now >= c.finished, c.down != 0 && c.down <= now && now < c.up
}

// manyPlays makes rapid try a property often enough.
func manyPlays(t *testing.T) {
	t.Helper()
	require.NoError(t, flag.Set("rapid.checks", plays))
}

func TestProperty_authid_wait(t *testing.T) {
	manyPlays(t)
	rapid.Check(t, func(rt *rapid.T) {
		in := authIDInput()
		in.TimeoutSeconds = rapid.IntRange(31, 3600).Draw(rt, "timeout")
		c := drawCourse(rt, time.Duration(in.TimeoutSeconds+2)*time.Second)
		b := setup(rt)
		openAccount(b)
		c.play(b, enroll.FinalPage)
		began := b.Now()
		confirms := stub(b, enroll.AuthIDConfirmStatus, func(ask enroll.AuthIDConfirmStatusInput) (enroll.AuthIDStatus, error) {
			switch finished, down := c.provider(b.Now().Sub(began)); {
			case down:
				return enroll.AuthIDStatus{}, failure(enroll.KindUnavailable, enroll.FailureDetails{Code: "503"}, 0)
			case finished:
				return enroll.AuthIDStatus{Verdict: c.verdict}, nil
			case ask.Poll != nil:
				return enroll.AuthIDStatus{}, failure(enroll.KindPending, enroll.FailureDetails{}, 30*time.Second)
			default:
				return enroll.AuthIDStatus{}, failure(enroll.KindPending, enroll.FailureDetails{}, time.Second)
			}
		})
		result := b.run(enroll.AuthIDEnroll, in)
		require.Contains(rt, c.allowed(), result.Outcome, c.String())
		require.Less(rt, int(confirms.Load()), 4*(len(c.hints)+len(c.renewals))+int(c.deadline/(30*time.Second))+60, c.String())
		if waited := result.ConcludedAt.Sub(began); c.finished != 0 && c.down == 0 && result.Outcome == c.verdict.Outcome {
			require.Less(rt, waited-c.finished, 62*time.Second, "missed for longer than the poll's pace: "+c.String())
		}
	})
}

func TestProperty_iproov_wait(t *testing.T) {
	manyPlays(t)
	rapid.Check(t, func(rt *rapid.T) {
		in := iproovInput()
		in.TimeoutSeconds = rapid.IntRange(5, 1800).Draw(rt, "timeout")
		c := drawCourse(rt, time.Duration(in.TimeoutSeconds)*time.Second)
		b := setup(rt)
		removed, deleted := openPhoto(b)
		c.play(b, enroll.SDKFinished)
		began := b.Now()
		given, under := 0, 0
		stub(b, enroll.IProovValidate, func(enroll.IProovValidateInput) (enroll.IProovValidation, error) {
			under++
			defer func() { under-- }()
			require.Equal(rt, 1, under, "two validates at a time")
			switch finished, down := c.provider(b.Now().Sub(began)); {
			case down:
				return enroll.IProovValidation{}, failure(enroll.KindUnavailable, enroll.FailureDetails{NotSent: true}, 0)
			case finished:
				given++
				return enroll.IProovValidation{Verdict: c.verdict}, nil
			default:
				return enroll.IProovValidation{Pending: true}, nil
			}
		})
		result := b.run(enroll.IProovPhotoEnroll, in)
		if result.Outcome != enroll.Unknown { // The provider stayed down beyond the patience of the last confirm.
			require.Contains(rt, c.allowed(), result.Outcome, c.String())
		}
		require.LessOrEqual(rt, given, 1, "a result was asked for twice: "+c.String())
		require.Equal(rt, !result.Outcome.Success(), removed.Load() == 1, "the user stays exactly when enrolled: "+c.String())
		require.EqualValues(rt, 1, deleted.Load(), "the photo is deleted in the end: "+c.String())
	})
}
