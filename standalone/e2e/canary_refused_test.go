package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/backend"
	"github.com/bioenroll/bioenroll/standalone/canary"
)

// refuse asks the gateway for what it does not do, with planted values wherever
// a request has room for one, and reads its metrics.
func (d *canaryDoor) refuse(t *testing.T) {
	t.Helper()
	count := 0
	planted := func() string { count++; return d.token(fmt.Sprintf("what was refused %d", count), unique()) }
	field := planted()
	misplaced, err := backend.Multipart(planted(), enroll.SmartIDEnrollment{User: planted(), Template: enroll.Secret(planted()), PayLoad: enroll.Secret(planted())})
	require.NoError(t, err)
	misplaced.Body = bytes.Replace(misplaced.Body, []byte(`"smartid.enroll"`), []byte(`"authid.enroll"`), 1)
	large, err := backend.Multipart(planted(), enroll.IProovPhotoEnrollment{
		UserID: d.token("user_id that was refused", plain()), Image: enroll.Bytes(append(d.refused(d.png(t, "photo that was refused")), make([]byte, 3<<20)...)), Source: enroll.SourceEID,
	})
	require.NoError(t, err)
	post := func(body string) backend.Call {
		return backend.Call{Method: http.MethodPost, Path: "/v1/journeys", Key: planted(), Body: []byte(body)}
	}
	get := func(path string) backend.Call { return backend.Call{Method: http.MethodGet, Path: path} }
	carried := get("/v1/catalogue")
	carried.Header = http.Header{"Cookie": {planted()}, "Baggage": {"person=" + planted()}, "Tracestate": {"person=" + d.token("trace state", plain())}, "Referer": {planted()}}
	token := d.token("token that was refused", plain())
	webhook := backend.Call{Method: http.MethodPost, Path: "/webhooks/authid/" + d.webhook, Body: fmt.Appendf(nil, `{"OperationId":%q,"AccountNumber":%q}`, planted(), planted())}
	for name, row := range map[string]struct {
		by   backend.Backend
		call backend.Call
		want int
	}{
		"a_field_that_does_not_exist":     {d.shop, post(fmt.Sprintf(`{"journey":"authid.enroll","input":{%q:%q}}`, field, planted())), http.StatusUnprocessableEntity},
		"a_value_of_another_kind":         {d.shop, post(fmt.Sprintf(`{"journey":"authid.enroll","input":{"timeout_seconds":%q}}`, planted())), http.StatusUnprocessableEntity},
		"json_that_ends_early":            {d.shop, post(`{"journey":"` + planted()), http.StatusBadRequest},
		"a_journey_that_does_not_exist":   {d.shop, post(fmt.Sprintf(`{"journey":%q}`, planted())), http.StatusUnprocessableEntity},
		"a_part_for_another_journey":      {d.shop, misplaced, http.StatusUnprocessableEntity},
		"a_photo_that_is_too_large":       {d.shop, large, http.StatusUnprocessableEntity},
		"a_token_of_nobody":               {backend.Backend{URL: d.url, Token: enroll.Secret(token), HTTP: d.shop.HTTP}, get("/v1/journeys"), http.StatusUnauthorized},
		"a_journey_by_the_persons_name":   {d.shop, get("/v1/journeys/" + url.PathEscape(planted())), http.StatusNotFound},
		"a_path_with_a_name":              {d.shop, get("/" + url.PathEscape(planted())), http.StatusNotFound},
		"a_parameter_that_does_not_exist": {d.shop, get("/v1/journeys?person=" + url.QueryEscape(planted())), http.StatusBadRequest},
		"headers_that_nobody_asked_for":   {d.shop, carried, http.StatusOK},
		"a_webhook_with_another_secret":   {d.shop, backend.Call{Method: http.MethodPost, Path: "/webhooks/authid/" + d.token("wrong secret", rand32())}, http.StatusNotFound},
		"a_webhook":                       {backend.Backend{URL: d.url, HTTP: d.shop.HTTP}, webhook, http.StatusAccepted},
	} {
		answer, err := row.by.Do(t.Context(), row.call)
		require.NoError(t, err, name)
		require.Equal(t, row.want, answer.Status, "%s: %s", name, answer.Body)
	}
	d.answered = append(d.answered, d.metrics(t, d.measured, "bioenroll_http_request_seconds")...)
}

