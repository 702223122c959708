package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"
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
// in the log, because anybody may ask. For the same reason there is one round of
// checks at a time, whose answer all get who asked meanwhile.
func Ready(log *zap.Logger, checks ...Check) http.Handler {
	var rounds singleflight.Group
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithoutCancel(r.Context()) // Others may wait for the same round.
		told, _, _ := rounds.Do("", func() (any, error) { return check(ctx, log, checks), nil })
		if round, ok := told.(round); ok {
			answer(w, round.status, round.text)
		}
	})
}

// round is what a round of checks told.
type round struct {
	status int
	text   string
}

// check makes one round. All checks are tried at once: one that gets no answer
// takes no time from the others.
func check(ctx context.Context, log *zap.Logger, checks []Check) round {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	failed := make([]error, len(checks))
	var tried sync.WaitGroup
	for i, check := range checks {
		tried.Go(func() { failed[i] = check.Try(ctx) })
	}
	tried.Wait()
	status := http.StatusOK
	var lines strings.Builder
	for i, check := range checks {
		said := "ok"
		if failed[i] != nil {
			status, said = http.StatusServiceUnavailable, "failed"
			log.Warn("not ready", zap.String("check", check.Name), zap.Error(failed[i]))
		}
		fmt.Fprintf(&lines, "%s: %s\n", check.Name, said)
	}
	return round{status, lines.String()}
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // Whoever asked has gone if this fails.
}
