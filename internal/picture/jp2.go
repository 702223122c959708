package picture

import (
	"encoding/binary"
	"math"
)

// The markers of ISO 15444-1 table A.1 that are met by name.
const (
	jp2SOC = 0xFF4F
	jp2SIZ = 0xFF51
	jp2SOT = 0xFF90
	jp2EOC = 0xFFD9
)

const (
	// maxTiles bounds the pieces of a JPEG 2000 image. Portraits have one, and
	// decoders keep a state for each.
	maxTiles = 4096
	// tilePartHeader is the length of a tile-part's first marker segment.
	tilePartHeader = 12
	// exifBox is the UUID of the box that holds EXIF.
	exifBox = "JpgTiffExif->JP2"
)

// jp2Walk is a walk along a JPEG 2000 file, which is passed bit for bit.
type jp2Walk struct {
	*stream
	header, pixels bool
	// left is how many bytes of the codestream's box remain.
	left int64
}

// toTheEnd is the length of a box that ends where the file ends.
const toTheEnd = math.MaxInt64

func copyJP2(s *stream) error {
	w := &jp2Walk{stream: s, left: toTheEnd}
	head, err := w.in.Peek(2)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint16(head) == jp2SOC { // As passport chips hold it.
		return w.codestream()
	}
	return w.boxes()
}

// boxes walks along the boxes of the file format, ISO 15444-1 annex I.
func (w *jp2Walk) boxes() error {
	if err := w.pass(12); err != nil { // The signature box.
		return err
	}
	for first := true; ; first = false {
		more, err := w.more()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := w.box(first); err != nil {
			return err
		}
	}
	if !w.pixels {
		return w.broken("without pixels")
	}
	return nil
}

// box passes one box. The first has to say which format the others follow.
func (w *jp2Walk) box(first bool) error {
	kind, length, err := w.boxHeader()
	if err != nil {
		return err
	}
	if first != (kind == "ftyp") {
		return w.broken("whose boxes are not in order")
	}
	if length == toTheEnd && kind != "jp2c" {
		return w.broken("with a box of no length")
	}
	switch kind {
	case "ftyp":
		return w.fileType(length)
	case "jp2h":
		return w.imageHeader(length)
	case "jp2c":
		if !w.header || w.pixels {
			return w.broken("whose boxes are not in order")
		}
		w.left = length
		return w.codestream()
	case "uuid":
		return w.uuid(length)
	case "xml ", "uinf", "jp2i":
		return w.pass(length)
	}
	return w.broken("with a box of unknown kind")
}

// boxHeader passes the header of a box, and returns the length of what follows.
func (w *jp2Walk) boxHeader() (kind string, length int64, err error) {
	head, err := w.take(8)
	if err != nil {
		return "", 0, err
	}
	kind, length = string(head[4:]), int64(binary.BigEndian.Uint32(head))
	if err := w.keep(head...); err != nil {
		return "", 0, err
	}
	switch length {
	case 0:
		return kind, toTheEnd, nil
	case 1:
		long, err := w.take(8)
		if err != nil {
			return "", 0, err
		}
		size := binary.BigEndian.Uint64(long)
		if size < 16 || size > uint64(w.rules.MaxBytes) { //nolint:gosec // a limit is not negative
			return "", 0, w.broken("with a box longer than the file may be")
		}
		return kind, int64(size) - 16, w.keep(long...) //nolint:gosec // it was compared with the limit
	}
	if length < 8 {
		return "", 0, w.broken("with a box shorter than its header")
	}
	return kind, length - 8, nil
}

// fileType insists on a file that a reader of JP2 can read.
func (w *jp2Walk) fileType(length int64) error {
	if length < 12 || length > windowBytes || length%4 != 0 {
		return w.broken("with a file type that cannot be read")
	}
	brands, err := w.take(int(length))
	if err != nil {
		return err
	}
	for at := 8; at < len(brands); at += 4 {
		if string(brands[at:at+4]) == "jp2 " {
			return w.keep(brands...)
		}
	}
	return w.broken("that is of another part of the standard")
}

// imageHeader reads the dimensions from the first box inside the header box.
func (w *jp2Walk) imageHeader(length int64) error {
	const ihdrBytes = 22
	if w.header || length < ihdrBytes {
		return w.broken("with a header that cannot be read")
	}
	w.header = true
	ihdr, err := w.take(ihdrBytes)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint32(ihdr) != ihdrBytes || string(ihdr[4:8]) != "ihdr" {
		return w.broken("with a header that cannot be read")
	}
	if err := w.size(int64(binary.BigEndian.Uint32(ihdr[12:])), int64(binary.BigEndian.Uint32(ihdr[8:]))); err != nil {
		return err
	}
	if err := w.keep(ihdr...); err != nil {
		return err
	}
	return w.pass(length - ihdrBytes)
}

// uuid refuses EXIF, which no chip's image has and every camera's.
func (w *jp2Walk) uuid(length int64) error {
	if length < 16 {
		return w.broken("with a box shorter than its header")
	}
	id, err := w.take(16)
	if err != nil {
		return err
	}
	if string(id) == exifBox {
		return &Refused{
			Given:   "JP2 image with EXIF, which may tell the place where it was taken",
			Allowed: "a JP2 image without EXIF; or PNG or JPEG, where it is left out",
		}
	}
	if err := w.keep(id...); err != nil {
		return err
	}
	return w.pass(length - 16)
}
