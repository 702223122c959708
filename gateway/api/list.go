package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

const (
	// defaultPage and mostPage bound a page of journeys.
	defaultPage = 50
	mostPage    = 200
)

// listBody is one page of journeys, the newest first.
type listBody struct {
	Journeys []journeyBody `json:"journeys"`
	// NextCursor brings the next page; absent on the last.
	NextCursor string `json:"next_cursor,omitempty"`
}

// list tells the journeys that the filters choose, as the server's index knows
// them: it may lag by about a second. What a caller calls them is in the records
// alone.
func (s *Server) list(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	query, err := parameters(r, "cursor", "reference", "provider", "journey", "phase", "outcome", "overdue", "limit")
	if err != nil {
		return err
	}
	filter, err := filterOf(query)
	if err != nil {
		return err
	}
	page, err := s.page(r.Context(), filter, query)
	if err != nil {
		return err
	}
	body := listBody{Journeys: make([]journeyBody, 0, len(page.Journeys)), NextCursor: page.Next}
	for _, shown := range page.Journeys {
		listed := bodyOf(journeyID{shown.ID, shown.RunID}, shown)
		listed.Details = nil // Who the person is stays hidden in what is shown.
		body.Journeys = append(body.Journeys, listed)
	}
	return answer(w, http.StatusOK, body)
}

// page finds the journeys of one page.
func (s *Server) page(ctx context.Context, filter client.Filter, query map[string]string) (client.ListedPage, error) {
	after := query["cursor"]
	reference, recorded := query["reference"]
	if !recorded {
		return s.journeys.ListPage(ctx, filter, after)
	}
	_, phase := query["phase"]
	_, overdue := query["overdue"]
	if reference == "" || phase || overdue {
		return client.ListedPage{}, problem(InvalidRequest, "The parameter reference is 1 to 200 characters, and does not go together with phase or overdue.")
	}
	return s.journeys.ListRecorded(ctx, client.RecordFilter{
		Provider: filter.Provider, Journey: filter.Journey, Outcome: filter.Outcome, Reference: enroll.Secret(reference),
		Limit: filter.Limit, After: after,
	})
}

// filterOf reads the parameters of a list.
func filterOf(query map[string]string) (client.Filter, error) {
	filter := client.Filter{Limit: defaultPage}
	for name, value := range query {
		if err := choose(&filter, name, value); err != nil {
			return filter, err
		}
	}
	return filter, nil
}

// choose takes one parameter. Those that are no filters are left to others.
func choose(filter *client.Filter, name, value string) error {
	var allowed []string
	switch name {
	case "provider":
		filter.Provider, allowed = enroll.Provider(value), words(enroll.Providers())
	case "journey":
		filter.Journey = enroll.Journey(value)
		for _, spec := range enroll.Catalogue() {
			allowed = append(allowed, string(spec.Journey))
		}
	case "phase":
		filter.Phase, allowed = enroll.Phase(value), words([]enroll.Phase{enroll.Beginning, enroll.Waiting, enroll.Concluded})
	case "outcome":
		filter.Outcome, allowed = enroll.Outcome(value), words(enroll.Outcomes())
	case "overdue":
		filter.Overdue, allowed = value == "true", []string{"true", "false"}
	case "limit":
		limit, err := numberOf(name, value, 1, mostPage)
		filter.Limit = limit
		return err
	default:
		return nil
	}
	if !slices.Contains(allowed, value) {
		return problem(InvalidRequest, "The parameter %s is one of %s.", name, strings.Join(allowed, ", "))
	}
	return nil
}

func words[W ~string](list []W) []string {
	told := make([]string, len(list))
	for i, word := range list {
		told[i] = string(word)
	}
	return told
}

// rolesInWords lists roles for people.
func rolesInWords(roles []access.Role) string {
	return strings.Join(words(roles), " or ")
}
