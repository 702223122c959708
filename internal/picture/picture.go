package picture

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
)

// The bounds that hold unless [Rules] say otherwise. The largest pictures that
// phones take by default have 50 million pixels; decoded they need 200 MB, and
// it is the provider who decodes them.
const (
	// DefaultMaxBytes is what one image may weigh, in bytes.
	DefaultMaxBytes = 4 << 20
	// DefaultMaxWidth and DefaultMaxHeight bound the sides, in pixels.
	DefaultMaxWidth  = 10_000
	DefaultMaxHeight = 10_000
	// DefaultMaxPixels bounds width times height.
	DefaultMaxPixels = 50_000_000
)

// Rules say which images are acceptable. The zero value takes every type that
// can be checked, within the default bounds.
type Rules struct {
	// Types are the types that are taken; none means all that can be checked.
	Types []enroll.ImageType
	// MaxBytes bounds the image as it was given, in bytes; zero means
	// [DefaultMaxBytes].
	MaxBytes int64
	// MaxWidth and MaxHeight bound its sides in pixels; zero means the
	// default.
	MaxWidth, MaxHeight int
	// MaxPixels bounds width times height; zero means [DefaultMaxPixels].
	MaxPixels int64
}

// Info tells what an image is, and what was left out of it.
type Info struct {
	// Type is the true type, told from the content.
	Type enroll.ImageType
	// Width and Height are in pixels, as the image's header says, before any
	// turn that its orientation asks for.
	Width, Height int
	// Bytes is how many bytes were written. It never exceeds what was read.
	Bytes int64
	// Stripped is how many of the bytes that were read are not among them.
	Stripped int64
}

// Refused says why an image is not acceptable, in the words of an
// [enroll.FieldError]. It never repeats content of the image.
type Refused struct { //nolint:errname // named as the reader of a message meets it, like enroll.Refusal
	// Given describes what was found.
	Given string
	// Allowed says what would have been accepted.
	Allowed string
}

// Error tells both.
func (r *Refused) Error() string {
	return fmt.Sprintf("image not acceptable: given %s, allowed: %s", r.Given, r.Allowed)
}

// Types lists the types that can be checked.
func Types() []enroll.ImageType {
	return []enroll.ImageType{enroll.PNG, enroll.JPEG, enroll.JP2, enroll.BMP, enroll.GIF}
}

// Copy writes the image without its metadata. What is not acceptable is a
// *[Refused]; any other error comes from src or dst.
//
// The end of an image tells whether it is whole, so dst has been written to
// before it is known: after any error the caller throws away what dst got.
// Given its own output, Copy writes the same again.
func Copy(dst io.Writer, src io.Reader, rules Rules) (Info, error) {
	s := newStream(dst, src, rules.withDefaults())
	if err := s.copy(); err != nil {
		return Info{}, s.explain(err)
	}
	s.info.Bytes = s.guard.written
	s.info.Stripped = s.source.read - s.info.Bytes
	return s.info, nil
}

// withDefaults fills in what the caller left open.
func (r Rules) withDefaults() Rules {
	if len(r.Types) == 0 {
		r.Types = Types()
	}
	r.MaxBytes = cmp.Or(r.MaxBytes, DefaultMaxBytes)
	r.MaxWidth = cmp.Or(r.MaxWidth, DefaultMaxWidth)
	r.MaxHeight = cmp.Or(r.MaxHeight, DefaultMaxHeight)
	r.MaxPixels = cmp.Or(r.MaxPixels, DefaultMaxPixels)
	return r
}

// allowed names the acceptable types and the largest size. TIFF is not named
// even to a caller whose provider would take it.
func (r Rules) allowed() string {
	var names []string
	for _, kind := range r.Types {
		if slices.Contains(Types(), kind) {
			names = append(names, short(kind))
		}
	}
	return fmt.Sprintf("%s up to %d bytes", strings.Join(names, ", "), r.MaxBytes)
}

// short is how a type is called in messages, such as "JPEG".
func short(kind enroll.ImageType) string {
	return strings.ToUpper(strings.TrimPrefix(string(kind), "image/"))
}

// copy tells the type and hands over to whoever knows its structure.
func (s *stream) copy() error {
	walkers := map[enroll.ImageType]func(*stream) error{
		enroll.JPEG: copyJPEG,
		enroll.PNG:  copyPNG,
		enroll.JP2:  copyJP2,
		enroll.GIF:  copyGIF,
		enroll.BMP:  copyBMP,
	}
	head, err := s.in.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.info.Type = enroll.ImageTypeOf(head)
	walk, known := walkers[s.info.Type]
	if !known || !slices.Contains(s.rules.Types, s.info.Type) {
		return &Refused{Given: describe(head), Allowed: s.rules.allowed()}
	}
	if err := walk(s); err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	return s.out.Flush()
}
