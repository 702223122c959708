package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// smartIDScript is what SmartID does for a magic subject, besides the faults of its row.
type smartIDScript struct {
	form     string // how codes travel for this user; empty as the simulator is set
	enrolled bool   // a template is stored before the journey
	channel  string
	// repeats is set when the journey repeats its call once: only the first call finds the user as the row says.
	repeats bool
	// inVain is set when the journey repeats its call until it gives up: only a while without calls makes the next one the first.
	inVain bool
	// after replaces the code of the first call, which had its effect; again the code of the call that repeats it.
	after, again int
}

// play answers a call of a magic subject. Calls that are not repeated find the user as the row says, every time.
func (sc smartIDScript) play(c *call, name string, act func() int) int {
	first := sc.first(c, name)
	if first {
		smartIDUser{Enrolled: sc.enrolled, EnrolledAt: c.now, Channel: sc.channel}.save(c.txn, name)
	}
	if !first && sc.again != 0 {
		return sc.again
	}
	code := act()
	if first && sc.after != 0 {
		return sc.after
	}
	return code
}

// first reports whether a call is its journey's first, as far as SmartID can know.
func (sc smartIDScript) first(c *call, name string) bool {
	run := "smartid/run/" + name
	switch {
	case sc.inVain:
		return c.opensRun(run)
	case sc.repeats:
		return c.failsFirst(run, 1)
	default:
		return true
	}
}

// smartIDMagic is SmartID's table of magic subjects.
func smartIDMagic() []Magic {
	var rows []Magic
	for _, form := range []string{smartIDAsStatus, smartIDInBody} {
		rows = slices.Concat(rows, smartIDEnrollRows(form), smartIDUnenrollRows(form))
	}
	rows = slices.Concat(rows, smartIDLostRows(), smartIDRepeatedRows(), smartIDTroubleRows())
	slices.SortStableFunc(rows, func(a, b Magic) int { return strings.Compare(a.Journey, b.Journey) })
	for i := range rows {
		rows[i].Provider, rows[i].Subject = smartIDName, "magic-"+rows[i].Subject
		if rows[i].script == nil {
			rows[i].script = smartIDScript{}
		}
	}
	return rows
}

// smartIDEnd is what a journey makes of a code.
type smartIDEnd struct {
	code     int
	outcome  string
	reason   string
	canRetry bool
	script   smartIDScript
	natural  bool // the user's state leads to the code; else it is forced
}

// row writes the end as a row of the table, with the code in one form.
func (e smartIDEnd) row(journey, verb, call, form string) Magic {
	e.script.form = form
	row := Magic{
		Journey: journey, Subject: verb + "-" + strconv.Itoa(e.code) + "-" + form,
		Forces:  strconv.Itoa(e.code) + " " + smartIDMeaning(e.code) + ", " + smartIDFormText(form),
		Outcome: e.outcome, Reason: e.reason, CanRetry: e.canRetry, script: e.script,
	}
	if !e.natural {
		row.faults = []Fault{alwaysAt(call, smartIDForce(form, e.code))}
	}
	return row
}

func smartIDFormText(form string) string {
	if form == smartIDInBody {
		return "in a 200 body"
	}
	return "as the HTTP status"
}

// smartIDForce is a fault that answers with a code in one form.
func smartIDForce(form string, code int) Fault {
	status := code
	if form == smartIDInBody {
		status = http.StatusOK
	}
	body, err := json.Marshal(smartIDReply{Code: code, Message: smartIDMeaning(code)})
	if err != nil {
		return Fault{}
	}
	return Fault{Kind: faultStatus, Status: status, Body: string(body)}
}

// smartIDEnrollRows are the codes of enroll, in one form.
func smartIDEnrollRows(form string) []Magic {
	const journey, verb, call = "smartid.enroll", "enroll", smartIDEnrollCall
	var rows []Magic
	for _, end := range []smartIDEnd{
		{code: smartIDOK, outcome: "enrolled", natural: true},
		{code: smartIDUserEmpty, outcome: "rejected", reason: "request_refused"},
		{code: smartIDTemplateInvalid, outcome: "rejected", reason: "capture_again", canRetry: true},
		{
			code: smartIDEnrolled, outcome: "already_enrolled", reason: "credential_exists",
			natural: true, script: smartIDScript{enrolled: true},
		},
		{code: smartIDTemplateFormat, outcome: "rejected", reason: "capture_again", canRetry: true},
		{code: smartIDTimeInvalid, outcome: "rejected", reason: "capture_again", canRetry: true},
		{code: smartIDTemplateExpired, outcome: "rejected", reason: "capture_again", canRetry: true},
		{code: 499, outcome: "failed", reason: "unexpected_answer"},
		{code: smartIDInternal, outcome: "failed", reason: "provider_unavailable", canRetry: true},
		{code: smartIDServiceFailed, outcome: "failed", reason: "provider_unavailable", canRetry: true},
	} {
		rows = append(rows, end.row(journey, verb, call, form))
	}
	overwrite := smartIDEnd{code: smartIDOK, outcome: "enrolled", natural: true, script: smartIDScript{enrolled: true}}.row(journey, verb, call, form)
	overwrite.Subject, overwrite.Forces = "enroll-overwrite-"+form, "200: the stored template is replaced, "+smartIDFormText(form)
	overwrite.Inputs = map[string]any{"over_write": "true"}
	return append(append(rows, overwrite), smartIDOnceRows(journey, verb, call, form, "enrolled", smartIDScript{form: form})...)
}

