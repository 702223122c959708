package tokens_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/tokens"
)

const someHash = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// clubs is a kind of tokens.
func clubs() tokens.Kind {
	return tokens.Kind{What: "members file", Prefix: "club_", Rights: []string{"enter", "invite"}, Command: "club member NAME"}
}

// at is the members file with the path.
func at(path string) tokens.File { return tokens.File{Kind: clubs(), Path: path} }

// written is a members file with the content.
func written(t *testing.T, content string) tokens.File {
	t.Helper()
	file := at(filepath.Join(t.TempDir(), "members"))
	require.NoError(t, os.WriteFile(file.Path, []byte(content), 0o600))
	return file
}

// member is somebody with a fresh token.
func member(name string, rights ...string) tokens.Holder {
	return tokens.Holder{Name: name, Hash: tokens.HashOf(clubs().Make()), Rights: rights}
}

func TestMake(t *testing.T) {
	token := clubs().Make()
	require.Regexp(t, "^club_[A-Za-z0-9_-]{43}$", token.Reveal())
	require.NotEqual(t, token.Reveal(), clubs().Make().Reveal())
	holder := tokens.Holder{Name: "olga", Hash: tokens.HashOf(token), Rights: []string{"enter"}}
	require.NotContains(t, holder.Line(), strings.TrimPrefix(token.Reveal(), "club_"), "a line keeps no token")
}

func TestFind(t *testing.T) {
	hashOf := func(h tokens.Holder) tokens.Hash { return h.Hash }
	holders := []tokens.Holder{member("olga", "enter"), member("boss", "enter"), member("jane", "enter")}
	for place, holder := range holders {
		require.Equal(t, place, tokens.Find(holder.Hash, holders, hashOf))
	}
	require.Equal(t, -1, tokens.Find(tokens.HashOf(clubs().Make()), holders, hashOf))
	require.Equal(t, -1, tokens.Find(holders[0].Hash, nil, hashOf))
}

func TestList(t *testing.T) {
	t.Run("tells_names_and_rights", func(t *testing.T) {
		listed, err := written(t, "# ours\n\nolga "+someHash+" enter # on call\n\tboss  "+strings.Replace(someHash, "e3", "e4", 1)+"  enter,invite\n").List()
		require.NoError(t, err)
		require.Len(t, listed, 2)
		require.Equal(t, "olga", listed[0].Name)
		require.Equal(t, []string{"enter"}, listed[0].Rights)
		require.Equal(t, "boss", listed[1].Name)
		require.Equal(t, []string{"enter", "invite"}, listed[1].Rights)
	})
	t.Run("is_empty_without_a_file", func(t *testing.T) {
		listed, err := at(filepath.Join(t.TempDir(), "none")).List()
		require.NoError(t, err)
		require.Empty(t, listed)
	})
	for name, row := range map[string]struct{ content, says string }{
		"refuses_a_line_without_rights":        {"olga " + someHash, "line 1: 2 words"},
		"refuses_an_unknown_right":             {"\nolga " + someHash + " admin", `line 2: "admin"`},
		"refuses_an_empty_right":               {"olga " + someHash + " enter,", `""`},
		"refuses_a_token_in_place_of_a_hash":   {"olga hunter2 enter", "sha256"},
		"refuses_a_short_hash":                 {"olga sha256:abcd enter", "64"},
		"refuses_a_name_with_other_characters": {"ol/ga " + someHash + " enter", "name"},
		"refuses_a_name_twice":                 {"olga " + someHash + " enter\nolga " + someHash + " enter", "line 2"},
		"refuses_an_endless_line":              {strings.Repeat("x", 100_000), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			listed, err := written(t, row.content).List()
			require.ErrorContains(t, err, row.says)
			require.ErrorContains(t, err, "members file")
			require.NotContains(t, err.Error(), "hunter2")
			require.Nil(t, listed)
		})
	}
	t.Run("is_refused_when_others_may_write_to_the_file", func(t *testing.T) {
		for _, mode := range []os.FileMode{0o620, 0o602, 0o666} {
			file := written(t, "")
			require.NoError(t, os.Chmod(file.Path, mode))
			_, err := file.List()
			require.ErrorContains(t, err, "chmod 600")
			_, err = file.Remove("olga")
			require.ErrorContains(t, err, "chmod 600")
		}
	})
	t.Run("is_refused_for_a_folder", func(t *testing.T) {
		_, err := at(t.TempDir()).List()
		require.ErrorContains(t, err, "not a file")
	})
}

