package delivery_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/delivery"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
)

// got is a request that a receiver got.
type got struct {
	header http.Header
	body   []byte
}

// listen starts a receiver that passes on what it gets and answers as it is
// told to.
func listen(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) (address string, requests <-chan got) {
	t.Helper()
	arrived := make(chan got, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- got{r.Header, body}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, arrived
}

func thanks(http.ResponseWriter, *http.Request) {}

// open opens records in a file of the test.
func open(t *testing.T) *records.Store {
	t.Helper()
	k, err := keys.LoadOrCreate(filepath.Join(t.TempDir(), "keys.json"))
	require.NoError(t, err)
	store, err := records.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "records.db"), k)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// register adds the receiver and returns its secret.
func register(t *testing.T, store *records.Store, address string) enroll.Secret {
	t.Helper()
	secret, err := store.AddReceiver(t.Context(), records.NewReceiver{Name: "shop", URL: enroll.Secret(address), AllowHTTP: true}, "olga", "a test")
	require.NoError(t, err)
	return secret
}

// conclude records journeys that ended.
func conclude(t *testing.T, store *records.Store, ids ...string) {
	t.Helper()
	at := time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)
	for _, id := range ids {
		_, err := store.Conclude(t.Context(), records.Conclusion{
			Opening: records.Opening{
				Record: enroll.RecordID(id), Journey: enroll.AuthIDEnroll, WorkflowID: "authid-" + id, RunID: "run-1",
				SubjectHash: "hash-" + id, Digest: "digest-" + id, Subject: "anna@example.com", Reference: "case 17", At: at,
			},
			Result: enroll.Result{Journey: enroll.AuthIDEnroll, RunID: "run-1", Verdict: enroll.Verdict{Outcome: enroll.Enrolled}, ConcludedAt: at},
		})
		require.NoError(t, err)
	}
}

// run starts a dispatcher that may connect to this machine.
func run(t *testing.T, store delivery.Store, change ...func(*delivery.Options)) *delivery.Dispatcher {
	t.Helper()
	options := delivery.DefaultOptions()
	options.Transport = delivery.Transport{AllowHTTP: true, AllowInternal: true}
	options.Look = 20 * time.Millisecond
	for _, c := range change {
		c(&options)
	}
	d, err := delivery.Start(t.Context(), store, options)
	require.NoError(t, err)
	t.Cleanup(d.Stop)
	return d
}

// verified returns the event of a request whose signature the official library
// has verified with each of the secrets.
func verified(t *testing.T, request got, secrets ...enroll.Secret) enroll.OutcomeEvent {
	t.Helper()
	for _, secret := range secrets {
		verifier, err := webhooks.NewWebhook(secret.Reveal())
		require.NoError(t, err)
		require.NoError(t, verifier.Verify(request.body, request.header))
	}
	var event enroll.OutcomeEvent
	require.NoError(t, json.Unmarshal(request.body, &event))
	return event
}

// settled waits until nothing waits, and returns what was delivered.
func settled(t *testing.T, store *records.Store) []records.DeliveryStatus {
	t.Helper()
	require.Eventually(t, func() bool {
		backlogs, err := store.Backlogs(t.Context())
		require.NoError(t, err)
		return len(backlogs) == 1 && backlogs[0].Pending == 0
	}, 20*time.Second, 10*time.Millisecond)
	page, err := store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: "shop", State: records.DeliveryDelivered})
	require.NoError(t, err)
	return page.Deliveries
}

func TestRecords_an_outcome_arrives(t *testing.T) {
	t.Parallel()
	store := open(t)
	address, requests := listen(t, thanks)
	secret := register(t, store, address+"/hook?token=1")
	run(t, store)
	conclude(t, store, "1")
	request := <-requests
	event := verified(t, request, secret)
	require.Equal(t, enroll.EventConcluded, event.Type)
	require.Equal(t, enroll.Enrolled, event.Data.Outcome)
	require.Equal(t, 1, event.Data.Sequence)
	require.NotContains(t, string(request.body), "anna@example.com")
	require.NotContains(t, string(request.body), "case 17")
	require.Len(t, settled(t, store), 1)
}

func TestRecords_two_secrets_verify_while_one_is_exchanged(t *testing.T) {
	t.Parallel()
	store := open(t)
	address, requests := listen(t, thanks)
	older := register(t, store, address)
	newer, err := store.NewReceiverSecret(t.Context(), "shop", false, "olga", "a test")
	require.NoError(t, err)
	run(t, store)
	conclude(t, store, "1")
	verified(t, <-requests, older, newer)
	last, err := store.NewReceiverSecret(t.Context(), "shop", true, "olga", "it leaked")
	require.NoError(t, err)
	conclude(t, store, "2")
	request := <-requests
	verified(t, request, last)
	revoked, err := webhooks.NewWebhook(newer.Reveal())
	require.NoError(t, err)
	require.Error(t, revoked.Verify(request.body, request.header))
}

// deaf is a store that hears nothing of what was sent, as if the process had
// died between sending and writing.
type deaf struct{ *records.Store }

var errDied = errors.New("the process died")

func (deaf) Delivered(context.Context, records.Delivery, records.Attempt) error { return errDied }

func (deaf) HandBack(context.Context, records.Delivery) error { return errDied }

