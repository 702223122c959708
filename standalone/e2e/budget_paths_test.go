package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// hintsInFlood is how many hints a hostile or broken frontend sends.
const hintsInFlood = 500

// budgets is the most that each path may cost: what was measured and so little
// more that a step, a timer or a question too many is noticed.
//
// Of the history's events a step takes six, and the same step asked again by
// the server none; whether two pieces of news share a workflow task moves a
// count by three. Of the actions a journey takes one for its start and one for
// the update that begins it, then one for each step, timer, hint, repeated
// attempt and change of search attributes, and one for recording the outcome.
// Calls are exact unless the clock decides how often is asked.
func budgets() map[string]cost {
	return map[string]cost{
		// The account, the operation, one confirm.
		"authid_enroll": {calls: 3, events: 36, actions: 11},
		// The reference of the selfie is a call of its own, in the confirm's step.
		"authid_live_selfie": {calls: 4, events: 36, actions: 11},
		// One step more.
		"authid_live_selfie_attached": {calls: 5, events: 42, actions: 12},
		// The class, the token, and the result of what the browser performed.
		"bioid_browser_performs": {calls: 3, events: 36, actions: 11},
		// The class, the token, and the attempt.
		"bioid_we_perform": {calls: 3, events: 36, actions: 11},
		// Two uploads in one step, which reports its progress, and an attempt;
		// nobody is waited for.
		"bioid_our_samples": {calls: 5, events: 36, actions: 10},
		// The token and the photo, the verify token, one validate.
		"iproov_photo":     {calls: 4, events: 42, actions: 12},
		"smartid_enroll":   {calls: 1, events: 18, actions: 6},
		"smartid_reset":    {calls: 2, events: 24, actions: 7},
		"smartid_unenroll": {calls: 1, events: 18, actions: 6},

		"authid_no_account":   {calls: 1, events: 18, actions: 6},
		"authid_face_refused": {calls: 3, events: 36, actions: 11},
		// A hint and an attempt more.
		"bioid_second_attempt": {calls: 4, events: 46, actions: 13},
		// The user is removed.
		"iproov_face_refused":  {calls: 5, events: 50, actions: 14},
		"smartid_not_enrolled": {calls: 1, events: 18, actions: 6},

		// The confirm is repeated after 1, 2 and 4 s, by the server.
		"authid_early_hint":       {calls: 6, events: 36, actions: 14},
		"authid_found_by_poll":    {calls: 4, events: 38, actions: 12},
		"authid_hint_after_polls": {calls: 7, events: 44, actions: 16},
		// A hint costs its action and at most its event and a workflow task of
		// three. All of them together set off one series of four confirms;
		// the rest are the backup poll's, and the last one.
		"authid_flood_of_hints":    {calls: 11, events: 4*hintsInFlood + 44, actions: hintsInFlood + 18},
		"authid_abandoned_briefly": {calls: 8, events: 38, actions: 16},
		// Some 70 polls, whose delays vary at random by a tenth, in one step.
		"authid_abandoned_hour": {calls: 80, events: 44, actions: 88},
		// Some 20 polls, then a look and an attempt before the token ends, and
		// a look afterwards: these three are steps.
		"bioid_abandoned_token": {calls: 30, events: 60, actions: 39},
		// Six times validate, each a step with a timer, then the token and the
		// user are removed.
		"iproov_abandoned_hour": {calls: 11, events: 119, actions: 28},

		// A watch as well: two actions for its start and one for its timer. The
		// outcome is recorded, and then where the watch is found.
		"authid_canceled": {calls: 3, events: 42, actions: 14},
		"bioid_canceled":  {calls: 3, events: 42, actions: 14},
		// One more validate; the token and the user are removed.
		"iproov_canceled": {calls: 6, events: 56, actions: 14},
		// Another operation.
		"authid_renewed": {calls: 4, events: 48, actions: 13},
		// The old token's result, another token; the deadline moves with it.
		"bioid_renewed": {calls: 5, events: 55, actions: 15},
		// One more validate, another token, the old one is made useless.
		"iproov_renewed": {calls: 7, events: 66, actions: 16},
	}
}

// accessTokens is how often a token for access may be fetched for all of the
// paths together. BioID and SmartID need none.
func accessTokens() map[string]int {
	return map[string]int{"authid.token": 1, "iproov.access_token": 1}
}

