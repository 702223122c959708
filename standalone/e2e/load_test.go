package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/backend"
)

// The size of the load: how many requests, and of how many callers at once.
const (
	loadRequests = 10_000
	loadCallers  = 64
)

// TestGateway_under_load has callers of all kinds ask a gateway process ten
// thousand times: backends and browsers, some who hang up, some who have no key,
// and some who send nonsense.
func TestGateway_under_load(t *testing.T) {
	o := shared.observe(t, collect(t), variables{"BIOENROLL_GATEWAY_KEY_RATE": "0"})
	l := &load{
		observed: o, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: loadCallers}, Timeout: time.Minute},
		wrong: map[string]int{}, answers: map[int]int{},
	}
	l.openJourneys(t)
	before := l.usage(t)

	t.Run("answers_ten_thousand_requests_each_as_it_should", func(t *testing.T) {
		most := l.watch(t, func() { l.run(t) })
		require.Empty(t, l.wrong)
		require.GreaterOrEqual(t, l.asked.Load(), int64(loadRequests))
		require.Positive(t, l.answers[http.StatusTooManyRequests])
		t.Logf("%d requests: %v, and %d hung up", l.asked.Load(), l.answers, l.hungUp.Load())
		t.Logf("before: %v; at most: %v", before, most)
		require.Less(t, most.resident-before.resident, 128<<20, "bytes")
		require.Less(t, most.goroutines-before.goroutines, 40*loadCallers)
	})

	t.Run("holds_uploads_in_files_and_not_in_memory", func(t *testing.T) {
		held := l.uploadSlowly(t)
		t.Logf("of %d MiB: %v", slowUploads*slowBytes>>20, held)
		require.Empty(t, l.wrong)
		require.Less(t, held.heap-before.heap, 64<<20, "bytes")
		require.GreaterOrEqual(t, held.files-before.files, 2*slowUploads, "each has its connection and its file")
	})

	l.endJourneys(t, l.waiting)
	t.Run("keeps_nothing_of_it", func(t *testing.T) {
		l.http.CloseIdleConnections()
		var after usage
		require.Eventually(t, func() bool {
			after = l.usage(t)
			return after.goroutines-before.goroutines < loadCallers/4 && after.files-before.files < loadCallers/4
		}, time.Minute, 100*time.Millisecond, "before: %v, after: %v", before, &after)
		t.Logf("after: %v", after)
		require.Less(t, after.heap-before.heap, 64<<20, "bytes")
	})

	require.NoError(t, o.command.Process.Signal(syscall.SIGTERM))
	require.NoError(t, o.command.Wait())
	t.Run("has_a_line_in_the_access_log_for_each", func(t *testing.T) {
		answered := 0
		for line := range strings.Lines(o.log.String()) {
			if strings.Contains(line, `"msg":"answered"`) {
				answered++
			}
			for _, wrong := range []string{`"status":5`, `"level":"error"`, "panicked", o.key} {
				require.NotContains(t, line, wrong)
			}
		}
		require.GreaterOrEqual(t, answered, loadRequests-int(l.hungUp.Load()))
	})
}

// load generates requests.
type load struct {
	*observed

	http *http.Client
	// waiting are journeys that nobody finishes, and ended those that have
	// their outcome.
	waiting, ended []backend.Started

	asked, hungUp atomic.Int64
	lock          sync.Mutex
	// answers counts statuses, and wrong what should not have been answered.
	answers map[int]int
	wrong   map[string]int
}

// as is a caller with a token.
func (l *load) as(token string) backend.Backend {
	return backend.Backend{URL: l.address, Token: enroll.Secret(token), HTTP: l.http}
}

// openJourneys starts the journeys that callers ask about.
func (l *load) openJourneys(t *testing.T) {
	t.Helper()
	for len(l.waiting) < 30 {
		l.waiting = append(l.waiting, l.openJourney(t))
	}
	for len(l.ended) < 10 {
		l.ended = append(l.ended, l.openJourney(t))
	}
	l.endJourneys(t, l.ended)
}

func (l *load) openJourney(t *testing.T) backend.Started {
	t.Helper()
	started, err := l.as(l.key).Start(t.Context(), "key", enrollment(l.account(t)))
	require.NoError(t, err)
	return started
}

