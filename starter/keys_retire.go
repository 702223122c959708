package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// errKeyNeeded refuses to retire a key that something is still under.
var errKeyNeeded = errors.New("the key is still needed")

// unreadable is what a retired codec key takes with it.
const unreadable = "the inputs, answers and failures in Temporal's histories that are under it; records of outcomes are under other keys"

// movedEntries is the answer of keys reseal.
type movedEntries struct {
	// Entries is how many were encrypted anew.
	Entries int `json:"entries"`
	// Key is the ID of the seal key in use.
	Key string `json:"key"`
}

func (p *program) keysResealCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reseal",
		Short: "Encrypt the records anew, under the seal key in use",
		Long: `Encrypts anew, under the seal key in use, what the records hold under older seal keys, so
that those can be retired. Journeys go on meanwhile. It takes some time, can be stopped, and
goes on where it stopped when it is repeated. Repeat it when every program has been restarted
with the new key: those that were not still write under the old one.

Sealed photos, samples and templates stay under the key that they have: they are deleted with
their journeys.

  starter keys reseal`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withVault(cmd.Context(), func(ctx context.Context, opened vault.Vault) error {
				moved, err := opened.Records.Reseal(ctx)
				if err != nil {
					return err
				}
				answer := movedEntries{Entries: moved, Key: opened.Keys.Seal().Newest().ID()}
				return p.print(answer, func(s *sheet) {
					s.text("Encrypted %d entries of the records anew, under seal key %s.", answer.Entries, answer.Key)
				})
			})
		},
	}
}

// withVault opens what the environment names, runs the command and closes it.
func (p *program) withVault(ctx context.Context, do func(context.Context, vault.Vault) error) error {
	src := config.NewSource(p.lookup)
	settings := vault.Read(src)
	if err := src.Err(); err != nil {
		return err
	}
	opened, err := settings.Open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, opened), opened.Close())
}

// retiredKey is the answer of keys retire.
type retiredKey struct {
	ID   string       `json:"id"`
	Ring keys.Purpose `json:"ring"`
	// Lost says what cannot be read any more.
	Lost string `json:"lost"`
}

func (p *program) keysRetireCommand() *cobra.Command {
	var force bool
	command := &cobra.Command{
		Use:   "retire ID",
		Short: "Forget an old key, and with it what is under it",
		Long: `Removes a key from the key file. What it encrypted cannot be read any more, by anybody who
has no older copy of the file. It tells what that is.

The key in use is never retired. A codec key is not retired while journeys that began under it
may be under way, for eight days after the next key was put to use, or while an erasure that
began under it is. A seal key is not retired while records or sealed files are under it;
'starter keys reseal' moves the records. It looks in the places that the environment names.

--force retires it nevertheless, when waiting is worse than losing: journeys under way that
need it stop and have to be terminated, and records under it cannot be read.

  starter keys retire 0123456789ab`,
		Args: arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.retireKey(cmd.Context(), args[0], force) },
	}
	command.Flags().BoolVar(&force, "force", false, "also when something is still under the key, or nobody can tell")
	return command
}

func (p *program) retireKey(ctx context.Context, id string, force bool) error {
	path, known, err := p.keys()
	if err != nil {
		return err
	}
	// What is refused in any case needs no look at what is under the key.
	if _, err := known.Retired(id); err != nil {
		return err
	}
	ring, err := known.Purpose(id)
	if err != nil {
		return err
	}
	lost, err := p.losses(ctx, known, ring, id)
	if err != nil && !force {
		return fmt.Errorf("retire %s key %s: %w", ring, id, err)
	}
	if _, err := keys.Change(path, func(k *keys.Keys) (*keys.Keys, error) { return k.Retired(id) }); err != nil {
		return err
	}
	return p.print(retiredKey{ID: id, Ring: ring, Lost: lost}, func(s *sheet) {
		s.text("Retired key %s of the %s ring. Lost: %s.", id, ring, lost)
		s.text("Give the file to every program and restart them all. Then destroy older copies of the file.")
	})
}

// losses says what cannot be read without a key. The error says why it should
// be kept.
func (p *program) losses(ctx context.Context, known *keys.Keys, ring keys.Purpose, id string) (string, error) {
	if ring == keys.ForCodec {
		return unreadable, p.settled(ctx, known.List(), id)
	}
	lost := "whatever is under it, which could not be looked up"
	err := p.withVault(ctx, func(ctx context.Context, opened vault.Vault) error {
		entries, err := opened.Records.UsedKeys(ctx)
		if err != nil {
			return err
		}
		files, err := opened.Sealed.UsedKeys(ctx)
		if err != nil {
			return err
		}
		derived, _ := known.RecordsKey(id)
		if entries[derived.ID()] == 0 && files[id] == 0 {
			lost = "nothing, no entry of the records and no sealed file is under it"
			return nil
		}
		lost = fmt.Sprintf("%d entries of the records, and the sealed files of %d journeys", entries[derived.ID()], files[id])
		return fmt.Errorf("%w: %s are under it; 'starter keys reseal' moves the entries, and the files go when their journeys end", errKeyNeeded, lost)
	})
	return lost, err
}

// settled refuses a codec key under which something may still be under way.
func (p *program) settled(ctx context.Context, list []keys.Listed, id string) error {
	var since time.Time // when the ring's key in use was put to use
	for _, key := range list {
		switch {
		case key.Purpose == keys.ForCodec && key.InUse:
			since = key.UsedAt
		case key.ID == id && key.UsedAt.IsZero() && !key.MadeAt.IsZero():
			return nil // It never encrypted anything.
		}
	}
	if until := since.Add(enroll.LongestJourney); time.Now().Before(until) {
		return fmt.Errorf("%w: journeys that began under it may be under way until %s", errKeyNeeded, stamp(until))
	}
	return p.withVault(ctx, func(ctx context.Context, opened vault.Vault) error {
		erasures, err := opened.Records.Erasures(ctx, records.ErasureFilter{Pending: true, Limit: 1000})
		if err != nil {
			return err
		}
		for _, erasure := range erasures {
			if erasure.BeganAt.Before(since) {
				return fmt.Errorf("%w: erasure %s began under it and is under way: starter erasure %s", errKeyNeeded, erasure.ID, erasure.ID)
			}
		}
		return nil
	})
}