// smartIDUnenrollRows are the codes of unenroll, in one form.
func smartIDUnenrollRows(form string) []Magic {
	const journey, verb, call = "smartid.unenroll", "unenroll", smartIDUnenrollCall
	enrolled := smartIDScript{form: form, enrolled: true}
	var rows []Magic
	for _, end := range []smartIDEnd{
		{code: smartIDOK, outcome: "removed", natural: true, script: enrolled},
		{code: smartIDUserEmpty, outcome: "rejected", reason: "request_refused", script: enrolled},
		{code: smartIDNotEnrolled, outcome: "rejected", reason: "not_enrolled", natural: true},
		{code: smartIDNoChannel, outcome: "rejected", reason: "channel_not_found", natural: true, script: smartIDScript{channel: smartIDChannelMissing}},
		{code: 499, outcome: "failed", reason: "unexpected_answer", script: enrolled},
		{code: smartIDInternal, outcome: "failed", reason: "provider_unavailable", canRetry: true, script: enrolled},
		{code: smartIDServiceFailed, outcome: "failed", reason: "provider_unavailable", canRetry: true, script: enrolled},
	} {
		rows = append(rows, end.row(journey, verb, call, form))
	}
	return append(rows, smartIDOnceRows(journey, verb, call, form, "removed", enrolled)...)
}

// smartIDOnceRows are the codes a journey repeats its call after, answered once.
func smartIDOnceRows(journey, verb, call, form, success string, script smartIDScript) []Magic {
	var rows []Magic
	for _, code := range []int{smartIDInternal, smartIDServiceFailed} {
		text := strconv.Itoa(code)
		rows = append(rows, Magic{
			Journey: journey, Subject: verb + "-" + text + "-once-" + form,
			Forces:  text + " " + smartIDMeaning(code) + " once, " + smartIDFormText(form),
			Outcome: success, script: script, faults: []Fault{onceAt(call, smartIDForce(form, code))},
		})
	}
	return rows
}

// smartIDLostRows are enrollments without OverWrite whose answer is lost: the call is repeated until an answer settles what
// became of it.
func smartIDLostRows() []Magic {
	const call = smartIDEnrollCall
	const older = "never enrolled: an older template may be there"
	rows := []Magic{
		{
			Subject: "enroll-lost", Forces: "the template is stored, then the first answer is lost; the repeated call gets 408", Notes: older,
			script: smartIDScript{repeats: true}, faults: []Fault{onceAt(call, Fault{Kind: spoilResetAfter})},
		},
		{
			Subject: "enroll-garbled", Forces: "the template is stored, but the first answer cannot be read; the repeated call gets 408", Notes: older,
			script: smartIDScript{repeats: true}, faults: []Fault{onceAt(call, Fault{Kind: spoilGarbage})},
		},
		{
			Subject: "enroll-stored-then-enrolled", Forces: "500 although the template is stored; the repeated call gets 408", Notes: older,
			script: smartIDScript{repeats: true, after: smartIDInternal},
		},
	}
	for i := range rows {
		rows[i].Outcome, rows[i].Reason, rows[i].CanRetry = "already_enrolled", "after_lost_answer", true
	}
	rows = append(rows, Magic{
		Subject: "enroll-reset", Forces: "the connection is reset once before the call is read", Outcome: "enrolled",
		Notes: "nobody could know that nothing was stored; the repeated call tells", faults: []Fault{onceAt(call, Fault{Kind: spoilResetBefore})},
	})
	for i := range rows {
		rows[i].Journey = "smartid.enroll"
	}
	return append(rows, smartIDUnknownRows()...)
}

