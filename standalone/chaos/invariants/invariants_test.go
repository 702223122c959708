package invariants_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// noon is when every made-up journey begins.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// entry is a line of a made-up ledger.
func entry(seq, seconds int, endpoint, ref string, status int, effects ...string) simulator.Entry {
	return simulator.Entry{Seq: uint64(seq), Time: at(seconds), Endpoint: endpoint, Ref: ref, Status: status, Effects: effects}
}

// arrival is an outcome event that arrived.
func arrival(seconds int, id enroll.EventID, sequence int, outcome enroll.Outcome) invariants.Arrival {
	event := enroll.OutcomeEvent{Type: enroll.EventConcluded, Data: enroll.OutcomeData{ID: "id.run", Sequence: sequence, Outcome: outcome}}
	if sequence > 1 {
		event.Type = enroll.EventWatched
	}
	return invariants.Arrival{At: at(seconds), ID: id, Body: string(id), Event: event, Answer: "taken", Taken: true}
}

// well returns evidence of one journey that went well: it concluded ten seconds
// after its beginning, and everything agrees.
func well(kind enroll.Journey, outcome enroll.Outcome, ledger ...simulator.Entry) invariants.Evidence {
	result := enroll.Result{Journey: kind, Verdict: enroll.Verdict{Outcome: outcome}, ConcludedAt: at(10)}
	recorded := result
	return invariants.Evidence{
		At: at(60), Grace: 30 * time.Second, HasRecords: true, HasReceiver: true,
		Events:   []invariants.Recorded{{ID: "evt_1", Journey: "id.run", Type: enroll.EventConcluded, Sequence: 1, At: at(10), State: records.DeliveryDelivered}},
		Arrivals: []invariants.Arrival{arrival(11, "evt_1", 1, outcome), arrival(14, "evt_1", 1, outcome)}, // The first answer was lost.
		Journeys: []invariants.Journey{{
			Script: script.Journey{Kind: kind, Subject: "ada"}, ID: "id", Began: noon,
			Runs:     []invariants.Run{{ID: "run", Status: "Completed", Closed: at(10), Result: &result}},
			Told:     []invariants.Told{{RunID: "run"}, {RunID: "run", Result: &result}},
			Ledger:   ledger,
			Provider: invariants.Belief{Enrolled: outcome == enroll.Enrolled},
			Sealed:   []enroll.SealedRef{"photo"},
			Record:   &enroll.Record{WorkflowID: "id", FirstRun: "run", Journey: kind, Result: &recorded},
			Audit:    []enroll.AuditEntry{{Seq: 1, What: "began"}, {Seq: 2, What: "concluded"}},
		}},
	}
}

// The journeys that went well, one of each kind, and some that went otherwise
// and are in order.
func authID() invariants.Evidence {
	return well(enroll.AuthIDEnroll, enroll.Enrolled,
		entry(1, 0, "authid.create_operation", "op", 200, "operation_created", "message_sent"),
		entry(2, 4, "authid.user_complete", "op", 0, "credential_created"),
		entry(3, 5, "authid.status", "op", 200))
}

func selfie() invariants.Evidence {
	e := well(enroll.AuthIDSelfie, enroll.Captured,
		entry(1, 0, "authid.create_operation", "op", 200, "operation_created"),
		entry(2, 4, "authid.user_complete", "op", 0, "selfie_captured"),
		entry(3, 5, "authid.status", "op", 200))
	e.Journeys[0].Provider.TempID = "temp"
	result(e).Selfie = &enroll.SelfieReference{TempID: "temp"}
	return e
}

func bioID() invariants.Evidence {
	return well(enroll.BioIDEnroll, enroll.Enrolled,
		entry(1, 0, "bioid.token", "token", 200, "token_issued"),
		entry(2, 5, "bioid.enroll", "token", 200, "samples_consumed", "class_trained"))
}

func smartID() invariants.Evidence {
	return well(enroll.SmartIDEnroll, enroll.Enrolled, entry(1, 5, "smartid.enroll", "", 200, "template_stored"))
}

