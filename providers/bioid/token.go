package bioid

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// How many samples the browser is asked to record: as many as the vendor's own
// page for liveness detection, and one straight look before the movements of a
// challenge.
const (
	liveRecordings  = 4
	plainRecordings = 3
)

// Token issues a BWS token for the enroll task and returns it as a hand-over.
// A second token is harmless, so it may be repeated. A class that the app may
// not touch is an *enroll.Refusal.
//
// GET /token?id=&bcid=&task=enroll&maxtries=&livedetection=&challenge=&traits=
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi/Token
func (c *Client) Token(ctx context.Context, in enroll.BioIDCreateTokenInput) (enroll.HandOver, error) {
	answer, err := c.rest.Do(ctx, rest.Request{
		Op: "bioid: token", Method: http.MethodGet, Path: "/token", Query: c.tokenQuery(in),
		Auth: c.app(), Accept: "text/plain", Redact: forms(in.BCID),
	})
	if err != nil {
		return enroll.HandOver{}, err
	}
	if answer.Status != http.StatusOK {
		return enroll.HandOver{}, problem(callToken, answer)
	}
	token := strings.TrimSpace(answer.Text())
	claimed, err := readClaims(token)
	switch {
	case err != nil:
		return enroll.HandOver{}, answer.Unexpected("", "the answer is not a BWS token: "+err.Error())
	case !claimed.enrolls():
		return enroll.HandOver{}, answer.Unexpected("", "the token is not for the enroll task")
	case claimed.BCID != "" && !sameClass(claimed.BCID, in.BCID):
		return enroll.HandOver{}, answer.Unexpected("", "the token is for another class")
	case !claimed.end().After(c.rest.Now()):
		return enroll.HandOver{}, answer.Unexpected("", "the token has ended already: compare this machine's clock with BioID's")
	}
	return enroll.HandOver{ExpiresAt: claimed.end(), BioID: &enroll.BioIDHandOver{
		BaseURL:     c.rest.BaseURL(),
		Token:       enroll.Secret(token),
		Traits:      claimed.traitsOr(in.Traits),
		Recordings:  claimed.recordings(),
		Challenge:   claimed.movements,
		PerformedBy: in.PerformedBy,
	}}, nil
}

// tokenQuery leaves out what is not set, so that the service's own defaults
// count.
func (c *Client) tokenQuery(in enroll.BioIDCreateTokenInput) url.Values {
	query := url.Values{"id": {c.config.AppID}, "bcid": {in.BCID}, "task": {"enroll"}}
	if in.MaxTries != 0 {
		query.Set("maxtries", strconv.Itoa(in.MaxTries))
	}
	if in.LiveDetection != nil {
		query.Set("livedetection", strconv.FormatBool(*in.LiveDetection))
	}
	if in.Challenge {
		query.Set("challenge", "true")
	}
	if in.Traits != "" {
		query.Set("traits", in.Traits)
	}
	return query
}
