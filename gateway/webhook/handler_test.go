package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/webhook"
)

const (
	secret = "0123456789abcdef0123456789abcdef"
	before = "fedcba9876543210fedcba9876543210"
	call   = "/webhooks/authid/" + secret
)

// journeys is who is told, and what came of it.
type journeys struct {
	// answer tells what comes of the n-th look for an operation, counted from 1.
	answer func(ctx context.Context, operation string, n int) (bool, error)

	mu    sync.Mutex
	looks []string
	at    []time.Time
}

func (j *journeys) Webhook(ctx context.Context, provider enroll.Provider, operation string) (bool, error) {
	j.mu.Lock()
	j.looks, j.at = append(j.looks, string(provider)+" "+operation), append(j.at, time.Now())
	n := 0
	for _, look := range j.looks {
		if look == string(provider)+" "+operation {
			n++
		}
	}
	j.mu.Unlock()
	if j.answer == nil {
		return true, nil
	}
	return j.answer(ctx, operation, n)
}

// count is how often an operation of authID was looked for.
func (j *journeys) count(operation string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, look := range j.looks {
		if look == "authid "+operation {
			n++
		}
	}
	return n
}

// door is a handler, and what it tells.
type door struct {
	*webhook.Handler

	*journeys
	reader  *sdkmetric.ManualReader
	entries *observer.ObservedLogs
}

// closed is what is at every path that is not a webhook's.
func closed(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Pattern", r.Pattern)
	http.Error(w, "nothing here", http.StatusNotFound)
}

// plain is a webhook without a login.
func plain() webhook.Hook {
	return webhook.Hook{Secrets: []enroll.Secret{secret, before}, Field: field}
}

func open(t *testing.T, told *journeys, hook webhook.Hook) *door {
	t.Helper()
	core, entries := observer.New(zap.DebugLevel)
	d := &door{journeys: told, reader: sdkmetric.NewManualReader(), entries: entries}
	var err error
	d.Handler, err = webhook.New(webhook.Options{
		Settings: webhook.Settings{Hooks: map[enroll.Provider]webhook.Hook{enroll.AuthID: hook}},
		Journeys: told, Next: http.HandlerFunc(closed), Log: zap.New(core),
		Meters: sdkmetric.NewMeterProvider(sdkmetric.WithReader(d.reader)),
	})
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// request is one call.
func request(method, path, body string) *http.Request {
	return httptest.NewRequest(method, path, strings.NewReader(body))
}

func (d *door) answer(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// post calls the webhook and expects a status.
func (d *door) post(t *testing.T, status int, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := d.answer(request(http.MethodPost, call, body))
	require.Equal(t, status, w.Code, w.Body)
	return w
}

// counted is what the meter of the name counted, by result.
func (d *door) counted(t *testing.T, name string) map[string]int64 {
	t.Helper()
	var measured metricdata.ResourceMetrics
	require.NoError(t, d.reader.Collect(t.Context(), &measured))
	counted := map[string]int64{}
	for _, scope := range measured.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			require.True(t, ok)
			for _, point := range sum.DataPoints {
				provider, _ := point.Attributes.Value("provider")
				require.Equal(t, attribute.StringValue("authid"), provider)
				require.Equal(t, 2, point.Attributes.Len())
				if result, _ := point.Attributes.Value("result"); m.Name == name {
					counted[result.AsString()] = point.Value
				}
			}
		}
	}
	return counted
}

func naming(operation string) string { return `{"OperationId":"` + operation + `"}` }

