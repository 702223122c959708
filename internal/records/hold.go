package records

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Hold stops new journeys at one provider. Those under way go on.
type Hold struct {
	Provider enroll.Provider `json:"provider"`
	// Who is the operator.
	Who string `json:"who"`
	// Why tells the next operator when it may be lifted.
	Why string    `json:"why"`
	At  time.Time `json:"at"`
}

// holdPlace binds a hold to its provider and time.
func holdPlace(provider enroll.Provider, at int64) place {
	return place{column: columnHold, part: fmt.Sprintf("%d %s", at, provider)}
}

// Hold stops new journeys at a provider until Unhold. A hold that is there
// already stays as it is. Who and why are required and bounded; the error about
// them is an *enroll.InputError.
func (s *Store) Hold(ctx context.Context, provider enroll.Provider, who, why string) error {
	return s.write(ctx, "hold", func(tx transaction) error {
		if err := checkHold(provider, who, why); err != nil {
			return err
		}
		at := stamp(tx.now)
		sealed, err := tx.sealer.sealJSON(holdPlace(provider, at), entry{Who: who, Detail: why})
		if err != nil {
			return err
		}
		created, err := tx.change(ctx, "INSERT INTO holds (provider, at, hold) VALUES ($1, $2, $3) ON CONFLICT (provider) DO NOTHING", provider, at, sealed)
		if err != nil || !created {
			return err
		}
		return tx.append(ctx, enroll.AuditEntry{At: tx.now, What: whatHeld, Who: who, Detail: string(provider) + ": " + why})
	})
}

// Unhold lets journeys start at a provider again. Without a hold it changes
// nothing.
func (s *Store) Unhold(ctx context.Context, provider enroll.Provider, who, why string) error {
	return s.write(ctx, "unhold", func(tx transaction) error {
		if err := checkHold(provider, who, why); err != nil {
			return err
		}
		lifted, err := tx.change(ctx, "DELETE FROM holds WHERE provider = $1", provider)
		if err != nil || !lifted {
			return err
		}
		return tx.append(ctx, enroll.AuditEntry{At: tx.now, What: whatUnheld, Who: who, Detail: string(provider) + ": " + why})
	})
}

// checkHold refuses a provider that does not exist: its hold would stop
// nothing.
func checkHold(provider enroll.Provider, who, why string) error {
	wrong := enroll.CheckReason(who, why)
	if providers := enroll.Providers(); !slices.Contains(providers, provider) {
		names := make([]string, len(providers))
		for i, known := range providers {
			names[i] = string(known)
		}
		wrong = append(wrong, enroll.FieldError{Field: "provider", Given: strconv.Quote(string(provider)), Allowed: strings.Join(names, ", ")})
	}
	return refuse("", wrong)
}

// Held lists the holds, by the provider's name.
func (s *Store) Held(ctx context.Context) ([]Hold, error) {
	var holds []Hold
	err := s.read(ctx, "held", func(tx transaction) (err error) {
		holds, err = tx.held(ctx)
		return err
	})
	return holds, err
}

func (t transaction) held(ctx context.Context) ([]Hold, error) {
	rows, err := t.QueryContext(ctx, "SELECT provider, at, hold FROM holds ORDER BY provider")
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var holds []Hold
	for rows.Next() {
		hold, err := t.scanHold(rows)
		if err != nil {
			return nil, err
		}
		holds = append(holds, hold)
	}
	return holds, rows.Err()
}

// scanHold reads a hold from a row.
func (t transaction) scanHold(from scanner) (Hold, error) {
	var provider enroll.Provider
	var at int64
	var sealed []byte
	if err := from.Scan(&provider, &at, &sealed); err != nil {
		return Hold{}, err
	}
	return t.openHold(provider, at, sealed)
}

// openHold decrypts a hold.
func (t transaction) openHold(provider enroll.Provider, at int64, sealed []byte) (Hold, error) {
	var opened entry
	if err := t.sealer.openJSON(holdPlace(provider, at), sealed, &opened); err != nil {
		return Hold{}, fmt.Errorf("hold of %s: %w", provider, err)
	}
	return Hold{Provider: provider, At: moment(at), Who: opened.Who, Why: opened.Detail}, nil
}