func unenroll() invariants.Evidence {
	e := well(enroll.SmartIDUnenroll, enroll.Removed, entry(1, 5, "smartid.unenroll", "", 200, "template_removed"))
	e.Journeys[0].Script.Existed = true
	return e
}

func iProov() invariants.Evidence {
	return well(enroll.IProovPhotoEnroll, enroll.Enrolled,
		entry(1, 0, "iproov.enrol_image", "enrol", 200, "image_enrolled", "user_created"),
		entry(2, 4, "iproov.user_passed", "verify", 0, "token_claimed"),
		entry(3, 5, "iproov.verify_validate", "verify", 200, "result_given_out"))
}

// lost is an unknown outcome with its cause: a worker died while it validated.
func lost() invariants.Evidence {
	e := well(enroll.IProovPhotoEnroll, enroll.Unknown, iProov().Journeys[0].Ledger...)
	result(e).Reason, journey(e).Record.Result.Reason = enroll.ReasonLostAnswer, enroll.ReasonLostAnswer
	tell(e)
	run(e).Attempts = []invariants.Attempt{{Step: "IProovValidate", Scheduled: at(4), Started: at(5), Ended: at(9), Failure: "timeout StartToClose"}}
	e.Damages = []invariants.Damage{{What: "killed worker 1", From: at(5), To: at(6)}}
	return e
}

// expired is an outcome without success that left nothing.
func expired() invariants.Evidence {
	return well(enroll.AuthIDEnroll, enroll.Expired, entry(1, 0, "authid.create_operation", "op", 200, "operation_created"))
}

// tell has the receiver told of the result as it is now.
func tell(e invariants.Evidence) {
	for i := range e.Arrivals {
		e.Arrivals[i].Event.Data.Outcome, e.Arrivals[i].Event.Data.Reason = result(e).Outcome, result(e).Reason
	}
}

func journey(e invariants.Evidence) *invariants.Journey { return &e.Journeys[0] }
func run(e invariants.Evidence) *invariants.Run         { return &e.Journeys[0].Runs[0] }
func result(e invariants.Evidence) *enroll.Result       { return e.Journeys[0].Runs[0].Result }

func TestJudge_finds_nothing_where_all_is_well(t *testing.T) {
	for name, made := range map[string]func() invariants.Evidence{
		"authid": authID, "selfie": selfie, "bioid": bioID, "smartid": smartID, "unenroll": unenroll, "iproov": iProov,
		"unknown_after_a_loss": lost, "expired": expired,
	} {
		t.Run(name, func(t *testing.T) {
			violations, skipped := invariants.Judge(made())
			require.Empty(t, violations)
			require.Empty(t, skipped)
		})
	}
}

func TestJudge_skips_records_where_there_are_none(t *testing.T) {
	e := authID()
	e.HasRecords, journey(e).Record, journey(e).Audit = false, nil, nil
	e.HasReceiver, e.Events, e.Arrivals = false, nil, nil
	violations, skipped := invariants.Judge(e)
	require.Empty(t, violations)
	require.Equal(t, []string{"records-agree", "outcome-told"}, skipped)
}

// broken is a way to break one invariant on purpose.
type broken struct {
	made  func() invariants.Evidence
	spoil func(e *invariants.Evidence)
	what  string
}

// requireCaught checks that the one check finds the break and the others stay
// silent, unless others are named.
func requireCaught(t *testing.T, invariant string, rows map[string]broken) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			e := row.made()
			row.spoil(&e)
			violations, _ := invariants.Judge(e)
			var said []string
			for _, v := range violations {
				if v.Invariant == invariant {
					said = append(said, v.What)
				}
			}
			require.Len(t, said, 1, "%+v", violations)
			require.Contains(t, said[0], row.what)
		})
	}
}

