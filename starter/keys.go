package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/vault"
)

const keysHelp = `Makes, lists and rotates the keys in the key file that BIOENROLL_KEY_FILE names. No Temporal
server is needed.

There are two rings: codec encrypts what goes to Temporal, seal encrypts photos, samples,
templates and records. The first key of a ring encrypts, all of them decrypt. To rotate one,
in this order:

  1. starter keys add codec   makes a key that can be read and is not in use
  2.                          give the file to every program and restart them all
  3. starter keys use ID      puts the new key in front
  4.                          give the file to every program and restart them all
  5. starter keys reseal      for a seal key: moves the records to it
  6. starter keys retire ID   later: forgets the old key, and with it what is under it

Step 2 comes before 3 so that no program meets what it cannot read. Back the file up after
each change, apart from the data, and destroy older copies after the last.

The subject key is not rotated: it makes the identifiers of people, and with another one the
same person would be somebody else.

Without a verb it lists the keys:

  starter keys`

// listedKey is a key as programs read it.
type listedKey struct {
	ID     string       `json:"id"`
	Ring   keys.Purpose `json:"ring"`
	State  keyState     `json:"state"`
	MadeAt time.Time    `json:"made_at,omitzero"`
	UsedAt time.Time    `json:"used_at,omitzero"`
}

// keyState is what a key is good for.
type keyState string

const (
	keyInUse    keyState = "in use"   // It encrypts, or hashes.
	keyReadable keyState = "readable" // It only decrypts.
)

func (p *program) keysCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "keys",
		Short: "Make, list and rotate the keys of the installation",
		Long:  keysHelp,
		Args:  noSuchCommand,
		RunE:  func(*cobra.Command, []string) error { return p.listKeys() },
	}
	command.AddCommand(p.keysMakeCommand(), p.keysListCommand(), p.keysAddCommand(), p.keysUseCommand(),
		p.keysResealCommand(), p.keysRetireCommand())
	return command
}

// keyFile returns the setting of the key file. No other setting is looked at, so
// that keys can be made before anything else is known.
func (p *program) keyFile() (vault.Settings, error) {
	src := config.NewSource(func(name string) (string, bool) {
		if name != vault.KeyFile {
			return "", false
		}
		return p.lookup(name)
	})
	return vault.Read(src), src.Err()
}

// keys returns the path of the key file and the keys in it.
func (p *program) keys() (string, *keys.Keys, error) {
	settings, err := p.keyFile()
	if err != nil {
		return "", nil, err
	}
	known, err := settings.OpenKeys()
	return settings.KeyFile, known, err
}

// madeFile is the answer of keys make.
type madeFile struct {
	File string `json:"file"`
	// Made is false when there was a good file already.
	Made bool `json:"made"`
}

func (p *program) keysMakeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "make",
		Short: "Make the key file, once for the installation",
		Long: `Makes the key file with one key for each ring and the subject key, readable by its owner
alone. A good file that is there already stays as it is, so it does no harm to repeat it; a
damaged one is refused.

Every worker, client and codec server of the installation needs this file. Whoever has it
can read everything, and without it nobody can read anything: back it up apart from the data.

  export BIOENROLL_KEY_FILE=/etc/bioenroll/keys.json
  starter keys make`,
		Args: arguments(),
		RunE: func(*cobra.Command, []string) error {
			settings, err := p.keyFile()
			if err != nil {
				return err
			}
			path := settings.KeyFile
			_, made, err := keys.Make(path)
			if err != nil {
				return err
			}
			return p.print(madeFile{File: path, Made: made}, func(s *sheet) {
				if !made {
					s.text("There is a key file already: %s", path)
					return
				}
				s.text("Made %s. Every worker, client and codec server needs this file; back it up apart from the data.", path)
			})
		},
	}
}

