package client_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// operation stands for the start within an Update-with-Start.
type operation struct{ sdk.WithStartWorkflowOperation }

const png = "\x89PNG\r\n\x1a\n image"

// bundle is a client whose cluster answers as a test says.
type bundle struct {
	*client.Client
	t      *testing.T
	sealed *seal.Store
	// input is what the workflow was started with, update how it was begun.
	input  any
	update sdk.UpdateWorkflowOptions
	calls  int
}

// setup returns a client; the cluster replies to begin with the reply, or
// fails with the error. An empty digest is filled with the request's own.
func setup(t *testing.T, reply enroll.BeginReply, failure error) *bundle {
	t.Helper()
	k, err := keys.LoadOrCreate(t.TempDir() + "/keys.json")
	require.NoError(t, err)
	sealed, err := seal.OpenStore(t.TempDir(), k)
	require.NoError(t, err)
	b := &bundle{t: t, sealed: sealed}
	cluster := mocks.NewClient(t)
	cluster.On("NewWithStartWorkflowOperation", mock.Anything, mock.Anything, mock.Anything).Maybe().
		Run(func(args mock.Arguments) { b.input = args.Get(2) }).Return(operation{})
	handle := mocks.NewWorkflowUpdateHandle(t)
	handle.On("RunID").Maybe().Return("run")
	handle.On("Get", mock.Anything, mock.Anything).Maybe().Run(func(args mock.Arguments) {
		answer := reply
		if answer.Digest == "" {
			answer.Digest = reflect.ValueOf(b.input).FieldByName("Digest").String()
		}
		*as[*enroll.BeginReply](t, args.Get(1)) = answer
	}).Return(nil)
	cluster.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).Maybe().Run(func(args mock.Arguments) {
		b.calls++
		b.update = as[sdk.UpdateWithStartWorkflowOptions](t, args.Get(1)).UpdateOptions
	}).Return(handle, failure)
	cluster.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, mock.Anything).Maybe().Return(nil, serviceerror.NewNotFound("nobody"))
	b.Client, err = client.New(client.Options{Temporal: cluster, Keys: k, Sealed: sealed})
	require.NoError(t, err)
	return b
}

// as is the value in its type.
func as[T any](t *testing.T, value any) T {
	t.Helper()
	typed, ok := value.(T)
	require.True(t, ok, "%T", value)
	return typed
}

func (b *bundle) refs() []enroll.SealedRef {
	b.t.Helper()
	refs, err := b.sealed.Refs(b.t.Context())
	require.NoError(b.t, err)
	return refs
}

func photo(userID string) enroll.IProovPhotoEnrollment {
	return enroll.IProovPhotoEnrollment{UserID: userID, Image: []byte(png), Source: enroll.SourceEID}
}

