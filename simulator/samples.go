package simulator

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"slices"
)

// The kinds of sample the simulators can tell apart. Any other picture counts as a live one.
const (
	SampleLive          = "live"           // a face, alive
	SampleNotLive       = "not_live"       // a face, but a photo of a photo
	SampleNoFace        = "no_face"        // nobody there
	SampleMultipleFaces = "multiple_faces" // too many there
)

// A sample made here says its kind in its first pixels, so that it survives the stripping of metadata.
const (
	sampleWidth, sampleHeight = 24, 32
	sampleMark1, sampleMark2  = 0xB1, 0x0E
)

func sampleKinds() []string {
	return []string{SampleLive, SampleNotLive, SampleNoFace, SampleMultipleFaces}
}

// SampleImage returns a small PNG of the kind given, for tests and for the simulated user.
func SampleImage(kind string) []byte {
	picture := image.NewGray(image.Rect(0, 0, sampleWidth, sampleHeight))
	for i := range picture.Pix {
		picture.Pix[i] = byte(i * 7)
	}
	copy(picture.Pix, []byte{sampleMark1, sampleMark2, byte(max(0, slices.Index(sampleKinds(), kind)))}) //nolint:gosec // below 4
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil // writing to memory does not fail
	}
	return out.Bytes()
}

// SampleDataURL returns the same picture as the Data URL that BioID's upload takes.
func SampleDataURL(kind string) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(SampleImage(kind))
}

// sampleKind tells what a picture shows.
func sampleKind(picture []byte) string {
	config, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil || config.Width != sampleWidth || config.Height != sampleHeight {
		return SampleLive
	}
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return SampleLive
	}
	at := func(x int) byte {
		gray, _ := color.GrayModel.Convert(decoded.At(x, 0)).(color.Gray)
		return gray.Y
	}
	if at(0) != sampleMark1 || at(1) != sampleMark2 || int(at(2)) >= len(sampleKinds()) {
		return SampleLive
	}
	return sampleKinds()[at(2)]
}
