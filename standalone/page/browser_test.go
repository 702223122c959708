package page_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/testserver"
	"github.com/bioenroll/bioenroll/standalone/browsertest"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/page"
	"github.com/bioenroll/bioenroll/standalone/stack"
)

// running is the system behind the page; TestMain starts it.
var running *stack.Stack

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "bioenroll-page")
	if err == nil {
		running, err = stack.Start(context.Background(), stack.Options{DataDir: dir, MetricsPort: embedded.Off})
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := running.Stop(context.Background()); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// visitor is a person at the page.
type visitor struct {
	*testing.T

	tab context.Context //nolint:containedctx // chromedp keeps a tab in one
}

// visit opens the page. What its policy forbids and what its script breaks on
// fails the test.
func visit(t *testing.T) visitor {
	t.Helper()
	v := visitor{t, browsertest.Open(t)}
	complaints := make(chan string, 100)
	go func() {
		for message, err := range chromedp.Console(v.tab) {
			if err != nil {
				return // The tab has been closed.
			}
			complaints <- fmt.Sprintf("%+v", message)
		}
	}()
	t.Cleanup(func() {
		for len(complaints) > 0 {
			if said := <-complaints; strings.Contains(said, "Content Security Policy") || strings.Contains(said, "Uncaught") {
				t.Error(said)
			}
		}
	})
	v.do(chromedp.Navigate(running.PageURL()), chromedp.WaitVisible(chromedp.CSS("#start")))
	return v
}

// do acts, within the patience for a busy machine.
func (v visitor) do(actions ...chromedp.Action[chromedp.Void]) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.tab, browsertest.Patience)
	defer cancel()
	require.NoError(v, chromedp.Do(ctx, actions...))
}

// read evaluates an expression of a text in the page.
func (v visitor) read(expression string) string {
	v.Helper()
	text, err := chromedp.Run(v.tab, chromedp.Evaluate[string](expression))
	require.NoError(v, err)
	return text
}

// until waits until an expression holds in the page.
func (v visitor) until(expression string) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.tab, browsertest.Patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression))
	require.NoError(v, err, "%s; the page says %q", expression, v.read(`document.body.innerText`))
}

// start starts a journey and waits for the hand-over.
func (v visitor) start(journey enroll.Journey) {
	v.Helper()
	v.do(chromedp.Click(chromedp.CSS(`input[value="`+string(journey)+`"]`)), chromedp.Click(chromedp.CSS("#start button")))
}

// capture does something in the frame of the capture.
func (v visitor) capture(result string) {
	v.Helper()
	v.do(chromedp.WaitVisible(chromedp.CSS("#capture iframe")))
	frames, err := chromedp.Run(v.tab, chromedp.Nodes(chromedp.CSS("#capture iframe")))
	require.NoError(v, err)
	v.do(chromedp.Click(chromedp.CSS(`button[data-result="`+result+`"]:enabled`), chromedp.FromNode(frames[0])))
}

// fact is a line of what the page tells of the journey.
func (v visitor) fact(name string) string {
	v.Helper()
	return v.read(`[...document.querySelectorAll("#facts dt")].find((dt) => dt.textContent === "` + name + `")?.nextElementSibling.textContent ?? ""`)
}

// ends waits for the outcome.
func (v visitor) ends(outcome enroll.Outcome) {
	v.Helper()
	v.until(`document.querySelector(".phases [aria-current]")?.dataset.phase === "concluded"`)
	require.Equal(v, string(outcome), v.fact("Outcome"))
}

// state is what the journey itself knows.
func (v visitor) state() enroll.State {
	v.Helper()
	workflow, run, _ := strings.Cut(v.fact("ID"), ".")
	shown, err := running.Client().Show(v.Context(), workflow, run)
	require.NoError(v, err)
	require.NotNil(v, shown.State)
	return *shown.State
}

