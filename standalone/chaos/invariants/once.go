package invariants

import (
	"fmt"
	"slices"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// onceOnly: a call that may be made once had one effect, and was not sent again
// after it.
func onceOnly(e Evidence, j Journey) []string {
	switch j.Script.Kind {
	case enroll.AuthIDEnroll, enroll.AuthIDSelfie:
		allowed := 1
		if j.Script.Person == script.Renews {
			allowed = 2
		}
		return j.atMost(messageSent, allowed)
	case enroll.BioIDEnroll:
		return j.atMost(classTrained, 1)
	case enroll.SmartIDEnroll:
		if j.Script.OverWrite {
			return nil // Repeating is safe.
		}
		return append(j.atMost(templateStored, 1), j.forwardedAgain(e)...)
	case enroll.SmartIDUnenroll:
		return nil // Repeating is safe.
	case enroll.IProovPhotoEnroll:
		return slices.Concat(j.atMost(imageEnrolled, 1), j.notAgain(callImage, imageEnrolled), j.notAgain(callValidate, resultGivenOut))
	}
	return nil
}

func (j Journey) atMost(effect string, allowed int) []string {
	n := 0
	for _, e := range j.Ledger {
		for _, happened := range e.Effects {
			if happened == effect {
				n++
			}
		}
	}
	if n > allowed {
		return []string{fmt.Sprintf("%s happened %d times, allowed: %d", effect, n, allowed)}
	}
	return nil
}

// notAgain: the call is not sent again for a token for which it had its effect.
func (j Journey) notAgain(call, effect string) []string {
	var broken []string
	done := map[string]bool{}
	for _, e := range j.Ledger {
		if e.Endpoint != call {
			continue
		}
		if done[e.Ref] {
			broken = append(broken, fmt.Sprintf("%s was called again at %s after %s", call, e.Time.UTC().Format(time.TimeOnly), effect))
		}
		done[e.Ref] = done[e.Ref] || has(e, effect)
	}
	return broken
}

// forwardedAgain: a template is forwarded again only when the answer to the
// first time could be lost, because SmartID tells in no other way.
func (j Journey) forwardedAgain(e Evidence) []string {
	stored, done := j.last(func(e simulator.Entry) bool { return has(e, templateStored) })
	if !done || !isWhole(stored, callForward) || e.damaged(enroll.SmartID, stored.Time.Add(-slack), stored.Time.Add(slack)) {
		return nil
	}
	return j.notAgain(callForward, templateStored)
}

// slack is how far apart two clocks of one story may be: the ledger has the
// moment of the effect, the history that of the report.
const slack = 2 * time.Second

// unknownOnlyIfLost: somewhere in the last steps of a journey whose outcome is
// unknown, an answer could really be lost.
func unknownOnlyIfLost(e Evidence, j Journey) []string {
	r := j.result()
	if r == nil || r.Outcome != enroll.Unknown {
		return nil
	}
	spec, err := j.Script.Kind.Spec()
	if err != nil {
		return []string{err.Error()}
	}
	for _, run := range j.Runs {
		for _, a := range run.Attempts {
			if a.Failure == "" {
				continue
			}
			from := a.Scheduled
			if !a.Started.IsZero() && a.Started.Before(from) {
				from = a.Started
			}
			if j.spoiled(from.Add(-slack), a.Ended.Add(slack)) || e.damaged(spec.Provider, from.Add(-slack), a.Ended.Add(slack)) {
				return nil
			}
		}
	}
	return []string{fmt.Sprintf("the outcome is unknown %s, and no answer was lost on the way", r.Reason)}
}

// spoiled reports that the provider spoiled an answer in the span.
func (j Journey) spoiled(from, to time.Time) bool {
	return slices.ContainsFunc(j.Ledger, func(e simulator.Entry) bool {
		lost := e.Fault != "" && e.Fault != faultDelay && e.Fault != faultThrottle
		return lost && !e.Time.Before(from) && !e.Time.After(to)
	})
}

// damaged reports that an answer of the provider could be lost in the span.
func (e Evidence) damaged(provider enroll.Provider, from, to time.Time) bool {
	return slices.ContainsFunc(e.Damages, func(d Damage) bool {
		return (d.Provider == "" || d.Provider == provider) && !d.To.Before(from) && !d.From.After(to)
	})
}
