package picture_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/picture"
)

// segment makes a segment of a JPEG file.
func segment(marker byte, payload string) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(payload)+2))
	return append(head, payload...)
}

// behindSOI puts a piece behind a JPEG's first two bytes.
func behindSOI(data []byte, pieces ...[]byte) []byte {
	return bytes.Join([][]byte{data[:2], bytes.Join(pieces, nil), data[2:]}, nil)
}

// segments lists the markers before the first scan, and returns all from there.
func segments(data []byte) (markers, scans []byte) {
	at := 2
	for ; data[at+1] != 0xDA; at += 2 + int(binary.BigEndian.Uint16(data[at+2:])) {
		markers = append(markers, data[at+1])
	}
	return markers, data[at:]
}

const (
	exifUpright = "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00"
	exifTurned  = "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	exifLittle  = "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
)

func TestJPEGMetadata(t *testing.T) {
	phone := file(t, "phone.jpg")
	t.Run("what_a_phone_adds_is_left_out", func(t *testing.T) {
		require.Contains(t, string(phone), "CANARY-SERIAL")
		out, info := clean(t, phone, picture.Rules{})
		require.Greater(t, info.Stripped, int64(2000))
		require.NotContains(t, strings.ToLower(string(out)), "canary")
		markers, _ := segments(out)
		require.Equal(t, []byte{0xE0, 0xE1, 0xDB, 0xDB, 0xC0, 0xC4, 0xC4, 0xC4, 0xC4}, markers)
	})
	t.Run("how_the_picture_has_to_be_turned_is_kept_alone", func(t *testing.T) {
		out, _ := clean(t, phone, picture.Rules{})
		require.True(t, bytes.Contains(out, segment(0xE1, exifTurned)))
		require.Equal(t, 1, bytes.Count(out, []byte("Exif")))
	})
	t.Run("pixels_are_the_same_bytes", func(t *testing.T) {
		for _, name := range []string{"phone.jpg", "progressive.jpg", "cmyk.jpg", "restart.jpg"} {
			in := file(t, name)
			out, _ := clean(t, in, picture.Rules{})
			_, before := segments(in)
			_, after := segments(out)
			require.Equal(t, before, after, name)
		}
	})
	grey := file(t, "grey.jpg")
	for _, row := range []struct {
		name    string
		payload string
		marker  byte
		kept    string
	}{
		{"orientation_in_the_other_byte_order_is_kept", exifLittle, 0xE1, exifTurned},
		{"an_upright_orientation_is_left_out", exifUpright, 0xE1, ""},
		{"exif_that_cannot_be_read_is_left_out", "Exif\x00\x00MM\x00*\xff\xff\xff\xff", 0xE1, ""},
		{"exif_with_more_entries_than_bytes_is_left_out", "Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff", 0xE1, ""},
		{"an_orientation_that_means_nothing_is_left_out", strings.Replace(exifTurned, "\x00\x06", "\x00\x09", 1), 0xE1, ""},
		{"xmp_is_left_out", "http://ns.adobe.com/xap/1.0/\x00<x/>", 0xE1, ""},
		{"a_colour_profile_is_left_out", "ICC_PROFILE\x00\x01\x01abc", 0xE2, ""},
		{"iptc_is_left_out", "Photoshop 3.0\x008BIM", 0xED, ""},
		{"a_comment_is_left_out", "hello", 0xFE, ""},
		{"an_archive_in_a_comment_is_left_out", "PK\x05\x06\x00\x00\x00\x00", 0xFE, ""},
		{"a_further_thumbnail_is_left_out", "JFXX\x00\x10", 0xE0, ""},
		{"the_colour_transform_is_kept_alone", "Adobe\x00\x64\x00\x00\x00\x00\x01and more", 0xEE, "Adobe\x00\x64\x00\x00\x00\x00\x01"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, _ := clean(t, behindSOI(grey, segment(row.marker, row.payload)), picture.Rules{})
			want := grey
			if row.kept != "" {
				want = behindSOI(grey, segment(row.marker, row.kept))
			}
			require.Equal(t, want, out)
		})
	}
	t.Run("a_thumbnail_in_the_first_segment_is_left_out", func(t *testing.T) {
		require.Equal(t, byte(0xE0), grey[3])
		bare := append(bytes.Clone(grey[:2]), grey[20:]...)
		jfif := "JFIF\x00\x01\x01\x00\x00\x01\x00\x01"
		out, _ := clean(t, behindSOI(bare, segment(0xE0, jfif+"\x01\x01rgb")), picture.Rules{})
		require.Equal(t, behindSOI(bare, segment(0xE0, jfif+"\x00\x00")), out)
	})
	t.Run("bytes_that_only_fill_up_are_left_out", func(t *testing.T) {
		filled := append(bytes.Clone(grey[:len(grey)-2]), 0xFF, 0xFF, 0xFF, 0xD9, 0, 0, 0)
		out, info := clean(t, filled, picture.Rules{})
		require.Equal(t, grey, out)
		require.EqualValues(t, 5, info.Stripped)
	})
	t.Run("further_pictures_that_are_announced_are_left_out", func(t *testing.T) {
		announced := behindSOI(grey, segment(0xE2, "MPF\x00MM\x00*"))
		out, _ := clean(t, append(bytes.Clone(announced), phone...), picture.Rules{})
		require.Equal(t, grey, out)
		refused := refuse(t, append(announced, "PK\x03\x04"...), picture.Rules{})
		require.Equal(t, "JPEG image with data after its end", refused.Given)
	})
}

