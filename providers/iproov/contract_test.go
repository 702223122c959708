//go:build contract

package iproov_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/contracttest"
	"github.com/bioenroll/bioenroll/providers/iproov"
	"github.com/bioenroll/bioenroll/providers/rest/resttest"
)

// sandbox is the European region; keys of a trial service provider live there.
const sandbox = "https://eu.rp.secure.iproov.me/api/v2"

func sandboxClient(t *testing.T) *iproov.Client {
	t.Helper()
	keys := contracttest.Keys(t, "IPROOV_SANDBOX_API_KEY", "IPROOV_SANDBOX_API_SECRET", "IPROOV_SANDBOX_OAUTH_USERNAME", "IPROOV_SANDBOX_OAUTH_PASSWORD")
	client, err := iproov.New(iproov.Config{
		BaseURL: sandbox, APIKey: enroll.Secret(keys[0]), APISecret: enroll.Secret(keys[1]),
		OAuthUsername: keys[2], OAuthPassword: enroll.Secret(keys[3]),
	})
	require.NoError(t, err)
	return client
}

// sandboxUser is a user_id that nobody has; the user is removed in the end.
func sandboxUser(t *testing.T, client *iproov.Client) string {
	t.Helper()
	user := "bioenroll-contract-" + time.Now().UTC().Format("20060102150405.000")
	t.Cleanup(func() {
		// The test's own context has ended by now.
		_, err := client.RemoveUser(context.WithoutCancel(t.Context()), user)
		require.NoError(t, err, "remove %s by hand", user)
	})
	return user
}

// faceless is a picture with nobody in it.
func faceless(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, image.NewGray(image.Rect(0, 0, 400, 500))))
	return file.Bytes()
}

// TestContractImage closes question 8: how a photo that does not fit is
// refused.
func TestContractImage(t *testing.T) {
	client := sandboxClient(t)
	user := sandboxUser(t, client)
	token, err := client.EnrolToken(t.Context(), user, enroll.GenuinePresence)
	require.NoError(t, err)
	err = client.EnrolImage(t.Context(), user, token, resttest.Stream(faceless(t)), enroll.SourceSelfie)
	t.Logf("a photo without a face: %v", err)
	refusal, ok := errors.AsType[*enroll.Refusal](err)
	require.True(t, ok, "a photo without a face is refused")
	require.Equal(t, enroll.ReasonImageRefused, refusal.Verdict.Reason)
}

// TestContractTokens closes question 8: whether a second enrol token ends the
// first.
func TestContractTokens(t *testing.T) {
	client := sandboxClient(t)
	user := sandboxUser(t, client)
	first, err := client.EnrolToken(t.Context(), user, enroll.GenuinePresence)
	require.NoError(t, err)
	second, err := client.EnrolToken(t.Context(), user, enroll.GenuinePresence)
	require.NoError(t, err)
	require.NotEqual(t, first.Reveal(), second.Reveal())
	t.Logf("a photo on the first of two tokens: %v (invalid_token: the second ended it)",
		client.EnrolImage(t.Context(), user, first, resttest.Stream(faceless(t)), enroll.SourceSelfie))
}

// TestContractValidate closes question 8: what validate answers to a token that
// nobody issued.
func TestContractValidate(t *testing.T) {
	client := sandboxClient(t)
	const nobodys = "0000000000000000000000000000000000000000000000000000000000000000"
	verdict, err := client.Validate(t.Context(), "bioenroll-contract-nobody", nobodys, "bioenroll contract test")
	t.Logf("validate of an unknown token: %+v, %v", verdict, err)
	require.Error(t, err)
}
