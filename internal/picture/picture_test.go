package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/picture"
)

// file reads a picture from testdata.
func file(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	return data
}

// gradient draws a picture in which every pixel counts.
func gradient(width, height int) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.Set(x, y, color.NRGBA{R: byte(x * 7), G: byte(y * 11), B: byte(x * y), A: byte(255 - x)})
		}
	}
	return picture
}

// asPNG encodes a picture.
func asPNG(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	var out bytes.Buffer
	require.NoError(tb, png.Encode(&out, picture))
	return out.Bytes()
}

// asGIF encodes frames.
func asGIF(tb testing.TB, frames int) []byte {
	tb.Helper()
	animation := &gif.GIF{}
	for range frames {
		frame := image.NewPaletted(image.Rect(0, 0, 24, 16), color.Palette{color.Black, color.White, color.Transparent})
		for i := range frame.Pix {
			frame.Pix[i] = byte(i % 3)
		}
		animation.Image = append(animation.Image, frame)
		animation.Delay = append(animation.Delay, 1)
	}
	var out bytes.Buffer
	require.NoError(tb, gif.EncodeAll(&out, animation))
	return out.Bytes()
}

// clean copies a picture that has to be acceptable.
func clean(tb testing.TB, data []byte, rules picture.Rules) ([]byte, picture.Info) {
	tb.Helper()
	var out bytes.Buffer
	info, err := picture.Copy(&out, bytes.NewReader(data), rules)
	require.NoError(tb, err)
	require.EqualValues(tb, out.Len(), info.Bytes)
	require.EqualValues(tb, len(data), info.Bytes+info.Stripped)
	return out.Bytes(), info
}

// refuse copies a picture that must not be acceptable.
func refuse(tb testing.TB, data []byte, rules picture.Rules) picture.Refused {
	tb.Helper()
	info, err := picture.Copy(io.Discard, bytes.NewReader(data), rules)
	refused, ok := errors.AsType[*picture.Refused](err)
	require.True(tb, ok, "%v", err)
	require.Zero(tb, info)
	return *refused
}

// pixels decodes a picture, or returns nil when it cannot be decoded here.
func pixels(data []byte) image.Image {
	decode := map[enroll.ImageType]func(io.Reader) (image.Image, error){
		enroll.JPEG: jpeg.Decode, enroll.PNG: png.Decode, enroll.GIF: gif.Decode,
	}[enroll.ImageTypeOf(data)]
	if decode == nil {
		return nil
	}
	if decoded, err := decode(bytes.NewReader(data)); err == nil {
		return decoded
	}
	return nil
}

