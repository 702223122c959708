package picture

import "encoding/binary"

// codestream passes what JPEG 2000 makes of the pixels, ISO 15444-1 annex A:
// a header, tile-parts of a known length, and a marker at the end.
func (w *jp2Walk) codestream() error {
	w.pixels = true
	for _, expected := range []int{jp2SOC, jp2SIZ} {
		if marker, err := w.word(); err != nil || marker != expected {
			return w.orBroken(err)
		}
	}
	if err := w.siz(); err != nil {
		return err
	}
	marker, err := w.word()
	for ; err == nil && marker != jp2SOT; marker, err = w.word() {
		if marker <= jp2SIZ || marker > jp2SOT {
			return w.orBroken(nil)
		}
		if _, err := w.markerSegment(); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return w.tileParts()
}

// tileParts passes the tile-parts, the first marker of which was met, up to
// the end of the codestream.
func (w *jp2Walk) tileParts() error {
	for marker := jp2SOT; marker != jp2EOC; {
		if marker != jp2SOT {
			return w.orBroken(nil)
		}
		last, err := w.tilePart()
		if err != nil || last {
			return err
		}
		if marker, err = w.word(); err != nil {
			return err
		}
	}
	return w.filled()
}

// orBroken returns the error, or else says that the codestream cannot be read.
func (w *jp2Walk) orBroken(err error) error {
	if err != nil {
		return err
	}
	return w.broken("with a codestream that cannot be read")
}

// piece passes n bytes of the codestream and returns them. They have to fit in
// the box.
func (w *jp2Walk) piece(n int) ([]byte, error) {
	if int64(n) > w.left {
		return nil, w.broken("with a codestream that does not fit in its box")
	}
	if w.left != toTheEnd {
		w.left -= int64(n)
	}
	data, err := w.take(n)
	if err != nil {
		return nil, err
	}
	return data, w.keep(data...)
}

// word passes a number of 16 bits.
func (w *jp2Walk) word() (int, error) {
	data, err := w.piece(2)
	if err != nil {
		return 0, err
	}
	return int(binary.BigEndian.Uint16(data)), nil
}

// markerSegment passes the segment that follows a marker, and returns it
// without its length.
func (w *jp2Walk) markerSegment() ([]byte, error) {
	length, err := w.word()
	if err != nil {
		return nil, err
	}
	if length < 2 {
		return nil, w.orBroken(nil)
	}
	return w.piece(length - 2)
}

// siz reads the dimensions and bounds what a decoder has to keep for them.
func (w *jp2Walk) siz() error {
	p, err := w.markerSegment()
	if err != nil {
		return err
	}
	if len(p) < 36 {
		return w.orBroken(nil)
	}
	at := func(offset int) int64 { return int64(binary.BigEndian.Uint32(p[offset:])) }
	if !isComponents(p[34:]) {
		return w.broken("with colours that cannot be read")
	}
	width, height := at(2)-at(10), at(6)-at(14)
	if w.header && (width != int64(w.info.Width) || height != int64(w.info.Height)) {
		return w.broken("whose headers tell different sizes")
	}
	if err := w.size(width, height); err != nil {
		return err
	}
	across, down := tiles(at(2), at(26), at(18)), tiles(at(6), at(30), at(22))
	if across < 1 || down < 1 || max(across, down, across*down) > maxTiles {
		return w.broken("in more pieces than any camera makes")
	}
	return nil
}

// isComponents reports whether a list of components is one that pictures have:
// one to four of at most 16 bits.
func isComponents(p []byte) bool {
	n := int(binary.BigEndian.Uint16(p))
	if n < 1 || n > 4 || len(p) != 2+3*n {
		return false
	}
	for p = p[2:]; len(p) > 0; p = p[3:] {
		if p[0]&0x7F > 15 || p[1] == 0 || p[2] == 0 {
			return false
		}
	}
	return true
}

// tiles is how many tiles of a size lie between an offset and an end; zero
// when that cannot be.
func tiles(end, offset, size int64) int64 {
	if size < 1 || offset >= end {
		return 0
	}
	return (end - offset + size - 1) / size
}

// tilePart passes a tile-part, and reports whether it was one that reaches to
// the end of the codestream.
func (w *jp2Walk) tilePart() (last bool, err error) {
	p, err := w.markerSegment()
	if err != nil {
		return false, err
	}
	if len(p) != tilePartHeader-4 {
		return false, w.orBroken(nil)
	}
	length := int64(binary.BigEndian.Uint32(p[2:]))
	if length == 0 {
		return true, w.rest()
	}
	length -= tilePartHeader
	if length < 0 || length > w.left {
		return false, w.orBroken(nil)
	}
	if w.left != toTheEnd {
		w.left -= length
	}
	return false, w.pass(length)
}

// rest passes a tile-part without a length: all that is left, which has to end
// with the marker that ends a codestream.
func (w *jp2Walk) rest() error {
	var end uint16
	watch := func(piece []byte) {
		for _, b := range piece[max(0, len(piece)-2):] {
			end = end<<8 | uint16(b)
		}
	}
	var err error
	if w.left == toTheEnd {
		err = w.passAll(watch)
	} else {
		err = w.pass(w.left, watch)
	}
	if err != nil {
		return err
	}
	if end != jp2EOC {
		return w.broken("that ends early")
	}
	return nil
}

// filled insists that the codestream ends where its box does.
func (w *jp2Walk) filled() error {
	if w.left != 0 && w.left != toTheEnd {
		return w.broken("with data after its end")
	}
	return nil
}
