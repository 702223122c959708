package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// links are where to go on from a journey.
type links struct {
	Self   string `json:"self"`
	Hints  string `json:"hints,omitempty"`
	Renew  string `json:"renew,omitempty"`
	Cancel string `json:"cancel,omitempty"`
}

// journeyBody is a journey as the API tells it. What does not apply is absent.
type journeyBody struct {
	ID       string          `json:"id"`
	Journey  enroll.Journey  `json:"journey"`
	Provider enroll.Provider `json:"provider"`
	// Reference is what the caller calls the journey.
	Reference string       `json:"reference,omitempty"`
	Phase     enroll.Phase `json:"phase"`
	// WaitingOn is provider, person or nobody.
	WaitingOn    string    `json:"waiting_on,omitempty"`
	StartedAt    time.Time `json:"started_at,omitzero"`
	Deadline     time.Time `json:"deadline,omitzero"`
	AttemptsLeft int       `json:"attempts_left,omitempty"`
	RenewalsLeft *int      `json:"renewals_left,omitempty"`
	// Outcome and what follows are there once the journey has concluded.
	Outcome      enroll.Outcome `json:"outcome,omitempty"`
	Reason       enroll.Reason  `json:"reason,omitempty"`
	ProviderCode string         `json:"provider_code,omitempty"`
	CanRetry     *bool          `json:"can_retry,omitempty"`
	ConcludedAt  time.Time      `json:"concluded_at,omitzero"`
	Details      *details       `json:"details,omitempty"`
	// Resolution is what an operator found out about an unknown outcome.
	Resolution *resolution `json:"resolution,omitempty"`
	Links      links       `json:"links"`
}

// resolution is what everybody but operators is told of one.
type resolution struct {
	Outcome enroll.Outcome `json:"outcome"`
	At      time.Time      `json:"at"`
}

// details are what some outcomes bring beside themselves.
type details struct {
	UserID        string                  `json:"user_id,omitempty"`
	AssuranceType string                  `json:"assurance_type,omitempty"`
	Selfie        *enroll.SelfieReference `json:"selfie,omitempty"`
	Trained       bool                    `json:"trained,omitempty"`
	Unenrolled    bool                    `json:"unenrolled,omitempty"`
	OpenUntil     *time.Time              `json:"open_until,omitempty"`
	CleanUp       []enroll.CleanUp        `json:"clean_up,omitempty"`
}

// bodyOf tells a journey that is shown.
func bodyOf(id journeyID, shown client.Shown) journeyBody {
	body := journeyBody{
		ID: id.String(), Journey: shown.Journey, Phase: shown.Phase, StartedAt: shown.StartedAt, Deadline: shown.Deadline,
		Outcome: shown.Outcome, Reference: shown.Reference.Reveal(), Links: linksOf(id, shown),
	}
	if shown.Resolution != nil {
		body.Resolution = &resolution{Outcome: shown.Resolution.Outcome, At: shown.Resolution.At}
	}
	if spec, err := shown.Journey.Spec(); err == nil {
		body.Provider = spec.Provider
	}
	state := shown.State
	if state == nil {
		return body
	}
	body.Phase, body.WaitingOn, body.AttemptsLeft = state.Phase, state.WaitingOn, state.AttemptsLeft
	if state.Phase == enroll.Waiting && !state.Since.IsZero() {
		body.RenewalsLeft = &state.RenewalsLeft
	}
	if !state.Deadline.IsZero() {
		body.Deadline = state.Deadline
	}
	if state.Result != nil {
		body.conclude(*state.Result)
	}
	return body
}

// conclude adds the outcome.
func (b *journeyBody) conclude(result enroll.Result) {
	b.Phase, b.WaitingOn, b.RenewalsLeft, b.AttemptsLeft = enroll.Concluded, "", nil, 0
	b.Outcome, b.Reason, b.ProviderCode = result.Outcome, result.Reason, result.ProviderCode
	b.CanRetry, b.ConcludedAt = &result.CanRetry, result.ConcludedAt
	told := details{
		UserID: result.UserID, AssuranceType: result.AssuranceType, Selfie: result.Selfie, Trained: result.Trained,
		Unenrolled: result.Unenrolled, OpenUntil: result.OpenUntil, CleanUp: result.CleanUp,
	}
	if told.isEmpty() {
		return
	}
	b.Details = &told
}

func (d details) isEmpty() bool {
	return d.UserID == "" && d.AssuranceType == "" && d.Selfie == nil && !d.Trained && !d.Unenrolled && d.OpenUntil == nil && len(d.CleanUp) == 0
}

// linksOf are those of what can still be done.
func linksOf(id journeyID, shown client.Shown) links {
	self := "/v1/journeys/" + url.PathEscape(id.String())
	ended := shown.Phase == enroll.Concluded || !shown.ClosedAt.IsZero()
	if spec, err := shown.Journey.Spec(); ended || err != nil || !spec.Waits() {
		return links{Self: self}
	}
	return links{Self: self, Hints: self + "/hints", Renew: self + "/renew", Cancel: self + "/cancel"}
}

// answer writes a body as JSON.
func answer(w http.ResponseWriter, status int, body any) error {
	written, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_, _ = w.Write(append(written, '\n')) // A caller who is gone needs no answer.
	return nil
}
