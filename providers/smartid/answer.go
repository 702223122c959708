package smartid

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// The ways in which a body cannot be read.
var (
	errNotNumber = errors.New("the body holds a code that is not a number")
	errTwoCodes  = errors.New("the body holds two codes that differ")
	errDenied    = errors.New("the body says that it is no success and holds no code")
)

// codeOf returns the code of an answer: the HTTP status, or what the body
// holds when the status is 200.
//
// The body is unpublished. Assumed is a JSON object with the code in code or
// status, in any case of letters, as a number or a text of digits. A 200 with
// no body, or with an object that names neither field, is the code 200. Where
// both fields are there, one that is not 200 decides. A body that is no JSON
// object, that names a code which is no number, or that says itself that it is
// no success, cannot be read.
func codeOf(answer *rest.Answer) (int, error) {
	if answer.Status != http.StatusOK || strings.TrimSpace(answer.Text()) == "" {
		return answer.Status, nil
	}
	var body map[string]json.RawMessage
	if err := answer.Decode(&body); err != nil {
		return 0, err
	}
	if body == nil {
		return 0, answer.Unexpected("", "the body is null")
	}
	code, err := bodyCode(body)
	if err != nil {
		return 0, answer.Unexpected("", err.Error())
	}
	return code, nil
}

// bodyCode returns the code that a body holds, and 200 when it holds none.
func bodyCode(body map[string]json.RawMessage) (int, error) {
	code := http.StatusOK
	for name, raw := range body {
		if !strings.EqualFold(name, "code") && !strings.EqualFold(name, "status") {
			continue
		}
		found, err := strconv.Atoi(bare(raw))
		switch {
		case err != nil:
			return 0, errNotNumber
		case found == http.StatusOK:
		case code != http.StatusOK && code != found:
			return 0, errTwoCodes
		default:
			code = found
		}
	}
	if code == http.StatusOK && deniesSuccess(body) {
		return 0, errDenied
	}
	return code, nil
}

// deniesSuccess reports that a body says in other words that the call failed.
func deniesSuccess(body map[string]json.RawMessage) bool {
	for name, raw := range body {
		text := bare(raw)
		if strings.EqualFold(name, "success") && text == "false" {
			return true
		}
		if strings.EqualFold(name, "error") && text != "" && text != "null" && text != "false" {
			return true
		}
	}
	return false
}

// bare is a JSON number, or what a JSON text holds between its quotes.
func bare(raw json.RawMessage) string { return strings.Trim(string(raw), `"`) }

// read tells what an answer means by the table, given whether an earlier call
// may have had its effect.
func read(answer *rest.Answer, table []row, once, repeated bool) (enroll.Verdict, error) {
	code, err := codeOf(answer)
	if err != nil {
		return enroll.Verdict{}, err
	}
	for _, r := range table {
		if r.code != code {
			continue
		}
		means := r.meaning(repeated)
		if means.kind != "" {
			return enroll.Verdict{}, answer.FailureOf(means.kind, strconv.Itoa(code), r.words)
		}
		means.verdict.ProviderCode, means.verdict.Message = strconv.Itoa(code), r.words
		return means.verdict, nil
	}
	return unknownCode(answer, code, once, repeated)
}

// unknownCode is the answer with a code that is not published. It is never a
// success. To a call that can be repeated it is worth another try; to a
// once-only call it is a definite answer, unless the HTTP status suggests that
// something may have happened, or an earlier call may have had its effect.
func unknownCode(answer *rest.Answer, code int, once, repeated bool) (enroll.Verdict, error) {
	const words = "the code is not among those that SmartID publishes"
	text := strconv.Itoa(code)
	switch {
	case answer.Status >= 500 && answer.Status <= 599:
		return enroll.Verdict{}, answer.Failure(text, words)
	case !once:
		return enroll.Verdict{}, answer.FailureOf(enroll.KindUnexpected, text, words)
	case repeated, answer.Status > 200 && answer.Status <= 299:
		return enroll.Verdict{}, answer.FailureOf(enroll.KindLost, text, words)
	}
	return enroll.Verdict{Outcome: enroll.Failed, Reason: enroll.ReasonUnexpectedAnswer, ProviderCode: text, Message: words}, nil
}
