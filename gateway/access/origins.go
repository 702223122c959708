package access

import (
	"net/http"
	"slices"
	"strings"

	"github.com/bioenroll/bioenroll/internal/origin"
)

// Origins are the origins, such as https://app.example, whose pages may read
// what a frontend is answered. A nil list is that of nobody; callers that are no
// browsers do not care.
type Origins []string

// ParseOrigins reads origins with commas between them.
func ParseOrigins(text string) (Origins, error) {
	var origins Origins
	for given := range strings.SplitSeq(text, ",") {
		if given = strings.TrimSpace(given); given == "" {
			continue
		}
		if err := origin.Check(given); err != nil {
			return nil, err
		}
		origins = append(origins, given)
	}
	return origins, nil
}

// Share lets the request's page read the answer that follows, if it may.
func (o Origins) Share(w http.ResponseWriter, r *http.Request) (shared bool) {
	head := w.Header()
	head.Add("Vary", "Origin") // Also without an origin: a cache must not serve that answer to a page.
	from := r.Header.Get("Origin")
	if from == "" || !slices.Contains(o, from) {
		return false
	}
	head.Set("Access-Control-Allow-Origin", from)
	head.Set("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate")
	return true
}

// Preflight answers a browser that asks, before the request itself, whether a
// page may make one with these methods. Such a question comes without a token.
func (o Origins) Preflight(methods ...string) http.Handler {
	allowed := strings.Join(methods, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Allow", allowed+", "+http.MethodOptions)
		if o.Share(w, r) {
			head.Set("Access-Control-Allow-Methods", allowed)
			head.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID")
			head.Set("Access-Control-Max-Age", "600")
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
