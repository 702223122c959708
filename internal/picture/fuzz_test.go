package picture_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/picture"
)

// fuzz feeds pictures of one type, and holds what Copy promises of all.
func fuzz(f *testing.F, kind enroll.ImageType, more ...[]byte) {
	f.Helper()
	names, err := filepath.Glob("testdata/*.*")
	require.NoError(f, err)
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(f, err)
		more = append(more, data)
	}
	for _, data := range more {
		if enroll.ImageTypeOf(data) == kind {
			f.Add(data)
		}
	}
	// Small bounds, so that what is accepted can be decoded here.
	rules := picture.Rules{Types: []enroll.ImageType{kind}, MaxBytes: 1 << 20, MaxPixels: 1 << 16}
	f.Fuzz(func(t *testing.T, data []byte) {
		var out bytes.Buffer
		_, err := picture.Copy(&out, bytes.NewReader(data), rules)
		if _, refused := errors.AsType[*picture.Refused](err); refused {
			return
		}
		require.NoError(t, err)
		require.LessOrEqual(t, out.Len(), len(data))
		again, _ := clean(t, out.Bytes(), rules)
		require.True(t, bytes.Equal(out.Bytes(), again), "what is clean stays as it is")
		if before := pixels(data); before != nil {
			require.Equal(t, before, pixels(out.Bytes()))
		}
	})
}

func FuzzJPEG(f *testing.F) { fuzz(f, enroll.JPEG) }

func FuzzPNG(f *testing.F) { fuzz(f, enroll.PNG, asPNG(f, gradient(4, 4))) }

func FuzzJP2(f *testing.F) { fuzz(f, enroll.JP2) }

func FuzzGIF(f *testing.F) { fuzz(f, enroll.GIF, asGIF(f, 1)) }

func FuzzBMP(f *testing.F) { fuzz(f, enroll.BMP) }
