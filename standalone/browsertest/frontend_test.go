package browsertest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/frontend"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/standalone/browsertest"
)

// The addresses of the documents, in whose place the tests put their own.
const (
	captureURL  = "https://id.authid.ai/?i=5f0c&amp;s=secret%3D%3D"
	captureHost = "https://id.authid.ai"
	gatewayHost = "https://enroll.example"
)

// browser is a tab of a browser, in which one page is visited after the other.
type browser struct {
	tab context.Context //nolint:containedctx // chromedp's context is the tab
}

func open(t *testing.T) browser {
	t.Helper()
	return browser{browsertest.Open(t)}
}

// frontendPage is a page of a frontend in a browser.
type frontendPage struct {
	*testing.T
	browser

	gateway *gateway
}

// earlyScript keeps what happens from the beginning.
const earlyScript = `
Object.assign(window, {events: [], states: [], heard: [], got: [], forbidden: []});
addEventListener("securitypolicyviolation", (event) => forbidden.push(event.violatedDirective + " " + event.blockedURI));
addEventListener("message", (event) => heard.push(event.data));
`

// pageScript opens a relay, and another one when it is in an app.
const pageScript = `
import {openRelay} from "./relay.js";
const {gateway, capture} = document.documentElement.dataset;
window.begin = (outside) => {
  window.relay?.close();
  Object.assign(window, outside);
  window.relay = openRelay({
    gateway, journey: "a.b", token: "` + token + `",
    onEvent: (event) => events.push(event), onState: (state) => states.push(state),
  });
  window.stop = relay.authID({captureURL: capture, frame: document.querySelector("iframe[name=capture]")});
};
begin({});
window.begun = true;
`

// framePage says to the topmost page what it is told to say, or whether it may
// have the camera.
const framePage = `<!doctype html><title>frame</title><script>
addEventListener("message", ({data}) => top.postMessage(data.say ?? {camera: document.featurePolicy.allowsFeature("camera")}, "*"));
top.postMessage("loaded", "*");
</script>`

// visit opens a page with the policies and the frame of authID's document.
func (b browser) visit(t *testing.T) *frontendPage {
	t.Helper()
	return b.visitWith(t, one(t, "authid.md", "csp"))
}

// visitWith opens a page under a policy of a document, with frames if it allows
// them: a capture, another one of its origin, and a stranger's that holds a third.
func (b browser) visitWith(t *testing.T, policy string) *frontendPage {
	t.Helper()
	capture := serve(t, document(framePage))
	stranger := serve(t, document(framePage+`<iframe src="`+capture+`"></iframe>`))
	f := &frontendPage{t, b, &gateway{waiting: map[string][]http.HandlerFunc{}, held: func() {}}}
	door := serve(t, f.gateway)
	own := strings.NewReplacer(captureURL, capture+"/", captureHost, capture, gatewayHost, door, `id="capture"`, `name="capture"`)
	framed, frames := strings.Contains(policy, "frame-src"), ""
	if framed {
		frames = own.Replace(one(t, "authid.md", "html")) +
			`<iframe name="other" src="` + capture + `"></iframe><iframe name="stranger" src="` + stranger + `"></iframe>`
	}
	page := serve(t, pageWith(
		// The stranger's frame is let in: no policy is to be what keeps its messages out.
		strings.Replace(own.Replace(policy), "frame-src", "frame-src "+stranger, 1), own.Replace(permissions(t)),
		fmt.Sprintf(`<!doctype html><html data-gateway="%s" data-capture="%s/"><title>page</title><script src="/early.js"></script>
%s<div id="place"></div><script type="module" src="/page.js"></script>`, door, capture, frames)))
	f.gateway.letIn(t, page)
	require.NoError(t, chromedp.Do(b.tab, chromedp.Navigate(page+"/")))
	f.until(`window.begun`, "the page")
	if framed {
		f.until(`heard.length === 4`, "the frames")
	}
	f.do(`heard.splice(0)`)
	return f
}

// pageWith serves a page under its policies, with its scripts.
func pageWith(policy, permissions, page string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /relay.js", http.FileServerFS(frontend.Files()))
	for name, script := range map[string]string{"early.js": earlyScript, "page.js": pageScript} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, script)
		})
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Permissions-Policy", permissions)
		document(page)(w, r)
	})
	return mux
}

// document serves one page.
func document(page string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, page)
	}
}

// permissions is the Permissions-Policy of authID's document.
func permissions(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(documents, "authid.md"))
	require.NoError(t, err)
	found := regexp.MustCompile("`Permissions-Policy: ([^`]+)`").FindSubmatch(text)
	require.NotNil(t, found)
	return string(found[1])
}

// serve serves on an origin of its own.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// gateway stands for the gateway: it lets origins in as that does, and keeps
// what it was asked.
type gateway struct {
	origins access.Origins

	mu      sync.Mutex
	held    func()
	asked   []request
	waiting map[string][]http.HandlerFunc
}

// request is what the gateway was asked.
type request struct{ Method, Address, Authorization, Body, Key string }

// letIn lets pages of an origin read the answers.
func (g *gateway) letIn(t *testing.T, origin string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	var err error
	g.origins, err = access.ParseOrigins(origin)
	require.NoError(t, err)
}

// hold keeps back the answer to the next question whether a page may send
// something, from when it was asked until it is released.
func (g *gateway) hold() (asked <-chan struct{}, release func()) {
	came, free := make(chan struct{}), make(chan struct{})
	var once sync.Once
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = func() {
		once.Do(func() { close(came) })
		<-free
	}
	return came, func() { close(free) }
}

// answers sets what the next requests to a path are answered.
func (g *gateway) answers(path string, next ...http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting[path] = next
}

// received returns what was asked so far.
func (g *gateway) received() []request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]request(nil), g.asked...)
}

// ServeHTTP answers as it was told, and otherwise that it has taken a hint.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	origins, held := g.origins, g.held
	g.mu.Unlock()
	if r.Method == http.MethodOptions {
		held()
		origins.Preflight(http.MethodGet, http.MethodPost).ServeHTTP(w, r)
		return
	}
	origins.Share(w, r)
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	g.asked = append(g.asked, request{r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), string(body), r.Header.Get("Idempotency-Key")})
	reply := answer(http.StatusAccepted, `{"late":false}`, "")
	if next := g.waiting[r.URL.Path]; len(next) > 0 {
		reply, g.waiting[r.URL.Path] = next[0], next[1:]
	}
	g.mu.Unlock()
	reply(w, r)
}

// answer is an answer in JSON, with a Retry-After unless it is empty.
func answer(status int, body, after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hangUp takes a request and answers nothing.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
