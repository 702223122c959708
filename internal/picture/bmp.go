package picture

import (
	"encoding/binary"
	"slices"
)

// The parts of a BMP file.
//
// https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
const (
	bmpFileHeader = 14
	bmpCoreHeader = 12
	bmpInfoHeader = 40
	bmpV5Header   = 124
	bmpPlain      = 0 // Compression: none.
	bmpMasks      = 3 // None, with masks for the colours.
	bmpAlphaMasks = 6 // None, with masks for the colours and the opacity.
)

// bitmap is what the headers of a BMP file tell.
type bitmap struct {
	width, height int64
	bits          int64
	compression   uint32
	colours       int64
}

func copyBMP(s *stream) error {
	head, err := s.take(bmpFileHeader + 4)
	if err != nil {
		return err
	}
	offset, size := int64(binary.LittleEndian.Uint32(head[10:])), int64(binary.LittleEndian.Uint32(head[14:]))
	if !slices.Contains([]int64{bmpCoreHeader, bmpInfoHeader, 52, 56, 108, bmpV5Header}, size) {
		return s.broken("with a header of unknown length")
	}
	rest, err := s.take(int(size) - 4)
	if err != nil {
		return err
	}
	header := binary.LittleEndian.AppendUint32(nil, uint32(size)) //nolint:gosec // one of the list
	header = append(header, rest...)
	b, err := s.bitmap(header)
	if err != nil {
		return err
	}
	if err := s.size(b.width, b.height); err != nil {
		return err
	}
	table := b.table(size)
	start := bmpFileHeader + size + table
	if offset < start {
		return s.broken("whose pixels begin within its header")
	}
	pixels := (b.width*b.bits + 31) / 32 * 4 * b.height
	if start+pixels > s.rules.MaxBytes {
		return s.broken("that ends early")
	}
	if err := s.bmpHeaders(header, start, pixels); err != nil {
		return err
	}
	if err := s.pass(table); err != nil {
		return err
	}
	if err := s.skip(offset - start); err != nil {
		return err
	}
	return s.pass(pixels)
}

// bmpHeaders writes the headers for a file that holds nothing between them and
// the pixels.
func (s *stream) bmpHeaders(header []byte, start, pixels int64) error {
	file := []byte("BM")
	file = binary.LittleEndian.AppendUint32(file, uint32(start+pixels)) //nolint:gosec // within the limit
	file = append(file, 0, 0, 0, 0)
	file = binary.LittleEndian.AppendUint32(file, uint32(start)) //nolint:gosec // the headers' length
	if err := s.keep(file...); err != nil {
		return err
	}
	return s.keep(header...)
}

// bitmap reads the bitmap's header, its length first.
func (s *stream) bitmap(h []byte) (bitmap, error) {
	le := binary.LittleEndian
	if len(h) == bmpCoreHeader {
		b := bitmap{width: int64(le.Uint16(h[4:])), height: int64(le.Uint16(h[6:])), bits: int64(le.Uint16(h[10:]))}
		if !slices.Contains([]int64{1, 4, 8, 24}, b.bits) || le.Uint16(h[8:]) != 1 {
			return b, s.broken("with a header that cannot be read")
		}
		return b, nil
	}
	b := bitmap{
		width:       int64(int32(le.Uint32(h[4:]))), //nolint:gosec // it is signed in the file
		height:      int64(int32(le.Uint32(h[8:]))), //nolint:gosec // it is signed in the file
		bits:        int64(le.Uint16(h[14:])),
		compression: le.Uint32(h[16:]),
		colours:     int64(le.Uint32(h[32:])),
	}
	b.height = max(b.height, -b.height) // Below zero, the rows are from the top down.
	masked := b.compression == bmpMasks || b.compression == bmpAlphaMasks
	switch {
	case le.Uint16(h[12:]) != 1, !slices.Contains([]int64{1, 4, 8, 16, 24, 32}, b.bits), b.colours > 256:
		return b, s.broken("with a header that cannot be read")
	case b.compression != bmpPlain && !masked, masked && b.bits < 16:
		return b, s.broken("that is compressed")
	case len(h) == bmpV5Header && hasProfile(h):
		return b, s.broken("with a colour profile")
	}
	return b, nil
}

// hasProfile reports whether a header of version 5 has a colour profile behind
// the pixels, or the name of a file that holds it.
func hasProfile(h []byte) bool {
	kind := binary.LittleEndian.Uint32(h[56:])
	return kind == 0x4C494E4B || kind == 0x4D424544 // LINK, MBED.
}

// table is the length of what lies between the headers and the pixels: masks
// and colours.
func (b bitmap) table(header int64) int64 {
	entry, masks := int64(4), int64(0)
	switch {
	case header == bmpCoreHeader:
		entry = 3
	case header == bmpInfoHeader && b.compression == bmpMasks:
		masks = 12
	case header == bmpInfoHeader && b.compression == bmpAlphaMasks:
		masks = 16
	}
	colours := b.colours
	if colours == 0 && b.bits <= 8 {
		colours = 1 << b.bits
	}
	return masks + colours*entry
}
