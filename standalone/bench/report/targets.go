package report

import "github.com/bioenroll/bioenroll/standalone/bench/measure"

// Targets compares what was found with what was promised. Something that was
// not measured is left out.
func Targets(r Report) []Target {
	var t targets
	t.costs(r)
	t.waits(r)
	t.loads(r)
	t.speeds(r)
	return t
}

type targets []Target

func (t *targets) most(what string, found, most float64) {
	*t = append(*t, Target{What: what, Found: found, Most: most, Met: found <= most})
}

func (t *targets) least(what string, found, least float64) {
	*t = append(*t, Target{What: what, Found: found, Least: least, Met: found >= least})
}

// costs are the most events and provider calls of each kind.
func (t *targets) costs(r Report) {
	for _, promise := range []struct {
		kind   string
		events float64
		calls  float64
	}{
		{"authid.enroll", 36, 3},
		{"authid.live-selfie", 36, 0},
		{"bioid.enroll, browser performs", 36, 4},
		{"iproov.photo-enroll", 48, 4},
		{"smartid.enroll", 22, 1},
		{"smartid.unenroll", 22, 1},
		{"authid.enroll, hint after polls began", 44, 0},
		{"authid.enroll, abandoned hour", 44, 0},
	} {
		found, ok := r.cost(promise.kind, Ours)
		if !ok {
			continue
		}
		t.most("history events: "+promise.kind, float64(found.Events), promise.events)
		if promise.calls > 0 {
			t.most("provider calls: "+promise.kind, float64(found.Calls), promise.calls)
		}
	}
}

func (t *targets) waits(r Report) {
	for _, wait := range r.Waits {
		if wait.Variant == Ours {
			t.most("provider calls: authid.enroll, abandoned hour", wait.Calls, 80)
		}
	}
}

func (t *targets) loads(r Report) {
	for _, load := range r.Loads {
		if load.Variant != Ours {
			continue
		}
		at := " of journeys/s, " + number(load.Concurrent) + " at once"
		if skeleton, ok := r.load(Skeleton, load.Concurrent); ok {
			t.least("share of the skeleton's"+at, paired(load.Blocks, skeleton.Blocks), 0.9)
		}
		if bare, ok := r.load(Bare, load.Concurrent); ok {
			t.least("share of bare's"+at, paired(load.Blocks, bare.Blocks), 0.65)
		}
	}
}

// paired is the median of the ratios of values that were measured in turn, so
// that a machine that slows down during the run strikes both.
func paired(a, b []float64) float64 {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		ratios = append(ratios, measure.Ratio(a[i], b[i]))
	}
	return measure.Median(ratios)
}

func (t *targets) speeds(r Report) {
	const kind = "authid.enroll"
	ours, ok := r.speed(kind, Ours)
	if !ok {
		return
	}
	if skeleton, ok := r.speed(kind, Skeleton); ok {
		t.most("hint to outcome, times the skeleton's", ours.OutcomeP50/skeleton.OutcomeP50, 1.3)
		t.most("start to hand-over, times the skeleton's", ours.StartP50/skeleton.StartP50, 1.2)
	}
	if bare, ok := r.speed(kind, Bare); ok {
		t.most("hint to outcome, times bare's", ours.OutcomeP50/bare.OutcomeP50, 2)
	}
}

func (r Report) cost(kind, variant string) (Cost, bool) {
	return first(r.Costs, func(c Cost) bool { return c.Kind == kind && c.Variant == variant })
}

func (r Report) speed(kind, variant string) (Speed, bool) {
	return first(r.Speeds, func(s Speed) bool { return s.Kind == kind && s.Variant == variant })
}

func (r Report) load(variant string, concurrent int) (Load, bool) {
	return first(r.Loads, func(l Load) bool { return l.Variant == variant && l.Concurrent == concurrent })
}

// first is the first of the list for which the condition holds.
func first[T any](list []T, is func(T) bool) (T, bool) {
	for _, one := range list {
		if is(one) {
			return one, true
		}
	}
	var none T
	return none, false
}
