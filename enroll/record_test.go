package enroll_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
)

func TestResolutions(t *testing.T) {
	for _, spec := range enroll.Catalogue() {
		t.Run(string(spec.Journey), func(t *testing.T) {
			outcomes := spec.Journey.Resolutions()
			require.True(t, outcomes[0].Success(), "what it was started for comes first")
			require.NotContains(t, outcomes, enroll.Unknown, "a resolution settles")
			require.Equal(t, spec.Waits(), slices.Contains(outcomes, enroll.Expired), "only who waits can wait too long")
		})
	}
}
