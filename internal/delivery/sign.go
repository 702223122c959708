package delivery

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/bioenroll/bioenroll/enroll"
)

// errNoSecret is the refusal to send what nobody could verify.
var errNoSecret = errors.New("the receiver has no secret to sign with")

// sign puts the headers of Standard Webhooks on a request: the event's ID, the
// time of the attempt, and a signature for each secret. While a secret is being
// exchanged there are two, and the receiver verifies with whichever it has.
func sign(header http.Header, id string, at time.Time, body []byte, secrets []enroll.Secret) error {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		if strings.TrimPrefix(secret.Reveal(), "whsec_") == "" {
			return errNoSecret
		}
		signer, err := webhooks.NewWebhook(secret.Reveal())
		if err != nil {
			return fmt.Errorf("read secret %d of the receiver: %w", i+1, err)
		}
		if signatures[i], err = signer.Sign(id, at, body); err != nil {
			return fmt.Errorf("sign: %w", err)
		}
	}
	if len(signatures) == 0 {
		return errNoSecret
	}
	header.Set(webhooks.HeaderWebhookID, id)
	header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(webhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}