func TestOneOutcome(t *testing.T) {
	requireCaught(t, "one-outcome", map[string]broken{
		"open_long_after_the_deadline": {expired, func(e *invariants.Evidence) {
			*run(*e) = invariants.Run{ID: "run", Status: "Running", Deadline: at(20)}
			journey(*e).Told = nil
		}, "still open 10s after its deadline"},
		"open_without_ever_waiting": {expired, func(e *invariants.Evidence) {
			*run(*e) = invariants.Run{ID: "run", Status: "Running"}
			journey(*e).Told = nil
		}, "still open"},
		"failed_without_an_outcome": {expired, func(e *invariants.Evidence) {
			*run(*e) = invariants.Run{ID: "run", Status: "Failed"}
			journey(*e).Told = nil
		}, "is Failed and has no outcome"},
		"a_reset_run_ends_otherwise": {authID, func(e *invariants.Evidence) {
			again := *result(*e)
			again.Outcome = enroll.Expired
			journey(*e).Runs = append(journey(*e).Runs, invariants.Run{ID: "again", Status: "Completed", Result: &again})
		}, "run again has the outcome expired"},
		"a_caller_was_told_otherwise": {authID, func(e *invariants.Evidence) {
			journey(*e).Told = append(journey(*e).Told, invariants.Told{Result: &enroll.Result{Verdict: enroll.Verdict{Outcome: enroll.Failed}}})
		}, "a caller has the outcome failed"},
		"a_caller_was_told_of_a_journey_that_is_not_there": {authID, func(e *invariants.Evidence) {
			journey(*e).Runs, journey(*e).Told = nil, []invariants.Told{{RunID: "gone"}}
		}, "knows nothing of it"},
		"an_outcome_that_is_none": {expired, func(e *invariants.Evidence) {
			result(*e).Outcome = "splendid"
			journey(*e).Told = nil
		}, "splendid"},
	})
}

func TestOneOutcome_lets_a_journey_wait_within_its_deadline(t *testing.T) {
	e := expired()
	*run(e) = invariants.Run{ID: "run", Status: "Running", Deadline: at(40)}
	journey(e).Told = nil
	violations, _ := invariants.Judge(e)
	require.Empty(t, violations)
}

func TestProviderAgrees(t *testing.T) {
	requireCaught(t, "provider-agrees", map[string]broken{
		"authid_enrolled_without_a_confirm": {authID, func(e *invariants.Evidence) {
			journey(*e).Ledger = journey(*e).Ledger[:2]
		}, "no confirm"},
		"authid_confirm_was_lost": {authID, func(e *invariants.Evidence) {
			journey(*e).Ledger[2].Fault = "reset_after"
		}, "no confirm"},
		"authid_expired_although_the_person_finished": {authID, func(e *invariants.Evidence) {
			result(*e).Outcome = enroll.Expired
		}, "had finished in time"},
		"authid_rejected_by_nobody": {expired, func(e *invariants.Evidence) { result(*e).Outcome = enroll.Rejected }, "refused nothing"},
		"authid_already_enrolled_without_a_credential": {
			expired, func(e *invariants.Evidence) { result(*e).Outcome = enroll.AlreadyEnrolled }, "had no credential",
		},
		"selfie_of_somebody_else": {selfie, func(e *invariants.Evidence) { result(*e).Selfie.TempID = "other" }, "another selfie"},
		"bioid_enrolled_without_training": {bioID, func(e *invariants.Evidence) {
			journey(*e).Ledger = journey(*e).Ledger[:1]
		}, "not trained"},
		"bioid_enrolled_although_the_answer_was_lost": {bioID, func(e *invariants.Evidence) {
			journey(*e).Ledger[1].Fault = "garbage"
		}, "had not said so"},
		"bioid_class_is_gone":       {bioID, func(e *invariants.Evidence) { journey(*e).Provider.Enrolled = false }, "has no class"},
		"bioid_trained_is_wrong":    {bioID, func(e *invariants.Evidence) { result(*e).Trained = true }, "trained is true"},
		"bioid_expired_and_trained": {bioID, func(e *invariants.Evidence) { result(*e).Outcome = enroll.Expired }, "ledger shows class_trained"},
		"smartid_enrolled_without_effect": {smartID, func(e *invariants.Evidence) {
			journey(*e).Ledger = nil
		}, "nothing happened"},
		"smartid_enrolled_although_the_answer_was_lost": {smartID, func(e *invariants.Evidence) {
			journey(*e).Ledger[0].Fault = "no_answer"
		}, "had not said so"},
		"smartid_template_is_gone": {smartID, func(e *invariants.Evidence) { journey(*e).Provider.Enrolled = false }, "has a template: false"},
		"smartid_failed_and_stored": {smartID, func(e *invariants.Evidence) {
			result(*e).Outcome = enroll.Failed
		}, "ledger shows template_stored"},
		"unenroll_failed_and_removed": {unenroll, func(e *invariants.Evidence) {
			result(*e).Outcome = enroll.Failed
		}, "ledger shows template_removed"},
		"iproov_enrolled_and_the_person_never_passed": {iProov, func(e *invariants.Evidence) {
			journey(*e).Ledger = journey(*e).Ledger[:1]
		}, "no such result"},
		"iproov_enrolled_although_the_answer_was_lost": {iProov, func(e *invariants.Evidence) {
			journey(*e).Ledger[2].Fault = "half_body"
		}, "was lost"},
		"iproov_user_is_gone": {iProov, func(e *invariants.Evidence) { journey(*e).Provider.Enrolled = false }, "has no user"},
		"iproov_expired_and_passed": {iProov, func(e *invariants.Evidence) {
			result(*e).Outcome = enroll.Expired
		}, "ledger shows result_given_out"},
	})
}

