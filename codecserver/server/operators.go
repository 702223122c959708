package server

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
)

// The rights of an operator, as they stand in the operators file.
const (
	rightRead   = "read"
	rightReveal = "reveal"
)

const (
	// tokenPrefix tells what a token is for, to people and to scanners that look
	// for secrets where none should be.
	tokenPrefix = "bioenroll_codec_" //nolint:gosec // what every token begins with
	// hashPrefix names the hash in the operators file.
	hashPrefix = "sha256:"
	// maxOperatorsFile bounds what is read of an operators file, in bytes.
	maxOperatorsFile = 1 << 20
)

// Operator is somebody who may read payloads.
type Operator struct {
	// Name says in the log who asked.
	Name string
	// Reveal is the right to see secrets and subjects in clear.
	Reveal bool
	// hash is the SHA-256 of the token; a token has 256 random bits, so nothing
	// slower is needed.
	hash [sha256.Size]byte
}

// NewOperator returns an operator with a fresh token. The token is kept nowhere.
func NewOperator(name string, reveal bool) (Operator, enroll.Secret, error) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // It never fails: the runtime ends the program instead.
	token := enroll.Secret(tokenPrefix + base64.RawURLEncoding.EncodeToString(random[:]))
	operator, err := OperatorWith(name, reveal, token)
	return operator, token, err
}

// OperatorWith returns an operator with a token made earlier by NewOperator.
func OperatorWith(name string, reveal bool, token enroll.Secret) (Operator, error) {
	if !nameForm.MatchString(name) {
		return Operator{}, fmt.Errorf("operator %.80q: a name has 1 to 64 letters, digits and . _ @ -", name)
	}
	return Operator{Name: name, Reveal: reveal, hash: sha256.Sum256([]byte(token.Reveal()))}, nil
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,64}$`)

// Line is the operator's line in the operators file. It does not tell the token.
func (o Operator) Line() string {
	rights := rightRead
	if o.Reveal {
		rights += "," + rightReveal
	}
	return fmt.Sprintf("%s %s%x %s", o.Name, hashPrefix, o.hash, rights)
}

// Operators knows who may read payloads at this moment.
type Operators interface {
	// List returns every operator. It is asked at each request, so that somebody
	// who was taken off the list is out at once.
	List() ([]Operator, error)
}

// Fixed is a list that never changes, for a program that embeds the server.
type Fixed []Operator

// List returns the operators.
func (f Fixed) List() ([]Operator, error) { return f, nil }

// File is the path of an operators file: a line for each operator with name,
// hash of the token, and rights; # begins a comment.
type File string

// List reads the file. One that is missing has no operators. The error says
// which line is wrong, or that others than the file's owner may write to it.
func (f File) List() ([]Operator, error) {
	handle, err := os.Open(string(f))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("operators file: %w", err)
	}
	defer handle.Close() //nolint:errcheck // nothing was written
	info, err := handle.Stat()
	if err != nil {
		return nil, fmt.Errorf("operators file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("operators file %s: is not a file", f)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return nil, fmt.Errorf("operators file %s: others may write to it (mode %04o) and so let themselves in; run: chmod 600 %s", f, mode, f)
	}
	operators, err := parseOperators(io.LimitReader(handle, maxOperatorsFile))
	if err != nil {
		return nil, fmt.Errorf("operators file %s: %w", f, err)
	}
	return operators, nil
}

// parseOperators reads the lines of an operators file.
func parseOperators(content io.Reader) ([]Operator, error) {
	var operators []Operator
	names := map[string]bool{}
	lines := bufio.NewScanner(content)
	for number := 1; lines.Scan(); number++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(text) == "" {
			continue
		}
		operator, err := parseOperator(text)
		if err == nil && names[operator.Name] {
			err = fmt.Errorf("%s has a line already", operator.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		names[operator.Name] = true
		operators = append(operators, operator)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return operators, nil
}

// parseOperator reads one line. Errors do not repeat what stands in the place
// of the hash: it might be a token.
func parseOperator(text string) (Operator, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return Operator{}, fmt.Errorf("%d words, not three: NAME %sHASH RIGHTS; 'codecserver operator NAME' writes such a line", len(fields), hashPrefix)
	}
	operator := Operator{Name: fields[0]}
	if !nameForm.MatchString(operator.Name) {
		return Operator{}, errors.New("a name has 1 to 64 letters, digits and . _ @ -")
	}
	digits, found := strings.CutPrefix(fields[1], hashPrefix)
	hash, err := hex.DecodeString(digits)
	if !found || err != nil || len(hash) != len(operator.hash) {
		return Operator{}, fmt.Errorf("the second word is not %s and 64 hexadecimal digits", hashPrefix)
	}
	copy(operator.hash[:], hash)
	for right := range strings.SplitSeq(fields[2], ",") {
		switch right {
		case rightRead:
		case rightReveal:
			operator.Reveal = true
		default:
			return Operator{}, fmt.Errorf("%.40q is not a right; there are %s and %s", right, rightRead, rightReveal)
		}
	}
	return operator, nil
}

// holderOf returns the operator whose token it is. It looks at every operator
// for the same time, whichever matches.
func holderOf(token string, operators []Operator) (Operator, bool) {
	return withHash(sha256.Sum256([]byte(token)), operators)
}

func withHash(hash [sha256.Size]byte, operators []Operator) (Operator, bool) {
	place := -1
	for i, operator := range operators {
		if subtle.ConstantTimeCompare(hash[:], operator.hash[:]) == 1 {
			place = i
		}
	}
	if place < 0 {
		return Operator{}, false
	}
	return operators[place], true
}