func TestStart(t *testing.T) {
	handed := enroll.BeginReply{HandOver: &enroll.HandOver{}}
	t.Run("seals_bytes_and_sends_references", func(t *testing.T) {
		b := setup(t, handed, nil)
		started, err := b.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.Equal(t, "run", started.RunID)
		require.NotNil(t, started.HandOver)
		in := as[enroll.IProovInput](t, b.input)
		require.Equal(t, []enroll.SealedRef{in.Image}, b.refs())
		opened, err := b.sealed.Open(t.Context(), in.Image)
		require.NoError(t, err)
		require.Equal(t, png, string(opened))
	})
	t.Run("identifiers_hold_nothing_of_the_caller", func(t *testing.T) {
		b := setup(t, handed, nil)
		started, err := b.Start(t.Context(), "canary-key", photo("canary-person"))
		require.NoError(t, err)
		require.NotContains(t, started.ID+b.update.UpdateID+string(b.refs()[0]), "canary")
	})
	t.Run("a_repeated_start_means_the_same_update_and_seals_nothing_twice", func(t *testing.T) {
		b := setup(t, handed, nil)
		first, err := b.Start(t.Context(), "key", photo(""))
		require.NoError(t, err)
		update, userID := b.update.UpdateID, as[enroll.IProovInput](t, b.input).UserID
		second, err := b.Start(t.Context(), "key", photo(""))
		require.NoError(t, err)
		require.Equal(t, first.ID, second.ID)
		require.Equal(t, update, b.update.UpdateID)
		require.Equal(t, userID, as[enroll.IProovInput](t, b.input).UserID)
		require.Len(t, b.refs(), 1)
	})
	t.Run("both_forms_of_a_bcid_are_one_subject", func(t *testing.T) {
		b := setup(t, handed, nil)
		dots, err := b.Start(t.Context(), "key", enroll.BioIDEnrollment{BCID: "bws.1.42"})
		require.NoError(t, err)
		slashes, err := b.Start(t.Context(), "key", enroll.BioIDEnrollment{BCID: "bws/1/42"})
		require.NoError(t, err)
		require.Equal(t, dots.ID, slashes.ID)
	})
	t.Run("journeys_of_one_subject_at_one_provider_share_an_id", func(t *testing.T) {
		b := setup(t, enroll.BeginReply{Result: &enroll.Result{}}, nil)
		enrolled, err := b.Start(t.Context(), "a", enroll.SmartIDEnrollment{User: "u", Template: "t", PayLoad: "p"})
		require.NoError(t, err)
		removed, err := b.Start(t.Context(), "b", enroll.SmartIDUnenrollment{User: "u"})
		require.NoError(t, err)
		require.Equal(t, enrolled.ID, removed.ID)
	})
}

func TestStart_refuses(t *testing.T) {
	t.Run("bad_input_before_anything_is_sealed_or_started", func(t *testing.T) {
		b := setup(t, enroll.BeginReply{}, nil)
		bad := photo("person")
		bad.Source = "passport"
		_, err := b.Start(t.Context(), "key", bad)
		_, ok := errors.AsType[*enroll.InputError](err)
		require.True(t, ok)
		require.Empty(t, b.refs())
		require.Zero(t, b.calls)
	})
	t.Run("a_start_without_a_key", func(t *testing.T) {
		b := setup(t, enroll.BeginReply{}, nil)
		_, err := b.Start(t.Context(), "", photo("person"))
		require.ErrorContains(t, err, "idempotency_key")
	})
	t.Run("a_conflict_and_leaves_nothing_behind", func(t *testing.T) {
		b := setup(t, enroll.BeginReply{}, serviceerror.NewWorkflowExecutionAlreadyStarted("exists", "", ""))
		_, err := b.Start(t.Context(), "key", photo("person"))
		require.ErrorIs(t, err, client.ErrConflict)
		require.Empty(t, b.refs())
	})
	t.Run("a_key_used_with_another_body", func(t *testing.T) {
		b := setup(t, enroll.BeginReply{Digest: "another"}, nil)
		_, err := b.Start(t.Context(), "key", enroll.SmartIDUnenrollment{User: "u"})
		require.ErrorIs(t, err, client.ErrKeyReused)
	})
	t.Run("a_key_used_with_other_bytes", func(t *testing.T) {
		b := setup(t, enroll.BeginReply{HandOver: &enroll.HandOver{}}, nil)
		_, err := b.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		other := photo("person")
		other.Image = append(other.Image, 'x')
		_, err = b.Start(t.Context(), "key", other)
		require.ErrorIs(t, err, client.ErrKeyReused)
		require.Len(t, b.refs(), 1, "what the first start sealed stays")
	})
	t.Run("to_lose_what_may_have_been_started", func(t *testing.T) {
		b := setup(t, enroll.BeginReply{}, sdk.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded))
		_, err := b.Start(t.Context(), "key", photo("person"))
		require.ErrorIs(t, err, client.ErrNoAnswer)
		require.Len(t, b.refs(), 1)
	})
}
