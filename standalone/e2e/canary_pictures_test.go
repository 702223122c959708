package e2e_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// withText adds a comment to a PNG, in front of its pixels.
func withText(file, text []byte) []byte {
	const header = 8 + 25 // the signature, and the chunk that every file begins with
	content := append([]byte("tEXtComment\x00"), text...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(content)-4))
	chunk = append(chunk, content...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(content))
	return slices.Insert(bytes.Clone(file), header, chunk...)
}

// withEXIF adds the segment to a JPEG in which cameras tell where they were.
func withEXIF(file, text []byte) []byte {
	content := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"), text...)
	segment := binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(content)+2))
	return slices.Insert(bytes.Clone(file), 2, append(segment, content...)...)
}
