package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func TestReset_replaces_an_enrollment_once(t *testing.T) {
	user := subject()
	first := enroll.SmartIDEnrollment{User: user, Template: "old", PayLoad: "payload"}
	started, err := shared.Client().Start(t.Context(), "first", first)
	require.NoError(t, err)
	require.Equal(t, enroll.Enrolled, started.Result.Outcome)

	reset := enroll.SmartIDEnrollment{User: user, Template: "new", PayLoad: "payload", Reset: true}
	for range 2 { // The second call repeats the first and does nothing.
		started, err = shared.Client().Start(t.Context(), "reset", reset)
		require.NoError(t, err)
		require.Equal(t, enroll.Enrolled, started.Result.Outcome)
		require.True(t, started.Result.Unenrolled)
	}
	require.Equal(t, 1, shared.count(t, user, "smartid.unenroll"))
	require.Equal(t, 2, shared.count(t, user, "smartid.enroll"))
}
