package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// found is a run in which hints are too slow and everything else is as
// promised.
func found() report.Report {
	return report.Report{
		Scale: "default",
		Costs: []report.Cost{
			{Kind: "authid.enroll", Variant: report.Ours, Events: 32, Bytes: 7802, Actions: 9, Calls: 3, ByType: map[string]int{"activity_retry": 9}},
			{Kind: "authid.enroll", Variant: report.Skeleton, Events: 31},
			{Kind: "smartid.enroll", Variant: report.Skeleton, Events: 99, SameShape: true},
		},
		Waits: []report.Wait{{Variant: report.Ours, Events: 33, Calls: 71}, {Variant: report.Polling, Events: 7925, Calls: 720}},
		Speeds: []report.Speed{
			{Kind: "authid.enroll", Variant: report.Ours, Count: 150, StartP50: 30, OutcomeP50: 40},
			{Kind: "authid.enroll", Variant: report.Skeleton, Count: 150, StartP50: 25, OutcomeP50: 20},
			{Kind: "authid.enroll", Variant: report.Bare, Count: 150, StartP50: 20, OutcomeP50: 20},
			{Kind: "smartid.enroll", Variant: report.Ours, StartP50: 12},
		},
		Loads: []report.Load{
			{Variant: report.Ours, Concurrent: 10, PerSecond: 27, Blocks: []float64{26, 27, 28}, CPU: map[string]float64{"server": 30, "worker": 9}},
			{Variant: report.Skeleton, Concurrent: 10, PerSecond: 30, Blocks: []float64{13, 30, 56}},
			{Variant: report.Bare, Concurrent: 10, PerSecond: 54, Blocks: []float64{52, 54, 56}},
		},
		Encryption: []report.Comparison{
			report.Compare(report.Comparison{What: "authid.enroll", Concurrent: 10, Measure: "start", Unit: "ms"},
				[]float64{20, 30, 90}, []float64{10, 20, 30}),
			report.Compare(report.Comparison{What: "photos", Concurrent: 100, Measure: "read", Unit: "live bytes"}, []float64{5000.4}, nil),
		},
		Gateway: []report.Comparison{
			report.Compare(report.Comparison{What: "authid.enroll", Concurrent: 1, Measure: "start", Unit: "ms"}, []float64{44, 33}, []float64{40, 30}),
		},
		Memory: []report.Memory{{Variant: report.Ours, Waiting: 100, Live: 2048, Goroutines: 1}},
	}
}

func target(t *testing.T, targets []report.Target, what string) report.Target {
	t.Helper()
	for _, one := range targets {
		if one.What == what {
			return one
		}
	}
	require.Failf(t, "no such target", "%q", what)
	return report.Target{}
}

func TestTargets(t *testing.T) {
	targets := report.Targets(found())
	for name, row := range map[string]struct {
		what  string
		found float64
		met   bool
	}{
		"count_events":                      {"history events: authid.enroll", 32, true},
		"count_calls":                       {"provider calls: authid.enroll", 3, true},
		"count_the_calls_of_an_hour":        {"provider calls: authid.enroll, abandoned hour", 71, true},
		"meet_a_share_on_the_mark":          {"share of the skeleton's of journeys/s, 10 at once", 0.9, true},
		"miss_a_share_below_the_mark":       {"share of bare's of journeys/s, 10 at once", 0.5, false},
		"miss_a_ratio_above_the_mark":       {"hint to outcome, times the skeleton's", 2, false},
		"meet_a_ratio_on_the_mark":          {"hint to outcome, times bare's", 2, true},
		"compare_the_start_to_the_skeleton": {"start to hand-over, times the skeleton's", 1.2, true},
	} {
		t.Run(name, func(t *testing.T) {
			one := target(t, targets, row.what)
			require.InDelta(t, row.found, one.Found, 1e-9)
			require.Equal(t, row.met, one.Met)
		})
	}
	t.Run("leave_out_what_was_not_measured", func(t *testing.T) {
		require.Empty(t, report.Targets(report.Report{}))
		for _, one := range targets {
			require.NotContains(t, one.What, "smartid", "a skeleton has no targets")
		}
	})
}

func TestCompare(t *testing.T) {
	t.Run("takes_the_ratio_of_each_round", func(t *testing.T) {
		c := report.Compare(report.Comparison{What: "start"}, []float64{10, 100, 30}, []float64{10, 50, 10})
		require.Equal(t, report.Comparison{What: "start", With: 30, Without: 10, Ratio: 2}, c)
	})
	t.Run("has_no_ratio_to_nothing", func(t *testing.T) {
		require.Equal(t, report.Comparison{With: 7}, report.Compare(report.Comparison{}, []float64{7}, nil))
	})
}

func TestWrite(t *testing.T) {
	t.Run("prints_every_section", func(t *testing.T) {
		r := found()
		r.Targets = report.Targets(r)
		var out bytes.Buffer
		require.NoError(t, report.Write(&out, r))
		for _, line := range []string{
			`authid\.enroll +ours +32 +7802 +9 +3 `,
			`authid\.enroll +skeleton +31 .*its history differs`,
			`smartid\.enroll +skeleton +99 +0 +0 +- *\n`,
			`polling loop +7925 `,
			`authid\.enroll +ours +150 +30\.0 +0\.0 +40\.0 `,
			`smartid\.enroll +ours +0 +12\.0 +0\.0 +- +-`,
			`10 +ours +27\.0 +26\.0 27\.0 28\.0 +30\.0 +9\.0`,
			`authid\.enroll +1 +start, ms +38\.5 +35\.0 +1\.10`,
			`authid\.enroll +10 +start, ms +30\.0 +20\.0 +2\.00`,
			`photos +100 +read, live bytes +5000 +- +-`,
			`100 +ours +2\.0 +0\.0 +0\.0 +1\.0`,
			`hint to outcome, times the skeleton's +2 +at most 1\.30 +MISSED`,
			`share of the skeleton's of journeys/s, 10 at once +0\.90 +at least 0\.90 +met`,
		} {
			require.Regexp(t, line, out.String())
		}
	})
	t.Run("prints_an_empty_report", func(t *testing.T) {
		require.NoError(t, report.Write(&bytes.Buffer{}, report.Report{}))
	})
	t.Run("tells_when_nobody_reads", func(t *testing.T) {
		require.ErrorContains(t, report.Write(closed{}, found()), "print the table: closed")
	})
}

// closed is an output that nobody reads.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestJSON(t *testing.T) {
	encoded, err := json.Marshal(found())
	require.NoError(t, err)
	var again report.Report
	require.NoError(t, json.Unmarshal(encoded, &again))
	require.Equal(t, found(), again)
}
