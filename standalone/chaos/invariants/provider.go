package invariants

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// Effects at the providers that make an outcome, as the ledger calls them.
const (
	credentialCreated = "credential_created" //nolint:gosec // the name of an effect
	selfieCaptured    = "selfie_captured"
	operationEnded    = "operation_ended"
	messageSent       = "message_sent"
	classTrained      = "class_trained"
	samplesConsumed   = "samples_consumed"
	templateStored    = "template_stored"
	templateReplaced  = "template_replaced"
	templateRemoved   = "template_removed"
	imageEnrolled     = "image_enrolled"
	resultGivenOut    = "result_given_out"
)

// The faults that lose no answer.
const (
	faultDelay    = "delay"
	faultThrottle = "429"
)

// The calls whose answers are verdicts.
const (
	callStatus   = "authid.status"
	callEnroll   = "bioid.enroll"
	callResult   = "bioid.result"
	callForward  = "smartid.enroll"
	callUnenroll = "smartid.unenroll"
	callImage    = "iproov.enrol_image"
	callValidate = "iproov.verify_validate"
	userPassed   = "iproov.user_passed" //nolint:gosec // the name of an act
)

// providerAgrees: what the journey says is what the provider said, and the
// provider did say it.
func providerAgrees(_ Evidence, j Journey) []string {
	r := j.result()
	if r == nil {
		return nil
	}
	switch j.Script.Kind {
	case enroll.AuthIDEnroll:
		return j.authIDAgrees(*r, credentialCreated)
	case enroll.AuthIDSelfie:
		return j.authIDAgrees(*r, selfieCaptured)
	case enroll.BioIDEnroll:
		return j.bioIDAgrees(*r)
	case enroll.SmartIDEnroll:
		return j.smartIDAgrees(*r, callForward, templateStored, templateReplaced)
	case enroll.SmartIDUnenroll:
		return j.smartIDAgrees(*r, callUnenroll, templateRemoved)
	case enroll.IProovPhotoEnroll:
		return j.iProovAgrees(*r)
	}
	return []string{"nobody knows how to compare a journey of kind " + string(j.Script.Kind)}
}

func (j Journey) authIDAgrees(r enroll.Result, success string) []string {
	finished, done := j.last(func(e simulator.Entry) bool { return has(e, success) })
	asked := done && j.confirmed(finished, r.ConcludedAt, callStatus)
	switch {
	case r.Outcome.Success() && !asked:
		return []string{fmt.Sprintf("the outcome is %s, and no confirm was answered after %s", r.Outcome, success)}
	case r.Outcome == enroll.Captured && (r.Selfie == nil || (len(j.Runs) == 1 && r.Selfie.TempID != j.Provider.TempID)):
		return []string{"the outcome refers to another selfie than the provider's"}
	case r.Outcome == enroll.Rejected:
		ended, over := j.last(func(e simulator.Entry) bool { return has(e, operationEnded) })
		return j.refused(r, over && j.confirmed(ended, r.ConcludedAt, callStatus))
	case r.Outcome == enroll.AlreadyEnrolled && !j.Script.Existed:
		return []string{"the outcome is already_enrolled, and the account had no credential"}
	case r.Outcome == enroll.Expired && done && finished.Time.Before(r.ConcludedAt):
		return []string{"the outcome is expired, and the person had finished in time"}
	}
	return nil
}

func (j Journey) bioIDAgrees(r enroll.Result) []string {
	trained, done := j.last(func(e simulator.Entry) bool { return has(e, classTrained) })
	inTime := done && !trained.Time.After(r.ConcludedAt)
	switch {
	case r.Outcome == enroll.Enrolled && !inTime:
		return []string{"the outcome is enrolled, and the class was not trained before it"}
	case r.Outcome == enroll.Enrolled:
		return j.bioIDEnrolled(r, trained)
	case r.Outcome == enroll.Rejected:
		_, judged := j.last(func(e simulator.Entry) bool { return has(e, samplesConsumed) && !has(e, classTrained) })
		return append(j.refused(r, judged), j.silent(r, inTime, classTrained)...)
	case r.Outcome != enroll.Unknown && r.OpenUntil == nil:
		return j.silent(r, inTime, classTrained)
	}
	return nil
}

// bioIDEnrolled: the provider said so, has the class, and had it before if the
// outcome says that.
func (j Journey) bioIDEnrolled(r enroll.Result, trained simulator.Entry) []string {
	switch {
	case !isWhole(trained, callEnroll) && !j.confirmed(trained, r.ConcludedAt, callResult):
		return []string{"the outcome is enrolled, and the provider had not said so"}
	case !j.Provider.Enrolled:
		return []string{"the outcome is enrolled, and the provider has no class"}
	case r.Trained != j.Script.Existed:
		return []string{fmt.Sprintf("trained is %t, and the class existed before: %t", r.Trained, j.Script.Existed)}
	}
	return nil
}