// simulate asks the simulator as a person's device would.
func (v visitor) simulate(body string) {
	v.Helper()
	request := httptest.NewRequestWithContext(v.Context(), http.MethodPost, running.SimulatorURL()+"/_sim/capture", strings.NewReader(body))
	request.RequestURI = ""
	answer, err := http.DefaultClient.Do(request)
	require.NoError(v, err)
	said, err := io.ReadAll(answer.Body)
	require.NoError(v, err)
	require.NoError(v, answer.Body.Close())
	require.Equal(v, http.StatusOK, answer.StatusCode, "%s", said)
}

// connected switches the browser's network off and on.
func (v visitor) connected(yes bool) {
	v.Helper()
	_, err := chromedp.Call(v.tab, network.Enable, network.EnableParams{})
	require.NoError(v, err)
	_, err = chromedp.Call(v.tab, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: !yes, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	require.NoError(v, err)
}

func TestPage_completes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		journey enroll.Journey
		hint    enroll.HintName
		outcome enroll.Outcome
	}{
		{enroll.AuthIDEnroll, enroll.FinalPage, enroll.Enrolled},
		{enroll.AuthIDSelfie, enroll.FinalPage, enroll.Captured},
		{enroll.BioIDEnroll, enroll.SamplesUploaded, enroll.Enrolled},
		{enroll.IProovPhotoEnroll, enroll.SDKFinished, enroll.Enrolled},
	} {
		t.Run(string(row.journey), func(t *testing.T) {
			t.Parallel()
			v := visit(t)
			v.start(row.journey)
			v.capture("complete")
			v.ends(row.outcome)
			v.until(`[...document.querySelectorAll("#steps .hint strong")].some((name) => name.textContent === "` + string(row.hint) + `")`)
			v.until(`document.querySelector("#steps li:last-child")?.textContent.includes("journey.concluded")`)
			require.Positive(t, v.state().Hints[row.hint], "the browser relayed it")
			v.opensInTemporal()
		})
	}
}

// opensInTemporal follows the link to the journey in the Temporal UI.
func (v visitor) opensInTemporal() {
	v.Helper()
	workflow, _, _ := strings.Cut(v.fact("ID"), ".")
	link := v.read(`document.querySelector("#temporal").href`)
	require.True(v, strings.HasPrefix(link, running.UIURL()+"/"), link)
	v.do(chromedp.Navigate(link))
	v.until(`document.body.innerText.includes("` + workflow + `")`)
}

func TestPage_fails(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		journey enroll.Journey
		// attempts are how often the person may fail.
		attempts int
	}{{enroll.AuthIDEnroll, 1}, {enroll.AuthIDSelfie, 1}, {enroll.BioIDEnroll, 3}, {enroll.IProovPhotoEnroll, 1}} {
		t.Run(string(row.journey), func(t *testing.T) {
			t.Parallel()
			v := visit(t)
			v.start(row.journey)
			for range row.attempts {
				v.capture("fail")
			}
			v.ends(enroll.Rejected)
			require.NotEmpty(t, v.fact("Reason"))
			require.NotEmpty(t, v.fact("Can retry"))
		})
	}
}

func TestPage_waits_for_nobody(t *testing.T) {
	t.Parallel()
	v := visit(t)
	v.start(enroll.SmartIDEnroll)
	v.ends(enroll.Enrolled)
	v.do(chromedp.Click(chromedp.CSS("#another")), chromedp.WaitVisible(chromedp.CSS("#start")))
}

func TestPage_person_walks_away(t *testing.T) {
	t.Parallel()
	v := visit(t)
	v.start(enroll.AuthIDEnroll)
	v.capture("walk_away")
	v.do(chromedp.Click(chromedp.CSS("#cancel")))
	v.ends(enroll.Canceled)
}

func TestPage_gets_a_new_hand_over(t *testing.T) {
	t.Parallel()
	v := visit(t)
	v.start(enroll.IProovPhotoEnroll)
	v.do(chromedp.WaitVisible(chromedp.CSS("#capture iframe")))
	first := v.read(`document.querySelector("#capture iframe").src`)
	v.do(chromedp.Click(chromedp.CSS("#renew")))
	v.until(`document.querySelector("#capture iframe").src !== "` + first + `"`)
	v.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("#capture iframe"))) // The start is repeated, and brings the new one.
	v.capture("complete")
	v.ends(enroll.Enrolled)
}

