package delivery_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/delivery"
)

const (
	first  = enroll.Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") // The one in the specification.
	second = enroll.Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
)

func TestSign(t *testing.T) {
	t.Parallel()
	body := []byte(`{"test": 2432232314}`)

	t.Run("is_the_specifications_example", func(t *testing.T) {
		t.Parallel()
		header := http.Header{}
		require.NoError(t, delivery.Sign(header, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), body, []enroll.Secret{first}))
		require.Equal(t, http.Header{
			"Webhook-Id": {"msg_p5jXN8AQM9LWM0D4loKWxJek"}, "Webhook-Timestamp": {"1614265330"},
			"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
		}, header)
	})

	t.Run("is_an_hmac_that_anybody_can_compute", func(t *testing.T) {
		t.Parallel()
		header := http.Header{}
		require.NoError(t, delivery.Sign(header, "evt_1", time.Unix(1614265330, 999), body, []enroll.Secret{second}))
		key, err := base64.StdEncoding.DecodeString("C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
		require.NoError(t, err)
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(`evt_1.1614265330.{"test": 2432232314}`))
		require.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), header.Get("Webhook-Signature"))
	})

	t.Run("verifies_with_each_of_two_secrets_and_with_no_other", func(t *testing.T) {
		t.Parallel()
		header := http.Header{}
		require.NoError(t, delivery.Sign(header, "evt_1", time.Now(), body, []enroll.Secret{second, first}))
		for _, secret := range []enroll.Secret{first, second} {
			receiver, err := webhooks.NewWebhook(secret.Reveal())
			require.NoError(t, err)
			require.NoError(t, receiver.Verify(body, header))
			require.Error(t, receiver.Verify([]byte(`{"test": 2432232315}`), header))
		}
		stranger, err := webhooks.NewWebhook("whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of somebody else")))
		require.NoError(t, err)
		require.Error(t, stranger.Verify(body, header))
	})

	t.Run("signs_with_nothing_less_than_a_secret", func(t *testing.T) {
		t.Parallel()
		for name, secrets := range map[string][]enroll.Secret{
			"none": nil, "an empty one": {""}, "an empty one beside a good one": {first, ""}, "no base64": {"whsec_hunter2!"}, "a bare prefix": {"whsec_"},
		} {
			header := http.Header{}
			err := delivery.Sign(header, "evt_1", time.Now(), body, secrets)
			require.Error(t, err, name)
			require.NotContains(t, err.Error(), "hunter2")
			require.Empty(t, header, name)
		}
	})
}
