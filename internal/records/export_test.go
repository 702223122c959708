package records

import (
	"context"
	"database/sql"

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

// Seal encrypts as the store does for one column of a record.
func Seal(k *keys.Keys, record enroll.RecordID, column string, plain []byte) ([]byte, error) {
	return newSealer(k.Records()).seal(place{record: record, column: column}, plain)
}

// Unseal decrypts as the store does for one column of a record.
func Unseal(k *keys.Keys, record enroll.RecordID, column string, sealed []byte) ([]byte, error) {
	return newSealer(k.Records()).open(place{record: record, column: column}, sealed)
}
