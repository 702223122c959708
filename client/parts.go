package client

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/picture"
)

// part is one piece of bytes that never travels in a payload.
type part struct {
	// name is that of the part in sealed storage, field that in the request.
	name, field string
	content     enroll.Content
	// rules say which images are taken; nil for what is no image.
	rules *picture.Rules
}

// image is a part that has to be an image.
func image(name, field string, content enroll.Content, limit int, types []enroll.ImageType) part {
	return part{name, field, content, &picture.Rules{Types: types, MaxBytes: int64(limit)}}
}

// partsOf lists what the request has to seal.
func partsOf(request Request, limits enroll.Limits) []part {
	switch r := request.(type) {
	case enroll.IProovPhotoEnrollment:
		return []part{image("image", "image", r.Image, limits.ImageMaxBytes, r.ImageTypes())}
	case enroll.BioIDEnrollment:
		var parts []part
		for i, sample := range r.Samples {
			parts = append(parts, image("sample-"+strconv.Itoa(i), fmt.Sprintf("samples[%d].data", i), sample.Data, limits.SampleMaxBytes, r.ImageTypes()))
		}
		return parts
	case enroll.SmartIDEnrollment:
		return []part{
			{name: "template", field: "template", content: enroll.Bytes([]byte(r.Template.Reveal()))},
			{name: "payload", field: "pay_load", content: enroll.Bytes([]byte(r.PayLoad.Reveal()))},
		}
	default:
		return nil
	}
}

// Check is what Start does first, and needs no connection: it looks at every
// field and reads every image. The error is an *enroll.InputError that names
// each field that is not acceptable. A request is checked after Normalize.
func Check(request Request, limits enroll.Limits) error {
	_, err := inspect(request, limits)
	return err
}

// inspect checks a request and returns the digest of each part as it will be
// sealed. Images are read to their end and kept nowhere.
func inspect(request Request, limits enroll.Limits) (digests [][]byte, err error) {
	refused, err := fieldsOf(request.Check(limits))
	if err != nil {
		return nil, err
	}
	for _, p := range partsOf(request, limits) {
		if slices.ContainsFunc(refused, func(f enroll.FieldError) bool { return f.Field == p.field }) {
			continue
		}
		digest, problem := p.copy(io.Discard)
		if problem != nil {
			refused = append(refused, *problem)
		}
		digests = append(digests, digest)
	}
	if len(refused) > 0 {
		return nil, &enroll.InputError{Journey: request.Journey(), Fields: refused}
	}
	return digests, nil
}

// fieldsOf returns the fields of an InputError, or another error.
func fieldsOf(err error) ([]enroll.FieldError, error) {
	if refused, ok := errors.AsType[*enroll.InputError](err); ok {
		return refused.Fields, nil
	}
	return nil, err
}

// copy writes what is to be sealed, an image without its metadata, and returns
// its digest. The problem is one of the content; trouble of the writer it gets
// wrong, so that callers look at the writer first.
func (p part) copy(out io.Writer) (digest []byte, problem *enroll.FieldError) {
	source, err := p.content.Open()
	if err != nil {
		return nil, p.unreadable(err)
	}
	defer source.Close() //nolint:errcheck // nothing was written
	sum := sha256.New()
	if p.rules == nil {
		_, err = io.Copy(io.MultiWriter(out, sum), source)
	} else {
		_, err = picture.Copy(io.MultiWriter(out, sum), source, *p.rules)
	}
	if refused, ok := errors.AsType[*picture.Refused](err); ok {
		return nil, &enroll.FieldError{Field: p.field, Given: refused.Given, Allowed: refused.Allowed}
	}
	if err != nil {
		return nil, p.unreadable(err)
	}
	return sum.Sum(nil), nil
}

// unreadable tells of content that cannot be read, without the path of a file.
func (p part) unreadable(err error) *enroll.FieldError {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = failed.Err
	}
	return &enroll.FieldError{Field: p.field, Given: fmt.Sprintf("what cannot be read (%v)", err), Allowed: "content that can be read"}
}

// sealInto writes the part as it was inspected. Content that has changed since
// is refused: it was not this that was checked and that the digest is about.
func (p part) sealInto(out io.Writer, journey enroll.Journey, inspected []byte) error {
	guarded := &guard{out: out}
	digest, problem := p.copy(guarded)
	switch {
	case guarded.failed != nil:
		return guarded.failed
	case problem == nil && bytes.Equal(digest, inspected):
		return nil
	case problem == nil:
		problem = &enroll.FieldError{Field: p.field, Given: "content that changed while it was read", Allowed: "the same bytes each time it is opened"}
	}
	return &enroll.InputError{Journey: journey, Fields: []enroll.FieldError{*problem}}
}

// guard remembers an error of writing.
type guard struct {
	out    io.Writer
	failed error
}

func (g *guard) Write(p []byte) (int, error) {
	n, err := g.out.Write(p)
	if err != nil {
		g.failed = err
	}
	return n, err
}
