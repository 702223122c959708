package bioid

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// Sample is one image to upload.
type Sample struct {
	// Image is the image file, which is sent while it is read.
	Image rest.Stream
	// Tag lists head movements, Index orders the samples from 1, Trait is what
	// the image shows. Each may be left out.
	Tag   string
	Index int
	Trait string
}

// Upload sends one sample for the token's next attempt. A sample that BioID
// does not accept, and a token that has ended, are an *enroll.Refusal. Sent
// twice, a sample counts twice.
//
// POST /upload?tag=&index=&trait=
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi/Upload
func (c *Client) Upload(ctx context.Context, token enroll.Secret, sample Sample) error {
	head, image, err := sample.Image.Head(enroll.ImageHead)
	if err != nil {
		return &enroll.Error{Op: "bioid: upload", Kind: enroll.KindUnsealed, NotSent: true, Err: err}
	}
	kind := enroll.ImageTypeOf(head)
	if kind == "" {
		return &enroll.Error{Op: "bioid: upload", Kind: enroll.KindInvalid, Message: "the sample is of no known image type"}
	}
	query := url.Values{}
	if sample.Tag != "" {
		query.Set("tag", sample.Tag)
	}
	if sample.Index != 0 {
		query.Set("index", strconv.Itoa(sample.Index))
	}
	if sample.Trait != "" {
		query.Set("trait", sample.Trait)
	}
	answer, err := c.rest.Do(ctx, rest.Request{
		Op: "bioid: upload", Method: http.MethodPost, Path: "/upload", Query: query, Auth: rest.Bearer(token),
		Body:   rest.TextOf(fmt.Sprintf("data:%s;base64,", kind), image.Base64()),
		Redact: subjectOf(token),
	})
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return problem(callUpload, answer)
	}
	var body struct {
		Accepted *bool
		Error    string
	}
	if err := answer.Decode(&body); err != nil {
		return err
	}
	switch {
	case body.Accepted == nil:
		return answer.Unexpected("", "the answer holds no Accepted")
	case !*body.Accepted:
		return answer.Refusal(enroll.Verdict{
			Outcome: enroll.Rejected, Reason: enroll.ReasonSampleRefused, ProviderCode: body.Error, CanRetry: true,
		})
	}
	return nil
}

// Enroll performs the enrollment with the uploaded samples, which it consumes
// together with one of the token's tries. It is called once only: a lost
// answer is enroll.KindLost, and Result tells what became of it. The parameter
// livedetection is sent when it is set; it cannot switch off what the token
// demands. A token that has ended or allows no attempt is an *enroll.Refusal.
//
// GET /enroll?livedetection=
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi/Enroll
func (c *Client) Enroll(ctx context.Context, token enroll.Secret, liveDetection *bool) (enroll.BioIDAttempt, error) {
	query := url.Values{}
	if liveDetection != nil {
		query.Set("livedetection", strconv.FormatBool(*liveDetection))
	}
	answer, err := c.rest.Do(ctx, rest.Request{
		Op: "bioid: enroll", Method: http.MethodGet, Path: "/enroll", Query: query,
		Auth: rest.Bearer(token), Once: true, Redact: subjectOf(token),
	})
	if err != nil {
		return enroll.BioIDAttempt{}, err
	}
	switch answer.Status {
	case http.StatusOK:
		return readAttempt(answer)
	case http.StatusBadRequest: // No samples have been uploaded: nothing was performed.
		verdict := noSamples()
		verdict.Message = messageOf(answer)
		return enroll.BioIDAttempt{Verdict: answer.Verdict(verdict), NotPerformed: true, Again: true}, nil
	case http.StatusForbidden:
		return enroll.BioIDAttempt{}, c.whyForbidden(ctx, token, answer)
	}
	return enroll.BioIDAttempt{}, problem(callEnroll, answer)
}

// whyForbidden tells apart what BioID answers alike: the token's attempts are
// used up, or it never allowed one. Where an attempt was made, the former.
func (c *Client) whyForbidden(ctx context.Context, token enroll.Secret, answer *rest.Answer) error {
	verdict := attemptsUsedUp()
	if attempt, err := c.Result(ctx, token); err == nil && attempt.NotPerformed {
		verdict = notAllowed()
	}
	verdict.Message = messageOf(answer)
	return answer.Refusal(verdict)
}

// Result tells what became of the last attempt with the token, also after the
// token has ended. It consumes nothing. NotPerformed reports that there was no
// attempt yet.
//
// GET /result?access_token=
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi/Result
func (c *Client) Result(ctx context.Context, token enroll.Secret) (enroll.BioIDAttempt, error) {
	answer, err := c.rest.Do(ctx, rest.Request{
		Op: "bioid: result", Method: http.MethodGet, Path: "/result", Query: url.Values{"access_token": {token.Reveal()}},
		Auth: c.app(), Redact: append(subjectOf(token), token.Reveal()),
	})
	if err != nil {
		return enroll.BioIDAttempt{}, err
	}
	switch answer.Status {
	case http.StatusNoContent:
		return enroll.BioIDAttempt{NotPerformed: true}, nil
	case http.StatusOK:
	default:
		return enroll.BioIDAttempt{}, problem(callResult, answer)
	}
	var body struct{ Action, BCID string }
	if err := answer.Decode(&body); err != nil {
		return enroll.BioIDAttempt{}, err
	}
	if !strings.EqualFold(body.Action, "enrollment") {
		return enroll.BioIDAttempt{}, answer.Unexpected("", "the result is not that of an enrollment")
	}
	if asked := subjectOf(token); body.BCID != "" && len(asked) > 0 && !sameClass(body.BCID, asked[0]) {
		return enroll.BioIDAttempt{}, answer.Unexpected("", "the result is about another class")
	}
	return readAttempt(answer)
}

// readAttempt reads what became of an attempt.
func readAttempt(answer *rest.Answer) (enroll.BioIDAttempt, error) {
	var body struct {
		Success *bool
		Error   string
	}
	if err := answer.Decode(&body); err != nil {
		return enroll.BioIDAttempt{}, err
	}
	if body.Success == nil {
		return enroll.BioIDAttempt{}, answer.Unexpected("", "the answer holds no Success")
	}
	attempt := meaningOf(*body.Success, body.Error)
	attempt.Verdict = answer.Verdict(attempt.Verdict)
	return attempt, nil
}

// subjectOf returns both forms of the BCID that the token names, if it does.
func subjectOf(token enroll.Secret) []string {
	claimed, err := readClaims(token.Reveal())
	if err != nil || claimed.BCID == "" {
		return nil
	}
	return forms(claimed.BCID)
}
