package api

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/bioenroll/bioenroll/gateway/access"
)

// journeyID is how the API names one journey: the ID that the client gives to
// the journeys of a subject, and the run, because a subject may have several
// after another. To callers it is opaque. It holds a keyed hash and nothing of
// the person.
type journeyID struct{ workflow, run string }

// String is the ID as callers know it.
func (id journeyID) String() string { return id.workflow + "." + id.run }

// maxIDBytes bounds an ID.
const maxIDBytes = 200

// journeyOf reads the journey of the path and makes sure that the caller may
// see it. What cannot be an ID is a journey that does not exist.
func journeyOf(r *http.Request, caller access.Caller) (journeyID, error) {
	given := r.PathValue("id")
	workflow, run, _ := strings.Cut(given, ".")
	if len(given) > maxIDBytes || workflow == "" || !isRun(run) {
		return journeyID{}, problem(NotFound, "There is no such journey. Use the id that the start answered.")
	}
	id := journeyID{workflow, run}
	if !caller.May(id.workflow, id.run) {
		return journeyID{}, problem(Forbidden, "The relay token is for another journey.")
	}
	return id, nil
}

// isRun reports whether a text is the ID of a run, written as Temporal writes
// it: a parser takes more spellings, and each would count as a journey of its own.
func isRun(text string) bool {
	run, err := uuid.Parse(text)
	return err == nil && run.String() == text
}
