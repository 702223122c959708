package picture_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/picture"
)

// le32 is a number as BMP holds it.
func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

func TestGIF(t *testing.T) {
	plain := asGIF(t, 1)
	start := bytes.Index(plain, []byte("\x21\xf9")) // Where the encoder puts the first block.
	with := func(block string) []byte {
		return bytes.Join([][]byte{plain[:start], []byte(block), plain[start:]}, nil)
	}
	for name, block := range map[string]string{
		"a_comment":                "\x21\xfe\x05hello\x00",
		"an_archive_in_a_comment":  "\x21\xfe\x08PK\x05\x06\x00\x00\x00\x00\x00",
		"data_of_an_application":   "\x21\xff\x0bXMP DataXMP\x03abc\x00",
		"text_over_the_picture":    "\x21\x01\x0c123456789012\x02hi\x00",
		"an_extension_nobody_knew": "\x21\x42\x01a\x00",
	} {
		t.Run(name+"_is_left_out", func(t *testing.T) {
			for _, in := range [][]byte{with(block), append(append(bytes.Clone(plain[:len(plain)-1]), block...), 0x3B)} {
				out, info := clean(t, in, picture.Rules{})
				require.Equal(t, plain, out)
				require.EqualValues(t, len(block), info.Stripped)
			}
		})
	}
	frame := bytes.Index(plain, []byte("\x2c\x00\x00\x00\x00\x18\x00\x10\x00"))
	wide := bytes.Clone(plain)
	wide[frame+5]++
	large := bytes.Clone(plain)
	copy(large[6:], "\xff\xff\xff\xff")
	for _, row := range []struct {
		name  string
		data  []byte
		given string
	}{
		{"a_bomb", large, "65535 x 65535 pixels"},
		{"a_frame_larger_than_the_picture", wide, "GIF image whose frame does not fit in it"},
		{"an_animation", asGIF(t, 2), "GIF image with several frames"},
		{"no_frame", append(bytes.Clone(plain[:start]), 0x3B), "GIF image with data between its blocks"},
		{"a_program_behind_it", append(bytes.Clone(plain), "PK\x03\x04"...), "GIF image with data after its end"},
		{"a_program_between_blocks", with("PK\x03\x04"), "GIF image with data between its blocks"},
		{"a_control_block_that_holds_more", with("\x21\xf9\x05123456\x00"), "GIF image with a block that cannot be read"},
		{"two_control_blocks", with("\x21\xf9\x04\x00\x00\x00\x00\x00"), "GIF image with a block that cannot be read"},
	} {
		t.Run(row.name+"_is_refused", func(t *testing.T) {
			require.Equal(t, row.given, refuse(t, row.data, picture.Rules{}).Given)
		})
	}
}

func TestBMP(t *testing.T) {
	plain := file(t, "rgb.bmp")
	const headers = 14 + 40
	change := func(at int, is string) []byte {
		changed := bytes.Clone(plain)
		copy(changed[at:], is)
		return changed
	}
	t.Run("what_lies_between_header_and_pixels_is_left_out", func(t *testing.T) {
		in := bytes.Join([][]byte{change(10, le32(headers+6))[:headers], []byte("hidden"), plain[headers:]}, nil)
		out, info := clean(t, in, picture.Rules{})
		require.Equal(t, plain, out)
		require.EqualValues(t, 6, info.Stripped)
	})
	t.Run("what_the_header_reserves_is_left_out", func(t *testing.T) {
		out, _ := clean(t, change(6, "PKPK"), picture.Rules{})
		require.Equal(t, plain, out)
	})
	t.Run("rows_from_the_top_are_kept", func(t *testing.T) {
		in := change(22, le32(-16))
		out, info := clean(t, in, picture.Rules{})
		require.Equal(t, in, out)
		require.Equal(t, 16, info.Height)
	})
	t.Run("the_oldest_header_is_known", func(t *testing.T) {
		in := []byte("BM" + le32(14+12+4) + "\x00\x00\x00\x00" + le32(14+12) + le32(12) + "\x01\x00\x01\x00\x01\x00\x18\x00" + "rgb\x00")
		out, _ := clean(t, in, picture.Rules{})
		require.Equal(t, in, out)
	})
	masks := []byte("BM" + le32(headers+12+4) + "\x00\x00\x00\x00" + le32(headers+12) + string(change(18, le32(1)+le32(1)+"\x01\x00\x20\x00"+le32(3))[14:headers]) + "red green  blue" + "\x00")
	t.Run("masks_for_the_colours_are_kept", func(t *testing.T) {
		out, _ := clean(t, masks, picture.Rules{})
		require.Equal(t, masks, out)
	})
	newest := []byte("BM" + le32(14+124+4) + "\x00\x00\x00\x00" + le32(14+124) + le32(124) + le32(1) + le32(1) + "\x01\x00\x18\x00" + string(make([]byte, 108)) + "rgb\x00")
	copy(newest[14+56:], "BGRs")
	t.Run("the_newest_header_is_known", func(t *testing.T) {
		out, _ := clean(t, newest, picture.Rules{})
		require.Equal(t, newest, out)
	})
	profile := bytes.Clone(newest)
	copy(profile[14+56:], "KNIL")
	for _, row := range []struct {
		name  string
		data  []byte
		given string
	}{
		{"a_bomb", change(18, le32(65535)+le32(65535)), "65535 x 65535 pixels"},
		{"the_largest_bomb", change(18, le32(1<<31-1)+le32(-1<<31)), "2147483647 x 2147483648 pixels"},
		{"a_width_below_zero", change(18, le32(-24)), "BMP image without pixels"},
		{"pixels_that_are_not_there", change(18, le32(9000)+le32(5000)), "BMP image that ends early"},
		{"pixels_within_the_header", change(10, le32(headers-1)), "BMP image whose pixels begin within its header"},
		{"compression", change(30, le32(1)), "BMP image that is compressed"},
		{"an_image_in_the_image", change(30, le32(5)), "BMP image that is compressed"},
		{"an_odd_number_of_bits", change(28, "\x07\x00"), "BMP image with a header that cannot be read"},
		{"too_many_colours", change(46, le32(257)), "BMP image with a header that cannot be read"},
		{"a_header_nobody_knows", change(14, le32(64)), "BMP image with a header of unknown length"},
		{"a_file_named_as_profile", profile, "BMP image with a colour profile"},
		{"a_program_behind_it", append(bytes.Clone(plain), "MZ"...), "BMP image with data after its end"},
	} {
		t.Run(row.name+"_is_refused", func(t *testing.T) {
			require.Equal(t, row.given, refuse(t, row.data, picture.Rules{}).Given)
		})
	}
}
