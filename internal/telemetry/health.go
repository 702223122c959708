package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"
)

// checkPatience bounds all checks of one question.
const checkPatience = 3 * time.Second

// Check is one thing that a program needs to do its work.
type Check struct {
	// Name is what the answer calls it.
	Name string
	// Try returns nil when it is there.
	Try func(context.Context) error
}

// Live answers 200: the process runs and answers. Whoever gets no answer
// starts it anew.
func Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") })
}

// Ready answers 200 when every check succeeds, and 503 otherwise: then no work
// is to be sent here. The answer has a line for each check. Why one failed is
// in the log, because anybody may ask.
func Ready(log *zap.Logger, checks ...Check) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), checkPatience)
		defer cancel()
		status := http.StatusOK
		var lines strings.Builder
		for _, check := range checks {
			said := "ok"
			if err := check.Try(ctx); err != nil {
				status, said = http.StatusServiceUnavailable, "failed"
				log.Warn("not ready", zap.String("check", check.Name), zap.Error(err))
			}
			fmt.Fprintf(&lines, "%s: %s\n", check.Name, said)
		}
		answer(w, status, lines.String())
	})
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // Whoever asked has gone if this fails.
}
