package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

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
	asked, release, err := s.readStart(w, r)
	defer release()
	if err != nil {
		return err
	}
	started, repeated, err := s.journeys.StartOrRepeat(r.Context(), key, asked.request)
	if err != nil {
		return asked.zeros.tell(err)
	}
	body, err := s.startedBody(r, asked.request, started, repeated)
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

// asked is a start as it was asked for.
type asked struct {
	request client.Request
	zeros   zeros
}

// readStart reads the request in either form. The caller calls release when the
// request is not needed any more, also after an error.
func (s *Server) readStart(w http.ResponseWriter, r *http.Request) (_ asked, release func(), err error) {
	u, release := &upload{}, func() {}
	var body startBody
	switch contentType(r) {
	case jsonType:
		err = readJSON(w, r, &body)
	case uploadType:
		if err := uncoded(w, r); err != nil {
			return asked{}, release, err
		}
		if err := patience(w, s.now(), uploadPatience); err != nil {
			return asked{}, release, err
		}
		if err := s.uploads.begin(); err != nil {
			return asked{}, release, err
		}
		if u, err = s.readUpload(w, r); err == nil {
			err = decode(u.body, &body)
		}
		release = func() {
			u.close()
			s.uploads.end()
		}
	default:
		err = unsupported(jsonType + " or " + uploadType)
	}
	if err != nil {
		return asked{}, release, err
	}
	request, err := body.request(u)
	return request, release, err
}

// request makes the journey's request of JSON and files.
func (b startBody) request(u *upload) (asked, error) {
	into, request, err := client.NewRequest(b.Journey)
	if err != nil {
		var names []string
		for _, spec := range enroll.Catalogue() {
			names = append(names, string(spec.Journey))
		}
		return asked{}, &enroll.InputError{Fields: []enroll.FieldError{{Field: "journey", Given: "what is no journey", Allowed: strings.Join(names, ", ")}}}
	}
	var given zeros
	if len(b.Input) > 0 {
		if err := decode(b.Input, into); err != nil {
			return asked{}, err
		}
		if given, err = refuseZeros(jsontext.Value(b.Input), into); err != nil {
			return asked{}, err
		}
	}
	if err := u.attach(into); err != nil {
		return asked{}, err
	}
	return asked{request: request(), zeros: given}, nil
}

// startedBody tells how the journey stands. What was repeated may have gone on
// since, so it is looked up.
func (s *Server) startedBody(r *http.Request, request client.Request, started client.Started, repeated bool) (startedBody, error) {
	id, journey := journeyID{started.ID, started.RunID}, request.Journey()
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
	shown.Reference = request.CalledBy() // A key stands for one request, so it is that of the journey.
	body := startedBody{journeyBody: bodyOf(id, shown)}
	if body.Phase == enroll.Concluded || started.HandOver == nil {
		return body, nil
	}
	err := s.handOut(r.Context(), &body, id, started, repeated && shown.State != nil)
	return body, err
}

// handOut adds hand-over and relay token. Both may have been renewed since the
// start that is repeated, if a worker can tell.
func (s *Server) handOut(ctx context.Context, body *startedBody, id journeyID, started client.Started, renewed bool) error {
	handOver, until := started.HandOver, started.Deadline
	if renewed {
		current, err := s.journeys.HandOver(ctx, id.workflow, id.run)
		if err != nil {
			return err
		}
		if current != nil {
			handOver = current
		}
	}
	if until.Before(body.Deadline) {
		until = body.Deadline
	}
	handed, err := client.HandOverJSON(handOver)
	if err != nil {
		return err
	}
	body.HandOver, body.RelayToken = handed, s.access.Issue(id.workflow, id.run, until).Reveal()
	return nil
}
