package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
)

// iProovScript is what iProov does for a magic subject, besides the faults of its row.
type iProovScript struct {
	enrolled bool         // the user exists before the journey
	image    string       // what becomes of the photo; empty when it is enrolled
	user     string       // what the person does with a verify token; empty when nothing
	why      iProovReason // of a person who fails
	frame    string       // how validate gives a frame out; empty when it does not
}

// What becomes of a photo.
const (
	iProovImageUnfit    = "unfit"     // 200 with success false
	iProovImageForgets  = "forgets"   // enrolled, and the user is gone before the verify token is asked for
	iProovImageSuspends = "suspended" // enrolled, and the user is suspended at once
)

// What the person does.
const (
	iProovUserPasses = "passes"
	iProovUserFails  = "fails"
	iProovUserOpens  = "opens" // claims the token and leaves
)

// iProovShortest is the shortest time-out, in seconds, that a journey takes.
const iProovShortest = 5

// begin makes the user what the row says it is before a journey.
func (sc iProovScript) begin(t *txn, userID string) {
	t.newJourney(iProovName, userID, iProovValidateCall)
	if sc.enrolled {
		iProovMakeUser(t, userID)
		return
	}
	remove(t, iProovUserKind, userID)
}

func (sc iProovScript) afterImage(t *txn, userID string) {
	switch sc.image {
	case iProovImageForgets:
		remove(t, iProovUserKind, userID)
	case iProovImageSuspends:
		user, _ := get[iProovUser](t, iProovUserKind, userID)
		user.Status = iProovSuspended
		user.save(t)
	}
}

// iProovMagic is iProov's table of magic subjects. Its journey is iproov.photo-enroll.
func iProovMagic() []Magic {
	rows := slices.Concat(
		iProovUserRows(),
		iProovReasonRows(),
		iProovRefusalRows(),
		iProovInvalidRows(),
		iProovTransportRows(),
		iProovImageRows(),
		iProovOnceRows(),
		iProovValidateRows(),
		iProovCleanUpRows(),
	)
	for i := range rows {
		rows[i].Provider, rows[i].Journey = iProovName, "iproov.photo-enroll"
		rows[i].Subject = "magic-" + rows[i].Subject
		if rows[i].script == nil {
			rows[i].script = iProovScript{user: iProovUserPasses}
		}
	}
	return rows
}

// iProovUserRows are the ends that the person brings about.
func iProovUserRows() []Magic {
	short := iProovShort()
	return []Magic{
		{Subject: "passed", Forces: "validate: passed true", Outcome: "enrolled"},
		{
			Subject: "passed-with-frame", Forces: "validate: passed true, with frame and frame_jpeg", Outcome: "enrolled",
			Notes: "the frame is a face: it must not appear in history, log or result", script: iProovScript{user: iProovUserPasses, frame: iProovFrameBool},
		},
		{
			Subject: "passed-with-frame-text", Forces: `the same with frame_available as the text "true"`, Outcome: "enrolled",
			script: iProovScript{user: iProovUserPasses, frame: iProovFrameText},
		},
		{
			Subject: "walk-away", Forces: "the token is never claimed; validate answers 400 for ever", Outcome: "expired", Reason: "timeout", CanRetry: true,
			Inputs: short, Notes: "the journey's own time-out decides", script: iProovScript{},
		},
		{
			Subject: "opens-and-leaves", Forces: "the token is claimed, the video never comes; validate answers 400 for ever",
			Outcome: "expired", Reason: "timeout", CanRetry: true, Inputs: short, script: iProovScript{user: iProovUserOpens},
		},
		{
			Subject: "slow", Forces: "the answers to verify token come after 1 s", Outcome: "enrolled",
			faults: []Fault{alwaysAt(iProovVerifyTokenCall, Fault{Kind: spoilDelay, DelayMS: 1000})},
		},
	}
}

