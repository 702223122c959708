package picture

import "encoding/binary"

const (
	// exifMark begins the JPEG segment that holds EXIF.
	exifMark = "Exif\x00\x00"
	// upright is the orientation that turns nothing.
	upright = 1
	// tagOrientation and typeShort are from TIFF 6.0.
	tagOrientation = 0x0112
	typeShort      = 3
	entryBytes     = 12
)

// orientationOf reads from EXIF how the picture has to be turned, 1 to 8; zero
// when it does not say so in the place where cameras do.
func orientationOf(tiff []byte) byte {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	switch string(tiff[:4]) {
	case "MM\x00*":
	case "II*\x00":
		order = binary.LittleEndian
	default:
		return 0
	}
	directory := int64(order.Uint32(tiff[4:]))
	if directory+2 > int64(len(tiff)) {
		return 0
	}
	entries := int64(order.Uint16(tiff[directory:]))
	at := directory + 2
	// The four bytes after the last entry point to the next directory.
	if at+entries*entryBytes+4 > int64(len(tiff)) {
		return 0
	}
	for ; entries > 0; entries-- {
		entry := tiff[at : at+entryBytes]
		if order.Uint16(entry) == tagOrientation && order.Uint16(entry[2:]) == typeShort && order.Uint32(entry[4:]) == 1 {
			if value := order.Uint16(entry[8:]); value >= upright && value <= 8 {
				return byte(value)
			}
			return 0
		}
		at += entryBytes
	}
	return 0
}

// orientationOnly is EXIF that tells the orientation and nothing else.
func orientationOnly(value byte) []byte {
	return []byte{
		'M', 'M', 0, '*', 0, 0, 0, 8, // The first directory follows at once.
		0, 1, // One entry.
		tagOrientation >> 8, tagOrientation & 0xFF, 0, typeShort, 0, 0, 0, 1, 0, value, 0, 0,
		0, 0, 0, 0, // No further directory.
	}
}