// refused takes the picture that was made last for one that reaches no provider.
func (d *canaryDoor) refused(picture []byte) []byte {
	d.planted.lock.Lock()
	defer d.planted.lock.Unlock()
	last := len(d.planted.content) - 1
	d.planted.door = append(d.planted.door, d.planted.content[last])
	d.planted.content = d.planted.content[:last]
	return picture
}

// crash kills the gateway in the middle of an upload, with all that a Go program
// tells when it dies, after a look at the file that holds what has come of it.
func (d *canaryDoor) crash(t *testing.T) {
	t.Helper()
	photo := d.refused(d.jpeg(t, "photo of the crash"))
	body, out := io.Pipe()
	parts := multipart.NewWriter(out)
	ended := make(chan error, 1)
	go func() {
		call := backend.Call{Method: http.MethodPost, Path: "/v1/journeys", Key: d.token("key of the crash", unique()), Type: parts.FormDataContentType()}
		ended <- d.send(t, call, body)
	}()
	require.NoError(t, parts.WriteField("request", fmt.Sprintf(`{"journey":"iproov.photo-enroll","input":{"user_id":%q,"source":"eid"}}`, d.token("user_id of the crash", plain()))))
	file, err := parts.CreateFormFile("image", d.token("name of a file", plain()))
	require.NoError(t, err)
	for range 200 { // Enough that some of it is in the file.
		_, err = file.Write(photo)
		require.NoError(t, err)
	}
	if runtime.GOOS == "linux" { // Elsewhere a file without a name cannot be read at all.
		d.requireUnreadable(t)
	}
	d.end(syscall.SIGABRT)
	require.NoError(t, out.Close()) // Who sends waits for more of the body.
	require.Error(t, <-ended)
	left, err := filepath.Glob(filepath.Join(d.root, "tmp", "bioenroll-upload-*"))
	require.NoError(t, err)
	require.Empty(t, left, "a file without a name is gone with its process")
}

// requireUnreadable searches the spool while an upload is in it.
func (d *canaryDoor) requireUnreadable(t *testing.T) {
	t.Helper()
	var spooled []byte
	require.Eventually(t, func() bool {
		spooled = d.spooled(t)
		return len(spooled) > 100<<10
	}, time.Minute, 20*time.Millisecond)
	search, err := canary.For(d.needles()...)
	require.NoError(t, err)
	for _, f := range search.Bytes("the spool", spooled) {
		t.Error(f)
	}
}

// send sends a body as it comes, and returns how that ended.
func (d *canaryDoor) send(t *testing.T, call backend.Call, body io.Reader) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), call.Method, d.url+call.Path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+d.shop.Token.Reveal())
	request.Header.Set("Idempotency-Key", call.Key)
	request.Header.Set("Content-Type", call.Type)
	answer, err := d.shop.HTTP.Do(request)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// spooled reads the files of uploads, which have no name any more, as only the
// owner of the process can.
func (d *canaryDoor) spooled(t *testing.T) []byte {
	t.Helper()
	open := fmt.Sprintf("/proc/%d/fd", d.gateway.Process.Pid)
	files, err := os.ReadDir(open)
	require.NoError(t, err)
	var all []byte
	for _, file := range files {
		path := filepath.Join(open, file.Name())
		if target, err := os.Readlink(path); err == nil && strings.Contains(target, "bioenroll-upload-") {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			all = append(all, content...)
		}
	}
	return all
}