// endJourneys takes them back.
func (l *load) endJourneys(t *testing.T, journeys []backend.Started) {
	t.Helper()
	for _, journey := range journeys {
		require.NoError(t, l.as(l.key).Cancel(t.Context(), journey.ID, ""))
	}
	for _, journey := range journeys {
		found, err := l.as(l.key).Get(t.Context(), journey.ID, 50*time.Second)
		require.NoError(t, err)
		require.Equal(t, enroll.Canceled, found.Outcome)
	}
}

// run has everybody ask, in an order that is random and always the same.
func (l *load) run(t *testing.T) {
	t.Helper()
	var turns []turn
	for _, one := range l.mix(t) {
		turns = append(turns, slices.Repeat([]turn{one}, one.times)...)
	}
	shuffled := rand.New(rand.NewPCG(1, 2))
	shuffled.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	var next atomic.Int64
	var callers sync.WaitGroup
	for range loadCallers {
		callers.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(turns); n = int(next.Add(1)) - 1 {
				turns[n].take(t.Context(), n)
			}
		})
	}
	callers.Wait()
}

// check makes one request, and counts its answer.
func (l *load) check(ctx context.Context, by backend.Backend, call backend.Call, want ...int) backend.Answer {
	l.asked.Add(1)
	answer, err := by.Do(ctx, call)
	l.count(call, answer, err, want)
	return answer
}

func (l *load) count(call backend.Call, answer backend.Answer, err error, want []int) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.answers[answer.Status]++
	what := call.Method + " " + call.Path
	switch {
	case err != nil:
		l.wrong[fmt.Sprintf("%s: %v", what, err)]++
	case !slices.Contains(want, answer.Status):
		l.wrong[fmt.Sprintf("%s: %d and not %v: %.200s", what, answer.Status, want, answer.Body)]++
	case answer.Status >= http.StatusBadRequest && answer.Header.Get("Content-Type") != "application/problem+json":
		l.wrong[fmt.Sprintf("%s: %d is no problem: %.200s", what, answer.Status, answer.Body)]++
	case answer.Status == http.StatusTooManyRequests && answer.Header.Get("Retry-After") == "":
		l.wrong[what+": 429 does not say how long"]++
	}
}

// hangUp makes one request and reads its answer until the first event, or for a
// moment.
func (l *load) hangUp(ctx context.Context, by backend.Backend, call backend.Call, moment time.Duration) {
	l.asked.Add(1)
	l.hungUp.Add(1)
	ctx, cancel := context.WithTimeout(ctx, moment)
	defer cancel()
	stream, err := by.Open(ctx, call)
	if errors.Is(err, context.DeadlineExceeded) {
		return
	}
	if err != nil {
		l.count(call, backend.Answer{}, err, nil)
		return
	}
	_, _ = stream.Body.Read(make([]byte, 1<<10)) // What comes, if anything does in time.
	l.count(call, backend.Answer{Status: stream.StatusCode, Header: stream.Header}, stream.Body.Close(), []int{http.StatusOK})
}

// usage is what the gateway holds.
type usage struct{ heap, resident, goroutines, files int }

// String tells it in units that people read.
func (u usage) String() string {
	return fmt.Sprintf("heap %d MiB, resident %d MiB, %d goroutines, %d files", u.heap>>20, u.resident>>20, u.goroutines, u.files)
}

// usage reads the metrics of the gateway.
func (l *load) usage(t *testing.T) usage {
	t.Helper()
	_, text := l.page(t, "http://"+l.metrics+"/metrics")
	value := func(name string) int {
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(text)
		require.NotNil(t, found, name)
		number, err := strconv.ParseFloat(found[1], 64)
		require.NoError(t, err)
		return int(number)
	}
	return usage{value("go_memstats_heap_alloc_bytes"), value("process_resident_memory_bytes"), value("go_goroutines"), value("process_open_fds")}
}

// watch tells the most that the gateway held while something went on.
func (l *load) watch(t *testing.T, meanwhile func()) usage {
	t.Helper()
	var most usage
	over := make(chan struct{})
	go func() { defer close(over); meanwhile() }()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		now := l.usage(t)
		most = usage{max(most.heap, now.heap), max(most.resident, now.resident), max(most.goroutines, now.goroutines), max(most.files, now.files)}
		select {
		case <-look.C:
		case <-over:
			return most
		}
	}
}
