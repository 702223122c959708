package records

import (
	"context"
	"database/sql"
	"errors"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
)

// OpenVersion opens a store as the release did that knew the schema up to this
// version.
func OpenVersion(ctx context.Context, address string, k *keys.Keys, version int) (*Store, error) {
	return open(ctx, address, k, version)
}

// DB gives tests the database under a store, to look at it and to damage it.
func DB(s *Store) *sql.DB { return s.db }

// LoseNextCommit has the next change of a store take effect and fail
// nevertheless, as when the connection breaks before the database's answer.
func LoseNextCommit(s *Store) {
	s.commit = func(tx *sql.Tx) error {
		s.commit = (*sql.Tx).Commit
		return errors.Join(tx.Commit(), errors.New("connection lost"))
	}
}

// Seal encrypts as the store does for one column of a record.
func Seal(k *keys.Keys, record enroll.RecordID, column string, plain []byte) ([]byte, error) {
	return sealer{ring: k.Records()}.seal(place{record: record, column: column}, plain)
}

// Unseal decrypts as the store does for one column of a record.
func Unseal(k *keys.Keys, record enroll.RecordID, column string, sealed []byte) ([]byte, error) {
	return sealer{ring: k.Records()}.open(place{record: record, column: column}, sealed)
}

// EncryptedColumns lists the columns that Reseal knows.
func EncryptedColumns() []string {
	var names []string
	for _, in := range encryptedColumns() {
		names = append(names, in.table+"."+in.column)
	}
	return names
}

// FailNextCommit has the next change of a store fail without an effect.
func FailNextCommit(s *Store) {
	s.commit = func(tx *sql.Tx) error {
		s.commit = (*sql.Tx).Commit
		return errors.Join(tx.Rollback(), errors.New("disk full"))
	}
}
