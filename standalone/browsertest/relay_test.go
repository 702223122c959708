package browsertest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/browsertest"
)

const (
	journey = "/v1/journeys/a.b"
	hints   = journey + "/hints"
	token   = "bioenroll_relay_TOKEN"
	// verified is what authID's page says at its end.
	verified = `{type: "authid:page", pageName: "verifiedPage", success: true}`
	// sent holds when a hint has been sent and answered.
	sent = `states.length > 1 && states.at(-1) === "idle"`
)

// TestRelay puts the script that frontends take home into a browser, between a
// capture page, a stranger's page and a gateway, each of an origin of its own.
func TestRelay(t *testing.T) {
	chromium := open(t)

	t.Run("hears_the_capture_and_nobody_else", func(t *testing.T) {
		f := chromium.visit(t)
		for from, forge := range map[string]string{
			"a frame of a stranger":                  said("frames.stranger", verified),
			"another frame of the capture's origin":  said("frames.other", verified),
			"a frame of that origin in a stranger's": said("frames.stranger[0]", verified),
			"whoever can run a script in the page":   `postMessage(` + verified + `, "*")`,
		} {
			heard := f.heard()
			f.do(forge)
			f.until(`heard.length > `+heard+` && heard.at(-1).pageName === "verifiedPage"`, from)
			require.Equal(t, "[]", f.read(`JSON.stringify(events)`), from)
		}
		require.Empty(t, f.gateway.received())

		f.say(`frames.capture`, verified)
		f.until(sent, "the hint")
		f.say(`frames.capture`, verified)
		f.until(`heard.length === 6`, "the same again")
		f.do(`document.querySelector("iframe[name=capture]").src = document.querySelector("iframe[name=stranger]").src`)
		f.until(`heard.length === 8`, "the capture is led to a stranger, with a frame inside")
		f.do(`stop(); relay.authID({captureURL: document.documentElement.dataset.capture, frame: document.querySelector("iframe[name=capture]")})`)
		f.say(`frames.capture`, verified)
		f.until(`heard.length === 9`, "the stranger speaks")
		require.Equal(t, []request{{http.MethodPost, hints, "Bearer " + token, `{"name":"final-page"}`, ""}}, f.gateway.received())
	})

	t.Run("hears_a_frame_that_an_element_hides", func(t *testing.T) {
		f := chromium.visit(t)
		f.do(`stop(); relay.authID({captureURL: document.documentElement.dataset.capture})`)
		f.say(`frames.stranger[0]`, verified)
		f.until(`heard.length === 1`, "what is not directly in the page")
		require.Equal(t, "[]", f.read(`JSON.stringify(events)`))
		f.say(`frames.other`, verified)
		f.until(sent, "the hint")
		require.Len(t, f.gateway.received(), 1)
	})

	t.Run("relays_through_a_network_that_was_lost", func(t *testing.T) {
		f := chromium.visit(t)
		f.connected(false)
		f.say(`frames.capture`, verified)
		f.until(`relay.state === "waiting"`, "the network is lost")
		require.Empty(t, f.gateway.received())
		f.connected(true)
		f.until(sent, "the network is back")
		require.Len(t, f.gateway.received(), 1)
	})

	t.Run("repeats_a_hint_whose_answer_was_lost", func(t *testing.T) {
		f := chromium.visit(t)
		f.gateway.answers(hints, hangUp, hangUp, hangUp)
		f.say(`frames.capture`, verified)
		f.until(sent, "an answer")
		require.GreaterOrEqual(t, len(f.gateway.received()), 4, "a browser may repeat a request by itself")
	})

	t.Run("leaves_nothing_behind_when_the_person_leaves", func(t *testing.T) {
		f := chromium.visit(t)
		f.do(`addEventListener("unload", () => {})`) // Such a page is not kept for the way back, requests and all.
		asked, release := f.gateway.hold()
		f.do(said("frames.capture", verified))
		<-asked // Whether the page may send it: the hint itself is still to come.
		require.NoError(t, chromedp.Do(f.tab, chromedp.Navigate("about:blank")))
		release()
		require.Eventually(t, func() bool { return len(f.gateway.received()) == 1 }, browsertest.Patience, 10*time.Millisecond)
	})

	t.Run("can_read_when_to_come_back", func(t *testing.T) {
		f := chromium.visit(t)
		f.gateway.answers(hints, answer(http.StatusServiceUnavailable, `{}`, "86400"))
		require.Equal(t, `"dropped"`, f.await(`relay.hint({name: "final-page"})`), "a day is too long")
		require.Len(t, f.gateway.received(), 1)
	})

	t.Run("follows_and_renews", func(t *testing.T) {
		f := chromium.visit(t)
		f.gateway.answers(journey, answer(http.StatusOK, `{"id":"a.b","phase":"waiting"}`, ""), answer(http.StatusOK, `{"id":"a.b","phase":"concluded","can_retry":true}`, ""))
		f.gateway.answers(journey+"/renew", answer(http.StatusOK, `{"id":"a.b","renewals_left":2,"relay_token":"bioenroll_relay_NEXT","hand_over":{"expires_at":"2026-11-21T03:00:00Z"}}`, ""))
		require.JSONEq(t, `{"id": "a.b", "renewals_left": 2, "hand_over": {"expires_at": "2026-11-21T03:00:00Z"}}`, f.await(`relay.renew()`))
		require.JSONEq(t, `{"id": "a.b", "phase": "concluded", "can_retry": true}`, f.await(`relay.follow()`))
		require.Equal(t, "concluded", f.read(`relay.state`))
		asked := f.gateway.received()
		require.Len(t, asked, 3)
		require.NotEmpty(t, asked[0].Key)
		require.Equal(t, request{http.MethodGet, journey + "?wait=25", "Bearer bioenroll_relay_NEXT", "", ""}, asked[2])
	})

	t.Run("gives_an_app_what_it_may_know", func(t *testing.T) {
		f := chromium.visit(t)
		f.do(`begin({BioenrollAndroid: {postMessage: (text) => got.push(text)}})`)
		f.say(`frames.capture`, verified)
		f.until(sent, "the hint")
		require.JSONEq(t, `["bioenroll:event", "bioenroll:hint", "bioenroll:state", "bioenroll:state"]`, f.read(`JSON.stringify(got.map((text) => JSON.parse(text).type))`))
		require.NotContains(t, f.read(`got.join()`), token)
	})

	t.Run("has_the_camera_in_the_frame_of_the_documents", func(t *testing.T) {
		f := chromium.visit(t)
		for frame, camera := range map[string]string{"capture": "true", "stranger": "false"} {
			heard := f.heard()
			f.say(`frames.`+frame, `undefined`)
			f.until(`heard.length > `+heard, frame)
			require.Equal(t, camera, f.read(`String(heard.at(-1).camera)`), frame)
		}
	})
}

