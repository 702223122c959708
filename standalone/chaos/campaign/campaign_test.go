package campaign_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/chaos/campaign"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
	"github.com/bioenroll/bioenroll/standalone/chaos/parts"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// TestMain makes this test program a part of a campaign when it is started as
// one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "part" {
		if err := parts.Run(context.Background(), os.Args[2], os.LookupEnv, os.Stdin, os.Stdout); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestRun_catches_sabotage plays a campaign in which nothing goes wrong, spoils
// the system behind its back before the evidence is taken, and expects every
// break to be found, at its journey, and nothing else.
func TestRun_catches_sabotage(t *testing.T) {
	expected := map[string]int{}
	report, err := campaign.Run(t.Context(), campaign.Options{
		Script:   script.Options{Seed: 12, Journeys: 30, Duration: 3 * time.Second, Workers: 1},
		Folder:   t.TempDir(),
		Progress: t.Logf,
		Sabotage: func(ctx context.Context, s campaign.Sabotaged) error {
			sabotage(ctx, t, s, expected)
			return nil
		},
	})
	require.NoError(t, err)
	found := map[string]int{}
	for _, v := range report.Violations {
		found[v.Invariant] = v.Journey
		if v.Journey != invariants.NoJourney {
			require.Contains(t, report.Stories, v.Journey)
		}
	}
	require.Equal(t, expected, found, "%+v", report.Violations)
	require.Empty(t, report.Surprises)
	requireKnown(t, report)
}

// sabotage breaks five invariants, four of them each at a journey of its own.
func sabotage(ctx context.Context, t *testing.T, s campaign.Sabotaged, expected map[string]int) {
	t.Helper()
	enrolled, _ := s.Ended(enroll.SmartIDEnroll, enroll.Enrolled)
	once := slices.DeleteFunc(slices.Clone(enrolled), func(j script.Journey) bool { return j.OverWrite })
	require.Greater(t, len(once), 1)

	// The provider forgets an enrollment.
	expected["provider-agrees"] = once[0].Index
	post(ctx, t, s.Simulators()+"/api/kyc/unenroll", fmt.Sprintf(`{"User": %q}`, once[0].Subject))

	// Somebody sends a call again that may be made once.
	expected["once-only"] = once[1].Index
	post(ctx, t, s.Simulators()+"/api/kyc/enroll", fmt.Sprintf(`{"User": %q, "Template": "t", "PayLoad": "p"}`, once[1].Subject))

	// A credential appears that the journey's outcome does not tell of.
	refused, _ := s.Ended(enroll.AuthIDEnroll, enroll.Expired, enroll.Rejected)
	require.NotEmpty(t, refused)
	expected["nothing-left"] = refused[0].Index
	post(ctx, t, s.Simulators()+"/_sim/preload",
		fmt.Sprintf(`{"authid": {"accounts": [{"account_number": %q, "credential": true}]}}`, refused[0].Subject))

	// Somebody who has no secret tells the receiver of an outcome.
	expected["outcome-told"] = invariants.NoJourney
	post(ctx, t, s.Receiver(), `{"type": "journey.concluded", "data": {"id": "authid-nobody.run", "sequence": 1, "outcome": "enrolled"}}`)

	// The subject's workflow ends without an outcome.
	removed, ids := s.Ended(enroll.SmartIDUnenroll, enroll.Removed)
	require.NotEmpty(t, removed)
	expected["one-outcome"] = removed[0].Index
	run, err := s.Temporal().ExecuteWorkflow(ctx, sdk.StartWorkflowOptions{ID: ids[0], TaskQueue: "nobody"}, "SmartIDUnenrollment")
	require.NoError(t, err)
	require.NoError(t, s.Temporal().TerminateWorkflow(ctx, ids[0], run.GetRunID(), "sabotage"))
}

// post makes a call at the simulators; they answer as they like.
func post(ctx context.Context, t *testing.T, url, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("X-Api-Key", simulator.DefaultCredentials().SmartIDKey)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
}

// requireKnown makes sure that every endpoint at which a script lets calls fail
// exists: the ledger of a campaign knows nearly all of them.
func requireKnown(t *testing.T, report campaign.Report) {
	t.Helper()
	seen := map[string]bool{}
	for _, j := range report.Evidence.Journeys {
		for _, e := range j.Ledger {
			seen[e.Endpoint] = true
		}
	}
	for _, spec := range enroll.Catalogue() {
		for _, endpoint := range script.Endpoints(spec.Journey) {
			require.True(t, seen[endpoint], "%s was never called", endpoint)
		}
	}
}
