package picture

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// pngHeaderBytes is the length of the first chunk's data.
const pngHeaderBytes = 13

// pngWalk is a walk along the chunks of a PNG file.
//
// https://www.w3.org/TR/png-3/
type pngWalk struct {
	*stream
	colour  byte
	head    [8]byte          // Length and kind of the chunk at hand.
	kept    map[[4]byte]bool // What is kept once.
	palette bool
	phase   pngPhase
}

// pngPhase is how far the walk is with the pixels.
type pngPhase int

const (
	beforePixels pngPhase = iota
	inPixels
	afterPixels
)

// pngKept tells of a chunk that is not critical whether it decides how pixels
// look, with the shortest and longest data it may have.
func pngKept(kind string) (low, high uint32, kept bool) {
	switch kind {
	case "tRNS":
		return 1, 256, true
	case "cHRM":
		return 32, 32, true
	case "gAMA", "cICP":
		return 4, 4, true
	case "sBIT":
		return 1, 4, true
	case "sRGB":
		return 1, 1, true
	case "bKGD":
		return 1, 6, true
	case "pHYs":
		return 9, 9, true
	}
	return 0, 0, false
}

func copyPNG(s *stream) error {
	w := &pngWalk{stream: s, kept: map[[4]byte]bool{}}
	if err := w.pass(8); err != nil { // The signature.
		return err
	}
	if err := w.header(); err != nil {
		return err
	}
	for ended := false; !ended; {
		head, err := w.take(len(w.head))
		if err != nil {
			return err
		}
		copy(w.head[:], head)
		if ended, err = w.chunk(); err != nil {
			return err
		}
	}
	return nil
}

// header checks the first chunk, which has to be the header.
func (w *pngWalk) header() error {
	chunk, err := w.take(8 + pngHeaderBytes + 4)
	if err != nil {
		return err
	}
	data, sum := chunk[8:8+pngHeaderBytes], chunk[8+pngHeaderBytes:]
	depth, colour := data[8], data[9]
	switch {
	case binary.BigEndian.Uint32(chunk) != pngHeaderBytes, string(chunk[4:8]) != "IHDR":
		return w.broken("that does not begin with its header")
	case crc32.ChecksumIEEE(chunk[4:8+pngHeaderBytes]) != binary.BigEndian.Uint32(sum):
		return w.broken("whose checksum does not fit")
	case !isPNGColour(colour, depth), data[10] != 0, data[11] != 0, data[12] > 1:
		return w.broken("with a header that cannot be read")
	}
	w.colour = colour
	if err := w.size(int64(binary.BigEndian.Uint32(data)), int64(binary.BigEndian.Uint32(data[4:]))); err != nil {
		return err
	}
	return w.keep(chunk...)
}

// isPNGColour reports whether the colour type allows the depth.
func isPNGColour(colour, depth byte) bool {
	switch depth {
	case 1, 2, 4:
		return colour == 0 || colour == 3
	case 8:
		return colour == 0 || colour == 2 || colour == 3 || colour == 4 || colour == 6
	case 16:
		return colour == 0 || colour == 2 || colour == 4 || colour == 6
	}
	return false
}

// chunk keeps or leaves out one chunk, and reports whether it was the last.
func (w *pngWalk) chunk() (ended bool, err error) {
	kind, length := [4]byte(w.head[4:]), binary.BigEndian.Uint32(w.head[:])
	if length > math.MaxInt32 {
		return false, w.broken("with a chunk longer than any may be")
	}
	if w.phase == inPixels && string(kind[:]) != "IDAT" {
		w.phase = afterPixels
	}
	if kind[0]&0x20 == 0 { // An upper-case letter: critical.
		return string(kind[:]) == "IEND", w.critical(kind, length)
	}
	low, high, known := pngKept(string(kind[:]))
	switch {
	case known && !w.kept[kind] && w.phase == beforePixels && length >= low && length <= high:
		w.kept[kind] = true
		return false, w.passChunk(length)
	case string(kind[:]) == "eXIf" && !w.kept[kind] && length < windowBytes:
		w.kept[kind] = true
		return false, w.orientation(length)
	}
	return false, w.skip(int64(length) + 4)
}

// critical keeps a chunk that no decoder may ignore, in the order they have.
func (w *pngWalk) critical(kind [4]byte, length uint32) error {
	switch string(kind[:]) {
	case "PLTE":
		if !w.takesPalette(length) {
			return w.broken("with a palette that has no place in it")
		}
		w.palette = true
	case "IDAT":
		if w.phase == afterPixels || w.colour == 3 && !w.palette {
			return w.broken("whose chunks are not in order")
		}
		w.phase = inPixels
	case "IEND":
		if w.phase != afterPixels || length != 0 {
			return w.broken("that ends before its pixels")
		}
	default:
		return w.broken("with a chunk that no decoder knows")
	}
	return w.passChunk(length)
}

// takesPalette reports whether a palette of this length has its place here.
func (w *pngWalk) takesPalette(length uint32) bool {
	grey := w.colour == 0 || w.colour == 4
	return !grey && !w.palette && w.phase == beforePixels && length > 0 && length <= 3*256 && length%3 == 0
}

// passChunk copies a chunk whose checksum fits.
func (w *pngWalk) passChunk(length uint32) error {
	sum := crc32.ChecksumIEEE(w.head[4:])
	if err := w.keep(w.head[:]...); err != nil {
		return err
	}
	err := w.pass(int64(length), func(piece []byte) { sum = crc32.Update(sum, crc32.IEEETable, piece) })
	if err != nil {
		return err
	}
	given, err := w.take(4)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint32(given) != sum {
		return w.broken("whose checksum does not fit")
	}
	return w.keep(given...)
}

// orientation keeps of EXIF how the picture has to be turned.
func (w *pngWalk) orientation(length uint32) error {
	exif, err := w.take(int(length))
	if err != nil {
		return err
	}
	turn := orientationOf(exif)
	if err := w.skip(4); err != nil || turn <= upright {
		return err
	}
	body := append([]byte("eXIf"), orientationOnly(turn)...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4)) //nolint:gosec // 26 bytes
	chunk = append(chunk, body...)
	return w.keep(binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))...)
}