func TestCopy(t *testing.T) {
	deep := image.NewNRGBA64(image.Rect(0, 0, 24, 16))
	deep.SetNRGBA64(3, 4, color.NRGBA64{R: 0x1234, A: 0xFFFF})
	grey16 := image.NewGray16(image.Rect(0, 0, 24, 16))
	palette := image.NewPaletted(image.Rect(0, 0, 24, 16), color.Palette{color.White, color.Transparent, color.NRGBA{R: 9, A: 70}})
	palette.Pix[5] = 2
	for _, row := range []struct {
		name string
		data []byte
		kind enroll.ImageType
	}{
		{"a_phone's_jpeg", file(t, "phone.jpg"), enroll.JPEG},
		{"a_progressive_jpeg", file(t, "progressive.jpg"), enroll.JPEG},
		{"a_grey_jpeg", file(t, "grey.jpg"), enroll.JPEG},
		{"a_jpeg_for_print", file(t, "cmyk.jpg"), enroll.JPEG},
		{"a_jpeg_with_restarts", file(t, "restart.jpg"), enroll.JPEG},
		{"a_phone's_png", file(t, "phone.png"), enroll.PNG},
		{"an_interlaced_png", file(t, "interlaced.png"), enroll.PNG},
		{"a_transparent_png", asPNG(t, gradient(24, 16)), enroll.PNG},
		{"a_png_with_16_bits", asPNG(t, deep), enroll.PNG},
		{"a_grey_png_with_16_bits", asPNG(t, grey16), enroll.PNG},
		{"a_png_with_a_palette", asPNG(t, palette), enroll.PNG},
		{"a_gif", asGIF(t, 1), enroll.GIF},
		{"a_chip's_jp2", file(t, "chip.jp2"), enroll.JP2},
		{"a_chip's_bare_codestream", file(t, "chip.j2k"), enroll.JP2},
		{"a_codestream_with_tiles", file(t, "tiled.j2k"), enroll.JP2},
		{"a_bmp", file(t, "rgb.bmp"), enroll.BMP},
		{"a_bmp_with_a_palette", file(t, "palette.bmp"), enroll.BMP},
	} {
		t.Run(row.name+"_keeps_its_pixels", func(t *testing.T) {
			out, info := clean(t, row.data, picture.Rules{})
			require.Equal(t, row.kind, info.Type)
			require.Equal(t, []int{24, 16}, []int{info.Width, info.Height})
			require.Equal(t, pixels(row.data), pixels(out))
			again, info := clean(t, out, picture.Rules{})
			require.Equal(t, out, again, "what is clean stays as it is")
			require.Zero(t, info.Stripped)
		})
		t.Run(row.name+"_is_the_same_however_it_arrives", func(t *testing.T) {
			whole, _ := clean(t, row.data, picture.Rules{})
			var out bytes.Buffer
			_, err := picture.Copy(&out, iotest.OneByteReader(bytes.NewReader(row.data)), picture.Rules{})
			require.NoError(t, err)
			require.Equal(t, whole, out.Bytes())
		})
		t.Run(row.name+"_is_refused_when_it_ends_early", func(t *testing.T) {
			for n := 0; n < len(row.data); n += 1 + len(row.data)/256 {
				refuse(t, row.data[:n], picture.Rules{})
			}
			refuse(t, row.data[:len(row.data)-1], picture.Rules{})
		})
		t.Run(row.name+"_is_refused_with_a_file_behind_it", func(t *testing.T) {
			refused := refuse(t, append(bytes.Clone(row.data), "PK\x03\x04"...), picture.Rules{})
			require.Regexp(t, "data after its end|cannot be read|ends early|not in order|no length|longer|fit", refused.Given)
		})
	}
}

func TestCopyTakesWhatRulesAllow(t *testing.T) {
	photo := file(t, "phone.jpg")
	for _, row := range []struct {
		name           string
		data           []byte
		rules          picture.Rules
		given, allowed string
	}{
		{"nothing", nil, picture.Rules{}, "nothing", "PNG, JPEG, JP2, BMP, GIF up to 4194304 bytes"},
		{"another_type", photo, picture.Rules{Types: []enroll.ImageType{enroll.PNG}, MaxBytes: 9000}, "image/jpeg", "PNG up to 9000 bytes"},
		{"no_image", []byte("name,photo\n"), picture.Rules{}, "content of no known image type", ""},
		{"too_many_bytes", photo, picture.Rules{MaxBytes: int64(len(photo) - 1)}, fmt.Sprintf("more than %d bytes", len(photo)-1), ""},
		{"too_wide", photo, picture.Rules{MaxWidth: 23}, "24 x 16 pixels", "up to 23 x 10000 pixels, 50000000 in all"},
		{"too_high", photo, picture.Rules{MaxHeight: 15}, "24 x 16 pixels", ""},
		{"too_many_pixels", photo, picture.Rules{MaxPixels: 383}, "24 x 16 pixels", ""},
		{"tiff", file(t, "photo.tiff"), picture.Rules{Types: []enroll.ImageType{enroll.TIFF, enroll.PNG}}, "TIFF, from which metadata cannot be removed; convert it to PNG, which loses nothing", "PNG up to 4194304 bytes"},
		{"heic", []byte("\x00\x00\x00\x24ftypheic\x00\x00\x00\x00"), picture.Rules{}, "HEIC, the format of newer phones; have the phone save JPEG", ""},
		{"avif", []byte("\x00\x00\x00\x24ftypavif\x00\x00\x00\x00"), picture.Rules{}, "AVIF", ""},
		{"webp", []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), picture.Rules{}, "WebP", ""},
		{"pdf", []byte("%PDF-1.7\n"), picture.Rules{}, "a PDF document", ""},
		{"zip", []byte("PK\x03\x04\x14\x00"), picture.Rules{}, "an archive", ""},
		{"data_url", []byte("data:image/png;base64,AAAA"), picture.Rules{}, "a data URL; give the bytes it encodes", ""},
	} {
		t.Run(row.name+"_is_refused_with_a_reason", func(t *testing.T) {
			refused := refuse(t, row.data, row.rules)
			require.Equal(t, row.given, refused.Given)
			require.Contains(t, refused.Allowed, row.allowed)
			require.Contains(t, refused.Error(), refused.Given)
		})
	}
	t.Run("an_image_at_the_limit_is_taken", func(t *testing.T) {
		clean(t, photo, picture.Rules{MaxBytes: int64(len(photo)), MaxWidth: 24, MaxHeight: 16, MaxPixels: 24 * 16})
	})
}

