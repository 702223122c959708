package simulator

import "net/http"

// iProovTransportRows are technical trouble before the person comes, most of which a journey outlives.
func iProovTransportRows() []Magic {
	const enrol, verify, image = iProovEnrolTokenCall, iProovVerifyTokenCall, iProovImageCall
	return []Magic{
		{Subject: "throttled-once", Forces: "429 too_many_requests once on the enrol token, Retry-After 1", Outcome: "enrolled", faults: []Fault{onceAt(enrol, Fault{Kind: fault429, RetryAfterS: 1})}},
		{
			Subject: "throttled", Forces: "429 too_many_requests always on the enrol token", Outcome: "failed", Reason: "provider_unavailable", CanRetry: true,
			faults: []Fault{alwaysAt(enrol, Fault{Kind: fault429, RetryAfterS: 1})},
		},
		{Subject: "down-once", Forces: "500 server_error once on the enrol token", Outcome: "enrolled", faults: []Fault{onceAt(enrol, Fault{Kind: fault500})}},
		{
			Subject: "down", Forces: "500 server_error always on the enrol token", Outcome: "failed", Reason: "provider_unavailable", CanRetry: true,
			faults: []Fault{alwaysAt(enrol, Fault{Kind: fault500})},
		},
		{Subject: "refused-connection", Forces: "the connection is reset once before the enrol token is made", Outcome: "enrolled", faults: []Fault{onceAt(enrol, Fault{Kind: spoilResetBefore})}},
		{
			Subject: "lost-enrol-token", Forces: "an enrol token is made, then the first answer is lost", Outcome: "enrolled",
			Notes: "two enrol tokens exist, one is used", faults: []Fault{onceAt(enrol, Fault{Kind: spoilResetAfter})},
		},
		{Subject: "garbled-enrol-token", Forces: "the first answer to the enrol token cannot be read", Outcome: "enrolled", faults: []Fault{onceAt(enrol, Fault{Kind: spoilGarbage})}},
		{Subject: "verify-token-down-once", Forces: "500 server_error once on the verify token", Outcome: "enrolled", faults: []Fault{onceAt(verify, Fault{Kind: fault500})}},
		{
			Subject: "lost-verify-token", Forces: "a verify token is made, then the first answer is lost", Outcome: "enrolled",
			Notes: "two verify tokens exist; only the second is handed over", faults: []Fault{onceAt(verify, Fault{Kind: spoilResetAfter})},
		},
	}
}

// iProovImageRows are photos whose answer is lost: whether the user is active tells what became of them.
func iProovImageRows() []Magic {
	const image = iProovImageCall
	const there, away = "the user is active, so the journey goes on", "nothing was enrolled: the user is not there"
	rows := []Magic{
		{Subject: "lost-image", Forces: "the photo is enrolled, then the answer is lost", Notes: there, Outcome: "enrolled", faults: []Fault{alwaysAt(image, Fault{Kind: spoilResetAfter})}},
		{Subject: "garbled-image", Forces: "the photo is enrolled, but the answer cannot be read", Notes: there, Outcome: "enrolled", faults: []Fault{alwaysAt(image, Fault{Kind: spoilGarbage})}},
		{
			Subject: "lost-image-failed", Forces: "the photo is enrolled, then the answer is lost; validate: passed false", Notes: "the journey removes the user",
			Outcome: "rejected", Reason: "face_refused", CanRetry: true,
			script: iProovScript{user: iProovUserFails}, faults: []Fault{alwaysAt(image, Fault{Kind: spoilResetAfter})},
		},
		{Subject: "reset-image", Forces: "the connection is reset before the photo is read", Notes: away, faults: []Fault{alwaysAt(image, Fault{Kind: spoilResetBefore})}},
		{Subject: "image-down", Forces: "500 server_error on the image", Notes: away, faults: []Fault{alwaysAt(image, Fault{Kind: fault500})}},
		{
			Subject: "lost-image-users-down", Forces: "the photo is enrolled, then the answer is lost, and reading the user gets 500 always",
			Outcome: "unknown", Reason: "lost_answer", Notes: "the journey removes the user, whether there is one or not",
			faults: []Fault{alwaysAt(image, Fault{Kind: spoilResetAfter}), alwaysAt(iProovReadUserCall, Fault{Kind: fault500})},
		},
	}
	for i := range rows {
		if rows[i].Outcome == "" {
			rows[i].Outcome, rows[i].Reason, rows[i].CanRetry = "failed", "lost_answer", true
		}
	}
	return rows
}