func TestOnceOnly(t *testing.T) {
	repeat := func(e *invariants.Evidence, place int) {
		again := journey(*e).Ledger[place]
		again.Seq, again.Ref = 100, again.Ref+"-other"
		journey(*e).Ledger = append(journey(*e).Ledger, again)
	}
	requireCaught(t, "once-only", map[string]broken{
		"two_messages":  {authID, func(e *invariants.Evidence) { repeat(e, 0) }, "message_sent happened 2 times"},
		"two_trainings": {bioID, func(e *invariants.Evidence) { repeat(e, 1) }, "class_trained happened 2 times"},
		"two_templates": {smartID, func(e *invariants.Evidence) {
			journey(*e).Ledger = append([]simulator.Entry{entry(0, 1, "smartid.onboard", "", 200, "template_stored")}, journey(*e).Ledger...)
		}, "template_stored happened 2 times"},
		"two_images": {iProov, func(e *invariants.Evidence) { repeat(e, 0) }, "image_enrolled happened 2 times"},
		"validate_sent_again": {iProov, func(e *invariants.Evidence) {
			journey(*e).Ledger = append(journey(*e).Ledger, entry(9, 7, "iproov.verify_validate", "verify", 400))
		}, "called again"},
		"enroll_sent_again": {smartID, func(e *invariants.Evidence) {
			journey(*e).Ledger = append(journey(*e).Ledger, entry(9, 7, "smartid.enroll", "", 408))
		}, "called again"},
	})
	t.Run("a_template_may_be_forwarded_again_after_a_loss", func(t *testing.T) {
		e := smartID()
		journey(e).Ledger[0].Fault = "half_body"
		journey(e).Ledger = append(journey(e).Ledger, entry(9, 7, "smartid.enroll", "", 408))
		result(e).Outcome, result(e).Reason = enroll.AlreadyEnrolled, enroll.ReasonAfterLostAnswer
		*journey(e).Record.Result = *result(e)
		tell(e)
		violations, _ := invariants.Judge(e)
		require.Empty(t, violations)
	})
	t.Run("a_renewal_may_send_a_second_message", func(t *testing.T) {
		e := authID()
		repeat(&e, 0)
		journey(e).Script.Person = script.Renews
		violations, _ := invariants.Judge(e)
		require.Empty(t, violations)
	})
}