func TestCopyTellsTroubleFromRefusal(t *testing.T) {
	broken := errors.New("the connection broke")
	photo := file(t, "phone.jpg")
	t.Run("of_the_source", func(t *testing.T) {
		for n := 0; n < len(photo); n += 29 {
			src := io.MultiReader(bytes.NewReader(photo[:n]), iotest.ErrReader(broken))
			_, err := picture.Copy(io.Discard, src, picture.Rules{})
			require.ErrorIs(t, err, broken)
		}
	})
	t.Run("of_a_source_that_was_cut_off", func(t *testing.T) {
		src := io.MultiReader(bytes.NewReader(photo[:900]), iotest.ErrReader(io.ErrUnexpectedEOF))
		_, err := picture.Copy(io.Discard, src, picture.Rules{})
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
	t.Run("of_the_destination", func(t *testing.T) {
		_, err := picture.Copy(failing{broken}, bytes.NewReader(photo), picture.Rules{})
		require.ErrorIs(t, err, broken)
	})
}

// failing is a destination that takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestCopyNeedsTheSameMemoryForAnySize(t *testing.T) {
	encode := map[string]func(int) []byte{
		"jpeg": func(side int) []byte {
			var out bytes.Buffer
			require.NoError(t, jpeg.Encode(&out, gradient(side, side), &jpeg.Options{Quality: 100}))
			return out.Bytes()
		},
		"png": func(side int) []byte { return asPNG(t, gradient(side, side)) },
		"jp2": func(side int) []byte { return longCodestream(t, side*side) },
	}
	for kind, encoded := range encode {
		t.Run(kind, func(t *testing.T) {
			rules := picture.Rules{MaxBytes: 64 << 20}
			allocations := func(data []byte) float64 {
				return testing.AllocsPerRun(5, func() {
					_, err := picture.Copy(io.Discard, bytes.NewReader(data), rules)
					require.NoError(t, err)
				})
			}
			small, large := encoded(60), encoded(600)
			require.Greater(t, len(large), 20*len(small))
			require.InDelta(t, allocations(small), allocations(large), 2)
		})
	}
}

// longCodestream makes the only tile-part of a codestream longer by zeros,
// which no decoder has to understand here.
func longCodestream(t *testing.T, more int) []byte {
	t.Helper()
	data := file(t, "chip.j2k")
	start := bytes.Index(data, []byte{0xFF, 0x90, 0, 10})
	length := binary.BigEndian.Uint32(data[start+6:])
	binary.BigEndian.PutUint32(data[start+6:], length+uint32(more))
	longer := append(bytes.Clone(data[:len(data)-2]), make([]byte, more)...)
	return append(longer, 0xFF, 0xD9)
}
