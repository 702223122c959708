package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// The markers of ITU T.81 table B.1 that are met by name.
const (
	jpegSOF0 = 0xC0 // Baseline.
	jpegSOF2 = 0xC2 // Progressive; between them is extended sequential.
	jpegDHT  = 0xC4
	jpegRST0 = 0xD0
	jpegRST7 = 0xD7
	jpegEOI  = 0xD9
	jpegSOS  = 0xDA
	jpegDQT  = 0xDB
	jpegDRI  = 0xDD
	jpegAPP0 = 0xE0
	jpegAPPF = 0xEF
	jpegCOM  = 0xFE
)

// maxScans bounds the passes over the picture. Encoders make about ten; each
// costs a decoder as much work as the picture has pixels, and an attacker a
// few bytes.
const maxScans = 100

// jpegWalk is a walk along the segments of a JPEG file, ITU T.81 annex B.
type jpegWalk struct {
	*stream
	jfif, exif bool // Each kept once.
	frame      bool // The frame header was met.
	scans      int
	followed   bool // The file announces further pictures behind this one.
}

func copyJPEG(s *stream) error {
	w := &jpegWalk{stream: s}
	if err := w.pass(2); err != nil { // Start of image.
		return err
	}
	marker, err := w.marker()
	for err == nil && marker != jpegEOI {
		marker, err = w.segment(marker)
	}
	switch {
	case err != nil:
		return err
	case w.scans == 0:
		return w.broken("without pixels")
	}
	if err := w.keep(0xFF, jpegEOI); err != nil {
		return err
	}
	return w.dropFurtherPictures()
}

// marker reads the marker that has to come next. It may be filled up with any
// number of 0xFF, which are not kept.
func (w *jpegWalk) marker() (byte, error) {
	b, err := w.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if b != 0xFF {
		return 0, w.broken("with data between its segments")
	}
	return w.afterFill()
}

// afterFill returns the first byte that is not 0xFF.
func (w *jpegWalk) afterFill() (byte, error) {
	for {
		if b, err := w.in.ReadByte(); err != nil || b != 0xFF {
			return b, err
		}
	}
}

// segment keeps, changes or leaves out one segment, with the scan that follows
// it if one does, and returns the next marker.
func (w *jpegWalk) segment(marker byte) (byte, error) {
	switch {
	case marker > jpegSOF2 && marker < jpegRST0 && marker != jpegDHT:
		return 0, w.broken("coded neither as baseline nor as progressive")
	case !carriesLength(marker):
		return 0, w.broken("with a marker that has no place in it")
	}
	length, err := w.take(2)
	if err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(length)) - 2
	if n < 0 {
		return 0, w.broken("with a segment shorter than its header")
	}
	payload, err := w.take(n)
	if err != nil {
		return 0, err
	}
	switch {
	case marker == jpegCOM:
	case marker >= jpegAPP0 && marker <= jpegAPPF:
		err = w.application(marker, payload)
	case marker == jpegSOS:
		return w.scan(payload)
	default:
		err = w.coding(marker, payload)
	}
	if err != nil {
		return 0, err
	}
	return w.marker()
}

// carriesLength reports whether the marker begins a segment of those that are
// understood here.
func carriesLength(marker byte) bool {
	switch {
	case marker >= jpegSOF0 && marker <= jpegSOF2, marker >= jpegAPP0 && marker <= jpegAPPF:
		return true
	}
	return bytes.IndexByte([]byte{jpegDHT, jpegSOS, jpegDQT, jpegDRI, jpegCOM}, marker) >= 0
}

// write writes a segment.
func (w *jpegWalk) write(marker byte, payload []byte) error {
	head := binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(payload)+2)) //nolint:gosec // it was read from 16 bits, or is shorter
	if err := w.keep(head...); err != nil {
		return err
	}
	return w.keep(payload...)
}

