package api

import (
	"net/http"
	"slices"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// catalogued is one kind of journey.
type catalogued struct {
	Journey  enroll.Journey  `json:"journey"`
	Provider enroll.Provider `json:"provider"`
	About    string          `json:"about"`
	// Waits reports whether the journey hands over to a person.
	Waits bool `json:"waits"`
	// Hints are those that wake the journey and that callers may send.
	Hints []enroll.HintName `json:"hints"`
	// InputSchema is where the JSON schema of the input is.
	InputSchema string `json:"input_schema"`
}

// catalogueBody lists every kind of journey.
type catalogueBody struct {
	Journeys []catalogued `json:"journeys"`
}

// catalogue tells which journeys there are, and where their inputs are
// described.
func (s *Server) catalogue(w http.ResponseWriter, _ *http.Request, _ access.Caller) error {
	var body catalogueBody
	for _, spec := range enroll.Catalogue() {
		hints := slices.DeleteFunc(slices.Clone(spec.Hints), func(name enroll.HintName) bool { return !slices.Contains(enroll.HintNames(), name) })
		body.Journeys = append(body.Journeys, catalogued{
			Journey: spec.Journey, Provider: spec.Provider, About: spec.About, Waits: spec.Waits(),
			Hints: append([]enroll.HintName{}, hints...), InputSchema: "/openapi.json#/components/schemas/" + spec.Workflow + "Input",
		})
	}
	return answer(w, http.StatusOK, body)
}
