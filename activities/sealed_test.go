package activities_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/activities"
	"github.com/bioenroll/bioenroll/enroll"
)

// faulty is sealed storage in trouble: it cannot be opened, or breaks off while
// it is read.
type faulty struct {
	cannotOpen error
	closed     atomic.Int64
}

func (f *faulty) Open(context.Context, enroll.SealedRef) (io.ReadCloser, int64, error) {
	if f.cannotOpen != nil {
		return nil, 0, f.cannotOpen
	}
	half := photo + strings.Repeat(".", 1000)
	content := io.MultiReader(strings.NewReader(half), iotest.ErrReader(errors.New("the disk is gone")))
	return closing{content, f}, int64(2 * len(half)), nil
}

// closing counts how often it is closed.
type closing struct {
	io.Reader
	of *faulty
}

func (c closing) Close() error {
	c.of.closed.Add(1)
	return nil
}

func TestSealedStoreInTrouble(t *testing.T) {
	t.Parallel()
	in := enroll.IProovEnrolImageInput{
		Entry: enroll.Entry{Record: "record-1", Ordinal: 1}, Token: iproovToken, Image: photoRef, Source: enroll.SourceEID,
	}

	t.Run("before_the_call_is_no_trouble_of_the_provider", func(t *testing.T) {
		t.Parallel()
		store := begun(t)
		var calls atomic.Int64
		_, err := perform(t, iproovSteps(t, &faulty{cannotOpen: errors.New("bucket away")}, hangsUp(&calls)).With(store), enroll.IProovEnrolImage, in)
		failed, ok := errors.AsType[*temporal.ApplicationError](err)
		require.True(t, ok)
		require.Equal(t, string(enroll.KindUnsealed), failed.Type())
		require.False(t, failed.NonRetryable())
		var details enroll.FailureDetails
		require.NoError(t, failed.Details(&details))
		require.True(t, details.NotSent)
		require.Zero(t, calls.Load())

		image, err := perform(t, iproovSteps(t, drawer{photoRef: photo}, replies(200, `{"token":"token-1","user_id":"user-1","success":true}`)).With(store),
			enroll.IProovEnrolImage, in)
		require.NoError(t, err, "the call that was not made may be made later")
		require.Nil(t, image.Refusal())
	})

	t.Run("in_the_middle_of_the_call_is_an_answer_lost", func(t *testing.T) {
		t.Parallel()
		sealed := &faulty{}
		steps := iproovSteps(t, sealed, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			replies(400, `{"error":"invalid_enrol_image"}`)(w, r) // What half a photo looks like to iProov.
		})
		_, err := perform(t, steps, enroll.IProovEnrolImage, in)
		requireFailure(t, err, enroll.KindLost)
		require.Equal(t, int64(1), sealed.closed.Load())
	})

	t.Run("in_the_middle_of_an_upload_is_repeated", func(t *testing.T) {
		t.Parallel()
		sealed := &faulty{}
		upload := enroll.BioIDUploadSamplesInput{Token: bwsToken(), Samples: []enroll.BioIDSampleRef{{Data: "a"}}}
		_, err := perform(t, bioIDSteps(t, sealed, replies(200, `{"Accepted":false,"Error":"NoFaceFound"}`)), enroll.BioIDUploadSamples, upload)
		requireFailure(t, err, enroll.KindUnsealed)
		require.Equal(t, int64(1), sealed.closed.Load())
	})
}

var _ activities.Opener = (*faulty)(nil)
