package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain makes this test program a part of a campaign when it is started as
// one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "part" {
		main()
	}
	os.Exit(m.Run())
}

// TestCampaign_holds_every_invariant is the short campaign: processes die,
// connections break and providers fail while sixty journeys run.
func TestCampaign_holds_every_invariant(t *testing.T) {
	var out, progress bytes.Buffer
	code := run(t.Context(), []string{"--seed", "124", "--duration", "18s", "--journeys", "60"}, &out, &progress)
	require.Equal(t, exitOK, code, "%s%s", progress.String(), out.String())
}

func TestRun_refuses_what_it_does_not_understand(t *testing.T) {
	for name, args := range map[string][]string{
		"an_unknown_flag":     {"--sideways"},
		"an_argument":         {"now"},
		"no_journeys":         {"--journeys", "0"},
		"no_workers":          {"--workers", "0"},
		"no_time_for_trouble": {"--duration", "1ms"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			require.Equal(t, exitUsage, run(t.Context(), args, &bytes.Buffer{}, &stderr))
			require.NotEmpty(t, stderr.String())
		})
	}
}
