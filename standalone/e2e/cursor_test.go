package e2e_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestGateway_lists_page_by_page follows cursors that a real server made.
func TestGateway_lists_page_by_page(t *testing.T) {
	d := shared.storefront()
	begun := map[string]bool{}
	for _, key := range []string{"one", "two", "three"} {
		begun[d.enroll(t, d.account(t), key).Links.Self] = true
	}
	const path = "/v1/journeys?provider=authid&phase=waiting&limit=2"
	var page struct {
		Journeys []opened `json:"journeys"`
		Next     string   `json:"next_cursor"`
	}
	listed := func() bool { // The index lags, and other tests have journeys, too.
		seen, next := map[string]bool{}, ""
		for {
			page.Journeys, page.Next = nil, ""
			d.read(t, http.StatusOK, d.key, http.MethodGet, path+"&cursor="+url.QueryEscape(next), "", &page)
			for _, journey := range page.Journeys {
				if begun[journey.Links.Self] {
					require.False(t, seen[journey.Links.Self], "it was on a page before")
					seen[journey.Links.Self] = true
				}
			}
			if next = page.Next; next == "" {
				return len(seen) == len(begun)
			}
		}
	}
	require.Eventually(t, listed, time.Minute, 200*time.Millisecond)

	d.read(t, http.StatusOK, d.key, http.MethodGet, path, "", &page)
	for _, cursor := range []string{"AAAAAAAA", page.Next[1:], page.Next[:len(page.Next)-1]} {
		d.read(t, http.StatusUnprocessableEntity, d.key, http.MethodGet, path+"&cursor="+url.QueryEscape(cursor), "", nil)
	}
}
