package records

import (
	"context"
	"fmt"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// encrypted is a column that holds ciphertexts.
type encrypted struct {
	table, column string
	// row names the columns that tell a row and where its ciphertext belongs.
	row []string
	// place returns where that is. It is given the values of those columns.
	place func(row []any) place
}

// encryptedColumns are all of them.
func encryptedColumns() []encrypted {
	ofRecord := func(column, bound string) encrypted {
		return encrypted{"records", column, []string{"id"}, func(row []any) place {
			return place{record: enroll.RecordID(text(row[0])), column: bound}
		}}
	}
	return []encrypted{
		ofRecord("subject", columnSubject), ofRecord("refs", columnReferences), ofRecord("result", columnResult),
		ofRecord("resolution", columnResolution), ofRecord("grounds", columnGrounds),
		ofRecord("reference", columnReference),
		{"steps", "answer", []string{"record", "name", "ordinal"}, func(row []any) place {
			return Claim{Record: enroll.RecordID(text(row[0])), Step: text(row[1]), Ordinal: int(number(row[2]))}.place()
		}},
		{"audit", "entry", []string{"seq", "record", "at", "what"}, func(row []any) place {
			return auditPlace(enroll.RecordID(text(row[1])), number(row[2]), text(row[3]))
		}},
		{"holds", "hold", []string{"provider", "at"}, func(row []any) place {
			return holdPlace(enroll.Provider(text(row[0])), number(row[1]))
		}},
		{"erasures", "statement", []string{"id"}, func(row []any) place { return statementPlace(text(row[0])) }},
		{"erasures", "opening", []string{"id"}, func(row []any) place { return openingPlace(text(row[0])) }},
		{"erasing", "name", []string{"erasure", "provider", "subject_hash"}, func(row []any) place {
			return namePlace(text(row[0]), SubjectKey{Provider: enroll.Provider(text(row[1])), Hash: text(row[2])})
		}},
		{"receivers", "url", []string{"name"}, func(row []any) place { return urlPlace(text(row[0])) }},
		{"receivers", "secrets", []string{"name"}, func(row []any) place { return secretsPlace(text(row[0])) }},
	}
}

// text and number read what a database gives for a column; NULL is nothing.
func text(value any) string {
	given, _ := value.(string)
	return given
}

func number(value any) int64 {
	given, _ := value.(int64)
	return given
}

// keyID is the expression for the ID of the key that a column is under.
func (e encrypted) keyID() string {
	return fmt.Sprintf("substr(%s, %d, %d)", e.column, len(mark)+1, keys.IDSize)
}

// UsedKeys counts what is encrypted under each key of the records, by the ID
// of the key, whether or not the key is still there. It reads every row.
func (s *Store) UsedKeys(ctx context.Context) (map[string]int, error) {
	used := map[string]int{}
	err := s.read(ctx, "count what is under each key", func(tx transaction) error {
		for _, column := range encryptedColumns() {
			if err := tx.countKeys(ctx, column, used); err != nil {
				return fmt.Errorf("%s.%s: %w", column.table, column.column, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return used, nil
}

// countKeys adds what one column holds.
func (t transaction) countKeys(ctx context.Context, in encrypted, used map[string]int) error {
	rows, err := t.QueryContext(ctx, fmt.Sprintf("SELECT %s AS id, count(*) FROM %s WHERE %s IS NOT NULL GROUP BY id", in.keyID(), in.table, in.column))
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	for rows.Next() {
		var id []byte
		var count int
		if err := rows.Scan(&id, &count); err != nil {
			return err
		}
		used[string(id)] += count
	}
	return rows.Err()
}

// Reseal encrypts anew, under the key in use, what is under the other keys of
// the ring, and returns how many entries that were. What is under a key that
// the ring does not have stays as it is. Journeys may go on meanwhile, and a
// call that was cut short can be repeated. One that is damaged stops it.
func (s *Store) Reseal(ctx context.Context) (int, error) {
	all := 0
	for _, id := range s.sealer.ring.IDs()[1:] {
		moved := 0
		for _, column := range encryptedColumns() {
			count, err := s.resealColumn(ctx, column, id)
			moved += count
			if err != nil {
				return all + moved, err
			}
		}
		if moved == 0 {
			continue
		}
		all += moved
		err := s.write(ctx, "reseal", func(tx transaction) error {
			return tx.audit(ctx, "", whatResealed, fmt.Sprintf("%d entries from key %s to %s", moved, id, s.sealer.ring.Newest().ID()))
		})
		if err != nil {
			return all, err
		}
	}
	return all, s.forget(ctx, "reseal", all)
}

// resealColumn moves what one column has under a key, a batch at a time.
func (s *Store) resealColumn(ctx context.Context, in encrypted, id string) (int, error) {
	all := 0
	for {
		found := 0
		err := s.write(ctx, "reseal", func(tx transaction) (err error) {
			found, err = tx.resealBatch(ctx, in, id)
			if err != nil {
				err = fmt.Errorf("%s.%s: %w", in.table, in.column, err)
			}
			return err
		})
		if err != nil || found == 0 {
			return all, err
		}
		all += found
	}
}

// resealBatch moves up to sweepBatch rows. The row in resealing opens the audit
// trail for it, and keeps out others who do the same.
func (t transaction) resealBatch(ctx context.Context, in encrypted, id string) (int, error) {
	if _, err := t.ExecContext(ctx, "INSERT INTO resealing (one) VALUES (1)"); err != nil {
		return 0, err
	}
	rows, err := t.under(ctx, in, id)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if err := t.resealRow(ctx, in, row); err != nil {
			return 0, err
		}
	}
	_, err = t.ExecContext(ctx, "DELETE FROM resealing")
	return len(rows), err
}

// under returns up to sweepBatch rows of a column that are under a key: the
// values that tell the row, then the ciphertext.
func (t transaction) under(ctx context.Context, in encrypted, id string) ([][]any, error) {
	rows, err := t.QueryContext(ctx, fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s = $1 LIMIT %d",
		strings.Join(in.row, ", "), in.column, in.table, in.keyID(), sweepBatch), []byte(id))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells what matters
	var found [][]any
	for rows.Next() {
		values := make([]any, len(in.row)+1)
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		found = append(found, values)
	}
	return found, rows.Err()
}

// resealRow encrypts one row anew. A row that changed meanwhile is left alone:
// whoever changed it used the key that was in use there.
func (t transaction) resealRow(ctx context.Context, in encrypted, row []any) error {
	last := len(row) - 1
	old, _ := row[last].([]byte)
	at := in.place(row[:last])
	plain, err := t.sealer.open(at, old)
	if err != nil {
		return fmt.Errorf("%v: %w", row[:last], err)
	}
	sealed, err := t.sealer.seal(at, plain)
	if err != nil {
		return err
	}
	// The first columns tell the row; the ciphertext, that it is still the one.
	conditions := []string{in.column + " = $1"}
	arguments := []any{old, sealed}
	for i, name := range in.row {
		if row[i] != nil {
			arguments = append(arguments, row[i])
			conditions = append(conditions, fmt.Sprintf("%s = $%d", name, len(arguments)))
		}
	}
	_, err = t.change(ctx, fmt.Sprintf("UPDATE %s SET %s = $2 WHERE %s", in.table, in.column, strings.Join(conditions, " AND ")), arguments...)
	return err
}