// iProovOnceRows are validates whose answer is lost: nothing else tells what it was.
func iProovOnceRows() []Magic {
	const validate = iProovValidateCall
	rows := []Magic{
		{Subject: "lost-validate", Forces: "validate gives passed true out, then the answer is lost", faults: []Fault{alwaysAt(validate, Fault{Kind: spoilResetAfter})}},
		{
			Subject: "lost-validate-failed", Forces: "validate gives passed false out, then the answer is lost",
			script: iProovScript{user: iProovUserFails}, faults: []Fault{alwaysAt(validate, Fault{Kind: spoilResetAfter})},
		},
		{Subject: "garbled-validate", Forces: "validate gives passed true out, but the answer cannot be read", faults: []Fault{alwaysAt(validate, Fault{Kind: spoilGarbage})}},
		{Subject: "broken-validate", Forces: "validate gives passed true out, but the answer breaks off", faults: []Fault{alwaysAt(validate, Fault{Kind: spoilHalfBody})}},
		{Subject: "reset-validate", Forces: "the connection is reset before validate is read", Notes: "the result is still there, but nobody can know", faults: []Fault{alwaysAt(validate, Fault{Kind: spoilResetBefore})}},
		{Subject: "validate-down", Forces: "500 server_error on validate", Notes: "the result is still there, but nobody can know", faults: []Fault{alwaysAt(validate, Fault{Kind: fault500})}},
	}
	for i := range rows {
		rows[i].Outcome, rows[i].Reason = "unknown", "lost_answer"
	}
	return rows
}

// iProovValidateRows are definite answers of validate that tell no result.
func iProovValidateRows() []Magic {
	const validate = iProovValidateCall
	return []Magic{
		{
			Subject: "never-valid", Forces: "the person passes, but validate answers 400 invalid_token for ever", Outcome: "expired", Reason: "timeout", CanRetry: true,
			Inputs: iProovShort(), Notes: "a result that was given out before and one that is not there yet look alike",
			faults: []Fault{iProovRefuses(validate, http.StatusBadRequest, iProovInvalidToken)},
		},
		{
			Subject: "validate-not-found", Forces: "404 on validate", Outcome: "expired", Reason: "timeout", CanRetry: true,
			Inputs: iProovShort(), Notes: "taken as a token nobody can finish any more",
			faults: []Fault{iProovRefuses(validate, http.StatusNotFound, iProovInvalidToken)},
		},
		{Subject: "validate-throttled-once", Forces: "429 too_many_requests once on validate, Retry-After 1", Outcome: "enrolled", faults: []Fault{inJourneyAt(validate, 1, Fault{Kind: fault429, RetryAfterS: 1})}},
	}
}

// iProovCleanUpRows are trouble with removing the user after a face that did not pass: the outcome stays what it is.
func iProovCleanUpRows() []Magic {
	const remove = iProovDeleteUserCall
	rows := []Magic{
		{
			Subject: "clean-up-stale-token", Forces: "passed false, then 401 invalid_oauth once on removing the user",
			faults: []Fault{onceAt(remove, iProovRefuses(remove, http.StatusUnauthorized, iProovInvalidOAuth))},
		},
		{
			Subject: "clean-up-token-used-up", Forces: "passed false, then 401 token_quota_exceeded once on removing the user",
			faults: []Fault{onceAt(remove, iProovRefuses(remove, http.StatusUnauthorized, iProovQuotaExceeded))},
		},
		{
			Subject: "clean-up-down-once", Forces: "passed false, then 500 once on removing the user",
			faults: []Fault{onceAt(remove, Fault{Kind: fault500})},
		},
		{
			Subject: "clean-up-lost", Forces: "passed false, then the user is removed but the first answer is lost",
			Notes: "repeating finds nobody: the user is gone", faults: []Fault{onceAt(remove, Fault{Kind: spoilResetAfter})},
		},
		{
			Subject: "clean-up-refused", Forces: "passed false, then 401 invalid_oauth always on removing the user",
			Notes: "the result says that the user is still there", faults: []Fault{iProovRefuses(remove, http.StatusUnauthorized, iProovInvalidOAuth)},
		},
	}
	for i := range rows {
		rows[i].Outcome, rows[i].Reason, rows[i].CanRetry = "rejected", "face_refused", true
		rows[i].script = iProovScript{user: iProovUserFails}
	}
	return rows
}
