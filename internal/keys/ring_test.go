package keys_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// add returns the keys with one more in a ring.
func add(t *testing.T, k *keys.Keys, purpose keys.Purpose) (*keys.Keys, keys.Key) {
	t.Helper()
	changed, added, err := k.Added(purpose)
	require.NoError(t, err)
	return changed, added
}

func TestRing(t *testing.T) {
	for _, row := range []struct {
		purpose keys.Purpose
		ring    func(*keys.Keys) keys.Ring
		other   func(*keys.Keys) keys.Ring
	}{
		{keys.ForCodec, (*keys.Keys).Codec, (*keys.Keys).Seal},
		{keys.ForSeal, (*keys.Keys).Seal, (*keys.Keys).Codec},
	} {
		t.Run(string(row.purpose), func(t *testing.T) {
			first := keys.New()
			old := row.ring(first).Newest()

			both, added := add(t, first, row.purpose)
			require.Equal(t, []string{old.ID(), added.ID()}, row.ring(both).IDs(), "readable, not in use")
			require.Equal(t, []string{old.ID()}, row.ring(first).IDs(), "what was there is as it was")

			used, err := both.Used(added.ID())
			require.NoError(t, err)
			require.Equal(t, added, row.ring(used).Newest())
			found, ok := row.ring(used).Find(old.ID())
			require.True(t, ok, "still readable")
			require.Equal(t, old, found)
			require.Equal(t, []string{old.ID(), added.ID()}, row.ring(both).IDs(), "what was there is as it was")
			again, err := used.Used(added.ID())
			require.NoError(t, err)
			require.Equal(t, used, again, "using the key in use changes nothing")

			_, err = used.Retired(added.ID())
			require.ErrorIs(t, err, keys.ErrInUse)
			retired, err := used.Retired(old.ID())
			require.NoError(t, err)
			require.Equal(t, []string{added.ID()}, row.ring(retired).IDs())
			_, ok = row.ring(retired).Find(old.ID())
			require.False(t, ok)
			_, err = retired.Used(old.ID())
			require.ErrorIs(t, err, keys.ErrNoSuchKey)
			require.Equal(t, row.other(first), row.other(retired), "the other ring is as it was")
		})
	}
	t.Run("has_a_limit", func(t *testing.T) {
		k := keys.New()
		for range keys.MaxRing - 1 {
			k, _ = add(t, k, keys.ForSeal)
		}
		_, _, err := k.Added(keys.ForSeal)
		require.ErrorIs(t, err, keys.ErrFull)
	})
	t.Run("is_none_for_subjects", func(t *testing.T) {
		k := keys.New()
		_, err := k.Used(k.SubjectFingerprint())
		require.ErrorIs(t, err, keys.ErrOneSubjectKey)
		_, err = k.Retired(k.SubjectFingerprint())
		require.ErrorIs(t, err, keys.ErrOneSubjectKey)
	})
}

func TestRecords(t *testing.T) {
	path, made := setup(t)
	require.NotEqual(t, made.Seal().Newest().Bytes(), made.Records().Newest().Bytes(), "what one key sealed, the other must not open")
	again, err := keys.Load(path)
	require.NoError(t, err)
	require.Equal(t, made.Records(), again.Records())
	require.NotEqual(t, made.Records(), keys.New().Records(), "the key file counts")

	both, added := add(t, made, keys.ForSeal)
	used, err := both.Used(added.ID())
	require.NoError(t, err)
	old := made.Records().Newest()
	require.Equal(t, []string{used.Records().Newest().ID(), old.ID()}, used.Records().IDs(), "it turns with the seal ring")
	derived, ok := used.RecordsKey(made.Seal().Newest().ID())
	require.True(t, ok)
	require.Equal(t, old, derived)
	_, ok = used.RecordsKey(made.Codec().Newest().ID())
	require.False(t, ok)
}

func TestRelay(t *testing.T) {
	made := keys.New()
	require.NotEqual(t, made.Codec().Newest().Bytes(), made.Relay().Newest().Bytes(), "what signs does not encrypt")
	both, added := add(t, made, keys.ForCodec)
	require.Equal(t, made.Relay().Newest(), both.Relay().Newest(), "a key is known to all before anybody signs with it")
	used, err := both.Used(added.ID())
	require.NoError(t, err)
	require.Len(t, used.Relay().IDs(), 2, "it turns with the codec ring")
	_, known := used.Relay().Find(made.Relay().Newest().ID())
	require.True(t, known, "what was signed before the rotation is good")
}

