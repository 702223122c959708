package simulator

import (
	"net/http"
	"slices"
	"strconv"
)

// bioIDScript is what BioID does for a magic class.
type bioIDScript struct {
	trained     bool     // the class was enrolled before
	short       bool     // the token ends soon, because the journey waits for its end
	user        string   // what the user does; empty when the journey brings the samples
	perform     bool     // the browser performs the task after the upload
	samples     int      // how many the user uploads; 0 means the usual number
	givesUp     int      // after how many failed attempts the user stops trying; 0 means never
	errors      []string // the error of each attempt, empty for success; the last one repeats
	uploadError string   // every sample is refused with it
}

const (
	bioIDEnrollCall = "bioid.enroll"
	bioIDTokenCall  = "bioid.token"
	bioIDResultCall = "bioid.result"
)

// bioIDMagic is BioID's table of magic subjects. A BCID is made of numbers, so the classes 9001 to 9099 are the magic ones.
func bioIDMagic() []Magic {
	rows := slices.Concat(bioIDBrowserRows(), bioIDRefusedRows(), bioIDWaitingRows(), bioIDOwnRows(), bioIDTroubleRows())
	for i := range rows {
		rows[i].Provider, rows[i].Journey = bioIDName, "bioid.enroll"
	}
	return rows
}

func bioIDMagicBCID(class int) string { return "bws.1." + strconv.Itoa(class) }

// bioIDBrowser returns the input of a journey whose browser performs the task, with further inputs by name and value.
func bioIDBrowser(more ...any) map[string]any {
	inputs := map[string]any{"performed_by": "browser"}
	for i := 0; i+1 < len(more); i += 2 {
		if name, ok := more[i].(string); ok {
			inputs[name] = more[i+1]
		}
	}
	return inputs
}

// bioIDBrowserRows succeed in the browser, some only at the second attempt.
func bioIDBrowserRows() []Magic {
	browser := func(errors ...string) bioIDScript {
		return bioIDScript{user: userCompletes, perform: true, errors: errors}
	}
	trained := browser("")
	trained.trained = true
	return []Magic{
		{Subject: bioIDMagicBCID(9001), Forces: "the browser uploads and enrolls", Outcome: "enrolled", Inputs: bioIDBrowser(), script: browser()},
		{
			Subject: bioIDMagicBCID(9002), Forces: "the same with challenge-response", Outcome: "enrolled",
			Inputs: bioIDBrowser("challenge", true), script: browser(),
		},
		{
			Subject: bioIDMagicBCID(9003), Forces: "the class was enrolled before", Outcome: "enrolled", Inputs: bioIDBrowser(),
			Notes: "the result says that the class was trained further", script: trained,
		},
		{
			Subject: bioIDMagicBCID(9004), Forces: "LiveDetectionFailed, then success", Outcome: "enrolled",
			Inputs: bioIDBrowser(), script: browser(bioIDLiveFailed, ""),
		},
		{
			Subject: bioIDMagicBCID(9005), Forces: "ExecutionOfJobTimedOut, then success", Outcome: "enrolled",
			Inputs: bioIDBrowser(), script: browser(bioIDTimedOut, ""),
		},
	}
}

