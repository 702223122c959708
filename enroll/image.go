package enroll

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// ImageType is the media type of an image, told from its content.
type ImageType string

// The image types that providers take.
const (
	PNG  ImageType = "image/png"
	JPEG ImageType = "image/jpeg"
	JP2  ImageType = "image/jp2"
	BMP  ImageType = "image/bmp"
	GIF  ImageType = "image/gif"
	TIFF ImageType = "image/tiff"
)

// ImageTypeOf tells an image's type from its first bytes, or "" when it is
// none that a provider takes. File names and declared types are never asked.
func ImageTypeOf(data []byte) ImageType {
	signatures := []struct {
		prefix string
		kind   ImageType
	}{
		{"\x89PNG\r\n\x1a\n", PNG},
		{"\xff\xd8\xff", JPEG},
		{"\x00\x00\x00\x0cjP  \r\n\x87\n", JP2}, // ISO 15444-1 annex I: the file format box.
		{"\xff\x4f\xff\x51", JP2},               // A bare codestream, as passport chips hold it.
		{"BM", BMP},
		{"GIF87a", GIF},
		{"GIF89a", GIF},
		{"II*\x00", TIFF},
		{"MM\x00*", TIFF},
	}
	for _, s := range signatures {
		if bytes.HasPrefix(data, []byte(s.prefix)) {
			return s.kind
		}
	}
	return ""
}

// image refuses data that is empty, too large, or of none of the types.
func (c *checker) image(field string, data []byte, limit int, allowed ...ImageType) {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = strings.ToUpper(strings.TrimPrefix(string(a), "image/"))
	}
	want := fmt.Sprintf("%s up to %d bytes", strings.Join(names, ", "), limit)
	switch kind := ImageTypeOf(data); {
	case len(data) == 0:
		c.refuse(field, "nothing", want)
	case len(data) > limit:
		c.refuse(field, fmt.Sprintf("%d bytes", len(data)), want)
	case kind == "":
		c.refuse(field, "content of no known image type", want)
	case !slices.Contains(allowed, kind):
		c.refuse(field, string(kind), want)
	}
}