// TestRelay_policies puts the policies of the documents into a browser.
func TestRelay_policies(t *testing.T) {
	chromium := open(t)
	pages, err := filepath.Glob(filepath.Join(documents, "*.md"))
	require.NoError(t, err)
	for _, page := range pages {
		name := filepath.Base(page)
		for _, policy := range blocks(t, name, "csp") {
			t.Run("of_"+name, func(t *testing.T) {
				f := chromium.visitWith(t, policy)
				require.Equal(t, `"taken"`, f.await(`relay.hint({name: "final-page"})`))
				require.JSONEq(t, `[]`, f.read(`JSON.stringify(forbidden)`))
				forbidden := f.await(`new Promise((tell) => { addEventListener("securitypolicyviolation", (event) => tell(event.violatedDirective)); fetch("https://elsewhere.invalid/").catch(() => {}); })`)
				require.Equal(t, `"connect-src"`, forbidden, "the policy is in force")
			})
		}
		for _, block := range blocks(t, name, "html") {
			t.Run("frames_of_"+name, func(t *testing.T) {
				f := chromium.visit(t)
				requireFeatures(t, f, block)
			})
		}
	}
}

// requireFeatures checks that what a frame's allow names is known to browsers,
// and that the frame is then allowed to.
func requireFeatures(t *testing.T, f *frontendPage, block string) {
	t.Helper()
	allow := regexp.MustCompile(`allow="([^"]+)"`).FindStringSubmatch(block)
	if allow == nil {
		require.NotContains(t, block, "<iframe", "a frame that captures needs the camera")
		return
	}
	given, err := json.Marshal(block)
	require.NoError(t, err)
	f.do(`document.querySelector("#place").innerHTML = ` + string(given))
	for feature := range strings.SplitSeq(allow[1], ";") {
		feature, _, _ = strings.Cut(strings.TrimSpace(feature), " ")
		require.Equal(t, "true", f.read(`String(document.querySelector("#place iframe").featurePolicy.features().includes("`+feature+`"))`), feature)
	}
	require.Empty(t, f.read(`document.querySelector("#place iframe").getAttribute("sandbox") ?? ""`))
}

// documents is the folder of the pages for frontends.
var documents = filepath.Join("..", "..", "docs", "frontend")

// blocks returns the blocks of a language of a document.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(documents, page))
	require.NoError(t, err)
	var found []string
	for _, block := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		found = append(found, strings.TrimSpace(block[1]))
	}
	return found
}

// one is the only block of a language of a document.
func one(t *testing.T, page, language string) string {
	t.Helper()
	found := blocks(t, page, language)
	require.Len(t, found, 1)
	return found[0]
}

// do runs a script in the page.
func (f *frontendPage) do(script string) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.tab, browsertest.Patience)
	defer cancel()
	require.NoError(f, chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](script)))
}

// read evaluates an expression of a text.
func (f *frontendPage) read(expression string) string {
	f.Helper()
	text, err := chromedp.Run(f.tab, chromedp.Evaluate[string](expression))
	require.NoError(f, err)
	return text
}

// await evaluates a promise, and returns what it resolves to as JSON.
func (f *frontendPage) await(expression string) string {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.tab, browsertest.Patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`Promise.resolve(`+expression+`).then((value) => JSON.stringify(value))`, chromedp.EvalAwaitPromise))
	require.NoError(f, err)
	return text
}

// until waits until an expression holds.
func (f *frontendPage) until(expression, what string) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.tab, browsertest.Patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(0)))
	require.NoError(f, err, "%s: %s", what, expression)
}

// heard is how many messages the page got so far.
func (f *frontendPage) heard() string {
	f.Helper()
	return f.read(`String(heard.length)`)
}

// say lets a window say something to the page.
func (f *frontendPage) say(window, what string) {
	f.Helper()
	f.do(said(window, what))
}

func said(window, what string) string { return window + `.postMessage({say: ` + what + `}, "*")` }

// connected takes the network away from the page, or gives it back.
func (f *frontendPage) connected(yes bool) {
	f.Helper()
	_, err := chromedp.Call(f.tab, network.Enable, network.EnableParams{})
	require.NoError(f, err)
	_, err = chromedp.Call(f.tab, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: !yes, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	require.NoError(f, err)
}
