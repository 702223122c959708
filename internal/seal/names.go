package seal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
)

const (
	// keyPart names the key object among a journey's parts.
	keyPart = "key"
	// keyCheck is the object that tells with which keys the store is used.
	keyCheck = "keycheck.json"
	// scratchPrefix and probePrefix begin the names of what is there for a
	// moment, unless a program crashes.
	scratchPrefix = ".new-"
	probePrefix   = ".probe-"
	// formerSuffix ended the names in a folder before journeys had keys.
	formerSuffix = ".sealed"
)

// isOurs reports whether an object may be swept: a folder or bucket may hold
// what others put there.
func isOurs(name string) bool {
	return validRef.MatchString(name) || strings.HasPrefix(name, scratchPrefix) || strings.HasPrefix(name, probePrefix) || strings.HasSuffix(name, formerSuffix)
}

// validRef keeps references to what is safe as a name everywhere.
var validRef = regexp.MustCompile(`^[a-z0-9]{1,64}-[a-z0-9]{1,32}(-[0-9]{1,4})?$`)

// check refuses what is not a reference.
func check(ref enroll.SealedRef) error {
	if _, part := ref.Split(); part == keyPart || !validRef.MatchString(string(ref)) {
		return fmt.Errorf("%w: %.40q", ErrRef, string(ref))
	}
	return nil
}

// fingerprints is the content of keyCheck, which is no secret.
type fingerprints struct {
	Subject string `json:"subject"`
}

// checkKeys records the fingerprint of the subject key in a new store, and
// compares it with that of a store in use. The subject key is what an
// installation keeps when its rings change, so another one tells a foreign key
// file; which key of the ring is missing shows when something needs it.
func (s *Store) checkKeys(ctx context.Context, subject string) error {
	content, err := json.Marshal(fingerprints{Subject: subject})
	if err != nil {
		return err
	}
	if created, err := s.createSmall(ctx, keyCheck, content); err != nil || created {
		return err
	}
	found, err := s.readSmall(ctx, keyCheck)
	if err != nil {
		return err
	}
	var theirs fingerprints
	if json.Unmarshal(found, &theirs) != nil {
		return errors.New(keyCheck + " cannot be read: restore it from a backup of the store")
	}
	if theirs.Subject != subject {
		return fmt.Errorf("it is used with another subject key (%s) than ours (%s): give every program the same key file, or this one its own store",
			theirs.Subject, subject)
	}
	return nil
}