// TestRotation_splits_nothing: what identifies people and requests over years
// does not depend on the rings.
func TestRotation_splits_nothing(t *testing.T) {
	identifiers := func(k *keys.Keys) []string {
		return []string{
			k.SubjectFingerprint(), k.SubjectHash(enroll.AuthID, "jane"), k.Digest(enroll.SmartIDEnroll, []byte("body")),
			string(k.Ref("iproov-1", "key", "image")), k.GeneratedUserID("key"),
		}
	}
	k := keys.New()
	before := identifiers(k)
	for _, purpose := range []keys.Purpose{keys.ForCodec, keys.ForSeal} {
		old := k.List()
		changed, added := add(t, k, purpose)
		require.Equal(t, before, identifiers(changed))
		k, err := changed.Used(added.ID())
		require.NoError(t, err)
		require.Equal(t, before, identifiers(k))
		for _, listed := range old {
			if listed.Purpose == purpose {
				k, err = k.Retired(listed.ID)
				require.NoError(t, err)
			}
		}
		require.Equal(t, before, identifiers(k))
	}
}

func TestList(t *testing.T) {
	began := time.Now().Truncate(time.Second)
	k, added := add(t, keys.New(), keys.ForCodec)
	list := k.List()
	require.Len(t, list, 4)
	for _, listed := range list {
		require.False(t, listed.MadeAt.Before(began))
		require.Equal(t, listed.ID != added.ID(), listed.InUse)
		require.Equal(t, listed.ID == added.ID(), listed.UsedAt.IsZero(), "an added key was never used")
	}
	used, err := k.Used(added.ID())
	require.NoError(t, err)
	require.False(t, used.List()[0].UsedAt.Before(began))
}

func TestChange(t *testing.T) {
	another := func(k *keys.Keys) (*keys.Keys, error) {
		changed, _, err := k.Added(keys.ForSeal)
		return changed, err
	}
	t.Run("is_kept_for_the_owner_alone", func(t *testing.T) {
		path, _ := setup(t)
		changed, err := keys.Change(path, another)
		require.NoError(t, err)
		again, err := keys.Load(path)
		require.NoError(t, err)
		require.Equal(t, changed, again)
		require.Len(t, again.Seal().IDs(), 2)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	})
	t.Run("leaves_no_copy_of_a_key_behind", func(t *testing.T) {
		path, _ := setup(t)
		killed := filepath.Join(filepath.Dir(path), ".keys-12345")
		require.NoError(t, os.WriteFile(killed, []byte(before), 0o600))
		_, err := keys.Change(path, another)
		require.NoError(t, err)
		_, err = keys.Change(path, func(*keys.Keys) (*keys.Keys, error) { return nil, os.ErrInvalid })
		require.ErrorIs(t, err, os.ErrInvalid)
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, left, 1)
	})
	t.Run("changes_nothing_that_is_refused", func(t *testing.T) {
		path, made := setup(t)
		_, err := keys.Change(path, func(k *keys.Keys) (*keys.Keys, error) { return k.Used("nobody") })
		require.ErrorIs(t, err, keys.ErrNoSuchKey)
		again, err := keys.Load(path)
		require.NoError(t, err)
		require.Equal(t, made, again)
	})
	t.Run("makes_no_file", func(t *testing.T) {
		_, err := keys.Change(filepath.Join(t.TempDir(), "keys.json"), another)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("loses_none_of_many_at_once", func(t *testing.T) {
		path, _ := setup(t)
		errs := make([]error, keys.MaxRing-1)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() { _, errs[i] = keys.Change(path, another) })
		}
		group.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		again, err := keys.Load(path)
		require.NoError(t, err)
		require.Len(t, again.Seal().IDs(), keys.MaxRing)
	})
}

func FuzzParse(f *testing.F) {
	rings, _, err := keys.New().Added(keys.ForSeal)
	require.NoError(f, err)
	whole, err := keys.Written(rings)
	require.NoError(f, err)
	f.Add(whole)
	f.Add([]byte(before))
	f.Add([]byte(`{"codec": [null], "seal": {}, "subject": []}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		k, err := keys.Parse(content)
		if err != nil {
			require.Nil(t, k)
			return
		}
		// What is read is whole: it can be used, written and read again.
		require.Len(t, k.Codec().Newest().Bytes(), keys.Size)
		require.Len(t, k.Records().IDs(), len(k.Seal().IDs()))
		again, err := keys.Written(k)
		require.NoError(t, err)
		same, err := keys.Parse(again)
		require.NoError(t, err)
		require.Equal(t, k.List(), same.List())
	})
}
