package tokens

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
)

// Kind is a kind of tokens: those of one program.
type Kind struct {
	// What is what errors call the file, such as "operators file".
	What string
	// Prefix is what every token begins with.
	Prefix string
	// Rights are those that a holder may have.
	Rights []string
	// Command is how a line is made, such as "codecserver operator NAME".
	Command string
}

// Hash is the SHA-256 of a token.
type Hash [sha256.Size]byte

// HashOf returns the hash of a token.
func HashOf(token enroll.Secret) Hash { return sha256.Sum256([]byte(token.Reveal())) }

// Holder is somebody who has a token.
type Holder struct {
	// Name says in logs who it was.
	Name string
	// Hash is that of the token.
	Hash Hash
	// Rights are at least one.
	Rights []string
}

// hashPrefix names the hash in the file.
const hashPrefix = "sha256:"

// nameForm is also what keeps a name from being taken for the rest of a line.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,64}$`)

// CheckName reports what keeps a text from being a holder's name.
func CheckName(name string) error {
	if !nameForm.MatchString(name) {
		return fmt.Errorf("%.80q: a name has 1 to 64 letters, digits and . _ @ -", name)
	}
	return nil
}

// Make returns a fresh token of the kind.
func (k Kind) Make() enroll.Secret {
	var random [32]byte
	_, _ = rand.Read(random[:]) // It never fails: the runtime ends the program instead.
	return enroll.Secret(k.Prefix + base64.RawURLEncoding.EncodeToString(random[:]))
}

// Line is the holder's line in the file. It does not tell the token.
func (h Holder) Line() string {
	return fmt.Sprintf("%s %s%x %s", h.Name, hashPrefix, h.Hash, strings.Join(h.Rights, ","))
}

// Find returns the place of the one whose token has the hash, or -1. It looks at
// every one for the same time, whichever matches.
func Find[T any](hash Hash, among []T, hashOf func(T) Hash) int {
	place := -1
	for i, one := range among {
		if its := hashOf(one); subtle.ConstantTimeCompare(hash[:], its[:]) == 1 {
			place = i
		}
	}
	return place
}
