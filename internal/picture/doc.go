// Package picture decides what is an image that may be sent to a provider, and
// takes out of it what the provider has no business to know.
//
// A face from a phone's camera carries the place it was taken at, the phone's
// serial number and often a second, uncropped picture of the scene. And a file
// that begins like an image need not be one: it can be a program, an archive
// or a web page as well, or announce so many pixels that whoever decodes it
// runs out of memory. [Copy] looks at all of that before anything is stored.
//
// It walks the structure of the file and never decodes a pixel: what pixels
// are made of is copied byte for byte, so that a face is compared as it was
// captured, and no decoder can be attacked here. It reads and writes streams
// with a fixed buffer, whatever the size of the image.
//
// What is done per type:
//
//	JPEG  EXIF, XMP, IPTC, comments, colour profiles, thumbnails and further
//	      pictures are left out. The orientation is kept, in an EXIF segment
//	      that holds nothing else: without it the face would lie on its side.
//	PNG   Every chunk that pixels do not need is left out: text, time, EXIF
//	      (but for the orientation), colour profiles, further frames.
//	JP2   Passed bit for bit, because a passport's chip signs its image as it
//	      is. One that holds EXIF or a position is refused instead.
//	GIF   Comments and application data are left out. One frame only.
//	BMP   What lies between the headers and the pixels is left out.
//	TIFF  Refused: its parts point at each other, so that nothing can be left
//	      out while it streams.
//
// Whether there is a face in the picture, how large it is and how it is
// cropped is the provider's to check.
package picture