// paths lists every path with a budget.
func paths() []path {
	return slices.Concat(successes(), refusals(), waits(), interruptions())
}

// successes are the paths on which everything goes as it should.
func successes() []path {
	return []path{
		{name: "authid_enroll", request: newEnrollment, person: completes, outcome: enroll.Enrolled},
		{name: "authid_live_selfie", request: newSelfie(false), person: completes, outcome: enroll.Captured},
		{name: "authid_live_selfie_attached", request: newSelfie(true), person: completes, outcome: enroll.Captured},
		{name: "bioid_browser_performs", request: newClass(enroll.ByBrowser), person: completes, outcome: enroll.Enrolled},
		{name: "bioid_we_perform", request: newClass(enroll.ByUs), person: completes, outcome: enroll.Enrolled},
		{name: "bioid_our_samples", request: ourSamples, outcome: enroll.Enrolled},
		{name: "iproov_photo", request: newPhoto(0), person: completes, outcome: enroll.Enrolled},
		{name: "smartid_enroll", request: newTemplate(false), outcome: enroll.Enrolled},
		{name: "smartid_reset", request: newTemplate(true), outcome: enroll.Enrolled},
		{name: "smartid_unenroll", request: removal, outcome: enroll.Removed},
	}
}

// refusals are the paths on which a provider says no.
func refusals() []path {
	return []path{
		{
			name: "authid_no_account", outcome: enroll.Rejected,
			request: func(*testing.T, *accounts) client.Request { return enrollment(subject()) },
		},
		{name: "authid_face_refused", request: newEnrollment, person: fails, outcome: enroll.Rejected},
		{name: "bioid_second_attempt", request: newClass(enroll.ByUs), person: failsOnce, outcome: enroll.Enrolled},
		{name: "iproov_face_refused", request: newPhoto(0), person: fails, outcome: enroll.Rejected},
		{
			name: "smartid_not_enrolled", outcome: enroll.Rejected,
			request: func(*testing.T, *accounts) client.Request { return enroll.SmartIDUnenrollment{User: subject()} },
		},
	}
}

// waits are the paths on which the person takes long, or never comes. Where
// time is skipped the providers' own clocks are not: they still answer "pending"
// when the journey gives up, which costs as much as "expired".
func waits() []path {
	hasty := func(a *accounts) *client.Client { return a.hasty }
	skips := func(a *accounts) *client.Client { return a.skips }
	return []path{
		{name: "authid_early_hint", request: newEnrollment, person: hintsTooEarly, outcome: enroll.Enrolled},
		{name: "authid_found_by_poll", request: newEnrollment, with: hasty, person: completesSilently, outcome: enroll.Enrolled},
		{name: "authid_hint_after_polls", request: newEnrollment, with: hasty, person: completesAfterPolls, outcome: enroll.Enrolled},
		{name: "authid_flood_of_hints", request: newShortEnrollment(15), person: floods, outcome: enroll.Expired, least: 8},
		{name: "authid_abandoned_briefly", request: newShortEnrollment(4), with: hasty, outcome: enroll.Expired},
		{name: "authid_abandoned_hour", request: newEnrollment, with: skips, outcome: enroll.Expired, least: 60},
		{name: "bioid_abandoned_token", request: newClass(enroll.ByUs), with: skips, outcome: enroll.Expired, least: 18},
		{name: "iproov_abandoned_hour", request: newPhoto(3600), with: skips, outcome: enroll.Expired, least: 11},
	}
}

// interruptions are the paths on which the backend interferes.
func interruptions() []path {
	return []path{
		{name: "authid_canceled", request: newEnrollment, person: cancels, outcome: enroll.Canceled},
		{name: "bioid_canceled", request: newClass(enroll.ByUs), person: cancels, outcome: enroll.Canceled},
		{name: "iproov_canceled", request: newPhoto(0), person: cancels, outcome: enroll.Canceled},
		{name: "authid_renewed", request: newEnrollment, person: completesAfterRenewal, outcome: enroll.Enrolled},
		{name: "bioid_renewed", request: newClass(enroll.ByUs), person: completesAfterRenewal, outcome: enroll.Enrolled},
		{name: "iproov_renewed", request: newPhoto(0), person: completesAfterRenewal, outcome: enroll.Enrolled},
	}
}

