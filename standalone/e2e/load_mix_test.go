package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/backend"
)

// turn is what a caller does, so many times.
type turn struct {
	times int
	take  func(ctx context.Context, n int)
}

// mix is who asks what, how often.
func (l *load) mix(t *testing.T) []turn {
	t.Helper()
	return append(append(l.backends(t), l.browsers()...), l.strangers(t)...)
}

// nth is one of the journeys that wait.
func (l *load) nth(n int) backend.Started { return l.waiting[n%len(l.waiting)] }

// over is one of those that have ended.
func (l *load) over(n int) backend.Started { return l.ended[n%len(l.ended)] }

// backends start journeys, look at them, wait for them and call them off.
func (l *load) backends(t *testing.T) []turn {
	t.Helper()
	shop := l.as(l.key)
	name := subject()
	accounts := make([]any, loadRequests)
	for n := range accounts {
		accounts[n] = map[string]any{"account_number": fmt.Sprintf("%s-%d", name, n)}
	}
	known, err := json.Marshal(map[string]any{"authid": map[string]any{"accounts": accounts}})
	require.NoError(t, err)
	l.simulated(t, http.MethodPost, "/_sim/preload", string(known), nil)
	get := func(path string) func(context.Context, int) {
		return func(ctx context.Context, _ int) {
			l.check(ctx, shop, backend.Call{Method: http.MethodGet, Path: path}, http.StatusOK)
		}
	}
	journey := func(suffix string) func(context.Context, int) {
		return func(ctx context.Context, n int) {
			l.check(ctx, shop, backend.Call{Method: http.MethodGet, Path: l.nth(n).Path() + suffix}, http.StatusOK)
		}
	}
	return []turn{
		{30, func(ctx context.Context, n int) { l.startAndCancel(ctx, enrollment(fmt.Sprintf("%s-%d", name, n))) }},
		{30, func(ctx context.Context, n int) { l.startByUpload(ctx, fmt.Sprintf("%s-%d", name, n)) }},
		{500, journey("")},
		{150, journey("?wait=1")},
		{150, func(ctx context.Context, n int) {
			l.check(ctx, shop, backend.Call{Method: http.MethodGet, Path: l.over(n).Path() + "?wait=50"}, http.StatusOK)
		}},
		{100, get("/v1/journeys?limit=5")},
		{500, get("/v1/catalogue")},
		{300, func(ctx context.Context, n int) {
			l.hangUp(ctx, shop, backend.Call{Method: http.MethodGet, Path: l.nth(n).Path() + "?wait=50"}, 50*time.Millisecond)
		}},
	}
}

// startAndCancel takes a journey from its start to its outcome.
func (l *load) startAndCancel(ctx context.Context, request client.Request) {
	shop := l.as(l.key)
	call, err := backend.JSON("key", request)
	if err != nil {
		panic(err) // It is in memory.
	}
	var started backend.Started
	if json.Unmarshal(l.check(ctx, shop, call, http.StatusCreated).Body, &started) != nil {
		return // check has told it.
	}
	l.check(ctx, shop, call, http.StatusOK) // The same again is no second journey.
	l.check(ctx, shop, backend.Call{Method: http.MethodPost, Path: started.Path() + "/cancel"}, http.StatusAccepted)
	var ended backend.Journey
	answer := l.check(ctx, shop, backend.Call{Method: http.MethodGet, Path: started.Path() + "?wait=50"}, http.StatusOK)
	if err := json.Unmarshal(answer.Body, &ended); err != nil || ended.Outcome != enroll.Canceled {
		l.count(call, answer, fmt.Errorf("the outcome is %q %w", ended.Outcome, err), nil)
	}
}

// startByUpload starts journeys with files: one that enrolls, and one whose
// photo is too large.
func (l *load) startByUpload(ctx context.Context, user string) {
	for _, one := range []struct {
		request client.Request
		want    int
	}{
		{enroll.SmartIDEnrollment{User: user, Template: enroll.Secret(bytes.Repeat([]byte("t"), 32<<10)), PayLoad: "payload"}, http.StatusCreated},
		{enroll.IProovPhotoEnrollment{UserID: user, Image: enroll.Bytes(large()), Source: enroll.SourceEID}, http.StatusUnprocessableEntity},
	} {
		call, err := backend.Multipart("key", one.request)
		if err != nil {
			panic(err) // It is in memory.
		}
		l.check(ctx, l.as(l.key), call, one.want)
	}
}

// large is a photo of more than any journey takes.
func large() []byte {
	return append(simulator.SampleImage(simulator.SampleLive), make([]byte, 3<<20)...)
}

// browsers have a relay token: they read the phase, follow, and send hints.
func (l *load) browsers() []turn {
	browser := func(n int) backend.Backend { return l.as(l.nth(n).RelayToken.Reveal()) }
	hint := []byte(`{"name":"final-page"}`)
	return []turn{
		// Its rate is bounded, which is an answer like any other.
		{400, func(ctx context.Context, n int) {
			l.check(ctx, browser(n), backend.Call{Method: http.MethodGet, Path: l.nth(n).Path()}, http.StatusOK, http.StatusTooManyRequests)
		}},
		{300, func(ctx context.Context, n int) {
			l.check(ctx, browser(n), backend.Call{Method: http.MethodPost, Path: l.nth(n).Path() + "/hints", Body: hint}, http.StatusAccepted, http.StatusTooManyRequests)
		}},
		{500, func(ctx context.Context, n int) {
			l.hangUp(ctx, l.as(l.key), backend.Call{Method: http.MethodGet, Path: l.nth(n).Path() + "/events"}, time.Second)
		}},
		{500, func(ctx context.Context, n int) { // Another's journey.
			l.check(ctx, browser(n), backend.Call{Method: http.MethodGet, Path: l.nth(n + 1).Path()}, http.StatusForbidden, http.StatusTooManyRequests)
		}},
		{300, func(ctx context.Context, n int) {
			l.check(ctx, browser(n), backend.Call{Method: http.MethodPost, Path: l.nth(n).Path() + "/cancel"}, http.StatusForbidden, http.StatusTooManyRequests)
		}},
		{400, func(ctx context.Context, _ int) { // Somebody who asks too often.
			l.check(ctx, browser(0), backend.Call{Method: http.MethodPost, Path: l.nth(0).Path() + "/resolve"}, http.StatusForbidden, http.StatusTooManyRequests)
		}},
		{200, func(ctx context.Context, n int) { // Too late, which is no mistake.
			l.check(ctx, l.as(l.key), backend.Call{Method: http.MethodPost, Path: l.over(n).Path() + "/hints", Body: hint}, http.StatusOK)
		}},
	}
}

