package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/simulator"
)

// officer asks for the erasures of these tests.
func officer() client.By { return client.By{Who: "officer", Why: "a request"} }

// erased waits for the end of an erasure.
func (s *system) erased(t *testing.T, erasing client.Erasure) enroll.ErasureStatement {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	statement, err := s.Client().WaitErased(ctx, erasing.ID)
	require.NoError(t, err)
	return statement
}

// known is somebody whom all four providers enrolled under one name, where the
// name can be the same, and the journeys that did it.
func (s *system) known(t *testing.T) (people []client.Person, journeys []client.Started) {
	t.Helper()
	name := s.account(t)
	bcid := class()
	for _, request := range []client.Request{
		enrollment(name),
		enroll.BioIDEnrollment{BCID: bcid},
		photo(name),
		enroll.SmartIDEnrollment{User: name, Template: "captured " + enroll.Secret(name), PayLoad: `{"device": "phone"}`},
	} {
		started, err := s.Client().Start(t.Context(), "first", request)
		require.NoError(t, err)
		if started.HandOver != nil {
			s.complete(t, started)
		}
		require.Equal(t, enroll.Enrolled, s.outcome(t, started).Outcome)
		journeys = append(journeys, started)
	}
	return []client.Person{
		{Provider: enroll.AuthID, Name: enroll.Secret(name)},
		{Provider: enroll.BioID, Name: enroll.Secret(bcid)},
		{Provider: enroll.IProov, Name: enroll.Secret(name)},
		{Provider: enroll.SmartID, Name: enroll.Secret(name)},
	}, journeys
}

// histories counts what the server lists of a journey.
func (s *system) histories(t *testing.T, journeyID string) int {
	t.Helper()
	found, err := s.Temporal().ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: fmt.Sprintf("WorkflowId STARTS_WITH '%s'", journeyID)})
	require.NoError(t, err)
	return len(found.GetExecutions())
}

func TestErasure_removes_a_person_everywhere(t *testing.T) { //nolint:tparallel // what is told follows in order
	t.Parallel()
	people, journeys := shared.known(t)
	erasing, err := shared.Client().Erase(t.Context(), "erase-"+people[0].Name.Reveal(), people, officer())
	require.NoError(t, err)
	statement := shared.erased(t, erasing)

	t.Run("says_what_was_removed_and_when", func(t *testing.T) {
		require.True(t, statement.Complete, "%+v", statement)
		require.Len(t, statement.Subjects, len(people))
		for _, subject := range statement.Subjects {
			for _, removal := range subject.Removals {
				require.False(t, removal.At.IsZero())
				if removal.What == enroll.RemovedEnrollment || removal.What == enroll.RemovedHistories || removal.What == enroll.RemovedRecords {
					require.Equal(t, 1, removal.Count, "%s %s", subject.Provider, removal.What)
				}
			}
		}
	})
	t.Run("asks_every_provider_once", func(t *testing.T) {
		name, bcid := people[0].Name.Reveal(), people[1].Name.Reveal()
		require.Equal(t, 1, shared.count(t, name, "authid.delete_credential"))
		require.Equal(t, 1, shared.count(t, bcid, "bioid.delete_class"))
		require.Equal(t, 1, shared.count(t, name, "iproov.delete_user"))
		require.Equal(t, 1, shared.count(t, name, "smartid.unenroll"))
	})
	t.Run("leaves_records_that_name_nobody", func(t *testing.T) {
		for _, journey := range journeys {
			require.Zero(t, shared.histories(t, journey.ID))
			record, err := shared.Records().Latest(t.Context(), journey.ID)
			require.NoError(t, err)
			require.Empty(t, record.Subject)
			require.Empty(t, record.References)
			require.Equal(t, enroll.Enrolled, record.Result.Outcome, "that there was a journey, and how it ended, stays")
		}
	})
	t.Run("keeps_a_statement_that_names_nobody", func(t *testing.T) {
		kept, err := shared.Client().Erasure(t.Context(), erasing.ID)
		require.NoError(t, err)
		require.Equal(t, statement, kept.Statement)
		require.NotContains(t, fmt.Sprintf("%+v", kept), people[0].Name.Reveal())
	})
	t.Run("is_the_same_when_repeated_with_its_key", func(t *testing.T) {
		again, err := shared.Client().Erase(t.Context(), "erase-"+people[0].Name.Reveal(), people, officer())
		require.NoError(t, err)
		require.Equal(t, statement, again.Statement)
		_, err = shared.Client().Erase(t.Context(), "erase-"+people[0].Name.Reveal(), people[:1], officer())
		require.ErrorIs(t, err, client.ErrKeyReused)
	})
	t.Run("lets_the_person_enroll_again", func(t *testing.T) {
		started := shared.begin(t, "second", enrollment(people[0].Name.Reveal()))
		shared.complete(t, started)
		require.Equal(t, enroll.Enrolled, shared.outcome(t, started).Outcome)
	})
}

