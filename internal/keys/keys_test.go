package keys_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// setup makes a key file and returns its path and keys.
func setup(t *testing.T) (string, *keys.Keys) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data", "keys.json")
	made, err := keys.LoadOrCreate(path)
	require.NoError(t, err)
	return path, made
}

func TestLoadOrCreate(t *testing.T) {
	t.Run("keeps_the_keys_for_the_next_start", func(t *testing.T) {
		path, made := setup(t)
		again, err := keys.LoadOrCreate(path)
		require.NoError(t, err)
		require.Equal(t, made, again)
	})
	t.Run("is_readable_by_its_owner_alone", func(t *testing.T) {
		path, _ := setup(t)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		folder, err := os.Stat(filepath.Dir(path))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), folder.Mode().Perm())
	})
	t.Run("gives_all_who_start_at_once_the_same_keys", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		got := make([]*keys.Keys, 16)
		errs := make([]error, len(got))
		var group sync.WaitGroup
		for i := range got {
			group.Go(func() { got[i], errs[i] = keys.LoadOrCreate(path) })
		}
		group.Wait()
		for i := range got {
			require.NoError(t, errs[i])
			require.Equal(t, got[0], got[i])
		}
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, left, 1)
	})
}

func TestMake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	made, did, err := keys.Make(path)
	require.NoError(t, err)
	require.True(t, did)
	again, did, err := keys.Make(path)
	require.NoError(t, err)
	require.False(t, did, "there is one already")
	require.Equal(t, made, again)
}

// before is a key file from before there were rings.
const before = `{
  "codec": {"id": "ffe042b88dd8", "key": "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="},
  "seal": {"id": "e4c33240bdcb", "key": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="},
  "subject": {"id": "fcc30e0d36d5", "key": "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="}
}`