// smartIDUnknownRows are enrollments without OverWrite that no answer settles: a journey repeats its call for as long as its
// patience lasts, which is three minutes at the default pace.
func smartIDUnknownRows() []Magic {
	const call, stored, nothing = smartIDEnrollCall, "a template was stored", "nothing was stored"
	rows := []Magic{
		{
			Subject: "enroll-never-answered", Forces: "the template is stored, then every answer is lost", Notes: stored,
			script: smartIDScript{inVain: true}, faults: []Fault{alwaysAt(call, Fault{Kind: spoilResetAfter})},
		},
		{
			Subject: "enroll-never-read", Forces: "the connection is always reset before the call is read", Notes: nothing + ", but nobody can know",
			faults: []Fault{alwaysAt(call, Fault{Kind: spoilResetBefore})},
		},
		{
			Subject: "enroll-no-success", Forces: "always 200 with a body that says success false and holds no code", Notes: nothing,
			faults: []Fault{alwaysAt(call, Fault{Kind: faultStatus, Status: http.StatusOK, Body: `{"success":false}`})},
		},
		{
			Subject: "enroll-stored-then-expired", Forces: "500 although the template is stored; the repeated call gets 426",
			Notes:  stored + "; the same again only after two minutes without a call",
			script: smartIDScript{inVain: true, after: smartIDInternal, again: smartIDTemplateExpired},
		},
	}
	for i := range rows {
		rows[i].Journey, rows[i].Outcome, rows[i].Reason = "smartid.enroll", "unknown", "lost_answer"
	}
	return rows
}

// smartIDRepeatedRows are calls that are safe to repeat, and are repeated after they had their effect.
func smartIDRepeatedRows() []Magic {
	overwrite := map[string]any{"over_write": "true"}
	return []Magic{
		{
			Journey: "smartid.enroll", Subject: "enroll-lost-overwrite", Forces: "the template is replaced, then the first answer is lost; the repeated call replaces it again",
			Outcome: "enrolled", Inputs: overwrite, script: smartIDScript{repeats: true, enrolled: true},
			faults: []Fault{onceAt(smartIDEnrollCall, Fault{Kind: spoilResetAfter})},
		},
		{
			Journey: "smartid.enroll", Subject: "enroll-reset-overwrite", Forces: "the connection is reset once before the call is read",
			Outcome: "enrolled", Inputs: overwrite, script: smartIDScript{enrolled: true},
			faults: []Fault{onceAt(smartIDEnrollCall, Fault{Kind: spoilResetBefore})},
		},
		{
			Journey: "smartid.unenroll", Subject: "unenroll-lost", Forces: "the template is removed, then the first answer is lost; the repeated call gets 406",
			Outcome: "removed", Reason: "after_lost_answer", script: smartIDScript{repeats: true, enrolled: true},
			faults: []Fault{onceAt(smartIDUnenrollCall, Fault{Kind: spoilResetAfter})},
		},
		{
			Journey: "smartid.unenroll", Subject: "unenroll-reset", Forces: "the connection is reset once before the call is read",
			Outcome: "removed", script: smartIDScript{enrolled: true},
			faults: []Fault{onceAt(smartIDUnenrollCall, Fault{Kind: spoilResetBefore})},
		},
	}
}

// smartIDTroubleRows are technical trouble that is no code of SmartID's.
func smartIDTroubleRows() []Magic {
	const call = smartIDEnrollCall
	rows := []Magic{
		{Subject: "enroll-throttled-once", Forces: "429 once, Retry-After 1", Outcome: "enrolled", faults: []Fault{onceAt(call, Fault{Kind: fault429, RetryAfterS: 1})}},
		{
			Subject: "enroll-throttled", Forces: "429 always", Outcome: "failed", Reason: "provider_unavailable", CanRetry: true,
			faults: []Fault{alwaysAt(call, Fault{Kind: fault429, RetryAfterS: 1})},
		},
		{Subject: "enroll-slow", Forces: "the answer comes after 1 s", Outcome: "enrolled", faults: []Fault{alwaysAt(call, Fault{Kind: spoilDelay, DelayMS: 1000})}},
		{
			Subject: "enroll-no-code", Forces: "the template is stored; 200 with a body that holds no code", Outcome: "enrolled",
			Notes: "the pages show no body, so a bare 200 is the code 200", script: smartIDScript{form: smartIDBare},
		},
		{
			Subject: "enroll-key-refused", Forces: "401: the API key is not known", Outcome: "failed", Reason: "credentials_refused",
			faults: []Fault{alwaysAt(call, smartIDForce(smartIDAsStatus, http.StatusUnauthorized))},
		},
	}
	for i := range rows {
		rows[i].Journey = "smartid.enroll"
	}
	return rows
}
