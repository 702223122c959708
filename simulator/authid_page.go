package simulator

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
)

// authIDPageOperation finds the operation of ?i= or the transaction of ?t= on the capture page.
func authIDPageOperation(c *call) (authIDOperation, bool) {
	q := c.r.URL.Query()
	op, found := get[authIDOperation](c.txn, authIDOperationKind, strings.ToLower(q.Get("i")+q.Get("t")))
	return op, found && op.secretIs(q.Get("s"))
}

func authIDPageSubject(c *call) string {
	op, _ := authIDPageOperation(c)
	return op.AccountNumber
}

// authIDPage serves the capture page: buttons instead of a camera, and the messages that the real one posts to its parent.
func authIDPage(c *call) reply {
	q := c.r.URL.Query()
	if q.Get("i") == "" && q.Get("t") == "" {
		return textReply(http.StatusNotFound, "Nothing to capture here. GET /_sim/ shows what this simulator can do.\n")
	}
	op, valid := authIDPageOperation(c)
	c.entry.Ref = op.ID
	nonce := base64.RawStdEncoding.EncodeToString(randomBytes(18))
	var page bytes.Buffer
	err := authIDPageTemplate.Execute(&page, map[string]any{
		"Nonce": nonce, "Open": valid && op.Status == authIDPending,
		"Operation": op.ID, "Secret": q.Get("s"), "Name": op.Name,
	})
	if err != nil {
		return textReply(http.StatusInternalServerError, err.Error())
	}
	return pageReply(page.Bytes(), nonce)
}

// authIDScriptFile answers the helper scripts that the vendor's web component asks for; the simulated page needs neither.
func authIDScriptFile(*call) reply {
	return reply{status: http.StatusOK, contentType: "text/javascript; charset=utf-8", body: []byte("// nothing to do on the simulator\n")}
}

var authIDPageTemplate = template.Must(template.New("capture").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated authID capture</title>
<style nonce="{{.Nonce}}">` + frameStyle + `</style>
<h1>Simulated capture</h1>
{{if .Open}}
<p>Operation {{.Name}}. Choose what the person does.</p>
<p id="buttons">
<button data-result="complete">Complete</button>
<button data-result="fail" data-reason="liveness_failed">Fail liveness</button>
<button data-result="fail" data-reason="declined">Decline</button>
<button data-result="walk_away">Walk away</button>
</p>
{{else}}
<p>This operation is not open: unknown, finished or expired.</p>
{{end}}
<p id="said" role="status"></p>
<script nonce="{{.Nonce}}">
"use strict";
const said = document.getElementById("said");
function tell(pageName, success) {
  said.textContent = pageName;
  window.parent.postMessage({type: "authid:page", pageName: pageName, success: success}, "*");
}
async function act(result, reason) {
  const ask = {provider: "authid", operation_id: {{.Operation}}, secret: {{.Secret}}, result: result};
  if (reason) { ask.reason = reason; }
  const answer = await fetch("/_sim/capture", {method: "POST", body: JSON.stringify(ask)});
  document.getElementById("buttons").hidden = true;
  if (!answer.ok) { tell("transactionNotValidPage", false); return; }
  const end = await answer.json();
  if (end.page) { tell(end.page, end.success); return; }
  said.textContent = "The person walked away.";
  const back = document.createElement("button");
  back.textContent = "Come back";
  back.addEventListener("click", () => location.reload());
  said.after(back);
}
{{if .Open}}
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => act(button.dataset.result, button.dataset.reason));
}
{{else}}
tell("transactionNotValidPage", false);
{{end}}
</script>
</html>
`))
