package demo_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/demo"
)

func TestNotebook(t *testing.T) {
	t.Parallel()
	first := demo.Note{Journey: enroll.AuthIDEnroll, Key: "1", Subject: "jane", Expected: enroll.Enrolled, Since: 7, ID: "authid-1"}
	second := demo.Note{Journey: enroll.SmartIDUnenroll, Key: "2", Subject: "joe", Expected: enroll.Removed}
	open := func(t *testing.T) (*demo.Notebook, string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "demo.json")
		return demo.NewNotebook(path), path
	}

	t.Run("is_empty_without_a_file", func(t *testing.T) {
		t.Parallel()
		book, _ := open(t)
		notes, err := book.Notes()
		require.NoError(t, err)
		require.Empty(t, notes)
	})
	t.Run("outlives_the_program", func(t *testing.T) {
		t.Parallel()
		book, path := open(t)
		require.NoError(t, book.Write(first))
		require.NoError(t, book.Write(second))
		notes, err := demo.NewNotebook(path).Notes()
		require.NoError(t, err)
		require.Equal(t, []demo.Note{first, second}, notes)
	})
	t.Run("replaces_a_note_in_its_place", func(t *testing.T) {
		t.Parallel()
		book, _ := open(t)
		require.NoError(t, book.Write(first))
		require.NoError(t, book.Write(second))
		answered := first
		answered.RunID = "run"
		require.NoError(t, book.Write(answered))
		notes, err := book.Notes()
		require.NoError(t, err)
		require.Equal(t, []demo.Note{answered, second}, notes)
	})
	t.Run("crosses_out_by_key", func(t *testing.T) {
		t.Parallel()
		book, _ := open(t)
		require.NoError(t, book.Write(first))
		require.NoError(t, book.Write(second))
		require.NoError(t, book.Remove("1"))
		notes, err := book.Notes()
		require.NoError(t, err)
		require.Equal(t, []demo.Note{second}, notes)
	})
	for name, content := range map[string]string{
		"refuses_a_torn_file_with_the_remedy":          `[{"journey":`,
		"refuses_a_note_without_a_key_with_the_remedy": `[{"journey":"authid.enroll","id":"authid-1"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book, path := open(t)
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := book.Notes()
			require.ErrorContains(t, err, path+", delete it")
			require.Error(t, book.Write(first), "what cannot be read is not overwritten")
		})
	}
}