func TestHandler_of_who_has_not_the_secret(t *testing.T) { //nolint:tparallel // what was counted is looked at when all of them are through
	t.Parallel()
	d := open(t, &journeys{}, plain())
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodPut, http.MethodOptions, http.MethodHead} {
		t.Run(method, func(t *testing.T) {
			unknown := d.answer(request(method, "/nobody/knows/"+strings.Repeat("0", 32), naming("a")))
			require.Equal(t, http.StatusNotFound, unknown.Code)
			paths := map[string]string{
				"another_secret":         "/webhooks/authid/" + strings.Repeat("0", 32),
				"an_end_of_it":           "/webhooks/authid/" + secret[1:],
				"a_beginning_of_it":      "/webhooks/authid/" + secret[:31],
				"more_than_it":           "/webhooks/authid/" + secret + "0",
				"something_behind_it":    call + "/",
				"something_between":      "/webhooks/authid//" + secret,
				"no_secret":              "/webhooks/authid/",
				"no_secret_and_no_slash": "/webhooks/authid",
				"another_provider":       "/webhooks/bioid/" + secret,
				"no_provider":            "/webhooks//" + secret,
				"nothing":                "/webhooks/",
				"another_place":          "/hooks/authid/" + secret,
			}
			if method != http.MethodPost {
				paths["the_secret"] = call
			}
			for promise, path := range paths {
				t.Run("with_"+promise+"_is_answered_like_any_path", func(t *testing.T) {
					require.Equal(t, unknown, d.answer(request(method, path, naming("a"))))
				})
			}
		})
	}
	require.Empty(t, d.looks)
	require.Empty(t, d.counted(t, "bioenroll_webhooks"))
	require.Zero(t, d.entries.Len())
}

func TestHandler(t *testing.T) {
	t.Parallel()

	t.Run("answers_before_it_looks_for_the_journey", func(t *testing.T) {
		t.Parallel()
		look := make(chan struct{})
		d := open(t, &journeys{answer: func(context.Context, string, int) (bool, error) { <-look; return true, nil }}, plain())
		w := d.post(t, http.StatusAccepted, naming("a"))
		require.Empty(t, w.Body.String())
		close(look)
		d.Close()
		require.Equal(t, 1, d.count("a"))
		require.Equal(t, map[string]int64{"accepted": 1}, d.counted(t, "bioenroll_webhooks"))
		require.Equal(t, map[string]int64{"hinted": 1}, d.counted(t, "bioenroll_webhook_hints"))
	})

	t.Run("answers_everybody_who_has_the_secret_alike", func(t *testing.T) {
		t.Parallel()
		d := open(t, &journeys{answer: func(_ context.Context, operation string, _ int) (bool, error) { return operation == "known", nil }}, plain())
		first := d.post(t, http.StatusAccepted, naming("known"))
		for _, body := range []string{naming("known"), naming("unknown"), "", "\x00\xff", `{"EventType":1}`, `["` + naming("x") + `"`} {
			require.Equal(t, first, d.post(t, http.StatusAccepted, body), "%q", body)
		}
	})

	t.Run("takes_the_secret_from_before_too", func(t *testing.T) {
		t.Parallel()
		d := open(t, &journeys{}, plain())
		require.Equal(t, http.StatusAccepted, d.answer(request(http.MethodPost, "/webhooks/authid/"+before, naming("a"))).Code)
		d.Close()
		require.Equal(t, 1, d.count("a"))
	})

	t.Run("takes_a_body_of_its_size_and_none_that_is_larger", func(t *testing.T) {
		t.Parallel()
		d := open(t, &journeys{}, plain())
		filled := func(size int) string { return naming("a") + strings.Repeat(" ", size-len(naming("a"))) }
		d.post(t, http.StatusAccepted, filled(webhook.MaxBody))
		w := d.post(t, http.StatusRequestEntityTooLarge, filled(webhook.MaxBody+1))
		require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
		require.Equal(t, map[string]int64{"accepted": 1, "too_large": 1}, d.counted(t, "bioenroll_webhooks"))
	})

	t.Run("refuses_a_body_that_breaks_off", func(t *testing.T) {
		t.Parallel()
		d := open(t, &journeys{}, plain())
		r := httptest.NewRequest(http.MethodPost, call, io.MultiReader(strings.NewReader(naming("a")), broken{}))
		require.Equal(t, http.StatusBadRequest, d.answer(r).Code)
		d.Close()
		require.Empty(t, d.looks)
	})

	t.Run("counts_and_tells_of_a_body_without_an_operation", func(t *testing.T) {
		t.Parallel()
		d := open(t, &journeys{}, plain())
		d.post(t, http.StatusAccepted, `{"EventType":1,"Name":"hunter2"}`)
		require.Equal(t, map[string]int64{"no_operation": 1}, d.counted(t, "bioenroll_webhooks"))
		require.Equal(t, 1, d.entries.FilterField(zap.String("field", field)).Len())
	})
}