// strangers have no key, or do not know what to send.
func (l *load) strangers(t *testing.T) []turn {
	t.Helper()
	shop := l.as(l.key)
	post := func(times, want int, kind, body string) turn {
		return turn{times, func(ctx context.Context, _ int) {
			l.check(ctx, shop, backend.Call{Method: http.MethodPost, Path: "/v1/journeys", Key: "key", Type: kind, Body: []byte(body)}, want)
		}}
	}
	ask := func(times, want int, by backend.Backend, method, path string) turn {
		return turn{times, func(ctx context.Context, _ int) { l.check(ctx, by, backend.Call{Method: method, Path: path}, want) }}
	}
	return []turn{
		ask(1200, http.StatusUnauthorized, l.as(""), http.MethodGet, l.over(0).Path()),
		ask(1200, http.StatusUnauthorized, l.as("bioenroll_key_nobody"), http.MethodPost, "/v1/journeys"),
		ask(400, http.StatusForbidden, shop, http.MethodPost, l.over(0).Path()+"/resolve"),
		ask(400, http.StatusNotFound, shop, http.MethodGet, "/v1/journeys/nothing"),
		ask(400, http.StatusNotFound, l.as(""), http.MethodGet, "/wp-admin"),
		ask(300, http.StatusMethodNotAllowed, shop, http.MethodDelete, "/v1/journeys"),
		ask(300, http.StatusBadRequest, shop, http.MethodPost, l.nth(0).Path()+"/renew"), // Without a key.
		post(500, http.StatusBadRequest, "", `{"journey":`),
		post(500, http.StatusUnsupportedMediaType, "text/xml", `<start/>`),
		post(700, http.StatusUnprocessableEntity, "", `{"journey":"authid.enroll","input":{}}`),
		post(20, http.StatusRequestEntityTooLarge, "", `{"journey":"`+string(bytes.Repeat([]byte("x"), 5<<20))+`"}`),
	}
}

// Uploads that are under way at once, and how much of each is there.
const (
	slowUploads = 16
	slowSamples = 4
	slowBytes   = slowSamples * 4 << 20
)

// uploadSlowly begins uploads, tells what the gateway holds when so much of each
// is there, and ends them.
func (l *load) uploadSlowly(t *testing.T) (held usage) {
	t.Helper()
	var there, ended sync.WaitGroup
	there.Add(slowUploads)
	goOn := make(chan struct{})
	for range slowUploads {
		body, out := io.Pipe()
		parts := multipart.NewWriter(out)
		ended.Go(func() {
			arrive := sync.OnceFunc(there.Done)
			defer arrive() // One that failed holds nobody up.
			_ = out.CloseWithError(sendSlowly(parts, func() { arrive(); <-goOn }))
		})
		ended.Go(func() { l.upload(t.Context(), body, parts.FormDataContentType()) })
	}
	there.Wait()
	held = l.usage(t)
	close(goOn)
	ended.Wait()
	return held
}

// sendSlowly writes an upload of samples as large as they may be, and pauses when
// they are there.
func sendSlowly(parts *multipart.Writer, pause func()) error {
	if err := parts.WriteField("request", `{"journey":"bioid.enroll","input":{"bcid":"nobody"}}`); err != nil {
		return err
	}
	sample := make([]byte, slowBytes/slowSamples)
	copy(sample, simulator.SampleImage(simulator.SampleLive))
	for i := range slowSamples {
		file, err := parts.CreateFormFile(fmt.Sprintf("samples[%d].data", i), "image.png")
		if err != nil {
			return err
		}
		if _, err := file.Write(sample); err != nil {
			return err
		}
	}
	pause()
	return parts.Close()
}

// upload sends a body as it comes. Its subject is none, which is found out when
// all of it was read.
func (l *load) upload(ctx context.Context, body io.ReadCloser, kind string) {
	call := backend.Call{Method: http.MethodPost, Path: "/v1/journeys"}
	request, err := http.NewRequestWithContext(ctx, call.Method, l.address+call.Path, body)
	if err != nil {
		panic(err) // The address is good.
	}
	request.Header.Set("Authorization", "Bearer "+l.key)
	request.Header.Set("Idempotency-Key", "key")
	request.Header.Set("Content-Type", kind)
	answer, err := l.http.Do(request)
	if err != nil {
		l.count(call, backend.Answer{}, err, nil)
		return
	}
	text, err := io.ReadAll(answer.Body)
	l.count(call, backend.Answer{Status: answer.StatusCode, Header: answer.Header, Body: text}, errors.Join(err, answer.Body.Close()), []int{http.StatusUnprocessableEntity})
}
