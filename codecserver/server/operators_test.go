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
	for name, row := range map[string]struct{ content, says string }{
		"refuses_a_line_without_rights":        {"olga " + someHash, "line 1"},
		"refuses_an_unknown_right":             {"\nolga " + someHash + " admin", `line 2: "admin"`},
		"refuses_a_token_in_place_of_a_hash":   {"olga hunter2 read", "sha256"},
		"refuses_a_short_hash":                 {"olga sha256:abcd read", "64"},
		"refuses_a_name_with_other_characters": {"ol/ga " + someHash + " read", "name"},
		"refuses_a_name_twice":                 {"olga " + someHash + " read\nolga " + someHash + " read", "line 2"},
		"refuses_an_endless_line":              {strings.Repeat("x", 100_000), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			listed, err := written(t, row.content).List()
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), "hunter2")
			require.Nil(t, listed)
		})
	}
	t.Run("is_refused_when_others_may_write_to_it", func(t *testing.T) {
		for _, mode := range []os.FileMode{0o620, 0o602, 0o666} {
			file := written(t, "")
			require.NoError(t, os.Chmod(string(file), mode))
			_, err := file.List()
			require.ErrorContains(t, err, "chmod 600")
			_, err = file.Remove("olga")
			require.Error(t, err)
		}
	})
	t.Run("is_refused_when_it_is_a_folder", func(t *testing.T) {
		_, err := server.File(t.TempDir()).List()
		require.ErrorContains(t, err, "not a file")
	})
}

func TestPut(t *testing.T) {
	operator, token, err := server.NewOperator("olga", false)
	require.NoError(t, err)
	t.Run("makes_the_file_for_its_owner_alone", func(t *testing.T) {
		file := server.File(filepath.Join(t.TempDir(), "folder", "operators"))
		replaced, err := file.Put(operator)
		require.NoError(t, err)
		require.False(t, replaced)
		info, err := os.Stat(string(file))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		listed, err := file.List()
		require.NoError(t, err)
		require.Equal(t, []server.Operator{operator}, listed)
	})
	t.Run("keeps_no_token", func(t *testing.T) {
		require.NotContains(t, operator.Line(), token.Reveal())
		require.NotContains(t, operator.Line(), strings.TrimPrefix(token.Reveal(), "bioenroll_codec_"))
	})
	t.Run("replaces_one_of_the_same_name_and_leaves_the_rest", func(t *testing.T) {
		file := written(t, "# ours\nolga "+someHash+" read,reveal # old\nolgas "+someHash+" read\n")
		replaced, err := file.Put(operator)
		require.NoError(t, err)
		require.True(t, replaced)
		content, err := os.ReadFile(string(file))
		require.NoError(t, err)
		require.Equal(t, "# ours\n"+operator.Line()+"\nolgas "+someHash+" read\n", string(content))
	})
	t.Run("refuses_a_name_that_the_file_cannot_hold", func(t *testing.T) {
		for _, name := range []string{"", "a b", "a#b", "a\nb", strings.Repeat("x", 65)} {
			_, _, err := server.NewOperator(name, true)
			require.ErrorContains(t, err, "name")
		}
	})
}

func TestRemove(t *testing.T) {
	file := written(t, "# olga\nolga "+someHash+" read\n")
	found, err := file.Remove("boss")
	require.NoError(t, err)
	require.False(t, found)
	found, err = file.Remove("olga")
	require.NoError(t, err)
	require.True(t, found)
	content, err := os.ReadFile(string(file))
	require.NoError(t, err)
	require.Equal(t, "# olga\n", string(content))
}

func FuzzOperatorsFile(f *testing.F) {
	f.Add("olga " + someHash + " read,reveal # x\n\n")
	f.Add("a\x00b c d")
	f.Fuzz(func(t *testing.T, content string) {
		file := written(t, content)
		listed, err := file.List()
		if err != nil {
			require.Nil(t, listed)
			return
		}
		for _, operator := range listed { // What was read can be written and read again.
			again, err := written(t, operator.Line()).List()
			require.NoError(t, err)
			require.Equal(t, []server.Operator{operator}, again)
		}
	})
}
