package api

import "slices"

// Routes lists the method and path of every route.
func Routes() []string {
	var patterns []string
	for _, r := range (&Server{}).routes() {
		patterns = append(patterns, r.pattern)
	}
	return patterns
}

// Kinds lists every kind of problem.
func Kinds() []Kind {
	var all []Kind
	for kind := range kinds() {
		all = append(all, kind)
	}
	slices.Sort(all)
	return all
}

// StatusOf is the status of a kind of problem.
func StatusOf(kind Kind) int { return kinds()[kind].status }