// broken is a body that ends too early.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestHandler_with_a_login(t *testing.T) {
	t.Parallel()
	guarded := plain()
	guarded.Login, guarded.Password = "hook", "päss:word"
	d := open(t, &journeys{}, guarded)
	signedIn := func(name, password string) *http.Request {
		r := request(http.MethodPost, call, naming(name+password))
		r.SetBasicAuth(name, password)
		return r
	}
	require.Equal(t, http.StatusAccepted, d.answer(signedIn("hook", "päss:word")).Code)

	bearer := request(http.MethodPost, call, naming("a"))
	bearer.Header.Set("Authorization", "Bearer päss:word")
	for promise, r := range map[string]*http.Request{
		"no_login": request(http.MethodPost, call, naming("a")), "another_password": signedIn("hook", "päss"), "another_name": signedIn("Hook", "päss:word"),
		"a_password_that_is_part_of_the_name": signedIn("hookp", "äss:word"), "another_scheme": bearer, "nothing_in_it": signedIn("", ""),
	} {
		w := d.answer(r)
		require.Equal(t, http.StatusUnauthorized, w.Code, promise)
		require.True(t, strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic "), "%s: a client that waits to be asked is asked", promise)
		require.Contains(t, w.Body.String(), "password of this webhook", promise)
		require.NotContains(t, w.Body.String(), "API key", promise)
		left, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NotEmpty(t, left, "%s: nothing of it was read", promise)
	}
	stranger := request(http.MethodPost, "/webhooks/authid/"+strings.Repeat("0", 32), naming("a"))
	stranger.SetBasicAuth("hook", "päss:word")
	require.Equal(t, http.StatusNotFound, d.answer(stranger).Code, "the login alone is good for nothing")
	require.Equal(t, map[string]int64{"accepted": 1, "no_login": 6}, d.counted(t, "bioenroll_webhooks"))
}

func TestHandler_of_what_comes_again(t *testing.T) {
	t.Parallel()

	t.Run("tells_the_same_body_once", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &journeys{}, plain())
			for range 5 {
				d.post(t, http.StatusAccepted, naming("a"))
				synctest.Wait()
			}
			require.Equal(t, 1, d.count("a"))
			require.Equal(t, map[string]int64{"accepted": 1, "repeated": 4}, d.counted(t, "bioenroll_webhooks"))
			time.Sleep(2 * webhook.BodyLife)
			d.post(t, http.StatusAccepted, naming("a"))
			synctest.Wait()
			require.Equal(t, 2, d.count("a"), "after a while it is news again")
			d.Close()
		})
	})

	t.Run("tells_a_body_again_that_could_not_be_passed_on", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &journeys{answer: func(_ context.Context, _ string, n int) (bool, error) {
				if n <= 2 {
					return false, errors.New("connection lost")
				}
				return true, nil
			}}, plain())
			d.post(t, http.StatusAccepted, naming("a"))
			time.Sleep(time.Minute)
			d.post(t, http.StatusAccepted, naming("a"))
			synctest.Wait()
			require.Equal(t, map[string]int64{"failed": 1, "hinted": 1}, d.counted(t, "bioenroll_webhook_hints"))
			d.Close()
		})
	})

	t.Run("is_no_news_whether_somebody_knows_the_operation_or_not", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &journeys{answer: func(_ context.Context, operation string, _ int) (bool, error) { return operation == "known", nil }}, plain())
			for _, operation := range []string{"known", "unknown", "known", "unknown"} {
				d.post(t, http.StatusAccepted, naming(operation))
				time.Sleep(time.Minute)
			}
			require.Equal(t, map[string]int64{"accepted": 2, "repeated": 2}, d.counted(t, "bioenroll_webhooks"))
			d.Close()
		})
	})

	t.Run("is_not_more_than_so_many_hints_of_an_operation", func(t *testing.T) {
		t.Parallel()
		d := open(t, &journeys{}, plain())
		for i := range 2 * webhook.MaxHints {
			d.post(t, http.StatusAccepted, fmt.Sprintf(`{"OperationId":"a","n":%d}`, i))
		}
		d.post(t, http.StatusAccepted, `{"OperationId":["a","b"]}`)
		d.Close()
		require.Equal(t, webhook.MaxHints, d.count("a"))
		require.Equal(t, 1, d.count("b"), "others have their own number")
		require.Equal(t, map[string]int64{"accepted": webhook.MaxHints + 1, "surplus": webhook.MaxHints}, d.counted(t, "bioenroll_webhooks"))
	})
}

