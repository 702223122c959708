package picture

import (
	"bytes"

	"github.com/bioenroll/bioenroll/enroll"
)

// describe names what was given instead of an acceptable image, so that who
// chose the wrong file learns which it was.
func describe(head []byte) string {
	if len(head) == 0 {
		return "nothing"
	}
	switch kind := enroll.ImageTypeOf(head); kind {
	case "":
		return unknown(head)
	case enroll.TIFF:
		return "TIFF, from which metadata cannot be removed; convert it to PNG, which loses nothing"
	case enroll.PNG, enroll.JPEG, enroll.JP2, enroll.BMP, enroll.GIF:
		return string(kind)
	default:
		return string(kind)
	}
}

// unknown names some files that people take for images.
func unknown(head []byte) string {
	at := func(offset int, mark string) bool {
		return len(head) > offset && bytes.HasPrefix(head[offset:], []byte(mark))
	}
	switch {
	case at(4, "ftypheic"), at(4, "ftypheix"), at(4, "ftypmif1"), at(4, "ftyphevc"):
		return "HEIC, the format of newer phones; have the phone save JPEG"
	case at(4, "ftypavif"):
		return "AVIF"
	case at(0, "RIFF") && at(8, "WEBP"):
		return "WebP"
	case at(0, "%PDF-"):
		return "a PDF document"
	case at(0, "PK\x03\x04"):
		return "an archive"
	case at(0, "data:"):
		return "a data URL; give the bytes it encodes"
	default:
		return "content of no known image type"
	}
}