func TestUnknownOnlyIfLost(t *testing.T) {
	requireCaught(t, "unknown-only-if-lost", map[string]broken{
		"nothing_was_damaged": {lost, func(e *invariants.Evidence) { e.Damages = nil }, "no answer was lost"},
		"the_damage_came_later": {lost, func(e *invariants.Evidence) {
			e.Damages[0].From, e.Damages[0].To = at(30), at(31)
		}, "no answer was lost"},
		"another_provider_was_damaged": {lost, func(e *invariants.Evidence) { e.Damages[0].Provider = enroll.AuthID }, "no answer was lost"},
		"no_step_failed":               {lost, func(e *invariants.Evidence) { run(*e).Attempts = nil }, "no answer was lost"},
		"the_answer_was_only_late": {lost, func(e *invariants.Evidence) {
			e.Damages, journey(*e).Ledger[2].Fault = nil, "delay"
		}, "no answer was lost"},
	})
	t.Run("an_answer_that_the_provider_spoiled_is_a_loss", func(t *testing.T) {
		e := lost()
		e.Damages, journey(e).Ledger[2].Fault = nil, "reset_after"
		violations, _ := invariants.Judge(e)
		require.Empty(t, violations)
	})
}

func TestNothingLeft(t *testing.T) {
	left := func(e *invariants.Evidence) { journey(*e).Provider.Enrolled = true }
	requireCaught(t, "nothing-left", map[string]broken{
		"sealed_bytes":           {authID, func(e *invariants.Evidence) { e.SealedLeft = []enroll.SealedRef{"photo"} }, "sealed bytes are left"},
		"a_credential":           {expired, left, "still at the provider"},
		"a_user_after_unknown":   {lost, left, "still at the provider"},
		"what_was_older_is_gone": {expired, func(e *invariants.Evidence) { journey(*e).Script.Existed = true }, "what existed before was removed"},
		"after_the_detached_watch": {expired, func(e *invariants.Evidence) {
			left(e)
			until := at(20)
			result(*e).OpenUntil = &until
			journey(*e).Ledger = append(journey(*e).Ledger, entry(2, 15, "authid.user_complete", "op", 0, "credential_created"))
		}, "still at the provider"},
	})
	t.Run("a_person_may_finish_until_the_detached_watch", func(t *testing.T) {
		e := expired()
		left(&e)
		until := at(50)
		result(e).Outcome, result(e).OpenUntil = enroll.Canceled, &until
		journey(e).Told, journey(e).Record.Result = nil, result(e)
		tell(e)
		journey(e).Ledger = append(journey(e).Ledger, entry(2, 15, "authid.user_complete", "op", 0, "credential_created"))
		violations, _ := invariants.Judge(e)
		require.Empty(t, violations)
	})
}

func TestRecordsAgree(t *testing.T) {
	requireCaught(t, "records-agree", map[string]broken{
		"no_record":               {authID, func(e *invariants.Evidence) { journey(*e).Record = nil }, "no record"},
		"a_record_without_an_end": {authID, func(e *invariants.Evidence) { journey(*e).Record.Result = nil }, "the record has none"},
		"another_outcome":         {authID, func(e *invariants.Evidence) { journey(*e).Record.Result.Outcome = enroll.Failed }, "the record has the outcome failed"},
		"another_journey":         {authID, func(e *invariants.Evidence) { journey(*e).Record.WorkflowID = "other" }, "another journey's"},
		"concluded_twice": {authID, func(e *invariants.Evidence) {
			journey(*e).Audit = append(journey(*e).Audit, enroll.AuditEntry{Seq: 3, What: "concluded"})
		}, "2 times"},
		"never_concluded": {authID, func(e *invariants.Evidence) { journey(*e).Audit = journey(*e).Audit[:1] }, "0 times"},
		"out_of_order":    {authID, func(e *invariants.Evidence) { journey(*e).Audit[0].Seq = 7 }, "out of order"},
	})
}

func TestStory_tells_everything_in_order(t *testing.T) {
	e := lost()
	journey(e).Timeline = []invariants.Event{{At: at(1), What: "handed over"}}
	story := e.Story(*journey(e))
	require.Regexp(t, `(?s)12:00:00.*image_enrolled.*handed over.*system: killed worker 1, for 1s.*12:00:09.*IProovValidate ended: timeout.*concluded: unknown lost_answer`, story)
}