func TestPage_network_is_lost_before_the_final_page(t *testing.T) {
	t.Parallel()
	for journey, capture := range map[enroll.Journey]string{
		enroll.AuthIDEnroll:      `{"provider": "authid", "subject": %q, "result": "complete"}`,
		enroll.AuthIDSelfie:      `{"provider": "authid", "subject": %q, "result": "complete"}`,
		enroll.BioIDEnroll:       `{"provider": "bioid", "subject": %q, "result": "complete", "perform": true}`,
		enroll.IProovPhotoEnroll: `{"provider": "iproov", "subject": %q, "result": "complete"}`,
	} {
		t.Run(string(journey), func(t *testing.T) {
			t.Parallel()
			v := visit(t)
			v.do(chromedp.Click(chromedp.CSS(`input[value="` + string(journey) + `"]`)))
			person := v.read(`document.querySelector("#person").value`)
			v.start(journey)
			v.do(chromedp.WaitVisible(chromedp.CSS("#capture iframe")))
			v.connected(false)
			v.simulate(fmt.Sprintf(capture, person)) // The provider has it; the page never hears.
			v.waitsForTheOutcome()
			v.connected(true)
			v.until(`document.querySelector(".phases [aria-current]")?.dataset.phase === "concluded"`)
			require.Empty(t, v.state().Hints, "the backup poll found out")
		})
	}
}

// waitsForTheOutcome waits for the journey itself, not for the page.
func (v visitor) waitsForTheOutcome() {
	v.Helper()
	workflow, run, _ := strings.Cut(v.fact("ID"), ".")
	ctx, cancel := context.WithTimeout(v.Context(), browsertest.Patience)
	defer cancel()
	_, err := running.Client().Wait(ctx, workflow, run)
	require.NoError(v, err)
}

