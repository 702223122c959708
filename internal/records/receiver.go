package records

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// What bounds receivers.
const (
	// maxReceivers is how many there may be: each outcome is a row for each.
	maxReceivers = 50
	// maxSecrets is how many secrets of a receiver may be valid at once: each is a
	// signature in every request.
	maxSecrets = 3
	// SecretOverlap is how long a secret stays valid beside a newer one.
	SecretOverlap = 24 * time.Hour
)

// Receiver is a backend that is told outcomes.
type Receiver struct {
	Name string `json:"name"`
	// URL is where outcome events are sent, without its query, which may hold a
	// secret. It is empty when it cannot be decrypted.
	URL string `json:"url,omitempty"`
	// Unreadable reports that its address or its secrets cannot be decrypted: their
	// key is not in the key file, or they are damaged. It is sent nothing then.
	Unreadable bool      `json:"unreadable,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	// GoneAt is when the receiver wanted nothing more; otherwise it is zero.
	GoneAt time.Time `json:"gone_at,omitzero"`
	// SecretsEnd lists when each older secret that is still valid ends.
	SecretsEnd []time.Time `json:"secrets_end,omitempty"`
	// Pending counts the deliveries that wait, Oldest is when the event of the
	// oldest came about, and GivenUp counts those that were given up.
	Pending int       `json:"pending"`
	Oldest  time.Time `json:"oldest,omitzero"`
	GivenUp int       `json:"given_up"`
}

// NewReceiver is what AddReceiver is given.
type NewReceiver struct {
	// Name has up to 40 small letters, digits and hyphens, and starts with a
	// letter or digit. It stands in logs and metrics.
	Name string
	// URL is where outcome events are sent. It may hold a secret, in its path or
	// query, so it is encrypted.
	URL enroll.Secret
	// AllowHTTP takes a URL without TLS, too.
	AllowHTTP bool
}

// secret is one of those that sign what a receiver is sent.
type secret struct {
	Value enroll.Secret `json:"value"`
	// Until is when it ends; zero for the newest.
	Until time.Time `json:"until,omitzero"`
}

// secrets are those of a receiver, the newest first.
type secrets []secret

// valid returns the values of those that are valid at a time.
func (s secrets) valid(at time.Time) []enroll.Secret {
	var values []enroll.Secret
	for _, one := range s {
		if one.Until.IsZero() || one.Until.After(at) {
			values = append(values, one.Value)
		}
	}
	return values
}

// newSecret makes a secret in the form of Standard Webhooks.
func newSecret() enroll.Secret {
	var random [32]byte
	_, _ = rand.Read(random[:]) // It never fails: it would end the program.
	return enroll.Secret("whsec_" + base64.StdEncoding.EncodeToString(random[:]))
}

func urlPlace(name string) place     { return place{column: columnURL, part: name} }
func secretsPlace(name string) place { return place{column: columnSecrets, part: name} }

// openReceiver decrypts what is confidential of a receiver, each part as far as
// it can be. The error is ErrOtherKey or ErrDamaged.
func (t transaction) openReceiver(name string, sealedURL, sealedSecrets []byte) (enroll.Secret, secrets, error) {
	address, err := t.sealer.open(urlPlace(name), sealedURL)
	known, unknown := t.openSecrets(name, sealedSecrets)
	return enroll.Secret(address), known, errors.Join(err, unknown)
}

func (t transaction) openSecrets(name string, sealed []byte) (secrets, error) {
	var known secrets
	if err := t.sealer.openJSON(secretsPlace(name), sealed, &known); err != nil {
		return nil, err
	}
	return known, nil
}

// AddReceiver adds a backend that is told every outcome from now on, and returns
// the secret with which it can verify that. No other call returns the secret
// again. The error is ErrReceiverExists, ErrTooManyReceivers, or an
// *enroll.InputError that says what is wrong with the name, the URL, who or why.
func (s *Store) AddReceiver(ctx context.Context, n NewReceiver, who, why string) (enroll.Secret, error) {
	signing := newSecret()
	err := s.write(ctx, "add a receiver", func(tx transaction) error {
		if err := refuse("", append(n.wrong(), enroll.CheckReason(who, why)...)); err != nil {
			return err
		}
		if err := tx.roomForReceiver(ctx); err != nil {
			return err
		}
		address, err := tx.sealer.seal(urlPlace(n.Name), []byte(n.URL.Reveal()))
		if err != nil {
			return err
		}
		sealed, err := tx.sealer.sealJSON(secretsPlace(n.Name), secrets{{Value: signing}})
		if err != nil {
			return err
		}
		added, err := tx.change(ctx, `INSERT INTO receivers (name, url, secrets, created_at, epoch) VALUES ($1, $2, $3, $4, $4)
			ON CONFLICT (name) DO NOTHING`, n.Name, address, sealed, stamp(tx.now)) // Another epoch than of one that was removed.
		if err == nil && !added {
			err = fmt.Errorf("receiver %s: %w", n.Name, ErrReceiverExists)
		}
		if err != nil {
			return err
		}
		return tx.auditReceiver(ctx, whatReceiverAdded, n.Name, who, why)
	})
	if err != nil {
		return "", err
	}
	return signing, nil
}

// roomForReceiver refuses one more receiver than there may be.
func (t transaction) roomForReceiver(ctx context.Context) error {
	var count int
	if err := t.QueryRowContext(ctx, "SELECT count(*) FROM receivers").Scan(&count); err != nil {
		return err
	}
	if count >= maxReceivers {
		return fmt.Errorf("%d receivers: %w", count, ErrTooManyReceivers)
	}
	return nil
}

// auditReceiver tells in the general trail what was done to a receiver.
func (t transaction) auditReceiver(ctx context.Context, what, name, who, why string) error {
	return t.append(ctx, enroll.AuditEntry{At: t.now, What: what, Who: who, Detail: name + ": " + why})
}

// lockedReceiver returns the secrets of a receiver, still encrypted, and keeps
// other writers away from it until the transaction ends. Outcomes are told
// meanwhile. The error is ErrNoReceiver.
func (t transaction) lockedReceiver(ctx context.Context, name string) ([]byte, error) {
	var sealed []byte
	err := t.QueryRowContext(ctx, "SELECT secrets FROM receivers WHERE name = $1"+t.dialect.held, name).Scan(&sealed)
	return sealed, noReceiver(name, err)
}

// noReceiver turns the database's answer that there is no such row into ours.
func noReceiver(name string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("receiver %.60q: %w", name, ErrNoReceiver)
	}
	return err
}

// manage changes a receiver that is there, and tells who did so. The change is
// given the secrets as they are stored: one who does not need them can change a
// receiver that cannot be decrypted.
func (s *Store) manage(ctx context.Context, what, name, who, why string, change func(transaction, []byte) error) error {
	return s.write(ctx, strings.ReplaceAll(what, "_", " "), func(tx transaction) error {
		if err := refuse("", enroll.CheckReason(who, why)); err != nil {
			return err
		}
		sealed, err := tx.lockedReceiver(ctx, name)
		if err != nil {
			return err
		}
		if err := change(tx, sealed); err != nil {
			return err
		}
		return tx.auditReceiver(ctx, what, name, who, why)
	})
}

// RemoveReceiver ends deliveries to a receiver and forgets them. The error is
// ErrNoReceiver or an *enroll.InputError.
func (s *Store) RemoveReceiver(ctx context.Context, name, who, why string) error {
	return s.manage(ctx, whatReceiverRemoved, name, who, why, func(tx transaction, _ []byte) error {
		// Outcomes that are being told to it are waited for, and go with it.
		if _, err := tx.ExecContext(ctx, "SELECT name FROM receivers WHERE name = $1"+tx.dialect.exclusive, name); err != nil {
			return err
		}
		if _, err := tx.change(ctx, "DELETE FROM deliveries WHERE receiver = $1", name); err != nil {
			return err
		}
		_, err := tx.change(ctx, "DELETE FROM receivers WHERE name = $1", name)
		return err
	})
}

// NewReceiverSecret makes another secret for a receiver and returns it. What the
// receiver is sent is signed with it from now on, and with those from before for
// another SecretOverlap each, unless they are to end at once. The error is
// ErrNoReceiver, ErrTooManySecrets or an *enroll.InputError; it is ErrOtherKey or
// ErrDamaged when those that are to go on cannot be decrypted.
func (s *Store) NewReceiverSecret(ctx context.Context, name string, atOnce bool, who, why string) (enroll.Secret, error) {
	signing := newSecret()
	err := s.manage(ctx, whatReceiverSecret, name, who, why, func(tx transaction, sealed []byte) error {
		after, err := tx.followed(name, sealed, signing, atOnce)
		if err != nil {
			return fmt.Errorf("receiver %s: %w", name, err)
		}
		if sealed, err = tx.sealer.sealJSON(secretsPlace(name), after); err != nil {
			return err
		}
		_, err = tx.change(ctx, "UPDATE receivers SET secrets = $2 WHERE name = $1", name, sealed)
		return err
	})
	if err != nil {
		return "", err
	}
	return signing, nil
}

// followed returns a receiver's secrets with a newer one before them; those that
// end at once are not read.
func (t transaction) followed(name string, sealed []byte, by enroll.Secret, atOnce bool) (secrets, error) {
	after := secrets{{Value: by}}
	if atOnce {
		return after, nil
	}
	known, err := t.openSecrets(name, sealed)
	if err != nil {
		return nil, err
	}
	for _, one := range known {
		if one.Until.IsZero() {
			one.Until = t.now.Add(SecretOverlap).UTC().Truncate(time.Second)
		}
		if one.Until.After(t.now) {
			after = append(after, one)
		}
	}
	if len(after) > maxSecrets {
		return nil, ErrTooManySecrets
	}
	return after, nil
}

// ResumeReceiver sends to a receiver again what waits for it, as if for the
// first time, in another epoch: after it was gone, or to hurry it. The error is ErrNoReceiver or
// an *enroll.InputError.
func (s *Store) ResumeReceiver(ctx context.Context, name, who, why string) error {
	err := s.manage(ctx, whatReceiverResumed, name, who, why, func(tx transaction, _ []byte) error {
		_, err := tx.change(ctx, "UPDATE receivers SET gone_at = 0, epoch = epoch + 1 WHERE name = $1", name)
		return err
	})
	if err != nil {
		return err
	}
	return s.stepwise(ctx, "resume a receiver", name, spot{}, func(tx transaction, from spot) (spot, error) {
		to, err := tx.ahead(ctx, "SELECT at, event FROM deliveries WHERE (at, event) > ($1, $2) AND receiver = $3 AND state = 'pending' ORDER BY at, event", from, name)
		if err != nil {
			return to, err
		}
		*tx.due, err = tx.change(ctx, `UPDATE deliveries SET attempts = 0, claims = claims + 1, claimed_by = '', due_at = $2
			WHERE receiver = $1 AND state = 'pending' AND (at, event) > ($3, $4) AND (at, event) <= ($5, $6)`,
			name, stamp(tx.now), from.at, from.event, to.at, to.event)
		return to, err
	})
}

// Receivers lists the receivers by their names, also those that cannot be
// decrypted.
func (s *Store) Receivers(ctx context.Context) ([]Receiver, error) {
	var found []Receiver
	err := s.read(ctx, "receivers", func(tx transaction) (err error) {
		if found, err = tx.receivers(ctx); err != nil {
			return err
		}
		backlogs, err := tx.backlogs(ctx)
		for i, b := range backlogs {
			found[i].Pending, found[i].Oldest, found[i].GivenUp = b.Pending, b.Oldest, b.GivenUp
		}
		return err
	})
	return found, err
}

func (t transaction) receivers(ctx context.Context) ([]Receiver, error) {
	rows, err := t.QueryContext(ctx, "SELECT name, url, secrets, created_at, gone_at FROM receivers ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var found []Receiver
	for rows.Next() {
		receiver, err := t.scanReceiver(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, receiver)
	}
	return found, rows.Err()
}

// scanReceiver reads a receiver from a row.
func (t transaction) scanReceiver(from scanner) (Receiver, error) {
	var found Receiver
	var createdAt, goneAt int64
	var sealedURL, sealedSecrets []byte
	if err := from.Scan(&found.Name, &sealedURL, &sealedSecrets, &createdAt, &goneAt); err != nil {
		return Receiver{}, err
	}
	address, known, err := t.openReceiver(found.Name, sealedURL, sealedSecrets)
	found.Unreadable = err != nil
	found.URL, _, _ = strings.Cut(address.Reveal(), "?")
	found.CreatedAt, found.GoneAt = moment(createdAt), moment(goneAt)
	for _, one := range known {
		if one.Until.After(t.now) {
			found.SecretsEnd = append(found.SecretsEnd, one.Until)
		}
	}
	slices.SortFunc(found.SecretsEnd, time.Time.Compare)
	return found, nil
}
