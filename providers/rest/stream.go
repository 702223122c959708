package rest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/go-resty/resty/v2"
)

// Stream is content that is sent while it is read: a photo is never in memory
// as a whole. It can be sent once.
type Stream struct {
	// Reader gives the bytes. It is not read any more when the call returns.
	Reader io.Reader
	// Size is how many there are.
	Size int64
}

// Head reads the first bytes, up to as many as asked for, and returns them and
// the whole stream.
func (s Stream) Head(size int) ([]byte, Stream, error) {
	head := make([]byte, min(int64(size), s.Size))
	if _, err := io.ReadFull(s.Reader, head); err != nil {
		return nil, s, fmt.Errorf("read what is to be sent: %w", err)
	}
	return head, Stream{Reader: io.MultiReader(bytes.NewReader(head), s.Reader), Size: s.Size}, nil
}

// Base64 is the stream in base64.
func (s Stream) Base64() Stream {
	return Stream{Reader: &encoder{source: s.Reader}, Size: (s.Size + 2) / 3 * 4}
}

// encoder gives in base64 what another reader gives.
type encoder struct {
	source io.Reader
	raw    [3 << 10]byte // A multiple of three: only the last group is padded.
	text   [4 << 10]byte
	left   []byte
	err    error
}

func (e *encoder) Read(p []byte) (int, error) {
	for len(e.left) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		var n int
		if n, e.err = io.ReadFull(e.source, e.raw[:]); errors.Is(e.err, io.ErrUnexpectedEOF) {
			e.err = io.EOF
		}
		base64.StdEncoding.Encode(e.text[:], e.raw[:n])
		e.left = e.text[:base64.StdEncoding.EncodedLen(n)]
	}
	n := copy(p, e.left)
	e.left = e.left[n:]
	return n, nil
}

// errEnded is what a transport gets that reads on after the call has returned.
var errEnded = errors.New("the call has ended")

// outgoing is a body on its way. It remembers whether it could be read: a
// request that was cut off on our side has no answer worth reading. And it lets
// nobody read when the call has returned, which a transport may still try.
type outgoing struct {
	mu     sync.Mutex
	stream Stream
	read   int64
	failed error
	ended  bool
}

func (o *outgoing) Read(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return 0, errEnded
	}
	n, err := o.stream.Reader.Read(p)
	o.read += int64(n)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
	case o.read != o.stream.Size:
		err = fmt.Errorf("%d bytes where %d were announced", o.read, o.stream.Size)
	default:
		return n, io.EOF
	}
	o.failed = err
	return n, err
}

// Close does nothing: whoever opened the content closes it.
func (o *outgoing) Close() error { return nil }

// end takes the content back. A nil one has none.
func (o *outgoing) end() {
	if o != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.ended = true
	}
}

// failure is why the body could not be read to its end, or nil.
func (o *outgoing) failure() error {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed == nil {
		return nil
	}
	return fmt.Errorf("read what is to be sent: %w", o.failed)
}

// outgoingKey is the place of a body in a request's context.
type outgoingKey struct{}

// carry hands a stream to attach, past resty, which would read it into memory.
// The result is nil for a body that is in memory.
func carry(ctx context.Context, body Body) (context.Context, *outgoing) {
	if body.stream == nil {
		return ctx, nil
	}
	o := &outgoing{stream: *body.stream}
	return context.WithValue(ctx, outgoingKey{}, o), o
}

// attach puts the stream into the request, with its length, and without what
// net/http would need to send it again.
func attach(_ *resty.Client, r *http.Request) error {
	if o, ok := r.Context().Value(outgoingKey{}).(*outgoing); ok {
		r.Body, r.ContentLength, r.GetBody = o, o.stream.Size, nil
	}
	return nil
}
