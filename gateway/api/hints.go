package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
)

// The bounds of a hint. What it carries goes into the journey's history.
const (
	maxHintCode    = 128
	maxHintClient  = 512
	maxHintSamples = 100
)

// hintBody is the body of a hint.
type hintBody struct {
	Name enroll.HintName `json:"name"`
	enroll.Hint
}

// hintedBody is the answer to a hint.
type hintedBody struct {
	// Late reports that the journey had concluded before.
	Late bool `json:"late"`
}

// hint wakes a journey. One that comes late is as good as any: the sender
// cannot know, and has nothing to put right.
func (s *Server) hint(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	id, err := journeyOf(r, caller)
	if err != nil {
		return err
	}
	var asked hintBody
	if err := readJSON(w, r, &asked); err != nil {
		return err
	}
	if asked.Client == "" && caller.Journey != "" {
		// Who has a relay token is the person's own browser, which a backend is not.
		asked.Client = shortened(r.UserAgent(), maxHintClient)
	}
	if err := asked.check(); err != nil {
		return err
	}
	if err := s.access.Hint(caller, id.workflow, id.run); err != nil {
		return err
	}
	late, err := s.journeys.Hint(r.Context(), id.workflow, id.run, asked.Name, asked.Hint)
	switch {
	case err != nil:
		return hintRefused(err)
	case late:
		return answer(w, http.StatusOK, hintedBody{Late: true})
	default:
		return answer(w, http.StatusAccepted, hintedBody{})
	}
}

// check refuses hints that nobody may send from here, and those that carry too
// much.
func (h hintBody) check() error {
	var wrong []enroll.FieldError
	if names := enroll.HintNames(); !slices.Contains(names, h.Name) {
		wrong = append(wrong, enroll.FieldError{Field: "name", Given: fmt.Sprintf("%.40q", h.Name), Allowed: strings.Join(words(names), ", ")})
	}
	if least := h.leastSamples(); h.Samples < least || h.Samples > maxHintSamples {
		wrong = append(wrong, enroll.FieldError{Field: "samples", Given: strconv.Itoa(h.Samples), Allowed: fmt.Sprintf("%d to %d", least, maxHintSamples)})
	}
	for _, text := range []struct {
		field, value string
		most         int
	}{{"code", h.Code, maxHintCode}, {"client", h.Client, maxHintClient}} {
		given := ""
		if len(text.value) > text.most {
			given = fmt.Sprintf("%d bytes", len(text.value))
		} else if strings.ContainsFunc(text.value, unicode.IsControl) {
			given = "a control character"
		}
		if given != "" {
			wrong = append(wrong, enroll.FieldError{Field: text.field, Given: given, Allowed: fmt.Sprintf("up to %d bytes without control characters", text.most)})
		}
	}
	return refuse(wrong)
}

// refuse makes an error of fields that are not acceptable, if there are any.
func refuse(fields []enroll.FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &enroll.InputError{Fields: fields}
}

// leastSamples is how many samples the hint has to tell of.
func (h hintBody) leastSamples() int {
	if h.Name == enroll.SamplesUploaded {
		return 1
	}
	return 0
}

// hintRefused calls the field as the body does.
func hintRefused(err error) error {
	refused, ok := errors.AsType[*enroll.InputError](err)
	if !ok {
		return err
	}
	fields := slices.Clone(refused.Fields)
	for i := range fields {
		if fields[i].Field == "hint" {
			fields[i].Field = "name"
		}
	}
	return &enroll.InputError{Journey: refused.Journey, Fields: fields}
}

// shortened cuts a text to a number of bytes, and is UTF-8 without control
// characters whatever was given.
func shortened(text string, most int) string {
	printed := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.ToValidUTF8(printed[:min(len(printed), most)], "")
}