// bioIDRefusedRows fail in the browser. Their tokens end soon, because only then is it sure that nobody tries again.
func bioIDRefusedRows() []Magic {
	once := func(err string) bioIDScript {
		return bioIDScript{user: userCompletes, perform: true, short: true, givesUp: 1, errors: []string{err}}
	}
	forever := once(bioIDLiveFailed)
	forever.givesUp = 0
	single := once(bioIDTooFew)
	single.samples, single.errors = 1, nil // too few by themselves
	return []Magic{
		{
			Subject: bioIDMagicBCID(9011), Forces: "LiveDetectionFailed once, then the person gives up",
			Outcome: "rejected", Reason: "liveness_failed", CanRetry: true, Inputs: bioIDBrowser(), script: once(bioIDLiveFailed),
		},
		{
			Subject: bioIDMagicBCID(9012), Forces: "LiveDetectionFailed until the attempts are used up, then 403",
			Outcome: "rejected", Reason: "attempts_used_up", CanRetry: true, Inputs: bioIDBrowser(), script: forever,
		},
		{
			Subject: bioIDMagicBCID(9013), Forces: "ChallengeResponseFailed, then the person gives up",
			Outcome: "rejected", Reason: "challenge_failed", CanRetry: true,
			Inputs: bioIDBrowser("challenge", true), script: once(bioIDChallengeFailed),
		},
		{
			Subject: bioIDMagicBCID(9014), Forces: "NotEnoughSamples, then the person gives up",
			Outcome: "rejected", Reason: "not_enough_samples", CanRetry: true, Inputs: bioIDBrowser(), script: single,
		},
		{
			Subject: bioIDMagicBCID(9015), Forces: "ExecutionOfJobTimedOut, then the person gives up",
			Outcome: "failed", Reason: "provider_unavailable", CanRetry: true, Inputs: bioIDBrowser(), script: once(bioIDTimedOut),
		},
		{
			Subject: bioIDMagicBCID(9016), Forces: "an Error that no page names", Outcome: "failed", Reason: "unexpected_answer",
			Inputs: bioIDBrowser(), script: once("SomethingNobodyHeardOf"),
		},
	}
}

// bioIDWaitingRows are those where the journey performs the task itself: after a hint, or shortly before its token ends.
func bioIDWaitingRows() []Magic {
	uploads := bioIDScript{user: userCompletes, short: true, givesUp: 1}
	fails := uploads
	fails.errors = []string{bioIDLiveFailed}
	gone := bioIDScript{user: userWalksAway, short: true}
	return []Magic{
		{Subject: bioIDMagicBCID(9021), Forces: "the browser uploads, the journey enrolls", Outcome: "enrolled", script: uploads},
		{
			Subject: bioIDMagicBCID(9022), Forces: "the browser uploads, LiveDetectionFailed", Outcome: "rejected", Reason: "liveness_failed",
			CanRetry: true, script: fails,
		},
		{
			Subject: bioIDMagicBCID(9023), Forces: "nobody uploads: 400 on enroll, 204 on result", Outcome: "expired", Reason: "timeout",
			CanRetry: true, script: gone,
		},
		{
			Subject: bioIDMagicBCID(9024), Forces: "401 on enroll: the token counts as expired", Outcome: "expired", Reason: "timeout",
			CanRetry: true, script: uploads, faults: []Fault{alwaysAt(bioIDEnrollCall, Fault{Kind: faultStatus, Status: http.StatusUnauthorized})},
		},
		{
			Subject: bioIDMagicBCID(9025), Forces: "403 on enroll at the first attempt", Outcome: "rejected", Reason: "not_allowed",
			script: uploads, faults: []Fault{alwaysAt(bioIDEnrollCall, Fault{
				Kind: faultStatus, Status: http.StatusForbidden, Body: `{"Message":"The provided token does not allow enrollment."}`,
			})},
		},
		{
			Subject: bioIDMagicBCID(9026), Forces: "enroll succeeds, its answer is lost", Outcome: "enrolled",
			Notes: "the class is trained once", script: uploads, faults: []Fault{alwaysAt(bioIDEnrollCall, Fault{Kind: spoilResetAfter})},
		},
		{
			Subject: bioIDMagicBCID(9027), Forces: "LiveDetectionFailed on enroll, its answer is lost", Outcome: "rejected", Reason: "liveness_failed",
			CanRetry: true, script: fails, faults: []Fault{alwaysAt(bioIDEnrollCall, Fault{Kind: spoilResetAfter})},
		},
		{
			Subject: bioIDMagicBCID(9028), Forces: "enroll succeeds, its answer cannot be read", Outcome: "enrolled",
			script: uploads, faults: []Fault{alwaysAt(bioIDEnrollCall, Fault{Kind: spoilGarbage})},
		},
		{
			Subject: bioIDMagicBCID(9029), Forces: "enroll answers after 1 s", Outcome: "enrolled",
			script: uploads, faults: []Fault{alwaysAt(bioIDEnrollCall, Fault{Kind: spoilDelay, DelayMS: slowMS})},
		},
	}
}

