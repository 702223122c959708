package picture

import (
	"bytes"
	"fmt"
	"io"
)

// guard is the last look at what is written. The walkers leave out every part
// that could hold another file, except the pixels themselves: compressed data
// may go on after the last pixel, and only a decoder would notice. So what
// other programs look for is looked for in all that is kept.
type guard struct {
	dst     io.Writer
	written int64
	foreign []mark
	// seen is the last piece in lower case.
	seen []byte
	err  error
}

// mark is what another kind of file is known by, in lower case.
type mark struct {
	mark []byte
	what string
}

func newGuard(dst io.Writer) *guard {
	return &guard{dst: dst, foreign: marks(), seen: make([]byte, 0, bufferBytes+longestMark)}
}

// marks are those by which other programs recognise their files wherever they
// begin. Each is long enough not to happen by chance: the shortest have six
// bytes, which not one in a million of the largest images holds.
func marks() []mark {
	return []mark{
		{[]byte("pk\x05\x06\x00\x00\x00\x00"), "an archive"}, // The end of a ZIP, which is where it is read from.
		{[]byte("rar!\x1a\x07"), "an archive"},
		{[]byte("7z\xbc\xaf\x27\x1c"), "an archive"},
		{[]byte("%pdf-1."), "a PDF document"},
		{[]byte("%pdf-2."), "a PDF document"},
		{[]byte("<script"), "a web page"},
		{[]byte("<html>"), "a web page"},
		{[]byte("<html "), "a web page"},
		{[]byte("<!doctype"), "a web page"},
		{[]byte("<?php "), "a program"},
		{[]byte("<?php\n"), "a program"},
		{[]byte("<?php\r"), "a program"},
		{[]byte("exif:gps"), "the place where it was taken"}, // In the XMP of a JP2, which is passed as it is.
	}
}

// longestMark is the length of the longest mark.
const longestMark = 9

// Write refuses data that completes a foreign mark, and else writes it.
func (g *guard) Write(p []byte) (int, error) {
	for at := 0; at < len(p) && g.err == nil; at += bufferBytes {
		g.look(p[at:min(at+bufferBytes, len(p))])
	}
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.dst.Write(p)
	g.written += int64(n)
	if err != nil {
		g.err = fmt.Errorf("write the image: %w", err)
	}
	return n, g.err
}

// look searches a piece for the marks, together with the end of the one before.
func (g *guard) look(piece []byte) {
	g.seen = append(g.seen[:0], g.seen[max(0, len(g.seen)-longestMark+1):]...)
	for _, b := range piece {
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		g.seen = append(g.seen, b)
	}
	for _, f := range g.foreign {
		if bytes.Contains(g.seen, f.mark) {
			g.err = &Refused{Given: "image that is or holds " + f.what, Allowed: "an image and nothing else"}
			return
		}
	}
}