func TestHandler_looks(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection lost")

	t.Run("once_more_for_what_the_index_does_not_know_yet", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &journeys{answer: func(_ context.Context, _ string, n int) (bool, error) { return n == 2, nil }}, plain())
			d.post(t, http.StatusAccepted, naming("a"))
			time.Sleep(time.Hour)
			require.Equal(t, 2, d.count("a"))
			require.Equal(t, webhook.Pause, d.at[1].Sub(d.at[0]))
			require.Equal(t, map[string]int64{"hinted": 1}, d.counted(t, "bioenroll_webhook_hints"))
			d.Close()
		})
	})

	t.Run("no_third_time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &journeys{answer: func(_ context.Context, operation string, _ int) (bool, error) {
				if operation == "a" {
					return false, lost
				}
				return false, nil
			}}, plain())
			d.post(t, http.StatusAccepted, `{"OperationId":["a","b"]}`)
			time.Sleep(time.Hour)
			require.Equal(t, 2, d.count("a"))
			require.Equal(t, 2, d.count("b"))
			require.Equal(t, map[string]int64{"failed": 1, "unknown": 1}, d.counted(t, "bioenroll_webhook_hints"))
			require.Equal(t, 1, d.entries.FilterField(zap.Error(lost)).Len())
			d.Close()
		})
	})

	t.Run("no_longer_than_it_has_patience", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &journeys{answer: func(ctx context.Context, _ string, _ int) (bool, error) { <-ctx.Done(); return false, ctx.Err() }}, plain())
			d.post(t, http.StatusAccepted, naming("a"))
			time.Sleep(time.Minute)
			require.Equal(t, map[string]int64{"failed": 1}, d.counted(t, "bioenroll_webhook_hints"))
			d.Close()
		})
	})

	t.Run("also_when_the_caller_hung_up", func(t *testing.T) {
		t.Parallel()
		ctx, hangUp := context.WithCancel(t.Context())
		d := open(t, &journeys{answer: func(ctx context.Context, _ string, _ int) (bool, error) { hangUp(); return true, ctx.Err() }}, plain())
		require.Equal(t, http.StatusAccepted, d.answer(request(http.MethodPost, call, naming("a")).WithContext(ctx)).Code)
		d.Close()
		require.Equal(t, map[string]int64{"hinted": 1}, d.counted(t, "bioenroll_webhook_hints"))
	})

	t.Run("for_a_known_operation_while_many_unknown_ones_wait_for_their_second_look", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &journeys{answer: func(_ context.Context, operation string, _ int) (bool, error) { return operation == "known", nil }}, plain())
			for i := range 10 * webhook.Workers {
				d.post(t, http.StatusAccepted, naming(strconv.Itoa(i)))
			}
			d.post(t, http.StatusAccepted, naming("known"))
			synctest.Wait() // No time passes.
			require.Equal(t, 1, d.count("known"))
			d.Close()
		})
	})
}

