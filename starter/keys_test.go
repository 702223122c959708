package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// installation is the environment of one of which nothing is made yet.
type installation map[string]string

func newInstallation(t *testing.T) installation {
	t.Helper()
	folder := t.TempDir()
	return installation{
		vault.KeyFile: filepath.Join(folder, "keys.json"), vault.SealedDir: filepath.Join(folder, "sealed"),
		vault.Records: "sqlite:" + filepath.Join(folder, "records.db"),
	}
}

// starter runs one command line, which must not connect.
func (i installation) starter(t *testing.T, args ...string) outcome {
	t.Helper()
	f := &fake{}
	told := f.executeWith(t, "", i, args...)
	require.Zero(t, f.connects, "no Temporal server is needed")
	return told
}

// keys runs a verb that has to succeed and reads its answer.
func (i installation) keys(t *testing.T, into any, args ...string) {
	t.Helper()
	told := i.starter(t, append([]string{"keys", "--json"}, args...)...)
	require.Equal(t, exitDone, told.code, told.stderr)
	require.NoError(t, json.Unmarshal([]byte(told.stdout), into))
}

// list returns the keys.
func (i installation) list(t *testing.T) []listedKey {
	t.Helper()
	var list []listedKey
	i.keys(t, &list)
	return list
}

// ids returns those of a ring's keys, the one in use first.
func (i installation) ids(t *testing.T, ring keys.Purpose) []string {
	t.Helper()
	var ids []string
	for _, key := range i.list(t) {
		if key.Ring == ring {
			require.Equal(t, len(ids) == 0, key.State == keyInUse)
			ids = append(ids, key.ID)
		}
	}
	return ids
}

// refused runs a verb that has to be refused, and checks that no key changed.
func (i installation) refused(t *testing.T, code int, kind string, args ...string) string {
	t.Helper()
	before := i.list(t)
	told := i.starter(t, append([]string{"keys", "--json"}, args...)...)
	require.Equal(t, code, told.code, told.stderr)
	require.Equal(t, kind, failureIn(t, told.stderr).Kind)
	require.Empty(t, told.stdout)
	require.Equal(t, before, i.list(t))
	return failureIn(t, told.stderr).Message
}

// long makes every key of the file older than any journey.
func (i installation) long(t *testing.T) {
	t.Helper()
	content, err := os.ReadFile(i[vault.KeyFile])
	require.NoError(t, err)
	past := time.Now().Add(-enroll.LongestJourney - time.Minute).UTC().Format(time.RFC3339)
	aged := regexp.MustCompile(`"(made|used)_at": "[^"]*"`).ReplaceAllString(string(content), `"${1}_at": "`+past+`"`)
	require.NoError(t, os.WriteFile(i[vault.KeyFile], []byte(aged), 0o600))
}

// open opens the vault as a worker does.
func (i installation) open(t *testing.T) vault.Vault {
	t.Helper()
	opened, err := vault.Settings{KeyFile: i[vault.KeyFile], SealedDir: i[vault.SealedDir], Records: enroll.Secret(i[vault.Records])}.OpenOrCreate(t.Context())
	require.NoError(t, err)
	return opened
}

// begin puts a record of a journey into the records.
func (i installation) begin(t *testing.T, id enroll.RecordID) {
	t.Helper()
	opened := i.open(t)
	_, err := opened.Records.Begin(t.Context(), records.Opening{
		Record: id, Journey: enroll.AuthIDEnroll, WorkflowID: "authid-1", RunID: "run-1", SubjectHash: "hash", Digest: "digest",
		Subject: "jane", At: time.Now(),
	})
	require.NoError(t, err)
	require.NoError(t, opened.Close())
}

func TestKeysMake(t *testing.T) {
	i := newInstallation(t)
	var answer madeFile
	i.keys(t, &answer, "make")
	require.Equal(t, madeFile{File: i[vault.KeyFile], Made: true}, answer)
	info, err := os.Stat(i[vault.KeyFile])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	before := i.list(t)
	i.keys(t, &answer, "make")
	require.False(t, answer.Made)
	require.Equal(t, before, i.list(t), "repeated it changes nothing")
	require.Contains(t, i.starter(t, "keys", "make").stdout, "already")

	require.NoError(t, os.WriteFile(i[vault.KeyFile], []byte("{"), 0o600))
	require.Equal(t, exitFailed, i.starter(t, "keys", "make").code, "what is damaged is not replaced")
}