func TestPage_network_is_lost_at_the_final_page(t *testing.T) {
	t.Parallel()
	v := visit(t)
	v.start(enroll.IProovPhotoEnroll) // Whose backup is 30 seconds away.
	v.do(chromedp.WaitVisible(chromedp.CSS("#capture iframe")))
	v.connected(false)
	v.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("iproov-me").dispatchEvent(new CustomEvent("failed", {detail: {feedback: "too_dark"}}))`))
	v.until(`document.querySelector("#relayed").textContent.includes("the hint is kept")`)
	v.connected(true)
	v.until(`document.querySelectorAll("#steps .hint").length > 0`)
}

func TestPage_is_loaded_again_in_the_middle(t *testing.T) {
	t.Parallel()
	for _, journey := range []enroll.Journey{enroll.AuthIDEnroll, enroll.BioIDEnroll, enroll.IProovPhotoEnroll} {
		t.Run(string(journey), func(t *testing.T) {
			t.Parallel()
			v := visit(t)
			v.start(journey)
			v.do(chromedp.WaitVisible(chromedp.CSS("#capture iframe")))
			before := v.fact("ID")
			v.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("#capture iframe")))
			require.Equal(t, before, v.fact("ID"), "the same journey")
			v.capture("complete")
			v.ends(enroll.Enrolled)
			v.do(chromedp.Reload())
			v.ends(enroll.Enrolled)
		})
	}
}

func TestPage_works_by_keyboard(t *testing.T) {
	t.Parallel()
	v := visit(t)
	// To the links, the kind of journey, person, time, hint and button.
	for range 6 {
		v.do(chromedp.KeyEvent(kb.Tab))
	}
	require.Equal(t, "Start the journey", v.read(`document.activeElement.textContent`))
	v.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS("#capture iframe")))
	v.until(`document.activeElement.id === "journey-title"`)
	v.do(chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "renew", v.read(`document.activeElement.id`))
}

func TestPage_says_what_is_refused(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]chromedp.Action[chromedp.Void]{
		"of_the_form": chromedp.Steps(chromedp.Click(chromedp.CSS(`input[value="bioid.enroll"]`)),
			chromedp.SetValue(chromedp.CSS("#person"), "nobody"), chromedp.Click(chromedp.CSS("#start button"))),
		"of_an_address": chromedp.Steps(chromedp.Navigate("about:blank"),
			chromedp.Navigate(running.PageURL()+"/#journey=bioid.enroll&person=nobody&timeout=600&key=k1")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := visit(t)
			v.do(ask)
			v.until(`!document.querySelector("#refused").hidden`)
			require.Contains(t, v.read(`document.querySelector("#refused").textContent`), "Person:")
			require.Equal(t, "nobody", v.read(`document.activeElement.value`), "where it can be mended")
			v.do(chromedp.SetValue(chromedp.CSS("#person"), fmt.Sprintf("bws.1.%d", 4700+len(name))), chromedp.Click(chromedp.CSS("#start button")), chromedp.WaitVisible(chromedp.CSS("#capture iframe")))
		})
	}
}

func TestPage_network_is_lost_at_the_start(t *testing.T) {
	t.Parallel()
	v := visit(t)
	v.connected(false)
	v.start(enroll.AuthIDEnroll)
	v.until(`document.querySelector("#network").textContent.includes("The network is gone")`)
	v.connected(true)
	v.capture("complete")
	v.ends(enroll.Enrolled)
	require.Empty(t, v.read(`document.querySelector("#network").textContent`))
}

func TestPage_is_found_by_the_name_of_this_machine(t *testing.T) {
	t.Parallel()
	v := visit(t)
	v.do(chromedp.Navigate(strings.Replace(running.PageURL(), "127.0.0.1", "localhost", 1)), chromedp.WaitVisible(chromedp.CSS("#start")))
	require.Equal(t, running.PageURL(), v.read(`location.origin`))
}

func TestPage_is_accessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(filepath.Join("..", "..", "tools", "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		testserver.Missing(t, "axe-core is not installed; make tools/web/node_modules")
	}
	for _, theme := range []string{"light", "dark"} {
		t.Run(theme, func(t *testing.T) {
			t.Parallel()
			v := visit(t)
			_, err := chromedp.Call(v.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
			})
			require.NoError(t, err)
			_, err = chromedp.Call(v.tab, cdppage.SetBypassCSP, cdppage.SetBypassCSPParams{Enabled: true}) // The checker writes HTML.
			require.NoError(t, err)
			v.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("#start")))
			v.isAccessible(string(axe))
			v.start(enroll.AuthIDEnroll)
			v.do(chromedp.WaitVisible(chromedp.CSS("#capture iframe")))
			v.isAccessible(string(axe))
			v.capture("fail")
			v.ends(enroll.Rejected)
			v.isAccessible(string(axe))
		})
	}
}

// isAccessible checks the page against the rules of axe, at the width of a
// screen and of a phone.
func (v visitor) isAccessible(axe string) {
	v.Helper()
	for _, width := range []int64{1280, 390} {
		v.do(chromedp.EmulateViewport(width, 844))
		found, err := chromedp.Run(v.tab, chromedp.Evaluate[string](axe+`;
axe.run(document, {iframes: false, resultTypes: ["violations"]}).then(({violations}) =>
  violations.map(({id, nodes}) => id + ": " + nodes.map(({html}) => html).join(" ")).join("\n"))`, chromedp.EvalAwaitPromise))
		require.NoError(v, err)
		require.Empty(v, found)
		require.Equal(v, "fits", v.read(`document.documentElement.scrollWidth <= innerWidth ? "fits" : "scrolls sideways"`))
	}
}

func TestPage_answers_nobody_else(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"who_comes_under_another_name": func(r *http.Request) { r.Host = "bank.example" },
		"another_sites_page":           func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, running.PageURL()+"/api/journeys", strings.NewReader(`{}`))
			request.RequestURI = ""
			change(request)
			answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Contains(t, []int{http.StatusForbidden, http.StatusMisdirectedRequest}, answer.StatusCode)
		})
	}
}

func TestPage_believes_no_outcome_that_is_not_signed(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, running.PageURL()+page.OutcomeEvents, strings.NewReader(`{"type": "journey.concluded"}`))
	request.RequestURI = ""
	answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
}
