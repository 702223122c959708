package e2e_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

func TestRestart_loses_no_journey(t *testing.T) {
	dir := t.TempDir()
	before := own(t, dir)
	bcid := enroll.BioIDEnrollment{BCID: "bws.1.77"}
	waiting := []client.Started{
		before.begin(t, "key", enrollment(before.account(t))),
		before.begin(t, "key", selfie(before.account(t))),
		before.begin(t, "key", bcid),
		before.begin(t, "key", photo(subject())),
	}
	require.NoError(t, before.Stop(t.Context()))

	after := own(t, dir)
	t.Cleanup(func() { require.NoError(t, after.Stop(context.WithoutCancel(t.Context()))) })
	for _, started := range waiting {
		handed, err := after.Client().HandOver(t.Context(), started.ID, started.RunID)
		require.NoError(t, err)
		require.Equal(t, started.HandOver, handed)
		after.complete(t, started)
		require.True(t, after.outcome(t, started).Outcome.Success())
	}
}