func newEnrollment(t *testing.T, a *accounts) client.Request {
	t.Helper()
	return enrollment(a.account(t))
}

// newShortEnrollment is one whose operation ends after so many seconds.
func newShortEnrollment(seconds int) func(*testing.T, *accounts) client.Request {
	return func(t *testing.T, a *accounts) client.Request {
		t.Helper()
		request := enrollment(a.account(t))
		request.TimeoutSeconds = seconds
		return request
	}
}

func newSelfie(attach bool) func(*testing.T, *accounts) client.Request {
	return func(t *testing.T, a *accounts) client.Request {
		t.Helper()
		request := selfie(a.account(t))
		request.AttachCredential = attach
		return request
	}
}

func newClass(by enroll.PerformedBy) func(*testing.T, *accounts) client.Request {
	return func(*testing.T, *accounts) client.Request {
		return enroll.BioIDEnrollment{BCID: class(), PerformedBy: by}
	}
}

func ourSamples(t *testing.T, _ *accounts) client.Request {
	t.Helper()
	return withSamples(t, class())
}

func removal(t *testing.T, a *accounts) client.Request {
	t.Helper()
	return enroll.SmartIDUnenrollment{User: a.enrolledUser(t)}
}

func newPhoto(seconds int) func(*testing.T, *accounts) client.Request {
	return func(*testing.T, *accounts) client.Request {
		request := photo(subject())
		request.TimeoutSeconds = seconds
		return request
	}
}

// newTemplate is an enrollment at SmartID, or the reset of one that is there.
func newTemplate(reset bool) func(*testing.T, *accounts) client.Request {
	return func(t *testing.T, a *accounts) client.Request {
		t.Helper()
		request := enroll.SmartIDEnrollment{User: subject(), Template: "template", PayLoad: "payload"}
		if reset {
			request.User, request.Reset = a.enrolledUser(t), true
		}
		return request
	}
}

// enrolledUser is a SmartID user who has an enrollment.
func (a *accounts) enrolledUser(t *testing.T) string {
	t.Helper()
	user := subject()
	a.simulated(t, http.MethodPost, "/_sim/preload", fmt.Sprintf(`{"smartid": {"users": [{"user": %q, "enrolled": true}]}}`, user), nil)
	return user
}

// fails is a person whom the provider refuses.
func fails(t *testing.T, a *accounts, started client.Started) {
	t.Helper()
	var capture string
	var hint enroll.HintName
	switch handed := started.HandOver; {
	case handed.AuthID != nil:
		hint = enroll.FinalPage
		capture = fmt.Sprintf(`{"provider": "authid", "operation_id": %q, "result": "fail"}`, handed.AuthID.OperationID)
	case handed.BioID != nil:
		capture = fmt.Sprintf(`{"provider": "bioid", "token": %q, "samples": 4, "result": "fail"}`, handed.BioID.Token.Reveal())
		hint = enroll.SamplesUploaded
	default:
		capture = fmt.Sprintf(`{"provider": "iproov", "token": %q, "result": "fail", "reason": "matching_failed"}`, handed.IProov.Token.Reveal())
		hint = enroll.SDKFinished
	}
	a.simulated(t, http.MethodPost, "/_sim/capture", capture, nil)
	_, err := a.Client().Hint(t.Context(), started.ID, started.RunID, hint, enroll.Hint{Samples: 4})
	require.NoError(t, err)
}

// failsOnce is one who succeeds at the second attempt.
func failsOnce(t *testing.T, a *accounts, started client.Started) {
	t.Helper()
	fails(t, a, started)
	require.Eventually(t, func() bool { return a.count(t, a.last, "bioid.enroll") == 1 }, time.Minute, 20*time.Millisecond)
	a.complete(t, started)
}

// hintsTooEarly is a frontend that relays an end before there is one.
func hintsTooEarly(t *testing.T, a *accounts, started client.Started) {
	t.Helper()
	_, err := a.Client().Hint(t.Context(), started.ID, started.RunID, enroll.FinalPage, enroll.Hint{})
	require.NoError(t, err)
	a.asked(t, 1)
	completesSilently(t, a, started)
}

// completesAfterPolls is a person who finishes when the backup poll has asked.
func completesAfterPolls(t *testing.T, a *accounts, started client.Started) {
	t.Helper()
	a.asked(t, 2)
	a.complete(t, started)
}