func (j Journey) smartIDAgrees(r enroll.Result, call string, effects ...string) []string {
	acted, done := j.last(func(e simulator.Entry) bool {
		return slices.ContainsFunc(effects, func(effect string) bool { return has(e, effect) })
	})
	switch {
	case r.Outcome == enroll.Removed && r.Reason == enroll.ReasonAfterLostAnswer && !j.Provider.Enrolled:
		return nil // Whether there was one before was in the answer that got lost.
	case r.Outcome.Success() && !done:
		return []string{fmt.Sprintf("the outcome is %s, and nothing happened at the provider", r.Outcome)}
	case r.Outcome.Success():
		return j.smartIDSucceeded(r, call, acted)
	case r.Outcome == enroll.AlreadyEnrolled && !j.Script.Existed && r.Reason != enroll.ReasonAfterLostAnswer:
		return []string{"the outcome is already_enrolled, and there was no template before"}
	case r.Outcome != enroll.Unknown && r.Reason != enroll.ReasonAfterLostAnswer:
		return j.silent(r, done, strings.Join(effects, " or "))
	}
	return nil
}

// smartIDSucceeded: the provider said so, and keeps or has lost the template.
func (j Journey) smartIDSucceeded(r enroll.Result, call string, acted simulator.Entry) []string {
	switch {
	case !isWhole(acted, call) && !j.confirmed(acted, r.ConcludedAt, call):
		return []string{fmt.Sprintf("the outcome is %s, and the provider had not said so", r.Outcome)}
	case j.Provider.Enrolled != (r.Outcome == enroll.Enrolled):
		return []string{fmt.Sprintf("the outcome is %s, and the provider has a template: %t", r.Outcome, j.Provider.Enrolled)}
	}
	return nil
}

func (j Journey) iProovAgrees(r enroll.Result) []string {
	passed, person := j.last(func(e simulator.Entry) bool { return e.Endpoint == userPassed })
	given, told := j.last(func(e simulator.Entry) bool { return has(e, resultGivenOut) })
	success := person && told && given.Ref == passed.Ref
	switch {
	case r.Outcome == enroll.Enrolled && !success:
		return []string{"the outcome is enrolled, and the provider gave no such result out"}
	case r.Outcome == enroll.Enrolled && !isWhole(given, callValidate):
		return []string{"the outcome is enrolled, and the answer that says so was lost"}
	case r.Outcome == enroll.Enrolled && !j.Provider.Enrolled:
		return []string{"the outcome is enrolled, and the provider has no user"}
	case r.Outcome == enroll.AlreadyEnrolled && !j.Script.Existed:
		return []string{"the outcome is already_enrolled, and there was no user before"}
	case r.Outcome == enroll.Rejected:
		return append(j.refused(r, told), j.silent(r, success, resultGivenOut)...)
	case r.Outcome != enroll.Enrolled && r.Outcome != enroll.Unknown:
		return j.silent(r, success, resultGivenOut)
	}
	return nil
}

// refused: a rejection was spoken by the provider, as a verdict or as a refusal
// of a call.
func (j Journey) refused(r enroll.Result, verdict bool) []string {
	_, said := j.last(func(e simulator.Entry) bool { return e.Status >= 400 && e.Status != 429 && e.Status != 500 })
	if verdict || said {
		return nil
	}
	return []string{fmt.Sprintf("the outcome is %s %s, and the provider refused nothing", r.Outcome, r.Reason)}
}

// silent: an outcome without success goes with no success at the provider.
func (Journey) silent(r enroll.Result, happened bool, what string) []string {
	if !happened {
		return nil
	}
	return []string{fmt.Sprintf("the outcome is %s %s, and the provider's ledger shows %s", r.Outcome, r.Reason, what)}
}

// last finds the newest entry of the ledger.
func (j Journey) last(chosen func(simulator.Entry) bool) (simulator.Entry, bool) {
	for _, entry := range slices.Backward(j.Ledger) {
		if chosen(entry) {
			return entry, true
		}
	}
	return simulator.Entry{}, false
}

// confirmed reports that a call was answered whole after the entry and before
// the moment.
func (j Journey) confirmed(after simulator.Entry, before time.Time, call string) bool {
	_, asked := j.last(func(e simulator.Entry) bool {
		return isWhole(e, call) && e.Seq > after.Seq && (before.IsZero() || !e.Time.After(before)) && (after.Ref == "" || e.Ref == after.Ref)
	})
	return asked
}

// isWhole reports that the entry is a call whose answer left the provider as
// the provider meant it.
func isWhole(e simulator.Entry, call string) bool {
	return e.Endpoint == call && (e.Fault == "" || e.Fault == faultDelay)
}

func has(e simulator.Entry, effect string) bool { return slices.Contains(e.Effects, effect) }
