package receiver_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/chaos/invariants"
	"github.com/bioenroll/bioenroll/standalone/chaos/receiver"
)

const (
	secret = enroll.Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	event  = `{"type":"journey.concluded","data":{"id":"authid-1.run","sequence":1,"outcome":"enrolled"}}`
)

// start starts a receiver and returns with it what it answered.
func start(t *testing.T) (*receiver.Receiver, <-chan string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	answers := make(chan string, 1000)
	r, err := receiver.Start(t.Context(), number, 1, func(a invariants.Arrival) { answers <- a.Answer })
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	require.NoError(t, r.Trust(secret))
	return r, answers
}

// signed is an event as a worker sends it, with a secret.
func signed(ctx context.Context, t *testing.T, r *receiver.Receiver, id string, with enroll.Secret) *http.Request {
	t.Helper()
	signer, err := webhooks.NewWebhook(with.Reveal())
	require.NoError(t, err)
	now := time.Now()
	signature, err := signer.Sign(id, now, []byte(event))
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL(), bytes.NewBufferString(event))
	require.NoError(t, err)
	request.Header.Set("Webhook-Id", id)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("Webhook-Signature", signature)
	return request
}

// send sends a request over a connection of its own.
func send(request *http.Request) (status int, err error) {
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

func TestReceiver(t *testing.T) {
	t.Run("remembers_what_arrived_and_whether_it_was_signed", func(t *testing.T) {
		r, _ := start(t)
		status, err := send(signed(t.Context(), t, r, "evt_1", secret))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		_, err = send(signed(t.Context(), t, r, "evt_2", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"))
		require.NoError(t, err)
		arrivals := r.Arrivals()
		require.Len(t, arrivals, 2)
		require.Equal(t, enroll.EventID("evt_1"), arrivals[0].ID)
		require.Empty(t, arrivals[0].Refused)
		require.Equal(t, enroll.Enrolled, arrivals[0].Event.Data.Outcome)
		require.NotEmpty(t, arrivals[1].Refused)
	})

	t.Run("fails_in_every_way_when_the_times_are_bad", func(t *testing.T) {
		r, answers := start(t)
		r.Worsen(100)
		seen := map[string]bool{}
		for len(seen) < 4 {
			ctx, cancel := context.WithCancel(t.Context())
			request, ended := signed(ctx, t, r, "evt_1", secret), make(chan struct{})
			go func() {
				defer close(ended)
				status, err := send(request)
				if err == nil && status < 300 {
					t.Errorf("a bad receiver answered %d", status)
				}
			}()
			seen[<-answers] = true
			cancel() // One that hangs would hang for ever.
			<-ended
		}
		r.Worsen(0)
		status, err := send(signed(t.Context(), t, r, "evt_1", secret))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
	})

	t.Run("forgets_nothing_in_a_restart", func(t *testing.T) {
		r, _ := start(t)
		_, err := send(signed(t.Context(), t, r, "evt_1", secret))
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.NoError(t, r.Close())
		_, err = send(signed(t.Context(), t, r, "evt_2", secret))
		require.Error(t, err)
		require.NoError(t, r.Open(t.Context()))
		status, err := send(signed(t.Context(), t, r, "evt_3", secret))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.Len(t, r.Arrivals(), 2)
	})
}