// iProovReasonRows are the faces that do not pass, one for each reason.
func iProovReasonRows() []Magic {
	rows := []Magic{{
		Subject: "failed", Forces: "validate: passed false without a reason, as when reasons are not enabled",
		Outcome: "rejected", Reason: "face_refused", CanRetry: true, script: iProovScript{user: iProovUserFails},
	}}
	for _, why := range iProovReasons() {
		rows = append(rows, Magic{
			Subject: "failed-" + why.code, Forces: "validate: passed false, " + why.text,
			Outcome: "rejected", Reason: why.journeyReason(), CanRetry: true, script: iProovScript{user: iProovUserFails, why: why},
		})
	}
	return rows
}

// iProovRefusalRows are refusals of the user, the photo or the kind of journey.
func iProovRefusalRows() []Magic {
	return []Magic{
		{
			Subject: "already-enrolled", Forces: "400 already_enrolled on the enrol token", Outcome: "already_enrolled", Reason: "credential_exists",
			script: iProovScript{enrolled: true},
		},
		{
			Subject: "no-user", Forces: "400 no_user on the verify token: the user was removed after the photo",
			Outcome: "rejected", Reason: "user_not_found", CanRetry: true, script: iProovScript{image: iProovImageForgets},
		},
		{
			Subject: "inactive-user", Forces: "400 inactive_user on the verify token: the user was suspended after the photo",
			Outcome: "rejected", Reason: "user_inactive", script: iProovScript{image: iProovImageSuspends},
		},
		{
			Subject: "assurance-refused", Forces: "403 invalid_assurance_type", Outcome: "rejected", Reason: "invalid_assurance_type",
			faults: []Fault{iProovRefuses(iProovEnrolTokenCall, http.StatusForbidden, iProovInvalidAssuranceType)},
		},
		{
			Subject: "image-refused", Forces: "400 invalid_enrol_image", Outcome: "rejected", Reason: "image_refused", CanRetry: true,
			faults: []Fault{iProovRefuses(iProovImageCall, http.StatusBadRequest, iProovInvalidImage)},
		},
		{
			Subject: "image-unfit", Forces: "200 with success false on the image", Outcome: "rejected", Reason: "image_refused", CanRetry: true,
			script: iProovScript{image: iProovImageUnfit},
		},
		{
			Subject: "key-refused", Forces: "401 invalid_key, as with keys of another region", Outcome: "failed", Reason: "credentials_refused",
			faults: []Fault{iProovRefuses(iProovEnrolTokenCall, http.StatusUnauthorized, iProovInvalidKey)},
		},
	}
}

// iProovInvalidRows are the constants that call a request of ours invalid. On validate they leave the result unknown: the
// journey asks until its time is up.
func iProovInvalidRows() []Magic {
	var rows []Magic
	for _, row := range []struct{ subject, call, code string }{
		{"user-id-refused", iProovEnrolTokenCall, iProovInvalidUserID},
		{"data-missing", iProovEnrolTokenCall, iProovMissingData},
		{"request-refused", iProovEnrolTokenCall, iProovInvalidRequest},
		{"risk-refused", iProovEnrolTokenCall, "invalid_risk_appetite"},
		{"source-refused", iProovImageCall, iProovInvalidSource},
		{"image-token-refused", iProovImageCall, iProovInvalidToken},
		{"agent-refused", iProovValidateCall, "invalid_agent"},
		{"ip-refused", iProovValidateCall, "invalid_ip"},
		{"validation-refused", iProovValidateCall, iProovInvalidValidation},
	} {
		magic := Magic{
			Subject: row.subject, Forces: "400 " + row.code + " on " + row.call, Outcome: "failed", Reason: "request_refused",
			faults: []Fault{iProovRefuses(row.call, http.StatusBadRequest, row.code)},
		}
		if row.call == iProovValidateCall {
			magic.Outcome, magic.Inputs = "unknown", iProovShort()
		}
		rows = append(rows, magic)
	}
	return rows
}

// iProovShort are the inputs of a journey that is to end soon.
func iProovShort() map[string]any { return map[string]any{"timeout_seconds": iProovShortest} }

// iProovRefuses makes a call answer with an error constant, always.
func iProovRefuses(call string, status int, code string) Fault {
	body, err := json.Marshal(iProovError{Error: code, Description: "Refused for a magic subject."})
	if err != nil {
		return Fault{}
	}
	return alwaysAt(call, Fault{Kind: faultStatus, Status: status, Body: string(body)})
}