// bioIDOwnRows are those where the journey brings the samples.
func bioIDOwnRows() []Magic {
	samples := func() map[string]any {
		one := map[string]any{"data": SampleImage(SampleLive), "index": 1}
		two := map[string]any{"data": SampleImage(SampleLive), "index": 2}
		return map[string]any{"samples": []map[string]any{one, two}}
	}
	refused := func(class int, err string) Magic {
		return Magic{
			Subject: bioIDMagicBCID(class), Forces: err + " on upload", Outcome: "rejected", Reason: "sample_refused", CanRetry: true,
			Inputs: samples(), script: bioIDScript{uploadError: err},
		}
	}
	return []Magic{
		{Subject: bioIDMagicBCID(9031), Forces: "the journey uploads and enrolls", Outcome: "enrolled", Inputs: samples(), script: bioIDScript{}},
		{
			Subject: bioIDMagicBCID(9032), Forces: "the journey uploads, LiveDetectionFailed", Outcome: "rejected", Reason: "liveness_failed",
			CanRetry: true, Inputs: samples(), script: bioIDScript{errors: []string{bioIDLiveFailed}},
		},
		refused(9033, "NoFaceFound"),
		refused(9034, "MultipleFacesFound"),
		refused(9035, "SampleNotOfExpectedType"),
		{
			Subject: bioIDMagicBCID(9036), Forces: "the journey uploads, enroll succeeds, its answer is lost", Outcome: "enrolled",
			Reason: "after_lost_answer", Inputs: samples(), Notes: "the class is trained once", script: bioIDScript{},
			faults: []Fault{alwaysAt(bioIDEnrollCall, Fault{Kind: spoilResetAfter})},
		},
	}
}

// bioIDTroubleRows are technical trouble on the way.
func bioIDTroubleRows() []Magic {
	const look = "bioid.is_enrolled"
	rows := []Magic{
		{
			Forces: "401 always: the app's credentials", Outcome: "failed", Reason: "credentials_refused",
			faults: []Fault{alwaysAt(look, Fault{Kind: faultStatus, Status: http.StatusUnauthorized})},
		},
		{Forces: "400 on token", Outcome: "failed", Reason: "request_refused", faults: []Fault{alwaysAt(bioIDTokenCall, Fault{Kind: faultStatus, Status: http.StatusBadRequest})}},
		{
			Forces: "500 always on isenrolled", Outcome: "failed", Reason: "provider_unavailable", CanRetry: true,
			faults: []Fault{alwaysAt(look, Fault{Kind: fault500})},
		},
		{Forces: "500 once on token", Outcome: "enrolled", faults: []Fault{onceAt(bioIDTokenCall, Fault{Kind: fault500})}},
		{Forces: "429 once on token, Retry-After 1", Outcome: "enrolled", faults: []Fault{onceAt(bioIDTokenCall, Fault{Kind: fault429, RetryAfterS: 1})}},
		{
			Forces: "429 always on token", Outcome: "failed", Reason: "provider_unavailable", CanRetry: true,
			faults: []Fault{alwaysAt(bioIDTokenCall, Fault{Kind: fault429, RetryAfterS: 1})},
		},
		{Forces: "the connection is reset once before token is read", Outcome: "enrolled", faults: []Fault{onceAt(bioIDTokenCall, Fault{Kind: spoilResetBefore})}},
		{Forces: "the first answer to token is lost", Outcome: "enrolled", faults: []Fault{onceAt(bioIDTokenCall, Fault{Kind: spoilResetAfter})}},
		{Forces: "500 twice on result", Outcome: "enrolled", faults: []Fault{inJourneyAt(bioIDResultCall, 2, Fault{Kind: fault500})}},
		{Forces: "the first answer to result breaks off", Outcome: "enrolled", faults: []Fault{inJourneyAt(bioIDResultCall, 1, Fault{Kind: spoilHalfBody})}},
	}
	const first = 9041
	for i := range rows {
		rows[i].Subject, rows[i].Inputs = bioIDMagicBCID(first+i), bioIDBrowser()
		rows[i].script = bioIDScript{user: userCompletes, perform: true}
	}
	return rows
}
