package picture_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/picture"
)

func TestSmoke(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 100, 70))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	img.Set(1, 1, color.White)
	var j, p, out bytes.Buffer
	require.NoError(t, jpeg.Encode(&j, img, nil))
	require.NoError(t, png.Encode(&p, img))
	for _, b := range [][]byte{j.Bytes(), p.Bytes()} {
		out.Reset()
		info, err := picture.Copy(&out, bytes.NewReader(b), picture.Rules{})
		require.NoError(t, err)
		require.Equal(t, b, out.Bytes())
		require.Equal(t, 100, info.Width)
	}
}
