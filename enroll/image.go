package enroll

import (
	"bytes"
	"fmt"
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

// ImageHead is how many first bytes tell an image's type.
const ImageHead = 12

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

// content refuses an image that was not given.
func (c *checker) content(field string, content Content, limit int, allowed []ImageType) {
	if content.IsZero() {
		c.refuse(field, "nothing", wantedImage(limit, allowed))
	}
}

// wantedImage says in words which images are taken.
func wantedImage(limit int, allowed []ImageType) string {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = strings.ToUpper(strings.TrimPrefix(string(a), "image/"))
	}
	return fmt.Sprintf("%s up to %d bytes", strings.Join(names, ", "), limit)
}