// frameAt returns where the payload of the frame header begins.
func frameAt(t *testing.T, data []byte) int {
	t.Helper()
	at := bytes.Index(data, []byte{0xFF, 0xC0})
	require.Positive(t, at)
	return at + 4
}

func TestJPEGStructure(t *testing.T) {
	grey := file(t, "grey.jpg")
	frame := frameAt(t, grey)
	scan := bytes.Index(grey, []byte{0xFF, 0xDA})
	header := grey[frame-4 : frame+9]
	end := len(grey) - 2
	change := func(at int, b ...byte) []byte {
		changed := bytes.Clone(grey)
		copy(changed[at:], b)
		return changed
	}
	for _, row := range []struct {
		name  string
		data  []byte
		given string
	}{
		{"a_bomb", change(frame+1, 0xFF, 0xFF, 0xFF, 0xFF), "65535 x 65535 pixels"},
		{"a_height_after_the_pixels", change(frame+1, 0, 0), "JPEG image without pixels"},
		{"a_height_segment", append(bytes.Clone(grey[:end]), "\xff\xdc\x00\x04\x00\x10\xff\xd9"...), "JPEG image with a marker that has no place in it"},
		{"no_width", change(frame+3, 0, 0), "JPEG image without pixels"},
		{"no_scan", append(bytes.Clone(grey[:scan]), 0xFF, 0xD9), "JPEG image without pixels"},
		{"a_scan_before_the_header", behindSOI(grey, grey[scan:scan+10]), "JPEG image with pixels before its header"},
		{"two_headers", behindSOI(grey, header), "JPEG image with two pictures in one"},
		{"a_picture_in_the_picture", behindSOI(grey, []byte{0xFF, 0xD8}), "JPEG image with a marker that has no place in it"},
		{"arithmetic_coding", file(t, "arithmetic.jpg"), "JPEG image coded neither as baseline nor as progressive"},
		{"lossless_coding", change(frame-3, 0xC3), "JPEG image coded neither as baseline nor as progressive"},
		{"data_between_segments", behindSOI(grey, segment(0xFE, "a"), []byte("hidden")), "JPEG image with data between its segments"},
		{"a_segment_without_length", behindSOI(grey, []byte{0xFF, 0xFE, 0, 1}), "JPEG image with a segment shorter than its header"},
		{"a_table_with_more", behindSOI(grey, segment(0xDB, "\x00abc")), "JPEG image with a table that cannot be read"},
		{"a_table_of_no_kind", behindSOI(grey, segment(0xC4, strings.Repeat("\xff", 40))), "JPEG image with a table that cannot be read"},
		{"a_restart_of_no_length", behindSOI(grey, segment(0xDD, "\x00")), "JPEG image with a table that cannot be read"},
		{"too_many_components", change(frame+5, 5), "JPEG image with a header that cannot be read"},
		{"a_short_first_segment", behindSOI(grey, segment(0xE0, "JFIF\x00\x01")), "JPEG image with a header that cannot be read"},
		{"an_endless_series_of_scans", append(bytes.Clone(grey[:end]), bytes.Repeat(grey[scan:end], 100)...), "JPEG image with more scans than any camera makes"},
		{"a_motion_photo", append(bytes.Clone(grey), "\x00\x00\x00\x18ftypmp42"...), "JPEG image with data after its end"},
	} {
		t.Run(row.name+"_is_refused", func(t *testing.T) {
			require.Equal(t, row.given, refuse(t, row.data, picture.Rules{}).Given)
		})
	}
}

func TestForeignFilesInPixels(t *testing.T) {
	grey := file(t, "grey.jpg")
	end := len(grey) - 2
	for name, hidden := range map[string]string{
		"an_archive":             "PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00",
		"an_archive_of_any_kind": "Rar!\x1a\x07\x01\x00",
		"a_document":             "%PDF-1.7",
		"a_web_page":             "<SCRIPT>alert(1)</SCRIPT>",
		"a_program":              "<?php system",
	} {
		for _, before := range []int{0, 16<<10 - end - 3, 16<<10 - end, 40 << 10} {
			data := bytes.Join([][]byte{grey[:end], bytes.Repeat([]byte{7}, before), []byte(hidden), grey[end:]}, nil)
			t.Run(name+"_is_refused", func(t *testing.T) {
				require.Contains(t, refuse(t, data, picture.Rules{}).Given, "image that is or holds")
			})
		}
	}
}