func TestLoad(t *testing.T) {
	short := base64.StdEncoding.EncodeToString(make([]byte, 31))
	other := base64.StdEncoding.EncodeToString(make([]byte, 32))
	field := regexp.MustCompile(`"key": "[^"]*"`)
	first := regexp.MustCompile(`(?s)"codec": \[(.*?)\]`)
	for _, row := range []struct {
		name   string
		change func(string) string
		says   string
	}{
		{"refuses_an_empty_file", func(string) string { return "" }, "is not JSON"},
		{"refuses_a_truncated_file", func(s string) string { return s[:len(s)/2] }, "is not JSON"},
		{"refuses_unknown_fields", func(s string) string { return strings.Replace(s, `"seal"`, `"sail"`, 1) }, "is not JSON"},
		{"refuses_unknown_fields_of_a_key", func(s string) string { return strings.Replace(s, `"id"`, `"name": "x", "id"`, 1) }, "is not JSON"},
		{"refuses_a_second_value", func(s string) string { return s + s }, "more than one"},
		{"refuses_a_missing_ring", func(string) string { return "{}" }, "the codec ring has 0 keys"},
		{"refuses_an_empty_ring", func(s string) string { return first.ReplaceAllString(s, `"codec": []`) }, "the codec ring has 0 keys"},
		{"refuses_a_key_twice_in_a_ring", func(s string) string { return first.ReplaceAllString(s, `"codec": [$1,$1]`) }, "twice"},
		{"refuses_too_many_keys", func(s string) string {
			return first.ReplaceAllString(s, `"codec": [$1`+strings.Repeat(",$1", keys.MaxRing)+`]`)
		}, "the codec ring has 17 keys"},
		{"refuses_a_short_key", func(s string) string { return field.ReplaceAllString(s, `"key": "`+short+`"`) }, "31 bytes"},
		{"refuses_a_key_with_another_id", func(s string) string { return field.ReplaceAllString(s, `"key": "`+other+`"`) }, "does not belong to its id"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path, _ := setup(t)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, []byte(row.change(string(content))), 0o600))
			_, err = keys.Load(path)
			require.ErrorContains(t, err, row.says)
			require.ErrorContains(t, err, path)
		})
	}
	t.Run("reads_a_file_from_before_there_were_rings", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
		k, err := keys.Load(path)
		require.NoError(t, err)
		require.Equal(t, []keys.Listed{
			{ID: "ffe042b88dd8", Purpose: keys.ForCodec, InUse: true},
			{ID: "e4c33240bdcb", Purpose: keys.ForSeal, InUse: true},
			{ID: "fcc30e0d36d5", Purpose: keys.ForSubject, InUse: true},
		}, k.List())
		require.Equal(t, byte(1), k.Codec().Newest().Bytes()[0])
	})
	t.Run("refuses_a_file_that_others_may_read", func(t *testing.T) {
		path, _ := setup(t)
		require.NoError(t, os.Chmod(path, 0o640))
		_, err := keys.Load(path)
		require.ErrorContains(t, err, "chmod 600")
	})
	t.Run("does_not_make_a_file", func(t *testing.T) {
		_, err := keys.Load(filepath.Join(t.TempDir(), "keys.json"))
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("refuses_a_folder", func(t *testing.T) {
		_, err := keys.Load(t.TempDir())
		require.ErrorContains(t, err, "is not a file")
	})
}

func TestSubjectHash(t *testing.T) {
	_, k := setup(t)
	hash := k.SubjectHash(enroll.AuthID, "anna@example.com")
	require.Regexp(t, `^[0-9a-f]{32}$`, hash)
	require.Equal(t, hash, k.SubjectHash(enroll.AuthID, "anna@example.com"))
	require.NotEqual(t, hash, k.SubjectHash(enroll.BioID, "anna@example.com"), "each provider has its own")
	require.NotEqual(t, k.SubjectHash("ab", "c"), k.SubjectHash("a", "bc"), "borders count")
	require.NotEqual(t, hash, keys.New().SubjectHash(enroll.AuthID, "anna@example.com"), "the key counts")
}

func TestReferenceHash(t *testing.T) {
	k := keys.New()
	hash := k.ReferenceHash("case 17")
	require.Regexp(t, `^[0-9a-f]{32}$`, hash)
	require.Equal(t, hash, k.ReferenceHash("case 17"))
	require.NotEqual(t, hash, k.ReferenceHash("case 18"))
	require.NotEqual(t, hash, keys.New().ReferenceHash("case 17"), "the key counts")
}

func TestDigest(t *testing.T) {
	k := keys.New()
	digest := k.Digest(enroll.SmartIDEnroll, []byte("ab"), []byte("c"))
	require.Regexp(t, `^[0-9a-f]{64}$`, digest)
	require.Equal(t, digest, k.Digest(enroll.SmartIDEnroll, []byte("ab"), []byte("c")))
	require.NotEqual(t, digest, k.Digest(enroll.SmartIDEnroll, []byte("a"), []byte("bc")))
	require.NotEqual(t, digest, k.Digest(enroll.SmartIDEnroll, []byte("abc")))
	require.NotEqual(t, digest, k.Digest(enroll.SmartIDUnenroll, []byte("ab"), []byte("c")))
}

func TestRef(t *testing.T) {
	k := keys.New()
	ref := k.Ref("iproov-1", "key", "image")
	require.Regexp(t, `^[0-9a-f]{32}$`, string(ref))
	require.Equal(t, ref, k.Ref("iproov-1", "key", "image"))
	require.NotEqual(t, ref, k.Ref("iproov-1", "key", "template"))
	require.NotEqual(t, ref, k.Ref("iproov-1k", "ey", "image"))
}

func TestGeneratedUserID(t *testing.T) {
	k := keys.New()
	id := k.GeneratedUserID("key")
	require.Regexp(t, `^[a-zA-Z0-9'\+_@\.-]{1,256}$`, id)
	require.Equal(t, id, k.GeneratedUserID("key"))
	require.NotEqual(t, id, k.GeneratedUserID("key2"))
}

func TestKeysNeverPrint(t *testing.T) {
	k := keys.New()
	type hiding struct {
		k *keys.Keys
		c keys.Key
		s keys.Ring
		l []keys.Key
	}
	hidden := hiding{k, k.Codec().Newest(), k.Seal(), []keys.Key{k.Codec().Newest()}}
	for _, secret := range [][]byte{k.Codec().Newest().Bytes(), k.Seal().Newest().Bytes()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%q"} {
			for _, value := range []any{k, *k, k.Codec(), k.Codec().Newest(), struct{ K any }{k.Seal()}, hidden, &hidden} {
				printed := fmt.Sprintf(verb, value)
				for _, form := range []string{string(secret), hex.EncodeToString(secret), fmt.Sprintf("%d", secret)[1:], fmt.Sprintf("%#v", secret[:4])[7:]} {
					require.NotContains(t, strings.ToLower(printed), strings.ToLower(strings.Trim(form, "{}")))
				}
			}
		}
	}
	text, err := json.Marshal(map[string]any{"keys": k, "ring": k.Seal(), "key": k.Codec().Newest()})
	require.NoError(t, err)
	require.JSONEq(t, `{"keys": {}, "ring": {}, "key": {}}`, string(text))
}
