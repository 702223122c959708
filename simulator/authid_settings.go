package simulator

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	authIDSettingsKind = "authid.settings"
	authIDWebhookKey   = "webhook"
	// A webhook that does not answer within this time is given up; the provider gives no guarantee either.
	authIDWebhookTimeout = 5 * time.Second
)

// authIDWebhookSettings is the tenant's webhook setting on the wire.
type authIDWebhookSettings struct {
	Enabled   bool
	SecretKey string
	WebHook   authIDWebhook
	Version   int
}

type authIDWebhook struct {
	URL                                 string `json:"Url"` //nolint:tagliatelle // the vendor's casing
	ConnectTimeout                      int
	AuthMode                            int
	Login                               string
	Password                            string
	IsValidateCertificate               bool
	AllowedServerCertificateThumbprints []string
}

func authIDSettingsEndpoints(base string) []endpoint {
	const settings = "/settings/webhook"
	list := []endpoint{
		{name: "authid.read_webhook", pattern: "GET " + base + settings, handle: authIDReadWebhook},
		{name: "authid.set_webhook", pattern: "PUT " + base + settings, handle: authIDSetWebhook},
		{name: "authid.reset_webhook_secret", pattern: "POST " + base + settings + "/secret", handle: authIDResetWebhookSecret},
		{name: "authid.test_webhook", pattern: "POST " + base + settings + "/test", handle: authIDTestWebhook},
	}
	for i := range list {
		list[i].handle = authIDGuard(list[i].handle)
	}
	return list
}

func authIDWebhookOf(t *txn) authIDWebhookSettings {
	settings, found := get[authIDWebhookSettings](t, authIDSettingsKind, authIDWebhookKey)
	if !found {
		settings.WebHook.AllowedServerCertificateThumbprints = []string{}
		settings.WebHook.URL = t.srv.opts.AuthIDWebhook
		settings.Enabled = settings.WebHook.URL != ""
	}
	return settings
}

func authIDReadWebhook(c *call) reply { return jsonReply(http.StatusOK, authIDWebhookOf(c.txn)) }

func authIDSetWebhook(c *call) reply {
	var settings authIDWebhookSettings
	if refusal, ok := authIDDecode(c, &settings); !ok {
		return refusal
	}
	if to, err := url.Parse(settings.WebHook.URL); settings.Enabled && (err != nil || to.Host == "") {
		return authIDRefuse(http.StatusBadRequest, authIDArgument, "WebHook.Url is not an absolute address.")
	}
	settings.Version = authIDWebhookOf(c.txn).Version + 1
	put(c.txn, authIDSettingsKind, authIDWebhookKey, settings)
	c.effect("webhook_set")
	return jsonReply(http.StatusOK, settings)
}

func authIDResetWebhookSecret(c *call) reply {
	settings := authIDWebhookOf(c.txn)
	settings.SecretKey = base64.StdEncoding.EncodeToString(randomBytes(32))
	settings.Version++
	put(c.txn, authIDSettingsKind, authIDWebhookKey, settings)
	c.effect("webhook_secret_reset")
	return jsonReply(http.StatusOK, settings)
}

func authIDTestWebhook(c *call) reply {
	settings := authIDWebhookOf(c.txn)
	if !settings.Enabled {
		return authIDRefuse(http.StatusBadRequest, authIDArgument, "The webhook is not enabled.")
	}
	event, _ := strconv.Atoi(c.r.URL.Query().Get("eventType")) // absent means 0
	authIDPost(c.txn, settings.WebHook, authIDEvent{EventType: event})
	c.effect("webhook_sent")
	return emptyReply(http.StatusOK)
}

// authIDEvent is the body of a webhook. The real one is unpublished; it is only known to name the operation.
type authIDEvent struct {
	EventType     int
	OperationID   string `json:"OperationId,omitempty"`   //nolint:tagliatelle // the vendor's casing
	TransactionID string `json:"TransactionId,omitempty"` //nolint:tagliatelle // the vendor's casing
	Status        int
}

// authIDNotify sends the webhook about an operation that has changed, once, if the tenant has one.
func authIDNotify(t *txn, op authIDOperation) {
	settings := authIDWebhookOf(t)
	if !settings.Enabled || op.Status == authIDPending {
		return
	}
	event := authIDEvent{OperationID: op.ID, Status: op.Status}
	if op.Transaction {
		event = authIDEvent{TransactionID: op.ID, Status: op.Status}
	}
	authIDPost(t, settings.WebHook, event)
}

func authIDPost(t *txn, hook authIDWebhook, event authIDEvent) {
	body := jsonReply(http.StatusOK, event).body
	t.afterCommit(func() { t.srv.hooks.Go(func() { t.srv.deliver(hook, body) }) })
}

// deliver posts a webhook and forgets it: nothing is queued, nothing is repeated.
func (s *Server) deliver(hook authIDWebhook, body []byte) {
	ctx, cancel := context.WithTimeout(s.life, authIDWebhookTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/json")
	if hook.Login != "" {
		request.SetBasicAuth(hook.Login, hook.Password)
	}
	answer, err := s.hookClient.Do(request)
	if err == nil {
		_ = answer.Body.Close() // the answer means nothing
	}
}
