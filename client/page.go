package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/bioenroll/bioenroll/enroll"
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
	token, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return ListedPage{}, noNext()
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
	page := ListedPage{Next: base64.RawURLEncoding.EncodeToString(answer.GetNextPageToken())}
	for _, info := range answer.GetExecutions() {
		page.Journeys = append(page.Journeys, shownOf(info))
	}
	return page, nil
}

func noNext() error {
	return &enroll.InputError{Fields: []enroll.FieldError{{Field: "cursor", Given: "what no page gave", Allowed: "what the page before gave"}}}
}