func TestRecords_a_restart_loses_nothing(t *testing.T) {
	t.Parallel()

	t.Run("that_was_sent_and_not_written_down", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		address, requests := listen(t, thanks)
		secret := register(t, store, address)
		conclude(t, store, "1", "2", "3")
		died := run(t, deaf{store}, func(o *delivery.Options) { o.Lease = 300 * time.Millisecond })
		seen := map[string]int{}
		for len(seen) < 3 {
			request := <-requests
			verified(t, request, secret)
			seen[request.header.Get("Webhook-Id")]++
		}
		died.Stop()
		run(t, store)
		require.Len(t, settled(t, store), 3)
		for len(requests) > 0 {
			request := <-requests
			verified(t, request, secret)
			seen[request.header.Get("Webhook-Id")]++
		}
		require.Len(t, seen, 3, "the same events, by the same IDs")
		for id, times := range seen {
			require.Greater(t, times, 1, id)
		}
	})

	t.Run("that_was_under_way", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		hold := make(chan struct{})
		address, requests := listen(t, func(http.ResponseWriter, *http.Request) { <-hold })
		register(t, store, address)
		d := run(t, store, func(o *delivery.Options) { o.Patience = 0 })
		conclude(t, store, "1")
		before := <-requests
		d.Stop() // Long before its claim ends.
		close(hold)
		run(t, store)
		after := <-requests
		require.Equal(t, before.header.Get("Webhook-Id"), after.header.Get("Webhook-Id"))
		require.Equal(t, before.body, after.body)
		require.Equal(t, 1, settled(t, store)[0].Attempts)
	})

	t.Run("that_several_dispatchers_share", func(t *testing.T) {
		t.Parallel()
		store := open(t)
		address, requests := listen(t, thanks)
		register(t, store, address)
		for range 3 {
			run(t, store)
		}
		for i := range 60 {
			conclude(t, store, strconv.Itoa(i))
		}
		settled(t, store)
		seen := map[string]bool{}
		for range 60 {
			seen[(<-requests).header.Get("Webhook-Id")] = true
		}
		require.Len(t, seen, 60, "each was sent once")
		require.Empty(t, requests)
	})
}

// TestRecords_a_receiver_that_cannot_be_decrypted holds up no other.
func TestRecords_a_receiver_that_cannot_be_decrypted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.json")
	before, err := keys.LoadOrCreate(file)
	require.NoError(t, err)
	added, key, err := before.Added(keys.ForSeal)
	require.NoError(t, err)
	after, err := added.Used(key.ID())
	require.NoError(t, err)
	address := "sqlite:" + filepath.Join(t.TempDir(), "records.db")
	var stores []*records.Store
	for _, k := range []*keys.Keys{before, after} {
		store, err := records.Open(t.Context(), address, k)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		stores = append(stores, store)
	}
	for i, name := range []string{"shop", "lost", "harmed"} {
		server, requests := listen(t, thanks)
		_, err := stores[i%2].AddReceiver(t.Context(), records.NewReceiver{Name: name, URL: enroll.Secret(server), AllowHTTP: true}, "olga", "a test")
		require.NoError(t, err)
		t.Cleanup(func() { require.Len(t, requests, map[string]int{"shop": 2}[name], name) })
	}
	db, err := sql.Open("sqlite", strings.TrimPrefix(address, "sqlite:"))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "UPDATE receivers SET secrets = x'00' WHERE name = 'harmed'")
	require.NoError(t, errors.Join(err, db.Close()))

	log, lines := observer.New(zapcore.ErrorLevel)
	run(t, stores[0], func(o *delivery.Options) { o.Log = zap.New(log) })
	conclude(t, stores[0], "1", "2")
	require.Eventually(t, func() bool {
		found, err := stores[0].Receivers(t.Context())
		require.NoError(t, err)
		for _, name := range []string{"harmed", "lost"} {
			page, err := stores[0].Deliveries(t.Context(), records.DeliveryFilter{Receiver: name})
			require.NoError(t, err)
			for _, waiting := range page.Deliveries {
				if waiting.LastError != string(delivery.Unsendable) {
					return false
				}
			}
		}
		return found[2].Pending == 0 // Shop's.
	}, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, 2, lines.Len(), "each is told of once")
}

// TestRecords_an_operator_ends_a_pause, whatever the receiver had asked for.
func TestRecords_an_operator_ends_a_pause(t *testing.T) {
	t.Parallel()
	store := open(t)
	var busy atomic.Bool
	address, requests := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		if busy.Load() {
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	register(t, store, address)
	for range 2 {
		run(t, store)
	}
	for i, end := range []func() error{
		func() error { return store.ResumeReceiver(t.Context(), "shop", "olga", "it is back") },
		func() error {
			page, err := store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: "shop", State: records.DeliveryPending})
			require.NoError(t, err)
			_, err = store.Redeliver(t.Context(), records.Redelivery{Receiver: "shop", Event: page.Deliveries[0].Event}, "olga", "it is back")
			return err
		},
		func() error {
			err := store.RemoveReceiver(t.Context(), "shop", "olga", "a new start")
			register(t, store, address)
			conclude(t, store, "after")
			return err
		},
	} {
		busy.Store(true)
		conclude(t, store, strconv.Itoa(i))
		<-requests
		require.Eventually(t, func() bool {
			page, err := store.Deliveries(t.Context(), records.DeliveryFilter{Receiver: "shop", State: records.DeliveryPending})
			require.NoError(t, err)
			return page.Deliveries[0].LastStatus == http.StatusServiceUnavailable
		}, 20*time.Second, 10*time.Millisecond)
		busy.Store(false)
		require.NoError(t, end())
		<-requests
		settled(t, store)
	}
}
