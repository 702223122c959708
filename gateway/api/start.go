package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// idempotencyKey is the header that makes repeating safe.
const idempotencyKey = "Idempotency-Key"

// startBody starts a journey of any kind.
type startBody struct {
	Journey enroll.Journey `json:"journey"`
	// Input is decoded once the journey is known.
	Input json.RawMessage `json:"input"`
}

// startedBody is the answer: the journey, and what only the start hands out.
type startedBody struct {
	journeyBody

	// HandOver is what the frontend needs; absent when the journey ended at
	// once.
	HandOver json.RawMessage `json:"hand_over,omitempty"`
	// RelayToken lets the frontend speak for this journey and no other.
	RelayToken string `json:"relay_token,omitempty"`
}

// start begins a journey: 201, or 200 when the key was used for the same
// request before.
func (s *Server) start(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	key, err := keyOf(r)
	if err != nil {
		return err
	}
	request, release, err := s.readStart(w, r)
	defer release()
	if err != nil {
		return err
	}
	started, repeated, err := s.journeys.StartOrRepeat(r.Context(), key, request)
	if err != nil {
		return err
	}
	body, err := s.startedBody(r, request.Journey(), started, repeated)
	if err != nil {
		return err
	}
	w.Header().Set("Location", body.Links.Self)
	if repeated {
		w.Header().Set("Idempotency-Replayed", "true")
		return answer(w, http.StatusOK, body)
	}
	return answer(w, http.StatusCreated, body)
}

// keyOf is the idempotency key of a request that has to have one.
func keyOf(r *http.Request) (string, error) {
	keys := r.Header.Values(idempotencyKey)
	if len(keys) != 1 || keys[0] == "" || len(keys[0]) > 256 {
		return "", problem(InvalidRequest, "Send the header %s once, with 1 to 256 bytes that stand for this request: repeating it is safe then.", idempotencyKey)
	}
	return keys[0], nil
}

// readStart reads the request in either form. The caller calls release when the
// request is not needed any more, also after an error.
func (s *Server) readStart(w http.ResponseWriter, r *http.Request) (_ client.Request, release func(), err error) {
	u, release := &upload{}, func() {}
	var body startBody
	switch contentType(r) {
	case jsonType:
		err = readJSON(w, r, &body)
	case uploadType:
		if err := patience(w, s.now(), uploadPatience); err != nil {
			return nil, release, err
		}
		if u, err = s.readUpload(w, r); err == nil {
			err = decode(u.body, &body)
		}
		release = u.close
	default:
		err = unsupported(jsonType + " or " + uploadType)
	}
	if err != nil {
		return nil, release, err
	}
	request, err := body.request(u)
	return request, release, err
}

// request makes the journey's request of JSON and files.
func (b startBody) request(u *upload) (client.Request, error) {
	into, request, err := client.NewRequest(b.Journey)
	if err != nil {
		var names []string
		for _, spec := range enroll.Catalogue() {
			names = append(names, string(spec.Journey))
		}
		return nil, &enroll.InputError{Fields: []enroll.FieldError{{Field: "journey", Given: "what is no journey", Allowed: strings.Join(names, ", ")}}}
	}
	if len(b.Input) > 0 {
		if err := decode(b.Input, into); err != nil {
			return nil, err
		}
	}
	if err := u.attach(into); err != nil {
		return nil, err
	}
	return request(), nil
}

// startedBody tells how the journey stands. What was repeated may have gone on
// since, so it is looked up.
func (s *Server) startedBody(r *http.Request, journey enroll.Journey, started client.Started, repeated bool) (startedBody, error) {
	id := journeyID{started.ID, started.RunID}
	shown := client.Shown{
		ID: started.ID, RunID: started.RunID, Journey: journey, Deadline: started.Deadline, Phase: enroll.Waiting,
		State: &enroll.State{Journey: journey, Phase: enroll.Waiting, WaitingOn: "person", Result: started.Result},
	}
	if started.Result != nil {
		shown.Phase, shown.State.Phase, shown.State.WaitingOn = enroll.Concluded, enroll.Concluded, ""
	}
	if repeated && started.Result == nil {
		var err error
		if shown, err = s.journeys.Show(r.Context(), id.workflow, id.run); err != nil {
			return startedBody{}, err
		}
	}
	body := startedBody{journeyBody: bodyOf(id, shown)}
	if body.Phase == enroll.Concluded || started.HandOver == nil {
		return body, nil
	}
	handed, err := client.HandOverJSON(started.HandOver)
	if err != nil {
		return startedBody{}, err
	}
	body.HandOver = handed
	body.RelayToken = s.access.Issue(id.workflow, id.run, started.Deadline).Reveal()
	return body, nil
}
