package invariants

import (
	"fmt"
	"slices"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// nothingLeft: a journey that did not succeed leaves the provider and the
// sealed store as it found them.
func nothingLeft(e Evidence, j Journey) []string {
	r := j.result()
	if r == nil {
		return nil
	}
	var broken []string
	for _, ref := range j.Sealed {
		if slices.Contains(e.SealedLeft, ref) {
			broken = append(broken, "sealed bytes are left: "+string(ref))
		}
	}
	switch {
	case r.Outcome.Success():
	case j.Script.Existed && j.removed(*r):
		broken = append(broken, fmt.Sprintf("the outcome is %s, and what existed before was removed", r.Outcome))
	case !j.Script.Existed && j.Provider.Enrolled && !j.mayStay(e, *r):
		broken = append(broken, fmt.Sprintf("the outcome is %s %s, and what the journey created is still at the provider", r.Outcome, r.Reason))
	}
	return broken
}

// removed reports that an enrollment from before is gone although nobody asked
// for that.
func (j Journey) removed(r enroll.Result) bool {
	asked := r.Unenrolled || j.Script.Kind == enroll.SmartIDUnenroll
	return !j.Provider.Enrolled && !asked && j.Script.Kind != enroll.AuthIDSelfie
}

// mayStay: where the provider cannot be told that a journey ended, the person
// may still finish there until a moment that the result tells. What an unknown
// outcome left, or one after a lost answer, is for an operator to find out
// where the provider has no question that tells.
func (j Journey) mayStay(e Evidence, r enroll.Result) bool {
	finished, done := j.last(func(e simulator.Entry) bool { return has(e, credentialCreated) || has(e, classTrained) })
	late := r.OpenUntil != nil && done && !finished.Time.After(*r.OpenUntil)
	if late && e.At.Before(r.OpenUntil.Add(e.Grace)) {
		return true
	}
	switch j.Script.Kind {
	case enroll.AuthIDEnroll, enroll.AuthIDSelfie, enroll.SmartIDEnroll, enroll.SmartIDUnenroll:
		return r.Outcome == enroll.Unknown || r.Reason == enroll.ReasonAfterLostAnswer
	case enroll.BioIDEnroll, enroll.IProovPhotoEnroll:
	}
	return false
}