func TestPut(t *testing.T) {
	olga := member("olga", "enter")
	t.Run("makes_the_file_for_its_owner_alone", func(t *testing.T) {
		file := at(filepath.Join(t.TempDir(), "folder", "members"))
		replaced, err := file.Put(olga)
		require.NoError(t, err)
		require.False(t, replaced)
		info, err := os.Stat(file.Path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		listed, err := file.List()
		require.NoError(t, err)
		require.Equal(t, []tokens.Holder{olga}, listed)
	})
	t.Run("replaces_one_of_the_same_name_and_leaves_the_rest", func(t *testing.T) {
		file := written(t, "# ours\nolga "+someHash+" enter,invite # old\nolgas "+someHash+" enter\n")
		replaced, err := file.Put(olga)
		require.NoError(t, err)
		require.True(t, replaced)
		content, err := os.ReadFile(file.Path)
		require.NoError(t, err)
		require.Equal(t, "# ours\n"+olga.Line()+"\nolgas "+someHash+" enter\n", string(content))
	})
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{"olga", "billing-app.v2", "olga@bank_1", strings.Repeat("x", 64)} {
		require.NoError(t, tokens.CheckName(name))
	}
	for _, name := range []string{"", "a b", "a#b", "a\nb", strings.Repeat("x", 65)} {
		require.ErrorContains(t, tokens.CheckName(name), "name")
	}
}

func TestRemove(t *testing.T) {
	file := written(t, "# olga\nolga "+someHash+" enter\n")
	found, err := file.Remove("boss")
	require.NoError(t, err)
	require.False(t, found)
	found, err = file.Remove("olga")
	require.NoError(t, err)
	require.True(t, found)
	content, err := os.ReadFile(file.Path)
	require.NoError(t, err)
	require.Equal(t, "# olga\n", string(content))
}

func TestCached(t *testing.T) {
	line := func(name string) string { return name + " " + someHash + " enter\n" }
	// names lists whom the file has.
	names := func(t *testing.T, cached *tokens.Cached) string {
		t.Helper()
		listed, err := cached.List()
		require.NoError(t, err)
		names := make([]string, len(listed))
		for i, holder := range listed {
			names[i] = holder.Name
		}
		return strings.Join(names, " ")
	}
	// long ago, as the file's time of change: whoever reads may trust it.
	old := time.Now().Add(-time.Hour)
	settle := func(t *testing.T, file tokens.File) {
		t.Helper()
		require.NoError(t, os.Chtimes(file.Path, old, old))
	}
	t.Run("is_read_once_while_nothing_changes", func(t *testing.T) {
		file := written(t, line("olga"))
		settle(t, file)
		cached := tokens.NewCached(file, time.Now)
		require.Equal(t, "olga", names(t, cached))
		// Same size and time in the same place: only a second reading would tell.
		require.NoError(t, os.WriteFile(file.Path, []byte(line("jane")), 0o600))
		settle(t, file)
		require.Equal(t, "olga", names(t, cached))
	})
	t.Run("is_read_again_while_it_may_change_within_a_tick", func(t *testing.T) {
		file := written(t, line("olga"))
		settle(t, file)
		cached := tokens.NewCached(file, func() time.Time { return old.Add(time.Second) })
		require.Equal(t, "olga", names(t, cached))
		require.NoError(t, os.WriteFile(file.Path, []byte(line("jane")), 0o600))
		settle(t, file)
		require.Equal(t, "jane", names(t, cached))
	})
	t.Run("follows_every_change", func(t *testing.T) {
		file := written(t, line("olga"))
		settle(t, file)
		cached := tokens.NewCached(file, time.Now)
		require.Equal(t, "olga", names(t, cached))
		_, err := file.Put(member("boss", "invite"))
		require.NoError(t, err)
		settle(t, file)
		require.Equal(t, "olga boss", names(t, cached))
		_, err = file.Remove("olga")
		require.NoError(t, err)
		require.Equal(t, "boss", names(t, cached))
		_, err = file.Remove("boss")
		require.NoError(t, err)
		require.Empty(t, names(t, cached), "a file without lines shuts everybody out")
		require.NoError(t, os.WriteFile(file.Path, []byte(line("jane")), 0o600))
		require.Equal(t, "jane", names(t, cached))
	})
	t.Run("is_empty_until_there_is_a_file", func(t *testing.T) {
		cached := tokens.NewCached(at(filepath.Join(t.TempDir(), "members")), time.Now)
		require.Empty(t, names(t, cached))
	})
	t.Run("refuses_that_the_file_is_gone_until_it_is_back", func(t *testing.T) {
		file := written(t, line("olga"))
		settle(t, file)
		cached := tokens.NewCached(file, time.Now)
		require.Equal(t, "olga", names(t, cached))
		require.NoError(t, os.Rename(file.Path, file.Path+".away"))
		for range 2 {
			listed, err := cached.List()
			require.ErrorContains(t, err, file.Path+": it was there and is gone")
			require.ErrorContains(t, err, "club member NAME")
			require.Nil(t, listed)
		}
		require.NoError(t, os.Rename(file.Path+".away", file.Path))
		require.Equal(t, "olga", names(t, cached))
	})
	t.Run("sees_a_change_that_kept_the_time", func(t *testing.T) {
		file := written(t, line("olga"))
		settle(t, file)
		cached := tokens.NewCached(file, time.Now)
		require.Equal(t, "olga", names(t, cached))
		require.NoError(t, os.WriteFile(file.Path, []byte(line("olga")+line("jane")), 0o600))
		settle(t, file)
		require.Equal(t, "olga jane", names(t, cached), "it is longer")
		other := written(t, line("boss")+line("jane"))
		settle(t, other)
		require.NoError(t, os.Rename(other.Path, file.Path))
		require.Equal(t, "boss jane", names(t, cached), "it is another file")
	})
	t.Run("refuses_what_becomes_unusable_and_forgets_that", func(t *testing.T) {
		file := written(t, line("olga"))
		settle(t, file)
		cached := tokens.NewCached(file, time.Now)
		require.Equal(t, "olga", names(t, cached))
		require.NoError(t, os.Chmod(file.Path, 0o666))
		_, err := cached.List()
		require.ErrorContains(t, err, "chmod 600")
		require.NoError(t, os.Chmod(file.Path, 0o600))
		require.Equal(t, "olga", names(t, cached))
	})
}

func FuzzFile(f *testing.F) {
	f.Add("olga " + someHash + " enter,invite # x\n\n")
	f.Add("a\x00b c d")
	f.Fuzz(func(t *testing.T, content string) {
		listed, err := written(t, content).List()
		if err != nil {
			require.Nil(t, listed)
			return
		}
		for _, holder := range listed { // What was read can be written and read again.
			again, err := written(t, holder.Line()).List()
			require.NoError(t, err)
			require.Equal(t, []tokens.Holder{holder}, again)
		}
	})
}
