package e2e_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/proxy"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// TestRotation rehearses what docs/operations.md tells operators to do: both
// rings get a new key while journeys of every kind wait for their person.
func TestRotation(t *testing.T) {
	o := options(t.TempDir())
	o.NoWorker = true
	s, err := startWith(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	stop := s.worker(t)
	before := s.dial(t)
	first := s.ring(t)
	var waiting []rotated
	for key, request := range map[string]client.Request{
		"authid": enrollment(s.account(t)), "selfie": selfie(s.account(t)), "bioid": enroll.BioIDEnrollment{BCID: "bws.1.4711"}, "iproov": photo(subject()),
	} {
		waiting = append(waiting, begunBy(t, before, key, request))
	}
	concluded := begunBy(t, before, "smartid", enroll.SmartIDEnrollment{User: subject(), Template: "template", PayLoad: "payload"})
	require.Equal(t, enroll.Enrolled, concluded.started.Result.Outcome)

	// Every program is restarted with rings that can read more.
	s.tells(t, "keys", "add", "codec")
	s.tells(t, "keys", "add", "seal")
	stop(t)
	stopFirst := s.worker(t)
	// One worker after the other is restarted with the new keys in front.
	second := s.ring(t)
	for purpose, ids := range second {
		if purpose != "subject" {
			require.Len(t, ids, 2)
			s.tells(t, "keys", "use", ids[1])
		}
	}
	stopSecond := s.worker(t)
	after := s.dial(t)

	t.Run("journeys_from_before_finish_while_workers_have_either_key_in_front", func(t *testing.T) {
		for _, w := range waiting[:2] {
			s.succeeds(t, after, w.started)
		}
	})
	stopFirst(t)
	t.Run("and_when_all_have_the_new_one", func(t *testing.T) {
		for _, w := range waiting[2:] {
			s.succeeds(t, after, w.started)
		}
	})
	t.Run("new_journeys_are_under_the_new_key_alone", func(t *testing.T) {
		started, err := after.Start(t.Context(), "new", photo(subject()))
		require.NoError(t, err)
		s.succeeds(t, after, started)
		require.Equal(t, []string{second["codec"][1]}, s.keysOf(t, started))
		require.Equal(t, []string{first["codec"][0], second["codec"][1]}, s.keysOf(t, waiting[0].started))
	})
	t.Run("idempotency_keys_and_subjects_are_as_before", func(t *testing.T) {
		for _, w := range append(waiting, concluded) {
			again, err := after.Start(t.Context(), w.key, w.request)
			require.NoError(t, err)
			require.Equal(t, w.started.RunID, again.RunID)
			require.Equal(t, w.started.HandOver, again.HandOver)
		}
		require.Equal(t, first["subject"], s.ring(t)["subject"])
	})
	t.Run("records_move_to_the_new_key", func(t *testing.T) {
		end := s.starter(t, "keys", "retire", first["seal"][0])
		require.Equal(t, 4, end.code, end.stdout)
		require.Contains(t, end.stderr, "starter keys reseal")
		s.tells(t, "keys", "reseal")
		require.Contains(t, s.tells(t, "keys", "retire", first["seal"][0]), "Lost: nothing")
	})
	t.Run("the_old_codec_key_is_kept_while_journeys_may_need_it", func(t *testing.T) {
		end := s.starter(t, "keys", "retire", first["codec"][0])
		require.Equal(t, 4, end.code, end.stdout)
		require.Contains(t, end.stderr, "may be under way until")
		s.tells(t, "keys", "retire", first["codec"][0], "--force")
	})
	stopSecond(t)
	stopThird := s.worker(t)
	retired := s.dial(t)
	t.Run("what_was_under_the_retired_key_is_unreadable_and_says_so", func(t *testing.T) {
		shown, err := retired.Show(t.Context(), concluded.started.ID, concluded.started.RunID)
		require.NoError(t, err)
		require.Equal(t, enroll.Enrolled, shown.Outcome, "known without a key")
		require.Equal(t, enroll.Enrolled, shown.State.Result.Outcome, "known from its record")
		require.Equal(t, []string{first["codec"][0]}, s.keysOf(t, concluded.started))
		known, err := keys.Load(s.KeyFile())
		require.NoError(t, err)
		opener, err := codec.New(known)
		require.NoError(t, err)
		for _, payload := range s.payloads(t, concluded.started) {
			_, err := opener.Decode([]*commonpb.Payload{payload})
			require.ErrorIs(t, err, codec.ErrOtherKey)
			require.ErrorContains(t, err, first["codec"][0])
		}
	})
	t.Run("outcomes_and_idempotency_keys_outlive_it", func(t *testing.T) {
		for _, w := range append(waiting, concluded) {
			result, err := retired.Wait(t.Context(), w.started.ID, w.started.RunID)
			require.NoError(t, err)
			require.True(t, result.Outcome.Success())
			again, err := retired.Start(t.Context(), w.key, w.request)
			require.NoError(t, err)
			require.Equal(t, w.started.RunID, again.RunID)
			require.True(t, again.Result.Outcome.Success())
		}
	})
	t.Run("records_are_readable_as_before", func(t *testing.T) {
		for _, w := range append(waiting, concluded) {
			record, err := retired.RecordOf(t.Context(), w.started.ID, w.started.RunID)
			require.NoError(t, err)
			revealed, err := retired.Reveal(t.Context(), record.ID, olga)
			require.NoError(t, err)
			require.Equal(t, w.request.SubjectName(), revealed.Subject.Reveal())
			require.True(t, revealed.Result.Outcome.Success())
		}
	})
	t.Run("new_journeys_run", func(t *testing.T) {
		started, err := retired.Start(t.Context(), "newer", enrollment(s.account(t)))
		require.NoError(t, err)
		s.succeeds(t, retired, started)
	})
	stopThird(t)
}

// rotated is a journey that began before its keys were rotated.
type rotated struct {
	key     string
	request client.Request
	started client.Started
}

func begunBy(t *testing.T, c *client.Client, key string, request client.Request) rotated {
	t.Helper()
	started, err := c.Start(t.Context(), key, request)
	require.NoError(t, err)
	return rotated{key, request, started}
}

// dial is a backend that starts now, with the key file as it is.
func (s *system) dial(t *testing.T) *client.Client {
	t.Helper()
	environment := s.with(nil)
	dialed, err := client.Dial(t.Context(), client.WithLookup(func(name string) (string, bool) {
		value, found := environment[name]
		return value, found
	}))
	require.NoError(t, err)
	t.Cleanup(dialed.Close)
	return dialed
}

// ring lists the IDs of the keys by their purpose, that in use first.
func (s *system) ring(t *testing.T) map[string][]string {
	t.Helper()
	var listed []struct {
		ID   string `json:"id"`
		Ring string `json:"ring"`
	}
	s.ask(t, 0, args("keys"), &listed)
	ring := map[string][]string{}
	for _, key := range listed {
		ring[key.Ring] = append(ring[key.Ring], key.ID)
	}
	return ring
}

// finishes lets the person complete, and the journey succeed.
func (s *system) succeeds(t *testing.T, c *client.Client, started client.Started) {
	t.Helper()
	hint, body, err := s.user.Complete(t.Context(), started.HandOver)
	require.NoError(t, err)
	_, err = c.Hint(t.Context(), started.ID, started.RunID, hint, body)
	require.NoError(t, err)
	result, err := c.Wait(t.Context(), started.ID, started.RunID)
	require.NoError(t, err)
	require.True(t, result.Outcome.Success(), "%+v", result)
}

// keysOf lists the codec keys of a history in the order in which they appear.
func (s *system) keysOf(t *testing.T, started client.Started) []string {
	t.Helper()
	var ids []string
	for _, payload := range s.payloads(t, started) {
		if id := string(payload.GetMetadata()["key-id"]); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// payloads lists those of a history as the server has them.
func (s *system) payloads(t *testing.T, started client.Started) []*commonpb.Payload {
	t.Helper()
	var all []*commonpb.Payload
	history := s.Temporal().GetWorkflowHistory(t.Context(), started.ID, started.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		require.NoError(t, proxy.VisitPayloads(t.Context(), event, proxy.VisitPayloadsOptions{
			SkipSearchAttributes: true,
			Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
				all = append(all, payloads...)
				return payloads, nil
			},
		}))
	}
	require.NotEmpty(t, all)
	return all
}
