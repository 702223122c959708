package campaign

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
)

// Report is what a campaign came to.
type Report struct {
	Seed     uint64        `json:"seed"`
	Journeys int           `json:"journeys"`
	Took     time.Duration `json:"took_ns"`
	// Outcomes counts journeys by kind and outcome. A journey that was given
	// up by its backend before it was started has the outcome "not started",
	// an open one "waiting".
	Outcomes map[enroll.Journey]map[string]int `json:"outcomes"`
	// Disturbances counts what was done to the system.
	Disturbances map[string]int `json:"disturbances"`
	// Faults counts the calls that a provider spoiled, by kind.
	Faults map[string]int `json:"faults"`
	// Slowest is the longest time that something took to work again.
	Slowest map[string]time.Duration `json:"slowest_ns"`
	// Calls is how many calls the providers received.
	Calls int `json:"calls"`
	// Events is how many outcome events were recorded, and Arrivals how often one
	// arrived.
	Events   int `json:"events"`
	Arrivals int `json:"arrivals"`
	// Skipped names the checks for which the evidence has nothing.
	Skipped    []string               `json:"skipped,omitempty"`
	Violations []invariants.Violation `json:"violations"`
	// Surprises are what nobody had asked for, such as a worker that ended by
	// itself. They break a campaign, too.
	Surprises []string `json:"surprises,omitempty"`
	// Stories tell of every journey that violates something.
	Stories map[int]string `json:"stories,omitempty"`
	// Evidence is what was judged.
	Evidence invariants.Evidence `json:"-"`
}

// OK reports that no invariant broke and nothing surprising happened.
func (r Report) OK() bool { return len(r.Violations) == 0 && len(r.Surprises) == 0 }

func (c *campaign) report(e invariants.Evidence) Report {
	r := Report{
		Seed: c.options.Script.Seed, Journeys: len(e.Journeys), Took: time.Since(c.began), Evidence: e,
		Outcomes: map[enroll.Journey]map[string]int{}, Faults: map[string]int{}, Stories: map[int]string{},
		Disturbances: c.journal.tally(), Slowest: c.journal.slowest, Surprises: c.journal.surprises,
		Events: len(e.Events), Arrivals: len(e.Arrivals),
	}
	r.Violations, r.Skipped = invariants.Judge(e)
	for _, j := range e.Journeys {
		if r.Outcomes[j.Script.Kind] == nil {
			r.Outcomes[j.Script.Kind] = map[string]int{}
		}
		r.Outcomes[j.Script.Kind][outcomeOf(j)]++
		for _, entry := range j.Ledger {
			if entry.Method != "USER" {
				r.Calls++
			}
			if entry.Fault != "" {
				r.Faults[entry.Fault]++
			}
		}
		if slices.ContainsFunc(r.Violations, func(v invariants.Violation) bool { return v.ID == j.ID }) {
			r.Stories[j.Script.Index] = j.Script.String() + "\n" + e.Story(j)
		}
	}
	return r
}

func outcomeOf(j invariants.Journey) string {
	if len(j.Runs) == 0 {
		return "not started"
	}
	for _, run := range j.Runs {
		if run.Result != nil {
			return string(run.Result.Outcome)
		}
	}
	return "waiting"
}

// Write prints the report for people.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nseed %d: %d journeys, %d calls to the providers, %d outcome events in %d requests, %s\n\n",
		r.Seed, r.Journeys, r.Calls, r.Events, r.Arrivals, r.Took.Round(time.Second))
	for _, spec := range enroll.Catalogue() {
		fmt.Fprintf(&b, "  %-22s %s\n", spec.Journey, summed(r.Outcomes[spec.Journey]))
	}
	fmt.Fprintf(&b, "\n  %-22s %s\n", "disturbances", summed(brief(r.Disturbances)))
	for _, what := range slices.Sorted(maps.Keys(r.Disturbances)) {
		if strings.Contains(what, ":") {
			fmt.Fprintf(&b, "    %s %d\n", what, r.Disturbances[what])
		}
	}
	fmt.Fprintf(&b, "  %-22s %s\n", "spoiled answers", summed(r.Faults))
	for _, what := range slices.Sorted(maps.Keys(r.Slowest)) {
		fmt.Fprintf(&b, "  slowest %s: %s\n", what, r.Slowest[what].Round(10*time.Millisecond))
	}
	if len(r.Skipped) > 0 {
		fmt.Fprintf(&b, "\nnot checked: %s\n", strings.Join(r.Skipped, ", "))
	}
	for _, surprise := range r.Surprises {
		fmt.Fprintf(&b, "\nSURPRISE: %s\n", surprise)
	}
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "\nBROKEN %s: journey %d (%s): %s\n", v.Invariant, v.Journey, v.ID, v.What)
	}
	for _, index := range slices.Sorted(maps.Keys(r.Stories)) {
		fmt.Fprintf(&b, "\nThe story of %s", r.Stories[index])
	}
	if r.OK() {
		fmt.Fprintf(&b, "\nevery invariant holds\n")
	} else {
		fmt.Fprintf(&b, "\n%d violations, %d surprises; SEED=%d plays the same script again\n", len(r.Violations), len(r.Surprises), r.Seed)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// brief adds up what has the same word before a colon.
func brief(counts map[string]int) map[string]int {
	short := map[string]int{}
	for name, n := range counts {
		word, _, _ := strings.Cut(name, ":")
		short[word] += n
	}
	return short
}

// summed writes counts in one line.
func summed(counts map[string]int) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%s %d", name, counts[name]))
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