func TestErasure_of_a_person_with_a_journey_under_way(t *testing.T) {
	t.Parallel()
	user := subject()
	started := shared.begin(t, "first", photo(user))
	erasing, err := shared.Client().Erase(t.Context(), "erase-"+user, []client.Person{{Provider: enroll.IProov, Name: enroll.Secret(user)}}, officer())
	require.NoError(t, err)
	require.Equal(t, enroll.Canceled, shared.outcome(t, started).Outcome)
	statement := shared.erased(t, erasing)
	require.True(t, statement.Complete, "%+v", statement)
	record, err := shared.Records().Latest(t.Context(), started.ID)
	require.NoError(t, err)
	refs, err := shared.Sealed().Refs(t.Context())
	require.NoError(t, err)
	for _, ref := range refs {
		require.NotContains(t, string(ref), string(record.ID))
	}
	require.Zero(t, shared.histories(t, started.ID))
}

func TestErasure_goes_on_until_the_provider_answers(t *testing.T) {
	t.Parallel()
	user := subject()
	shared.simulated(t, http.MethodPost, "/_sim/preload", fmt.Sprintf(`{"smartid": {"users": [{"user": %q, "enrolled": true}]}}`, user), nil)
	shared.strike(t, simulator.Fault{Match: simulator.FaultMatch{Endpoint: "smartid.unenroll", Subject: user}, Kind: "500", Times: 2})
	person := []client.Person{{Provider: enroll.SmartID, Name: enroll.Secret(user)}}
	erasing, err := shared.Client().Erase(t.Context(), "erase-"+user, person, officer())
	require.NoError(t, err)

	_, err = shared.Client().Start(t.Context(), "meanwhile", enroll.SmartIDUnenrollment{User: user})
	if err != nil { // It may have concluded already.
		require.ErrorIs(t, err, client.ErrErasing)
	}
	require.True(t, shared.erased(t, erasing).Complete)
	require.Equal(t, 3, shared.count(t, user, "smartid.unenroll"))
}

// TestErasure_leaves_no_name_behind searches the files of a stack of its own.
func TestErasure_leaves_no_name_behind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := own(t, dir)
	people, _ := s.known(t)
	erasing, err := s.Client().Erase(t.Context(), "key", people, officer())
	require.NoError(t, err)
	require.True(t, s.erased(t, erasing).Complete)
	require.NoError(t, s.Stop(t.Context()))
	for _, person := range people {
		require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.Contains(path, "simulator") {
				return err // The simulators are the provider: they know whom they enrolled and removed.
			}
			content, err := os.ReadFile(path)
			require.NotContains(t, string(content), person.Name.Reveal(), path)
			return err
		}))
	}
}

// TestErasure_whose_caller_died is of one that was killed, or lost the server,
// between the records and the start of the workflow.
func TestErasure_whose_caller_died(t *testing.T) { //nolint:tparallel // what is told follows in order
	t.Parallel()
	name := shared.account(t)
	enrolled := shared.begin(t, "first", enrollment(name))
	shared.complete(t, enrolled)
	require.Equal(t, enroll.Enrolled, shared.outcome(t, enrolled).Outcome)

	known, err := keys.Load(shared.KeyFile())
	require.NoError(t, err)
	subject := records.SubjectKey{Provider: enroll.AuthID, Hash: known.SubjectHash(enroll.AuthID, name)}
	id := "erasure-" + string(known.Ref("erasure", "died-"+name, "erasure"))
	require.NoError(t, shared.Records().BeginErasure(t.Context(), records.ErasureOpening{
		ID: id, Digest: known.Digest("erasure", []byte(enrolled.ID)), Who: officer().Who, Why: officer().Why, At: time.Now().Add(-time.Hour),
		Subjects: []records.NamedSubject{{SubjectKey: subject, Name: enroll.Secret(name)}},
	}))

	t.Run("bars_the_person_and_is_shown_with_who_asked", func(t *testing.T) {
		_, err := shared.Client().Start(t.Context(), "second", enrollment(name))
		require.ErrorIs(t, err, client.ErrErasing)
		shown, err := shared.Client().Erasure(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, officer().Who+officer().Why, shown.Statement.Who+shown.Statement.Why)
		require.Len(t, shown.Statement.Left(), len(enroll.Removals()))
		require.NotEmpty(t, shown.StatementMissing)
	})
	t.Run("is_started_by_housekeeping_once", func(t *testing.T) {
		require.GreaterOrEqual(t, shared.keepHouse(t, "died-"+name).Resumed.Count, 1)
		statement := shared.erased(t, client.Erasure{ID: id})
		require.True(t, statement.Complete, "%+v", statement)
		require.Equal(t, officer().Who+officer().Why, statement.Who+statement.Why)
		shared.keepHouse(t, "again-"+name)
		require.Equal(t, 1, shared.count(t, name, "authid.delete_credential"))
	})
	t.Run("is_the_one_of_the_caller_who_comes_back", func(t *testing.T) {
		again, err := shared.Client().Erase(t.Context(), "died-"+name, []client.Person{{Provider: enroll.AuthID, Name: enroll.Secret(name)}}, officer())
		require.NoError(t, err)
		require.Equal(t, id, again.ID)
		require.True(t, again.Statement.Complete)
		shared.begin(t, "third", enrollment(name))
	})
}

