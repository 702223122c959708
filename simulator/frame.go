package simulator

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"net/http"
)

// controlFrame serves a page with buttons in the place of a camera, to be shown in a frame: what BioID's script and iProov's
// element do on a frontend's own page. It reads provider and token from the fragment, which no server sees, and posts the
// message "simulator:capture" to its parent when the person has acted.
func controlFrame(*call) reply {
	nonce := base64.RawStdEncoding.EncodeToString(randomBytes(18))
	var page bytes.Buffer
	if err := frameTemplate.Execute(&page, map[string]string{"Nonce": nonce}); err != nil {
		return textReply(http.StatusInternalServerError, err.Error())
	}
	return pageReply(page.Bytes(), nonce)
}

// pageReply is a page whose scripts and styles carry the nonce, and which reaches this simulator only.
func pageReply(page []byte, nonce string) reply {
	policy := "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce +
		"'; connect-src 'self'; base-uri 'none'; form-action 'none'"
	out := reply{status: http.StatusOK, contentType: "text/html; charset=utf-8", body: page}
	return out.with("Content-Security-Policy", policy).with("Cache-Control", "no-store").with("Referrer-Policy", "no-referrer")
}

// frameStyle is the look of all capture pages, in the colours that the person's device prefers.
const frameStyle = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.125rem; margin: 0 0 .5rem }
button { font: inherit; padding: .5rem 1rem; margin: .25rem .25rem .25rem 0; min-height: 2.75rem }
`

var frameTemplate = template.Must(template.New("frame").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated capture</title>
<style nonce="{{.Nonce}}">` + frameStyle + `</style>
<h1>Simulated capture</h1>
<p id="ask">Choose what the person does.</p>
<p id="buttons"></p>
<p id="said" role="status"></p>
<script nonce="{{.Nonce}}">
"use strict";
const given = new URLSearchParams(location.hash.slice(1));
const provider = given.get("provider"), token = given.get("token");
const samples = Number(given.get("samples")) || 2, perform = given.get("perform") === "true";
const choices = {
  bioid: [["Complete", "complete", ""], ["Fail liveness", "fail", "not_live"], ["Walk away", "walk_away", ""]],
  iproov: [["Complete", "complete", ""], ["Fail: too dark", "fail", "too_dark"], ["Fail liveness", "fail", "liveness_failed"], ["Walk away", "walk_away", ""]],
};
const said = document.getElementById("said"), buttons = document.getElementById("buttons");
function tell(result, more) {
  window.parent.postMessage(Object.assign({type: "simulator:capture", provider, result}, more), "*");
}
function offerReturn() {
  const back = document.createElement("button");
  back.textContent = "Come back";
  back.addEventListener("click", () => location.reload());
  said.after(back);
}
async function act(result, reason) {
  for (const button of buttons.children) { button.disabled = true; }
  const ask = {provider, token, result};
  if (reason) { ask.reason = reason; }
  if (provider === "bioid" && result !== "walk_away") { ask.samples = samples; ask.perform = perform; }
  let answer;
  try {
    answer = await fetch("/_sim/capture", {method: "POST", body: JSON.stringify(ask)});
  } catch {
    said.textContent = "The network is gone. Try again.";
    for (const button of buttons.children) { button.disabled = false; }
    return;
  }
  const again = provider === "bioid" && result === "fail" && answer.ok; // The token has attempts left, or the next one tells.
  if (again) { for (const button of buttons.children) { button.disabled = false; } } else { buttons.hidden = true; }
  if (!answer.ok) { said.textContent = "This capture is over."; tell("error", {reason: "token_not_valid"}); return; }
  const end = await answer.json();
  if (result === "walk_away") { offerReturn(); }
  said.textContent = {complete: "Done.", fail: "It did not work.", walk_away: "The person walked away."}[result];
  tell(result, {reason, performed: end.performed || null, uploaded: provider === "bioid" ? samples : 0});
}
if (token && choices[provider]) {
  for (const [label, result, reason] of choices[provider]) {
    const button = document.createElement("button");
    button.textContent = label;
    button.dataset.result = result;
    button.addEventListener("click", () => act(result, reason));
    buttons.append(button);
  }
  tell("ready", {});
} else {
  document.getElementById("ask").textContent = "There is nothing to capture: the address names no provider and token.";
}
</script>
</html>
`))
