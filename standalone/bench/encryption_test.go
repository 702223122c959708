package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// TestEncryption measures one section at the smallest scale, with everything
// that it needs. What a journey costs comes with it.
func TestEncryption(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bench.json")
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"--scale", "quick", "--only", sectionEncryption, "--json", file}, &stdout, &stderr), stderr.String())
	require.Contains(t, stdout.String(), "WITH AND WITHOUT ENCRYPTION")
	encoded, err := os.ReadFile(file)
	require.NoError(t, err)
	var measured report.Report
	require.NoError(t, json.Unmarshal(encoded, &measured))
	require.NotEmpty(t, measured.Costs)
	require.Len(t, measured.Encryption, 2*5+2*4+4, "two kinds, one at a time and ten at once, and the photos")
	for _, c := range measured.Encryption {
		if c.Measure == "history" { // The one quantity that does not depend on the machine.
			require.Greater(t, c.Ratio, 1.0, "what was played in clear was encrypted, or the other way round")
		}
	}
}

// shelves are empty ones of both kinds.
func shelves(t *testing.T) map[string]shelf {
	t.Helper()
	store, err := seal.OpenFolder(t.Context(), t.TempDir(), keys.New())
	require.NoError(t, err)
	return map[string]shelf{"sealed": sealedShelf{store}, "plain": plainShelf{t.TempDir()}}
}

func TestShelves(t *testing.T) {
	for name, s := range shelves(t) {
		t.Run(name+"_gives_back_what_was_stored_and_forgets_it", func(t *testing.T) {
			photo, read := newPhoto(), make([]byte, photoSize)
			for range 2 {
				_, _, err := passPhoto(t.Context(), s, 7, photo, read)
				require.NoError(t, err)
				require.Equal(t, photo, read)
			}
			_, err := s.open(t.Context(), 7)
			require.Error(t, err)
		})
	}
}

func TestCrowd(t *testing.T) {
	for name, s := range shelves(t) {
		t.Run(name+"_holds_less_than_the_photos", func(t *testing.T) {
			const count = 20
			compared, err := crowd(t.Context(), s, count)
			require.NoError(t, err)
			require.Len(t, compared, 2)
			for _, c := range compared {
				require.Less(t, c.With, float64(count*photoSize/4), c.Measure)
			}
		})
	}
	t.Run("tells_what_could_not_be_stored", func(t *testing.T) {
		_, err := crowd(t.Context(), plainShelf{filepath.Join(t.TempDir(), "missing")}, 3)
		require.ErrorContains(t, err, "store a plain photo")
	})
}

func TestHalfway(t *testing.T) {
	t.Run("tells_what_all_of_them_hold", func(t *testing.T) {
		const each = 1 << 20
		growth, err := halfway(10, func(_ int, half func()) error {
			held := make([]byte, each)
			half()
			_, err := io.Discard.Write(held)
			return err
		})
		require.NoError(t, err)
		require.InDelta(t, 10*each, growth, 5*each)
	})
	t.Run("waits_for_none_that_failed", func(t *testing.T) {
		broken := errors.New("broken")
		_, err := halfway(3, func(n int, half func()) error {
			if n == 1 {
				return broken
			}
			half()
			return nil
		})
		require.ErrorIs(t, err, broken)
	})
}