func TestKeysList(t *testing.T) {
	i := newInstallation(t)
	told := i.starter(t, "keys")
	require.Equal(t, exitInput, told.code)
	require.Contains(t, told.stderr, vault.KeyFile)
	require.Contains(t, told.stderr, "starter keys make")
	i.starter(t, "keys", "make")
	told = i.starter(t, "keys", "list")
	require.Equal(t, exitDone, told.code)
	require.Equal(t, told, i.starter(t, "keys"))
	lines := strings.Split(strings.TrimSpace(told.stdout), "\n")
	require.Len(t, lines, 4)
	for n, wanted := range []string{`^ID +RING +MADE +IN USE SINCE +STATE$`, `^[0-9a-f]{12} +codec +\S+Z +\S+Z +in use$`, ` seal `, ` subject `} {
		require.Regexp(t, wanted, lines[n])
	}
}

func TestKeysRotation(t *testing.T) {
	for _, ring := range []keys.Purpose{keys.ForCodec, keys.ForSeal} {
		t.Run(string(ring), func(t *testing.T) {
			i := newInstallation(t)
			require.Equal(t, exitDone, i.starter(t, "keys", "make").code)
			require.NoError(t, i.open(t).Close())
			old := i.ids(t, ring)[0]
			var added, used listedKey
			i.keys(t, &added, "add", string(ring))
			require.Equal(t, keyReadable, added.State)
			require.Zero(t, added.UsedAt)
			require.Equal(t, []string{old, added.ID}, i.ids(t, ring))
			i.keys(t, &used, "use", added.ID)
			i.keys(t, &used, "use", old)
			told := i.starter(t, "keys", "use", added.ID)
			require.Contains(t, told.stdout, "starter keys retire "+old)
			require.NotContains(t, i.starter(t, "keys", "use", added.ID).stdout, "retire", "it is in use already")
			i.keys(t, &used, "use", added.ID)
			require.Equal(t, keyInUse, used.State)
			require.NotZero(t, used.UsedAt)
			require.Equal(t, []string{added.ID, old}, i.ids(t, ring))
			i.long(t)
			var retired retiredKey
			i.keys(t, &retired, "retire", old)
			require.Equal(t, ring, retired.Ring)
			require.Equal(t, []string{added.ID}, i.ids(t, ring))
			opened := i.open(t) // The stores still know the installation.
			require.NoError(t, opened.Close())
		})
	}
}

func TestKeysRefuse(t *testing.T) {
	i := newInstallation(t)
	require.Equal(t, exitDone, i.starter(t, "keys", "make").code)
	codec, subject := i.ids(t, keys.ForCodec)[0], i.ids(t, keys.ForSubject)[0]
	i.refused(t, exitInput, "input", "add", "subject")
	i.refused(t, exitInput, "usage", "add")
	i.refused(t, exitInput, "usage", "rotate")
	i.refused(t, exitNotFound, "not_found", "use", "0123456789ab")
	i.refused(t, exitNotFound, "not_found", "retire", "0123456789ab", "--force")
	i.refused(t, exitConflict, "key_in_use", "retire", codec, "--force")
	for _, verb := range []string{"use", "retire"} {
		i.refused(t, exitConflict, "one_subject_key", verb, subject)
	}
	for range keys.MaxRing - 1 {
		i.starter(t, "keys", "add", "codec")
	}
	i.refused(t, exitConflict, "ring_full", "add", "codec")
}

