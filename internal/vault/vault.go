// Package vault opens what client and worker share on disk: the key file and
// the folder of sealed photos, samples and templates. Both have to be the same
// for every program of an installation.
//
// Only a worker makes a new key file, on its first run. A client that made one
// of its own would encrypt what no worker can read, so it refuses instead and
// says which file it needs.
package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/seal"
)

// Names of the settings.
const (
	KeyFile   = "BIOENROLL_KEY_FILE"   // The key file.
	SealedDir = "BIOENROLL_SEALED_DIR" // The folder of the sealed store.
)

// Settings say where the key file and the sealed store are.
type Settings struct {
	// KeyFile is the path of the key file.
	KeyFile string
	// SealedDir is the folder of the sealed store.
	SealedDir string
}

// Read returns the settings of the environment. The defaults are the files
// that the standalone program keeps in the checkout's data folder.
func Read(src *config.Source) Settings {
	return Settings{
		KeyFile:   src.Path(KeyFile, "data/keys.json", "key file, the same for every worker and client; a worker makes it on its first run"),
		SealedDir: src.Path(SealedDir, "data/sealed", "folder of sealed photos, samples and templates, shared by every worker and client"),
	}
}

// Vault holds the keys and the sealed store of an installation.
type Vault struct {
	// Keys encrypt payloads and hash subjects.
	Keys *keys.Keys
	// Sealed keeps photos, samples and templates until their journey ends.
	Sealed *seal.Store
}

// Open returns the vault of a client. The key file must exist. The error is a
// *config.Error that names the variable to set.
func (s Settings) Open() (Vault, error) { return s.open(keys.Load) }

// OpenOrCreate returns the vault of a worker, which makes the key file when
// there is none. The error is a *config.Error that names the variable to set.
func (s Settings) OpenOrCreate() (Vault, error) { return s.open(keys.LoadOrCreate) }

// HasKeys reports whether the key file is there already.
func (s Settings) HasKeys() bool {
	_, err := os.Lstat(s.KeyFile)
	return !errors.Is(err, fs.ErrNotExist)
}

func (s Settings) open(load func(string) (*keys.Keys, error)) (Vault, error) {
	loaded, err := load(s.KeyFile)
	if err != nil {
		return Vault{}, refuse(KeyFile, err, "the key file that a worker of this installation made on its first run")
	}
	sealed, err := seal.OpenStore(s.SealedDir, loaded)
	if err != nil {
		return Vault{}, refuse(SealedDir, err, "a folder that this program may write to, used with this key file only")
	}
	return Vault{Keys: loaded, Sealed: sealed}, nil
}

// refuse makes one error of what is wrong behind a setting, in the form that
// wrong settings have.
func refuse(name string, err error, allowed string) error {
	return &config.Error{Problems: []config.Problem{{Name: name, Given: fmt.Sprintf("what cannot be used (%v)", err), Allowed: allowed}}}
}
