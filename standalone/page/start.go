package page

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// maxBody bounds what the page sends, in bytes.
const maxBody = 4 << 10

// asked is what a person at the page fills in.
type asked struct {
	Journey enroll.Journey `json:"journey"`
	// Person is the provider's own name of the person.
	Person string `json:"person"`
	// Key stands for this start: with the same one it is the same journey.
	Key string `json:"key"`
	// TimeoutSeconds is how long the journey waits; the journey's own default
	// when zero.
	TimeoutSeconds int `json:"timeout_seconds"`
}

// isKey tells a key that the page made.
var isKey = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// errUnknown is a journey that the page does not know.
var errUnknown = errors.New("choose a journey of the list")

// start does what a backend does: it makes the request of its own data and starts
// the journey.
func (p *Page) start(w http.ResponseWriter, r *http.Request) {
	var ask asked
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&ask); err != nil {
		problem(w, http.StatusBadRequest, "The request cannot be read.")
		return
	}
	if !isKey.MatchString(ask.Key) {
		problem(w, http.StatusBadRequest, "The key in the address is not one that this page made.")
		return
	}
	input, err := p.input(r.Context(), ask)
	switch {
	case errors.Is(err, errUnknown):
		problem(w, http.StatusUnprocessableEntity, "Choose a journey of the list.")
	case err != nil:
		p.options.Log.Warn("the request could not be prepared", zap.Error(err))
		problem(w, http.StatusBadGateway, "The simulated provider does not answer.")
	default:
		p.ask(w, r, ask, input)
	}
}

// ask starts the journey at the gateway and passes its answer on.
func (p *Page) ask(w http.ResponseWriter, r *http.Request, ask asked, input map[string]any) {
	if ask.TimeoutSeconds != 0 {
		input["timeout_seconds"] = ask.TimeoutSeconds
	}
	body, err := json.Marshal(map[string]any{"journey": ask.Journey, "input": input})
	if err != nil {
		problem(w, http.StatusInternalServerError, "The request cannot be written.")
		return
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, p.options.Gateway+"/v1/journeys", bytes.NewReader(body))
	if err != nil {
		problem(w, http.StatusInternalServerError, "The request cannot be made.")
		return
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", ask.Key)
	request.Header.Set("Authorization", "Bearer "+p.options.Key.Reveal())
	answer, err := p.calls.Do(request)
	if err != nil {
		p.options.Log.Warn("the gateway does not answer", zap.Error(err))
		problem(w, http.StatusBadGateway, "The gateway does not answer.")
		return
	}
	defer answer.Body.Close() //nolint:errcheck // it has been read
	for _, name := range []string{"Content-Type", "Retry-After", "Idempotency-Replayed"} {
		if value := answer.Header.Get(name); value != "" {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body) // A browser that has gone needs no answer.
}

// input is what a backend knows of the person, in the journey's own form.
func (p *Page) input(ctx context.Context, ask asked) (map[string]any, error) {
	switch ask.Journey {
	case enroll.AuthIDEnroll, enroll.AuthIDSelfie:
		return map[string]any{"account_number": ask.Person}, p.createAccount(ctx, ask.Person)
	case enroll.BioIDEnroll:
		return map[string]any{"bcid": ask.Person, "performed_by": enroll.ByBrowser}, nil
	case enroll.SmartIDEnroll:
		return p.template(ctx, ask.Person)
	case enroll.SmartIDUnenroll:
		return map[string]any{"user": ask.Person}, nil
	case enroll.IProovPhotoEnroll:
		return map[string]any{"user_id": ask.Person, "source": "selfie", "image": simulator.SampleImage(simulator.SampleLive)}, nil
	}
	return nil, errUnknown
}

// createAccount makes authID know the person, unless it is one of the simulator's
// magic subjects, which it knows.
func (p *Page) createAccount(ctx context.Context, name string) error {
	if strings.HasPrefix(name, "magic-") {
		return nil
	}
	return p.simulate(ctx, "/_sim/preload", map[string]any{
		"authid": map[string]any{"accounts": []any{map[string]any{"account_number": name}}},
	}, nil)
}

// template is what SmartID's SDK makes on the person's device.
func (p *Page) template(ctx context.Context, name string) (map[string]any, error) {
	var made struct{ Template, Payload string }
	err := p.simulate(ctx, "/_sim/smartid/capture", map[string]any{"face": name}, &made)
	return map[string]any{"user": name, "template": made.Template, "pay_load": made.Payload}, err
}

// simulate asks the simulator's control interface.
func (p *Page) simulate(ctx context.Context, at string, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.options.Simulator+at, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	answer, err := p.calls.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok { // Its text would repeat the address.
			err = wrapped.Err
		}
		return fmt.Errorf("ask the simulator: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // it has been read
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the simulator: the answer is %s", answer.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// problem answers with a problem of RFC 9457, as the gateway does.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail}) //nolint:errchkjson // strings and a number
}

// write answers with JSON.
func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // the callers' own types
}