func TestKeysRetireCodec(t *testing.T) {
	i := newInstallation(t)
	require.Equal(t, exitDone, i.starter(t, "keys", "make").code)
	old := i.ids(t, keys.ForCodec)[0]
	var added, unused listedKey
	i.keys(t, &added, "add", "codec")
	i.keys(t, &unused, "add", "codec")
	i.keys(t, &added, "use", added.ID)

	message := i.refused(t, exitConflict, "key_needed", "retire", old)
	require.Contains(t, message, stamp(added.UsedAt.Add(enroll.LongestJourney)), "when it can be done")
	var retired retiredKey
	i.keys(t, &retired, "retire", unused.ID)
	require.Equal(t, []string{added.ID, old}, i.ids(t, keys.ForCodec), "a key that was never used is under nothing")
	i.keys(t, &retired, "retire", old, "--force")
	require.Contains(t, retired.Lost, "histories")
	require.Equal(t, []string{added.ID}, i.ids(t, keys.ForCodec))
}

func TestKeysRetireCodec_waits_for_erasures(t *testing.T) {
	i := newInstallation(t)
	require.Equal(t, exitDone, i.starter(t, "keys", "make").code)
	old := i.ids(t, keys.ForCodec)[0]
	var added listedKey
	i.keys(t, &added, "add", "codec")
	i.keys(t, &added, "use", added.ID)
	i.long(t)
	opened := i.open(t)
	subjects := []records.NamedSubject{{SubjectKey: records.SubjectKey{Provider: enroll.AuthID, Hash: "hash"}, Name: "jane"}}
	for id, at := range map[string]time.Time{"before": time.Now().Add(-20 * 24 * time.Hour), "after": time.Now()} {
		require.NoError(t, opened.Records.BeginErasure(t.Context(), records.ErasureOpening{ID: id, Digest: id, Subjects: subjects, Who: "olga", Why: "ticket", At: at}))
	}
	require.Contains(t, i.refused(t, exitConflict, "key_needed", "retire", old), "erasure before began under it")
	require.NoError(t, opened.Records.ConcludeErasure(t.Context(), "before", []byte("statement")))
	require.NoError(t, opened.Close())
	var retired retiredKey
	i.keys(t, &retired, "retire", old)
	require.Equal(t, []string{added.ID}, i.ids(t, keys.ForCodec))
}

func TestKeysRetireSeal(t *testing.T) {
	// rotated returns an installation with a record and a file under an old key.
	rotated := func(t *testing.T) (i installation, old string) {
		t.Helper()
		i = newInstallation(t)
		require.Equal(t, exitDone, i.starter(t, "keys", "make").code)
		i.begin(t, "record-a")
		old = i.ids(t, keys.ForSeal)[0]
		var added listedKey
		i.keys(t, &added, "add", "seal")
		i.keys(t, &added, "use", added.ID)
		i.long(t)
		return i, old
	}
	t.Run("is_refused_while_records_are_under_it", func(t *testing.T) {
		i, old := rotated(t)
		message := i.refused(t, exitConflict, "key_needed", "retire", old)
		require.Contains(t, message, "2 entries of the records", "the subject and the audit trail")
		require.Contains(t, message, "starter keys reseal")

		var moved movedEntries
		i.keys(t, &moved, "reseal")
		require.Equal(t, movedEntries{Entries: 2, Key: i.ids(t, keys.ForSeal)[0]}, moved)
		var retired retiredKey
		i.keys(t, &retired, "retire", old)
		require.Contains(t, retired.Lost, "nothing")
		opened := i.open(t)
		record, err := opened.Records.Get(t.Context(), "record-a")
		require.NoError(t, err)
		require.Equal(t, enroll.Secret("jane"), record.Subject)
		require.NoError(t, opened.Close())
	})
	t.Run("says_what_is_lost_by_force", func(t *testing.T) {
		i, old := rotated(t)
		var retired retiredKey
		i.keys(t, &retired, "retire", old, "--force")
		require.Contains(t, retired.Lost, "2 entries of the records")
		opened := i.open(t)
		_, err := opened.Records.Get(t.Context(), "record-a")
		require.ErrorIs(t, err, records.ErrOtherKey)
		require.NoError(t, opened.Close())
	})
	t.Run("is_refused_when_nobody_can_tell", func(t *testing.T) {
		i, old := rotated(t)
		i[vault.Records] = "postgres://nobody@127.0.0.1:1/records"
		i.refused(t, exitInput, "configuration", "retire", old)
	})
}
