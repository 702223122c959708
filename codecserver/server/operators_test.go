package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/codecserver/server"
)

const someHash = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// written is an operators file with the content.
func written(t *testing.T, content string) server.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "operators")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return server.File(path)
}

func TestFile(t *testing.T) {
	t.Run("lists_operators_with_their_rights", func(t *testing.T) {
		listed, err := written(t, "# ours\n\nolga "+someHash+" read # on call\n\tboss  "+strings.Replace(someHash, "e3", "e4", 1)+"  read,reveal\n").List()
		require.NoError(t, err)
		require.Len(t, listed, 2)
		require.Equal(t, "olga", listed[0].Name)
		require.False(t, listed[0].Reveal)
		require.Equal(t, "boss", listed[1].Name)
		require.True(t, listed[1].Reveal)
	})
	t.Run("may_be_missing", func(t *testing.T) {
		listed, err := server.File(filepath.Join(t.TempDir(), "none")).List()
		require.NoError(t, err)
		require.Empty(t, listed)
	})
	t.Run("refuses_an_unknown_right", func(t *testing.T) {
		_, err := written(t, "\nolga "+someHash+" admin").List()
		require.ErrorContains(t, err, `operators file`)
		require.ErrorContains(t, err, `line 2: "admin"`)
	})
	t.Run("says_how_a_line_is_made", func(t *testing.T) {
		_, err := written(t, "olga "+someHash).List()
		require.ErrorContains(t, err, "codecserver operator NAME")
	})
	t.Run("gains_and_loses_operators", func(t *testing.T) {
		file := written(t, "# ours\nolga "+someHash+" read\n")
		boss, _, err := server.NewOperator("boss", true)
		require.NoError(t, err)
		replaced, err := file.Put(boss)
		require.NoError(t, err)
		require.False(t, replaced)
		found, err := file.Remove("olga")
		require.NoError(t, err)
		require.True(t, found)
		listed, err := file.List()
		require.NoError(t, err)
		require.Equal(t, []server.Operator{boss}, listed)
	})
	t.Run("refuses_a_name_that_it_cannot_hold", func(t *testing.T) {
		_, _, err := server.NewOperator("a b", true)
		require.ErrorContains(t, err, "name")
	})
}
