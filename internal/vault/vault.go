// Package vault opens what client and worker share: the key file, the folder or
// bucket of sealed photos, samples and templates, and the records of journeys. All three
// have to be the same for every program of an installation.
//
// No program but the standalone one makes a key file unasked: a program that
// made keys of its own would encrypt what no other can read. 'starter keys make'
// makes it, once for the installation. A new SQLite file of records is made by
// a worker, on its first run: a client with records of its own would know no
// journey and no hold. Whoever misses a file refuses to start and says which
// one it needs.
package vault

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// Names of the settings.
const (
	KeyFile = "BIOENROLL_KEY_FILE"    // The key file.
	Records = "BIOENROLL_RECORDS_URL" // The database of the records.
)

const (
	// sqliteScheme begins the address of records in a file.
	sqliteScheme = "sqlite:"
	// defaultRecords is the file that the standalone program keeps.
	defaultRecords = sqliteScheme + "data/records.db"
)

// Settings say where the key file, the sealed store and the records are.
type Settings struct {
	// KeyFile is the path of the key file.
	KeyFile string
	// SealedDir is the folder of the sealed store, unless there is a bucket.
	SealedDir string
	// Bucket is the bucket of the sealed store; without an endpoint there is
	// none.
	Bucket seal.Bucket
	// Records is the address of the records, "sqlite:PATH" or "postgres://…".
	// It may hold a password.
	Records enroll.Secret
}

// Read returns the settings of the environment. The defaults are the files
// that the standalone program keeps in the checkout's data folder.
func Read(src *config.Source) Settings {
	const records = "records of all journeys, sqlite:PATH on one machine or postgres://… for several, shared by every worker and client"
	src.Note(config.Variable{Name: Records, Help: records, Default: defaultRecords, Secret: true})
	return Settings{
		KeyFile:   src.Path(KeyFile, "data/keys.json", "key file, the same for every worker and client; 'starter keys make' makes it"),
		SealedDir: src.Path(SealedDir, defaultSealedDir, "folder of sealed photos, samples and templates, shared by every worker and client"),
		Bucket:    readBucket(src),
		Records:   cmp.Or(src.OptionalSecret(Records, records), defaultRecords),
	}
}

// Vault holds the keys, the sealed store and the records of an installation.
type Vault struct {
	// Keys encrypt payloads and hash subjects.
	Keys *keys.Keys
	// Sealed keeps photos, samples and templates until their journey ends.
	Sealed *seal.Store
	// Records keep journeys for longer than Temporal does.
	Records *records.Store
}

// Close gives the connections to the records back. An empty vault has none.
func (v Vault) Close() error {
	if v.Records == nil {
		return nil
	}
	return v.Records.Close()
}

// Open returns the vault of a client, which the caller closes. The key file and
// the records must exist. The error is a *config.Error that names the variable
// to set.
func (s Settings) Open(ctx context.Context) (Vault, error) {
	return s.open(ctx, func() error {
		path, isFile := strings.CutPrefix(s.Records.Reveal(), sqliteScheme)
		if !isFile {
			return nil
		}
		_, err := os.Stat(path)
		return err
	})
}

// OpenOrCreate returns the vault of a worker, which makes the records when
// there are none. The key file must exist. The caller closes the vault. The
// error is a *config.Error that names the variable to set.
func (s Settings) OpenOrCreate(ctx context.Context) (Vault, error) {
	return s.open(ctx, func() error { return nil })
}

// OpenKeys returns the keys alone, for who only needs to connect to the
// Temporal server. The key file must exist. The error is that of Open.
func (s Settings) OpenKeys() (*keys.Keys, error) { return s.openKeys(keys.Load) }

// OpenOrCreateKeys is OpenKeys for the standalone program, which makes the key
// file when there is none.
func (s Settings) OpenOrCreateKeys() (*keys.Keys, error) { return s.openKeys(keys.LoadOrCreate) }

func (s Settings) openKeys(load func(string) (*keys.Keys, error)) (*keys.Keys, error) {
	loaded, err := load(s.KeyFile)
	if err != nil {
		return nil, refuse(KeyFile, err, "the key file of this installation; a new one is made, once, by: starter keys make")
	}
	return loaded, nil
}

func (s Settings) open(ctx context.Context, findRecords func() error) (Vault, error) {
	loaded, err := s.OpenKeys()
	if err != nil {
		return Vault{}, err
	}
	sealed, err := s.openSealed(ctx, loaded)
	if err != nil {
		return Vault{}, err
	}
	if err := findRecords(); err != nil {
		return Vault{}, refuse(Records, err, "the records that a worker of this installation made on its first run")
	}
	kept, err := records.Open(ctx, s.Records.Reveal(), loaded)
	if err != nil {
		return Vault{}, refuse(Records, err, "a database that this program can reach, used with this key file only")
	}
	return Vault{Keys: loaded, Sealed: sealed, Records: kept}, nil
}

// refuse makes one error of what is wrong behind a setting, in the form that
// wrong settings have.
func refuse(name string, err error, allowed string) error {
	return &config.Error{Problems: []config.Problem{{Name: name, Given: fmt.Sprintf("what cannot be used (%v)", err), Allowed: allowed}}}
}
