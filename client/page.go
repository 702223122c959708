package client

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// ListedPage is a part of what a filter chose, the newest first.
type ListedPage struct {
	Journeys []Shown `json:"journeys"`
	// Next brings the next page; empty on the last. It holds for the same
	// filter only, and not for good.
	Next string `json:"next,omitempty"`
}

// ListPage is List page by page: the filter's limit is that of one page, 50 when
// zero, at most 1000. The first page is after "", each further one after the
// Next of the page before.
//
// It returns *enroll.InputError when after is no Next of a page before.
func (c *Client) ListPage(ctx context.Context, filter Filter, after string) (ListedPage, error) {
	limit, err := filter.limit(mostListed)
	if err != nil {
		return ListedPage{}, err
	}
	query, err := filter.query()
	if err != nil {
		return ListedPage{}, err
	}
	token, err := c.tokenOf(after)
	if err != nil {
		return ListedPage{}, err
	}
	answer, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: query, PageSize: int32(limit), NextPageToken: token, //nolint:gosec // bounded by mostListed
	})
	if _, refused := errors.AsType[*serviceerror.InvalidArgument](err); refused && after != "" {
		return ListedPage{}, noNext()
	}
	if err != nil {
		return ListedPage{}, fmt.Errorf("list: %w", err)
	}
	page := ListedPage{Next: c.nextOf(answer.GetNextPageToken())}
	for _, info := range answer.GetExecutions() {
		page.Journeys = append(page.Journeys, shownOf(info))
	}
	return page, nil
}

// ListRecorded returns the journeys of the records that the filter chooses, the
// newest first and page by page, as ListPage does: by what the caller calls them,
// and those included that Temporal has forgotten. Of a journey that is alive, the
// server tells the rest. Each has the run that it is known by.
//
// It returns *enroll.InputError when the filter's After is no Next of a page
// before, or its Reference is none.
func (c *Client) ListRecorded(ctx context.Context, filter RecordFilter) (ListedPage, error) {
	store, err := c.kept("list")
	if err != nil {
		return ListedPage{}, err
	}
	if err := enroll.CheckReference(filter.Reference); err != nil {
		return ListedPage{}, err
	}
	found, err := store.Find(ctx, filter)
	if errors.Is(err, records.ErrNoNext) {
		return ListedPage{}, noNext()
	}
	if err != nil {
		return ListedPage{}, fmt.Errorf("list: %w", err)
	}
	page := ListedPage{Next: found.Next}
	for _, record := range found.Records {
		shown, err := c.listedOf(ctx, record)
		if err != nil {
			return ListedPage{}, fmt.Errorf("list: %w", err)
		}
		page.Journeys = append(page.Journeys, shown)
	}
	return page, nil
}

// listedOf shows the journey of a record as lists do.
func (c *Client) listedOf(ctx context.Context, record enroll.Record) (Shown, error) {
	shown := shownOfRecord(record)
	if record.Result == nil {
		found, err := c.current(ctx, record.WorkflowID, record.RunID)
		switch {
		case err == nil:
			shown = shownOf(found.info)
			shown.Record, shown.Resolution, shown.Reference = record.ID, record.Resolution, record.Reference
		case !errors.Is(err, ErrNotFound):
			return Shown{}, err
		}
	}
	shown.RunID = record.FirstRun
	return shown, nil
}

// nextOf makes the Next of a page of the server's token: the token, and a mark
// that says that it is one. The server takes what is no token for trouble of its
// own, and the SDK would go on asking.
func (c *Client) nextOf(token []byte) string {
	if len(token) == 0 {
		return ""
	}
	written := base64.RawURLEncoding.EncodeToString(token)
	return written + "." + c.markOfToken(written)
}

// tokenOf reads the server's token from the Next of a page.
func (c *Client) tokenOf(next string) ([]byte, error) {
	if next == "" {
		return nil, nil
	}
	written, given, _ := strings.Cut(next, ".")
	if !hmac.Equal([]byte(given), []byte(c.markOfToken(written))) {
		return nil, noNext()
	}
	token, err := base64.RawURLEncoding.DecodeString(written)
	if err != nil {
		return nil, noNext()
	}
	return token, nil
}

// markOfToken is a keyed hash, the same in every program of the installation.
func (c *Client) markOfToken(written string) string {
	return string(c.keys.Ref("list", written, "next page"))
}

func noNext() error {
	return &enroll.InputError{Fields: []enroll.FieldError{{Field: "cursor", Given: "what no page gave", Allowed: "what the page before gave"}}}
}