func TestHandler_with_a_full_queue(t *testing.T) {
	t.Parallel()
	look := make(chan struct{})
	busy := make(chan struct{}, webhook.Workers+webhook.MaxQueued)
	d := open(t, &journeys{answer: func(context.Context, string, int) (bool, error) { busy <- struct{}{}; <-look; return true, nil }}, plain())
	for i := range webhook.Workers {
		d.post(t, http.StatusAccepted, naming(fmt.Sprint("busy-", i)))
		<-busy
	}
	for i := range webhook.MaxQueued {
		d.post(t, http.StatusAccepted, naming(fmt.Sprint("queued-", i)))
	}
	for range 2 * webhook.MaxHints {
		w := d.post(t, http.StatusServiceUnavailable, naming("late"))
		require.NotEmpty(t, w.Header().Get("Retry-After"))
	}
	close(look)
	require.Eventually(t, func() bool {
		return d.answer(request(http.MethodPost, call, naming("late"))).Code == http.StatusAccepted
	}, time.Minute, time.Millisecond, "what was refused comes again, and is no repetition")
	d.Close()
	require.Equal(t, 1, d.count("late"))
}

func TestClose(t *testing.T) {
	t.Parallel()

	t.Run("tells_first_what_was_accepted", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &journeys{answer: func(_ context.Context, operation string, n int) (bool, error) {
				return operation != "late" || n == 2, nil
			}}, plain())
			for i := range 100 {
				d.post(t, http.StatusAccepted, naming(strconv.Itoa(i)))
			}
			d.post(t, http.StatusAccepted, naming("late"))
			d.Close()
			require.Equal(t, map[string]int64{"hinted": 101}, d.counted(t, "bioenroll_webhook_hints"))
			d.post(t, http.StatusServiceUnavailable, naming("after"))
			d.Close() // It can be called more than once.
			require.Zero(t, d.count("after"))
		})
	})

	t.Run("does_not_wait_for_ever", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := open(t, &journeys{answer: func(ctx context.Context, _ string, _ int) (bool, error) { <-ctx.Done(); return false, ctx.Err() }}, plain())
			const many = 200
			for i := range many {
				d.post(t, http.StatusAccepted, naming(strconv.Itoa(i)))
			}
			began := time.Now()
			d.Close()
			require.LessOrEqual(t, time.Since(began), 3*webhook.StopPatience)
			require.Equal(t, map[string]int64{"failed": many}, d.counted(t, "bioenroll_webhook_hints"), "each is counted all the same")
		})
	})
}

func TestSecrets_are_told_to_nobody(t *testing.T) {
	t.Parallel()
	guarded := plain()
	guarded.Login, guarded.Password = "hook", "hunter2-hunter2"
	d := open(t, &journeys{answer: func(context.Context, string, int) (bool, error) { return false, errors.New("lost") }}, guarded)
	for _, password := range []string{"hunter2-hunter2", "wrong"} {
		for _, body := range []string{naming("operation-4711"), `{"no":"operation"}`} {
			r := request(http.MethodPost, call, body)
			r.SetBasicAuth("hook", password)
			w := d.answer(r)
			told := fmt.Sprint(w.Header(), w.Body, r.Pattern)
			require.Contains(t, told, webhook.Route)
			require.NotContains(t, told, secret)
			require.NotContains(t, told, "hunter2")
		}
	}
	d.Close()
	require.NotZero(t, d.entries.Len())
	for _, entry := range d.entries.All() {
		told := entry.Message + fmt.Sprint(entry.ContextMap())
		for _, hidden := range []string{secret, before, "hunter2", "operation-4711"} {
			require.NotContains(t, told, hidden)
		}
	}
	require.NotContains(t, fmt.Sprintf("%+v %#v", guarded, guarded), "hunter2")
	require.False(t, slices.ContainsFunc(guarded.Secrets, func(s enroll.Secret) bool { return fmt.Sprint(s) != enroll.Redacted }))
}
