package picture_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/picture"
)

// box makes a box of a JP2 file.
func box(kind, data string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(8+len(data)))
	return append(out, kind+data...)
}

// replaced changes the first of a part of a file.
func replaced(t *testing.T, data []byte, was, is string) []byte {
	t.Helper()
	require.True(t, bytes.Contains(data, []byte(was)))
	return bytes.Replace(data, []byte(was), []byte(is), 1)
}

func TestJP2IsPassedBitForBit(t *testing.T) {
	chip := file(t, "chip.jp2")
	longBox := append(binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01xml "), 20), "<a/>"...)
	codestream := file(t, "chip.j2k")
	part := bytes.Index(codestream, []byte{0xFF, 0x90, 0, 10})
	toTheEnd := bytes.Clone(codestream)
	copy(toTheEnd[part+6:], "\x00\x00\x00\x00")
	pixels := bytes.Index(chip, []byte("jp2c")) - 4
	openBox := bytes.Clone(chip)
	copy(openBox[pixels:], "\x00\x00\x00\x00")
	for name, data := range map[string][]byte{
		"a_file":                            chip,
		"a_codestream":                      codestream,
		"a_codestream_of_unknown_length":    toTheEnd,
		"a_last_box_of_unknown_length":      openBox,
		"tiles":                             file(t, "tiled.j2k"),
		"a_text_that_tells_no_place":        file(t, "xmp.jp2"),
		"a_box_with_a_long_length":          append(bytes.Clone(chip), longBox...),
		"a_box_that_is_named_by_an_address": append(bytes.Clone(chip), box("uinf", "x")...),
	} {
		t.Run(name, func(t *testing.T) {
			out, info := clean(t, data, picture.Rules{})
			require.Equal(t, data, out)
			require.Zero(t, info.Stripped)
		})
	}
}

func TestJP2Structure(t *testing.T) {
	chip, codestream := file(t, "chip.jp2"), file(t, "chip.j2k")
	pixels := bytes.Index(chip, []byte("jp2c")) - 4
	header := bytes.Index(chip, []byte("jp2h")) - 4
	const size = "\x00\x00\x00\x18\x00\x00\x00\x10" // 24 x 16 in the codestream.
	siz := bytes.Index(codestream, []byte(size))
	change := func(at int, is string) []byte {
		changed := bytes.Clone(codestream)
		copy(changed[at:], is)
		return changed
	}
	part := bytes.Index(codestream, []byte{0xFF, 0x90, 0, 10})
	for _, row := range []struct {
		name  string
		data  []byte
		given string
	}{
		{"exif", file(t, "exif.jp2"), "JP2 image with EXIF, which may tell the place where it was taken"},
		{"a_position", file(t, "position.jp2"), "image that is or holds the place where it was taken"},
		{"a_bomb", change(siz, "\xff\xff\xff\xff\xff\xff\xff\xff"), "4294967295 x 4294967295 pixels"},
		{"a_bomb_in_a_file", replaced(t, chip, "ihdr\x00\x00\x00\x10\x00\x00\x00\x18", "ihdr\x00\x00\xff\xff\x00\x00\xff\xff"), "65535 x 65535 pixels"},
		{"two_sizes", replaced(t, chip, size, "\x00\x00\x00\x19\x00\x00\x00\x10"), "JP2 image whose headers tell different sizes"},
		{"an_offset_behind_the_end", change(siz+8, "\x00\x00\x00\x18"), "JP2 image without pixels"},
		{"a_million_tiles", change(siz+16, "\x00\x00\x00\x00"), "JP2 image in more pieces than any camera makes"},
		{"five_thousand_tiles", change(siz, "\x00\x00\x13\x88\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"), "JP2 image in more pieces than any camera makes"},
		{"too_many_colours", change(siz+32, "\x00\x05"), "JP2 image with colours that cannot be read"},
		{"too_many_bits", change(siz+34, "\x1f"), "JP2 image with colours that cannot be read"},
		{"an_unknown_marker", change(part, "\xff\x93"), "JP2 image with a codestream that cannot be read"},
		{"a_tile_part_shorter_than_its_header", change(part+6, "\x00\x00\x00\x0b"), "JP2 image with a codestream that cannot be read"},
		{"no_end", change(len(codestream)-2, "\xff\x00"), "JP2 image with a codestream that cannot be read"},
		{"data_behind_the_codestream", append(bytes.Clone(codestream), 0), "JP2 image with data after its end"},
		{"data_behind_the_codestream_in_its_box", bytes.Join([][]byte{chip[:pixels], box("jp2c", string(codestream)+"PK\x03\x04")}, nil), "JP2 image with data after its end"},
		{"a_codestream_longer_than_its_box", bytes.Join([][]byte{chip[:pixels], box("jp2c", string(codestream[:60])), codestream[60:]}, nil), "JP2 image with a codestream that does not fit in its box"},
		{"two_codestreams", append(bytes.Clone(chip), chip[pixels:]...), "JP2 image whose boxes are not in order"},
		{"no_header", append(bytes.Clone(chip[:header]), chip[pixels:]...), "JP2 image whose boxes are not in order"},
		{"no_codestream", chip[:pixels], "JP2 image without pixels"},
		{"no_file_type", append(bytes.Clone(chip[:12]), chip[header:]...), "JP2 image whose boxes are not in order"},
		{"another_part_of_the_standard", bytes.ReplaceAll(chip, []byte("ftypjp2 \x00\x00\x00\x00jp2 "), []byte("ftypjpx \x00\x00\x00\x00jpx ")), "JP2 image that is of another part of the standard"},
		{"a_box_nobody_knows", append(bytes.Clone(chip), box("free", "anything")...), "JP2 image with a box of unknown kind"},
		{"an_archive_in_a_box", append(bytes.Clone(chip), box("xml ", "PK\x05\x06\x00\x00\x00\x00")...), "image that is or holds an archive"},
		{"a_box_shorter_than_its_header", append(bytes.Clone(chip), "\x00\x00\x00\x07xml "...), "JP2 image with a box shorter than its header"},
		{"a_box_longer_than_any_file", append(bytes.Clone(chip), "\x00\x00\x00\x01xml \xff\xff\xff\xff\xff\xff\xff\xff"...), "JP2 image with a box longer than the file may be"},
		{"a_text_without_length", append(bytes.Clone(chip), "\x00\x00\x00\x00xml <a/>"...), "JP2 image with a box of no length"},
	} {
		t.Run(row.name+"_is_refused", func(t *testing.T) {
			require.Equal(t, row.given, refuse(t, row.data, picture.Rules{}).Given)
		})
	}
}
