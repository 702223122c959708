package server

import (
	"fmt"
	"slices"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/tokens"
)

// The rights of an operator, as they stand in the operators file.
const (
	rightRead   = "read"
	rightReveal = "reveal"
)

// kind is that of operators' tokens.
func kind() tokens.Kind {
	return tokens.Kind{
		What: "operators file", Prefix: "bioenroll_codec_", Rights: []string{rightRead, rightReveal}, Command: "codecserver operator NAME",
	}
}

// Operator is somebody who may read payloads.
type Operator struct {
	// Name says in the log who asked.
	Name string
	// Reveal is the right to see secrets and subjects in clear.
	Reveal bool

	hash tokens.Hash
}

// NewOperator returns an operator with a fresh token. The token is kept nowhere.
func NewOperator(name string, reveal bool) (Operator, enroll.Secret, error) {
	token := kind().Make()
	operator, err := OperatorWith(name, reveal, token)
	return operator, token, err
}

// OperatorWith returns an operator with a token made earlier by NewOperator.
func OperatorWith(name string, reveal bool, token enroll.Secret) (Operator, error) {
	if err := tokens.CheckName(name); err != nil {
		return Operator{}, fmt.Errorf("operator %w", err)
	}
	return Operator{Name: name, Reveal: reveal, hash: tokens.HashOf(token)}, nil
}

// Line is the operator's line in the operators file. It does not tell the token.
func (o Operator) Line() string { return o.holder().Line() }

// holder is the operator as files of tokens know it.
func (o Operator) holder() tokens.Holder {
	rights := []string{rightRead}
	if o.Reveal {
		rights = append(rights, rightReveal)
	}
	return tokens.Holder{Name: o.Name, Hash: o.hash, Rights: rights}
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

func (f File) file() tokens.File { return tokens.File{Kind: kind(), Path: string(f)} }

// List reads the file. One that is missing has no operators. The error says
// which line is wrong, or that others than the file's owner may write to it.
func (f File) List() ([]Operator, error) {
	holders, err := f.file().List()
	if err != nil {
		return nil, err
	}
	operators := make([]Operator, len(holders))
	for i, holder := range holders {
		operators[i] = Operator{Name: holder.Name, Reveal: slices.Contains(holder.Rights, rightReveal), hash: holder.Hash}
	}
	return operators, nil
}

// Put adds the operator to the file, in the place of one with the same name,
// and makes the file when there is none. Comments and other lines stay.
func (f File) Put(operator Operator) (replaced bool, err error) {
	return f.file().Put(operator.holder())
}

// Remove takes the operator out of the file and reports whether there was one
// of that name.
func (f File) Remove(name string) (found bool, err error) { return f.file().Remove(name) }

// holderOf returns the operator whose token it is.
func holderOf(token string, operators []Operator) (Operator, bool) {
	return withHash(tokens.HashOf(enroll.Secret(token)), operators)
}

func withHash(hash tokens.Hash, operators []Operator) (Operator, bool) {
	place := tokens.Find(hash, operators, func(o Operator) tokens.Hash { return o.hash })
	if place < 0 {
		return Operator{}, false
	}
	return operators[place], true
}