func (p *program) keysListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the keys",
		Long: `Lists the keys by their IDs, which are no secret: what is encrypted carries the ID of its
key. The key in use encrypts, the readable ones only decrypt.

  starter keys list`,
		Args: arguments(),
		RunE: func(*cobra.Command, []string) error { return p.listKeys() },
	}
}

func (p *program) listKeys() error {
	_, known, err := p.keys()
	if err != nil {
		return err
	}
	var list []listedKey
	for _, key := range known.List() {
		list = append(list, listed(key))
	}
	return p.print(list, func(s *sheet) {
		s.row("ID", "RING", "MADE", "IN USE SINCE", "STATE")
		for _, key := range list {
			s.row(key.ID, string(key.Ring), orDash(stamp(key.MadeAt)), orDash(stamp(key.UsedAt)), string(key.State))
		}
	})
}

// listed returns a key as programs read it.
func listed(key keys.Listed) listedKey {
	state := keyReadable
	if key.InUse {
		state = keyInUse
	}
	return listedKey{ID: key.ID, Ring: key.Purpose, State: state, MadeAt: key.MadeAt, UsedAt: key.UsedAt}
}

func (p *program) keysAddCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "add RING",
		Short: "Add a new key to a ring, readable and not in use",
		Long: `Makes a new key and adds it to the end of the ring codec or seal, where it decrypts and does
not encrypt. It is the first step of a rotation; see: starter keys --help

  starter keys add codec`,
		Args: arguments("RING"),
		RunE: func(_ *cobra.Command, args []string) error {
			purpose := keys.Purpose(args[0])
			if purpose != keys.ForCodec && purpose != keys.ForSeal {
				return &inputError{[]enroll.FieldError{{Field: "ring", Given: fmt.Sprintf("%q", purpose), Allowed: "codec or seal; the subject key is one for good"}}}
			}
			var id string
			return p.changeKeys(func(k *keys.Keys) (changed *keys.Keys, err error) {
				changed, added, err := k.Added(purpose)
				if err == nil {
					id = added.ID()
				}
				return changed, err
			}, &id, func(s *sheet) {
				s.text("Added key %s to the %s ring: it can be read and is not in use.", id, purpose)
				s.text("Give the file to every program and restart them all. Then:  starter keys use %s", id)
			})
		},
	}
}

func (p *program) keysUseCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "use ID",
		Short: "Put a key to use: it encrypts from now on",
		Long: `Moves a key to the front of its ring. Each program encrypts with it from its next start on;
what is under the key before it stays readable. Every program must have been restarted since
the key was added, or those that were not cannot read what the others write.

  starter keys use 0123456789ab`,
		Args: arguments("ID"),
		RunE: func(_ *cobra.Command, args []string) error {
			var old string
			return p.changeKeys(func(k *keys.Keys) (*keys.Keys, error) {
				old = beside(k, args[0])
				return k.Used(args[0])
			}, &args[0], func(s *sheet) {
				s.text("Key %s is in use. Give the file to every program and restart them all.", args[0])
				if old != args[0] {
					s.text("Key %s stays readable until:  starter keys retire %s", old, old)
				}
			})
		},
	}
}

// beside returns the key in use in the ring of a key.
func beside(known *keys.Keys, id string) string {
	ring, _ := known.Purpose(id) // A key that is not there is refused later.
	for _, key := range known.List() {
		if key.Purpose == ring && key.InUse {
			return key.ID
		}
	}
	return id
}

// changeKeys changes the key file and prints the key of which the ID is known
// when that is done.
func (p *program) changeKeys(change func(*keys.Keys) (*keys.Keys, error), id *string, describe func(*sheet)) error {
	path, _, err := p.keys()
	if err != nil {
		return err
	}
	changed, err := keys.Change(path, change)
	if err != nil {
		return err
	}
	for _, key := range changed.List() {
		if key.ID == *id {
			return p.print(listed(key), describe)
		}
	}
	return fmt.Errorf("key %s: %w", *id, keys.ErrNoSuchKey)
}
