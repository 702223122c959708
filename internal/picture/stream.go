package picture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/bioenroll/bioenroll/enroll"
)

const (
	// windowBytes is the longest run of bytes looked at in one piece: the
	// longest segment that JPEG knows.
	windowBytes = 1 << 16
	// bufferBytes is what is read and written at once.
	bufferBytes = 16 << 10
	// headBytes is what a type is told from.
	headBytes = 16
)

// stream is one image on its way from src to dst. The walkers return the plain
// errors of reading; explain gives them their meaning.
type stream struct {
	in     *bufio.Reader
	source *meter
	out    *bufio.Writer
	guard  *guard
	rules  Rules
	info   Info
	window [windowBytes]byte
}

func newStream(dst io.Writer, src io.Reader, rules Rules) *stream {
	s := &stream{rules: rules, source: &meter{src: src, limit: rules.MaxBytes}, guard: newGuard(dst)}
	s.in = bufio.NewReaderSize(s.source, bufferBytes)
	s.out = bufio.NewWriterSize(s.guard, bufferBytes)
	return s
}

// take returns the next n bytes, at most windowBytes. They are valid until the
// next take or pass, and not written anywhere.
func (s *stream) take(n int) ([]byte, error) {
	_, err := io.ReadFull(s.in, s.window[:n])
	return s.window[:n], err
}

// keep writes bytes.
func (s *stream) keep(data ...byte) error {
	_, err := s.out.Write(data)
	return err
}

// pass copies the next n bytes, and shows each piece to the watchers.
func (s *stream) pass(n int64, watchers ...func([]byte)) error {
	for n > 0 {
		piece, err := s.take(int(min(n, windowBytes)))
		if err != nil {
			return err
		}
		for _, watch := range watchers {
			watch(piece)
		}
		if err := s.keep(piece...); err != nil {
			return err
		}
		n -= int64(len(piece))
	}
	return nil
}

// passAll copies all that follows, and shows each piece to the watcher.
func (s *stream) passAll(watch func([]byte)) error {
	for {
		more, err := s.more()
		if err != nil || !more {
			return err
		}
		if err := s.pass(int64(s.in.Buffered()), watch); err != nil {
			return err
		}
	}
}

// skip leaves the next n bytes out.
func (s *stream) skip(n int64) error {
	for n > 0 {
		done, err := s.in.Discard(int(min(n, math.MaxInt32)))
		if err != nil {
			return err
		}
		n -= int64(done)
	}
	return nil
}

// more reports whether anything follows.
func (s *stream) more() (bool, error) {
	_, err := s.in.Peek(1)
	if errors.Is(err, io.EOF) && !s.source.over {
		return false, nil
	}
	return err == nil, err
}

// end insists that nothing follows but zeros, with which some programs fill up
// a file, and which are left out.
func (s *stream) end() error {
	for {
		more, err := s.more()
		if err != nil || !more {
			return err
		}
		b, err := s.in.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 || s.info.Type == enroll.JP2 { // Passed bit for bit, or not at all.
			return s.broken("with data after its end")
		}
	}
}

// size bounds the dimensions and keeps them.
func (s *stream) size(width, height int64) error {
	r := s.rules
	if width < 1 || height < 1 {
		return s.broken("without pixels")
	}
	if width > int64(r.MaxWidth) || height > int64(r.MaxHeight) || width*height > r.MaxPixels {
		return &Refused{
			Given:   fmt.Sprintf("%d x %d pixels", width, height),
			Allowed: fmt.Sprintf("up to %d x %d pixels, %d in all", r.MaxWidth, r.MaxHeight, r.MaxPixels),
		}
	}
	s.info.Width, s.info.Height = int(width), int(height)
	return nil
}

// broken refuses the image for what is wrong with its structure.
func (s *stream) broken(how string) error {
	name := short(s.info.Type)
	return &Refused{
		Given:   fmt.Sprintf("%s image %s", name, how),
		Allowed: fmt.Sprintf("one whole %s image and nothing else", name),
	}
}

// explain turns what stopped a walker into what the caller is told.
func (s *stream) explain(err error) error {
	switch {
	case s.guard.err != nil:
		return s.guard.err
	case s.source.err != nil:
		return fmt.Errorf("read the image: %w", s.source.err)
	case s.source.over:
		return &Refused{Given: fmt.Sprintf("more than %d bytes", s.rules.MaxBytes), Allowed: s.rules.allowed()}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return s.broken("that ends early")
	default:
		return err
	}
}

// meter counts what is read and stops at a limit. It remembers why reading
// stopped, because an end of the image and a lost connection look alike to who
// waits for more.
type meter struct {
	src   io.Reader
	limit int64
	read  int64
	over  bool
	err   error
}

// Read reads no more than one byte beyond the limit.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.src.Read(p[:min(int64(len(p)), m.limit+1-m.read)])
	m.read += int64(n)
	if m.read > m.limit {
		m.over = true
		return 0, io.EOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}

// passUntilFF copies up to the next 0xFF, which it takes and does not write.
func (s *stream) passUntilFF() error {
	for {
		piece, err := s.in.ReadSlice(0xFF)
		if err == nil {
			return s.keep(piece[:len(piece)-1]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if err := s.keep(piece...); err != nil {
			return err
		}
	}
}

// skipAll leaves out all that follows.
func (s *stream) skipAll() error {
	_, err := s.in.WriteTo(io.Discard)
	return err
}