func TestErasure_that_was_terminated_goes_on_when_it_is_asked_for_again(t *testing.T) {
	t.Parallel()
	user := subject()
	started := shared.begin(t, "first", photo(user))
	person := []client.Person{{Provider: enroll.IProov, Name: enroll.Secret(user)}}
	erasing, err := shared.Client().Erase(t.Context(), "terminated-"+user, person, officer())
	require.NoError(t, err)
	require.NoError(t, shared.Temporal().TerminateWorkflow(t.Context(), erasing.ID, "", "by mistake"))
	again, err := shared.Client().Erase(t.Context(), "terminated-"+user, person, officer())
	require.NoError(t, err)
	require.Equal(t, erasing.ID, again.ID)
	require.True(t, shared.erased(t, again).Complete)
	require.Equal(t, enroll.Canceled, shared.outcome(t, started).Outcome)
}

// keepHouse runs housekeeping now.
func (s *system) keepHouse(t *testing.T, id string) enroll.Housekept {
	t.Helper()
	run, err := s.Temporal().ExecuteWorkflow(t.Context(), sdk.StartWorkflowOptions{ID: "housekeeping-" + id, TaskQueue: enroll.WorkflowTaskQueue}, enroll.HousekeepingWorkflow)
	require.NoError(t, err)
	var done enroll.Housekept
	require.NoError(t, run.Get(t.Context(), &done))
	return done
}

// TestErasure_with_a_reason_at_its_limits goes through the gateway that 'make
// run' serves.
func TestErasure_with_a_reason_at_its_limits(t *testing.T) {
	t.Parallel()
	d := shared.storefront()
	_, operator := d.GatewayKeys()
	user := subject()
	body := func(why string) string {
		asked, err := json.Marshal(map[string]any{"people": []map[string]string{{"provider": "smartid", "name": user}}, "why": why})
		require.NoError(t, err)
		return string(asked)
	}
	for _, why := range []string{"", " ", "ticket\x00", strings.Repeat("x", enroll.MaxWhy+1), strings.Repeat("x", 600_000)} {
		var told struct {
			Fields []enroll.FieldError `json:"fields"`
		}
		d.read(t, http.StatusUnprocessableEntity, operator.Reveal(), http.MethodPost, "/v1/erasures", body(why), &told, "Idempotency-Key", "limits-"+user)
		require.Len(t, told.Fields, 1)
		require.Equal(t, "why", told.Fields[0].Field)
	}
	known, err := keys.Load(shared.KeyFile())
	require.NoError(t, err)
	_, barred, err := shared.Records().Erasing(t.Context(), enroll.SmartID, known.SubjectHash(enroll.SmartID, user))
	require.NoError(t, err)
	require.False(t, barred, "what is refused bars nobody")

	longest := strings.Repeat("<", enroll.MaxWhy) // In JSON six bytes each.
	var erasing client.Erasure
	d.read(t, http.StatusAccepted, operator.Reveal(), http.MethodPost, "/v1/erasures", body(longest), &erasing, "Idempotency-Key", "limits-"+user)
	statement := shared.erased(t, erasing)
	require.True(t, statement.Complete, "%+v", statement)
	require.Equal(t, longest, statement.Why)
}
