package activities

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// Opener reads sealed bytes.
type Opener interface {
	// Open returns the bytes under the reference, and how many they are, once all
	// of them have been found as they were sealed. The caller closes the content.
	// Bytes that are not there any more are an *enroll.Error of
	// enroll.KindInputGone.
	Open(ctx context.Context, ref enroll.SealedRef) (content io.ReadCloser, size int64, err error)
}

// openLimit bounds the way to sealed bytes, which lie in a folder or a bucket:
// two of them and a call fit into a step's time.
const openLimit = 5 * time.Second

// send opens sealed bytes and gives them to a call that sends them while they
// are read.
func send(ctx context.Context, sealed Opener, ref enroll.SealedRef, call func(rest.Stream) error) error {
	content, size, err := open(ctx, sealed, ref)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // nothing was written
	return call(rest.Stream{Reader: content, Size: size})
}

// revealed reads sealed bytes into memory. It is for what travels inside JSON
// and is small: a template or a payload.
func revealed(ctx context.Context, sealed Opener, ref enroll.SealedRef) (enroll.Secret, error) {
	content, _, err := open(ctx, sealed, ref)
	if err != nil {
		return "", err
	}
	defer content.Close() //nolint:errcheck // nothing was written
	data, err := io.ReadAll(content)
	if err != nil {
		return "", unsealed(err)
	}
	return enroll.Secret(data), nil
}

// open opens sealed bytes. Those that cannot be opened now are no trouble of
// the provider: nothing was sent.
func open(ctx context.Context, sealed Opener, ref enroll.SealedRef) (io.ReadCloser, int64, error) {
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	content, size, err := sealed.Open(ctx, ref)
	if _, known := errors.AsType[*enroll.Error](err); err != nil && !known {
		err = unsealed(err)
	}
	return content, size, err
}

// unsealed is the failure when the sealed store cannot be read.
func unsealed(err error) error {
	return &enroll.Error{Op: "sealed store", Kind: enroll.KindUnsealed, NotSent: true, Err: err}
}