// application keeps of the applications' segments what decides how the pixels
// look: the version of the format, the colour transform and the orientation.
func (w *jpegWalk) application(marker byte, payload []byte) error {
	switch {
	case marker == jpegAPP0 && !w.jfif && bytes.HasPrefix(payload, []byte("JFIF\x00")):
		if len(payload) < 14 {
			return w.broken("with a header that cannot be read")
		}
		w.jfif = true
		payload[12], payload[13] = 0, 0 // No thumbnail: it shows what was cropped away.
		return w.write(marker, payload[:14])
	case marker == jpegAPP0+14 && len(payload) >= 12 && bytes.HasPrefix(payload, []byte("Adobe")):
		return w.write(marker, payload[:12])
	case marker == jpegAPP0+1 && !w.exif && bytes.HasPrefix(payload, []byte(exifMark)):
		w.exif = true
		if turn := orientationOf(payload[len(exifMark):]); turn > upright {
			return w.write(marker, append([]byte(exifMark), orientationOnly(turn)...))
		}
	case marker == jpegAPP0+2 && bytes.HasPrefix(payload, []byte("MPF\x00")):
		w.followed = true
	}
	return nil
}

// coding keeps a segment that pixels are decoded with, once it is of the form
// that its kind has.
func (w *jpegWalk) coding(marker byte, payload []byte) error {
	readable := true
	switch marker {
	case jpegDQT:
		readable = isQuantization(payload)
	case jpegDHT:
		readable = isHuffman(payload)
	case jpegDRI:
		readable = len(payload) == 2
	default:
		if err := w.frameHeader(payload); err != nil {
			return err
		}
	}
	if !readable {
		return w.broken("with a table that cannot be read")
	}
	return w.write(marker, payload)
}

// frameHeader bounds the dimensions. A height of zero would come after the
// pixels, which is too late.
func (w *jpegWalk) frameHeader(p []byte) error {
	switch {
	case w.frame:
		return w.broken("with two pictures in one")
	case len(p) < 6, len(p) != 6+3*int(p[5]), p[5] == 0, p[5] > 4, p[0] != 8 && p[0] != 12:
		return w.broken("with a header that cannot be read")
	}
	w.frame = true
	return w.size(int64(binary.BigEndian.Uint16(p[3:])), int64(binary.BigEndian.Uint16(p[1:])))
}

// scan keeps one pass over the picture, byte for byte, and returns the marker
// that ends it.
func (w *jpegWalk) scan(header []byte) (byte, error) {
	w.scans++
	switch {
	case !w.frame:
		return 0, w.broken("with pixels before its header")
	case len(header) < 1, header[0] == 0, header[0] > 4, len(header) != 4+2*int(header[0]):
		return 0, w.broken("with a scan that cannot be read")
	case w.scans > maxScans:
		return 0, w.broken("with more scans than any camera makes")
	}
	if err := w.write(jpegSOS, header); err != nil {
		return 0, err
	}
	for {
		if err := w.passUntilFF(); err != nil {
			return 0, err
		}
		next, err := w.afterFill()
		if err != nil {
			return 0, err
		}
		if next != 0 && (next < jpegRST0 || next > jpegRST7) {
			return next, nil
		}
		// A stuffed 0xFF, or a restart: still the same scan.
		if err := errors.Join(w.out.WriteByte(0xFF), w.out.WriteByte(next)); err != nil {
			return 0, err
		}
	}
}

// isQuantization reports whether a segment is a list of quantization tables.
func isQuantization(p []byte) bool {
	for len(p) > 0 {
		n := 1 + 64<<(p[0]>>4)
		if p[0]>>4 > 1 || p[0]&15 > 3 || n > len(p) {
			return false
		}
		p = p[n:]
	}
	return true
}

// isHuffman reports whether a segment is a list of Huffman tables.
func isHuffman(p []byte) bool {
	for len(p) > 0 {
		if len(p) < 17 || p[0]>>4 > 1 || p[0]&15 > 3 {
			return false
		}
		n := 17
		for _, codes := range p[1:17] {
			n += int(codes)
		}
		if n > 17+256 || n > len(p) {
			return false
		}
		p = p[n:]
	}
	return true
}

// dropFurtherPictures leaves out what phones add behind the picture: its
// bright parts once more, or a second view. They are told from a foreign file
// by being announced, and by being JPEG.
func (w *jpegWalk) dropFurtherPictures() error {
	if !w.followed {
		return nil
	}
	head, err := w.in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !bytes.Equal(head, []byte{0xFF, 0xD8, 0xFF}) {
		return nil // Not what was announced: end refuses it.
	}
	return w.skipAll()
}
