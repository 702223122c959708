package picture_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/picture"
)

// chunk makes a chunk of a PNG file.
func chunk(kind, data string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(out, kind+data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// chunks lists the kinds of chunks.
func chunks(data []byte) string {
	var kinds []string
	for at := 8; at < len(data); at += 12 + int(binary.BigEndian.Uint32(data[at:])) {
		kinds = append(kinds, string(data[at+4:at+8]))
	}
	return strings.Join(kinds, " ")
}

// pngAfterHeader is where the chunk after the first begins.
const pngAfterHeader = 8 + 25

// withChunks puts chunks behind the header of a PNG file.
func withChunks(data []byte, all ...[]byte) []byte {
	return bytes.Join([][]byte{data[:pngAfterHeader], bytes.Join(all, nil), data[pngAfterHeader:]}, nil)
}

// withHeader changes the header of a PNG file, and its checksum.
func withHeader(data []byte, at int, changed string) []byte {
	header := bytes.Clone(data[16:29])
	copy(header[at:], changed)
	return bytes.Join([][]byte{data[:8], chunk("IHDR", string(header)), data[pngAfterHeader:]}, nil)
}

func TestPNGMetadata(t *testing.T) {
	plain := asPNG(t, gradient(24, 16))
	t.Run("what_a_phone_adds_is_left_out", func(t *testing.T) {
		phone := file(t, "phone.png")
		require.Equal(t, "IHDR iCCP eXIf tEXt tIME iTXt IDAT IEND", sorted(chunks(phone)))
		out, info := clean(t, phone, picture.Rules{})
		require.Greater(t, info.Stripped, int64(500))
		require.NotContains(t, strings.ToLower(string(out)), "canary")
		require.Equal(t, "IHDR eXIf IDAT IEND", chunks(out))
		require.True(t, bytes.Contains(out, chunk("eXIf", "MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x08\x00\x00\x00\x00\x00\x00")))
	})
	t.Run("what_decides_how_pixels_look_is_kept", func(t *testing.T) {
		in := withChunks(plain,
			chunk("gAMA", "\x00\x00\xb1\x8f"), chunk("cHRM", strings.Repeat("\x00", 32)), chunk("sRGB", "\x00"), chunk("cICP", "\x01\x0d\x00\x01"),
			chunk("sBIT", "\x08\x08\x08\x08"), chunk("bKGD", "\x00\x01\x00\x01\x00\x01"), chunk("pHYs", "\x00\x00\x0b\x13\x00\x00\x0b\x13\x01"))
		out, _ := clean(t, in, picture.Rules{})
		require.Equal(t, in, out)
	})
	for name, extra := range map[string][]byte{
		"text":                           chunk("tEXt", "Comment\x00taken at home"),
		"compressed_text":                chunk("zTXt", "Comment\x00\x00x"),
		"a_colour_profile":               chunk("iCCP", "name\x00\x00x"),
		"an_animation":                   chunk("acTL", "\x00\x00\x00\x02\x00\x00\x00\x00"),
		"a_chunk_nobody_knows":           chunk("vpAg", "anything"),
		"an_archive_in_a_chunk":          chunk("ziPd", "PK\x05\x06\x00\x00\x00\x00"),
		"a_known_chunk_of_a_wrong_size":  chunk("gAMA", "much more than four bytes"),
		"exif_that_turns_nothing":        chunk("eXIf", exifUpright[6:]),
		"exif_that_is_too_short":         chunk("eXIf", "MM\x00*"),
		"text_with_a_checksum_that_lies": append(chunk("tEXt", "abc")[:11], 1, 2, 3, 4),
	} {
		t.Run(name+"_is_left_out", func(t *testing.T) {
			out, info := clean(t, withChunks(plain, extra), picture.Rules{})
			require.Equal(t, plain, out)
			require.EqualValues(t, len(extra), info.Stripped)
		})
	}
	t.Run("metadata_behind_the_pixels_is_left_out", func(t *testing.T) {
		end := len(plain) - 12
		out, _ := clean(t, bytes.Join([][]byte{plain[:end], chunk("gAMA", "\x00\x00\xb1\x8f"), chunk("tIME", "\x07\xe9\x01\x01\x00\x00\x00"), plain[end:]}, nil), picture.Rules{})
		require.Equal(t, plain, out)
	})
	t.Run("a_chunk_that_may_come_once_is_kept_once", func(t *testing.T) {
		gamma := chunk("gAMA", "\x00\x00\xb1\x8f")
		out, _ := clean(t, withChunks(plain, gamma, gamma), picture.Rules{})
		require.Equal(t, withChunks(plain, gamma), out)
	})
}

// sorted puts a list of chunks in the order in which they are mostly found,
// because tools differ.
func sorted(kinds string) string {
	var out []string
	for _, kind := range []string{"IHDR", "iCCP", "eXIf", "tEXt", "tIME", "iTXt", "IDAT", "IEND"} {
		if strings.Contains(kinds, kind) {
			out = append(out, kind)
		}
	}
	return strings.Join(out, " ")
}

func TestPNGStructure(t *testing.T) {
	plain := asPNG(t, gradient(24, 16))
	end := len(plain) - 12
	flipped := bytes.Clone(plain)
	flipped[len(flipped)-20] ^= 1
	for _, row := range []struct {
		name  string
		data  []byte
		given string
	}{
		{"a_bomb", withHeader(plain, 0, "\x00\x00\xff\xff\x00\x00\xff\xff"), "65535 x 65535 pixels"},
		{"the_largest_bomb", withHeader(plain, 0, "\x7f\xff\xff\xff\x7f\xff\xff\xff"), "2147483647 x 2147483647 pixels"},
		{"no_width", withHeader(plain, 0, "\x00\x00\x00\x00"), "PNG image without pixels"},
		{"a_depth_that_the_colours_do_not_have", withHeader(plain, 8, "\x04\x06"), "PNG image with a header that cannot be read"},
		{"another_compression", withHeader(plain, 10, "\x01"), "PNG image with a header that cannot be read"},
		{"a_header_changed_later", bytes.Replace(plain, []byte("\x00\x00\x00\x18\x00\x00\x00\x10"), []byte("\x00\x00\x00\x19\x00\x00\x00\x10"), 1), "PNG image whose checksum does not fit"},
		{"a_flipped_bit_in_the_pixels", flipped, "PNG image whose checksum does not fit"},
		{"another_chunk_first", bytes.Join([][]byte{plain[:8], chunk("tEXt", "a text that is long enough"), plain[8:]}, nil), "PNG image that does not begin with its header"},
		{"a_second_header", withChunks(plain, plain[8:pngAfterHeader]), "PNG image with a chunk that no decoder knows"},
		{"apple's_own_png", withChunks(plain, chunk("CgBI", "\x50\x00\x20\x02")), "PNG image with a chunk that no decoder knows"},
		{"a_chunk_of_two_gigabytes", withChunks(plain, []byte("\x80\x00\x00\x00tEXt")), "PNG image with a chunk longer than any may be"},
		{"an_endless_chunk", withChunks(plain, []byte("\x7f\xff\xff\xfftEXt")), "PNG image that ends early"},
		{"no_pixels", bytes.Join([][]byte{plain[:pngAfterHeader], plain[end:]}, nil), "PNG image that ends before its pixels"},
		{"no_palette", withHeader(plain, 9, "\x03"), "PNG image whose chunks are not in order"},
		{"half_a_palette", withChunks(plain, chunk("PLTE", "rg")), "PNG image with a palette that has no place in it"},
		{"pixels_in_two_places", bytes.Join([][]byte{plain[:end], chunk("tEXt", "a\x00b"), chunk("IDAT", "x"), plain[end:]}, nil), "PNG image whose chunks are not in order"},
		{"a_web_page_behind_it", append(bytes.Clone(plain), "<html><script>"...), "PNG image with data after its end"},
	} {
		t.Run(row.name+"_is_refused", func(t *testing.T) {
			require.Equal(t, row.given, refuse(t, row.data, picture.Rules{}).Given)
		})
	}
}
