package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// parameters reads the query of a request, which has none but the known
// parameters, each once. Whatever else it holds is refused: a filter that is
// mistyped, or cannot be read, would list everything.
func parameters(r *http.Request, known ...string) (map[string]string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil { // The error would repeat what was sent.
		return nil, problem(InvalidRequest, "The query cannot be read: write %% as %%25, ; as %%3B and & within a value as %%26.")
	}
	given := make(map[string]string, len(query))
	for name, values := range query {
		if !slices.Contains(known, name) {
			return nil, problem(InvalidRequest, "There is no parameter %q; see GET /openapi.yaml.", cut(name))
		}
		if len(values) != 1 {
			return nil, problem(InvalidRequest, "The parameter %s comes more than once.", name)
		}
		given[name] = values[0]
	}
	return given, nil
}

// numberOf reads a parameter that is a whole number within bounds.
func numberOf(name, value string, least, most int) (int, error) {
	number, err := strconv.Atoi(value)
	if err != nil || number < least || number > most {
		return 0, problem(InvalidRequest, "The parameter %s is a whole number from %d to %d.", name, least, most)
	}
	return number, nil
}
