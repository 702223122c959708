package client_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"os"
	"reflect"
	"slices"
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

// portrait is an image that differs by its shade.
func portrait(shade byte) []byte {
	var out bytes.Buffer // Writing to memory does not fail.
	_ = png.Encode(&out, &image.Gray{Pix: bytes.Repeat([]byte{shade}, 64), Stride: 8, Rect: image.Rect(0, 0, 8, 8)})
	return out.Bytes()
}

// read returns what is sealed under the reference.
func (b *bundle) read(ref enroll.SealedRef) []byte {
	b.t.Helper()
	content, _, err := b.sealed.Open(b.t.Context(), ref)
	require.NoError(b.t, err)
	data, err := io.ReadAll(content)
	require.NoError(b.t, errors.Join(err, content.Close()))
	return data
}

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
	sealed, err := seal.OpenFolder(t.Context(), t.TempDir(), k)
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
	return enroll.IProovPhotoEnrollment{UserID: userID, Image: enroll.Bytes(portrait(7)), Source: enroll.SourceEID}
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
		require.Equal(t, enroll.SealedPart(in.Record, "image"), in.Image)
		require.Equal(t, portrait(7), b.read(in.Image))
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
	t.Run("a_file_is_read_and_its_metadata_left_out", func(t *testing.T) {
		b := setup(t, handed, nil)
		path := t.TempDir() + "/jane.png"
		plain := portrait(7)
		note := append([]byte("\x00\x00\x00\x0etEXtComment\x00canary"), 0, 0, 0, 0)
		binary.BigEndian.PutUint32(note[len(note)-4:], crc32.ChecksumIEEE(note[4:len(note)-4]))
		require.NoError(t, os.WriteFile(path, slices.Insert(slices.Clone(plain), 33, note...), 0o600)) // Behind the header.
		request := photo("person")
		request.Image = enroll.File(path)
		_, err := b.Start(t.Context(), "key", request)
		require.NoError(t, err)
		require.Equal(t, plain, b.read(as[enroll.IProovInput](t, b.input).Image))
	})
	t.Run("a_start_repeated_after_the_end_seals_nothing_again", func(t *testing.T) {
		b := setup(t, handed, nil)
		_, err := b.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.NoError(t, b.sealed.Delete(t.Context(), b.refs()...))
		_, err = b.Start(t.Context(), "key", photo("person"))
		require.NoError(t, err)
		require.Empty(t, b.refs())
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
	t.Run("an_image_that_is_none_before_anything_is_sealed_or_started", func(t *testing.T) {
		b := setup(t, enroll.BeginReply{}, nil)
		face := enroll.Bytes(portrait(7))
		_, err := b.Start(t.Context(), "key", enroll.BioIDEnrollment{BCID: "bws.1.42", Samples: []enroll.BioIDSample{
			{Data: face, Tag: "sideways"}, {Data: enroll.Bytes([]byte("%PDF-1.7"))}, {Data: enroll.File(t.TempDir() + "/none.png")},
		}})
		refused, ok := errors.AsType[*enroll.InputError](err)
		require.True(t, ok)
		fields := map[string]string{}
		for _, f := range refused.Fields {
			fields[f.Field] = f.Given
		}
		require.Len(t, fields, 3, "every field at once")
		require.Contains(t, fields, "samples[0].tag")
		require.Contains(t, fields, "samples[1].data")
		require.Equal(t, "what cannot be read (no such file or directory)", fields["samples[2].data"])
		require.Empty(t, b.refs())
		require.Zero(t, b.calls)
	})
	t.Run("content_that_changes_while_it_is_read", func(t *testing.T) {
		b := setup(t, enroll.BeginReply{}, nil)
		shade := byte(0)
		changing := photo("person")
		changing.Image = enroll.Source(func() (io.ReadCloser, error) {
			shade++
			return io.NopCloser(bytes.NewReader(portrait(shade))), nil
		})
		_, err := b.Start(t.Context(), "key", changing)
		refused, ok := errors.AsType[*enroll.InputError](err)
		require.True(t, ok)
		require.Equal(t, "image", refused.Fields[0].Field)
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
		other.Image = enroll.Bytes(portrait(8))
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
